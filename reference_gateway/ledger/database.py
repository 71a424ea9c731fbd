"""The little that the ledger asks of a database, and the tables it keeps there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from reference_gateway.errors import UsageError

Value = str | int | bool | None
SCHEMA_VERSION = 1
# Amounts are integer nano-dollars; `{serial}` is how a database counts its rows.
_TABLES = """
CREATE TABLE IF NOT EXISTS ledger_schema (version BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (
    number {serial}, id TEXT NOT NULL UNIQUE,
    balance BIGINT NOT NULL, deposited BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (
    number {serial}, id TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL UNIQUE, secret_hash TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES accounts (id), cap BIGINT,
    spent BIGINT NOT NULL DEFAULT 0, revoked BOOLEAN NOT NULL DEFAULT FALSE,
    last_used_at BIGINT);
CREATE TABLE IF NOT EXISTS holds (
    request_id TEXT PRIMARY KEY, key TEXT NOT NULL REFERENCES keys (id),
    account TEXT NOT NULL REFERENCES accounts (id), amount BIGINT NOT NULL,
    owner TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS holds_by_account ON holds (account);
CREATE INDEX IF NOT EXISTS holds_by_key ON holds (key);
CREATE TABLE IF NOT EXISTS charges (
    number {serial}, request_id TEXT NOT NULL UNIQUE,
    key TEXT NOT NULL REFERENCES keys (id), account TEXT NOT NULL REFERENCES accounts (id),
    model TEXT NOT NULL, input_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL,
    details TEXT NOT NULL, amount BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS charges_by_key ON charges (key)
"""


class Session(Protocol):
    """One transaction; `?` stands for a value."""

    async def run(self, statement: str, *values: Value) -> int:
        """Run a statement; how many rows it changed."""

    async def rows(self, statement: str, *values: Value) -> Sequence[Any]:
        """The rows of a query; their columns are read by name."""


class Database(Protocol):
    """Transactions, and who of the processes that hold money is still there.

    `row_lock` ends a query whose rows nobody else may change until the transaction ends.
    """

    row_lock: str

    def reading(self) -> AbstractAsyncContextManager[Session]:
        """A transaction that changes nothing."""

    def writing(self) -> AbstractAsyncContextManager[Session]:
        """A transaction; an exception undoes it."""

    async def owner(self, session: Session) -> str:
        """The name under which this process holds money; alive until `close`."""

    async def is_gone(self, session: Session, owner: str) -> bool:
        """Whether the process of that name has ended; True is final."""

    async def close(self) -> None:
        """Give everything back."""


async def create_tables(session: Session, serial: str) -> None:
    """Make what is missing; raises `UsageError` for the tables of another version."""
    for statement in _TABLES.format(serial=serial).split(";"):
        await session.run(statement)
    found = [row["version"] for row in await session.rows("SELECT version FROM ledger_schema")]
    if not found:
        await session.run("INSERT INTO ledger_schema VALUES (?)", SCHEMA_VERSION)
    elif found != [SCHEMA_VERSION]:
        raise UsageError(
            f"the ledger has the tables of version {found[0]}, this gateway needs {SCHEMA_VERSION}"
        )
