"""The embedded ledger: SQLite, in memory or in one file.

Its methods never wait, so one event loop runs them one after the other; the
transactions are there for the file, which has to be whole after a crash.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Iterator

from reference_gateway.chat import Usage
from reference_gateway.errors import PaymentRequired, UsageError
from reference_gateway.ledger.contract import Account, Charge, Hold, Key

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    id TEXT PRIMARY KEY, balance INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, secret_hash TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES accounts, cap INTEGER,
    spent INTEGER NOT NULL DEFAULT 0, revoked INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS holds (
    request_id TEXT PRIMARY KEY, key TEXT NOT NULL REFERENCES keys,
    account TEXT NOT NULL, amount INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS charges (
    request_id TEXT PRIMARY KEY, key TEXT NOT NULL, account TEXT NOT NULL, model TEXT NOT NULL,
    input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
    amount INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS holds_by_account ON holds (account);
CREATE INDEX IF NOT EXISTS charges_by_key ON charges (key);
-- A hold that is still there belongs to a process that is gone.
DELETE FROM holds;
"""
_KEY = "SELECT id, account, cap, spent, revoked FROM keys"
_HELD_BY_ACCOUNT = "SELECT COALESCE(SUM(amount), 0) FROM holds WHERE account = ?"
_HELD_BY_KEY = "SELECT COALESCE(SUM(amount), 0) FROM holds WHERE key = ?"


class SqliteLedger:
    """A ledger in one SQLite database; `:memory:` lasts as long as the object."""

    def __init__(self, path: str = ":memory:") -> None:
        try:
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.row_factory = sqlite3.Row
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise UsageError(f"cannot use {path} as a database: {error}") from error

    async def open_account(self, balance_nanousd: int) -> Account:
        """A new account."""
        account = Account(f"acct_{secrets.token_hex(6)}", balance_nanousd, 0)
        self._run("INSERT INTO accounts VALUES (?, ?)", account.id, balance_nanousd)
        return account

    async def account(self, account_id: str) -> Account:
        """The account as it stands."""
        row = self._run("SELECT balance FROM accounts WHERE id = ?", account_id).fetchone()
        if row is None:
            raise KeyError(account_id)
        return Account(account_id, row[0], self._number(_HELD_BY_ACCOUNT, account_id))

    async def fund(self, account_id: str, amount_nanousd: int) -> Account:
        """Add to a balance."""
        self._run(
            "UPDATE accounts SET balance = balance + ? WHERE id = ?", amount_nanousd, account_id
        )
        return await self.account(account_id)

    async def add_key(self, secret_hash: str, account: str, cap_nanousd: int | None) -> Key:
        """A new key, known by the hash of its secret only."""
        await self.account(account)
        key_id = f"key_{secrets.token_hex(6)}"
        self._run(
            "INSERT INTO keys (id, secret_hash, account, cap) VALUES (?, ?, ?, ?)",
            *(key_id, secret_hash, account, cap_nanousd),
        )
        return await self.key(key_id)

    async def key(self, key_id: str) -> Key:
        """The key as it stands."""
        row = self._run(f"{_KEY} WHERE id = ?", key_id).fetchone()
        if row is None:
            raise KeyError(key_id)
        return _key(row)

    async def find_key(self, secret_hash: str) -> Key | None:
        """The key with that secret, revoked or not."""
        row = self._run(f"{_KEY} WHERE secret_hash = ?", secret_hash).fetchone()
        return None if row is None else _key(row)

    async def set_cap(self, key_id: str, cap_nanousd: int | None) -> Key:
        """Raise, lower or remove a cap."""
        self._run("UPDATE keys SET cap = ? WHERE id = ?", cap_nanousd, key_id)
        return await self.key(key_id)

    async def revoke(self, key_id: str) -> Key:
        """Make a key invalid for good."""
        self._run("UPDATE keys SET revoked = 1 WHERE id = ?", key_id)
        return await self.key(key_id)

    async def reserve(self, hold: Hold) -> None:
        """Set the worst case aside; raises `PaymentRequired` where it is not covered."""
        with self._transaction():
            key = await self.key(hold.key.id)
            account = await self.account(key.account)
            held = self._number(_HELD_BY_KEY, key.id)
            if key.cap_nanousd is not None and (
                key.spent_nanousd + held + hold.amount_nanousd > key.cap_nanousd
            ):
                raise PaymentRequired(
                    "The key's spend cap is used up, or does not cover this request."
                )
            if account.reserved_nanousd + hold.amount_nanousd > account.balance_nanousd:
                raise PaymentRequired("The account's balance does not cover this request; top up.")
            self._run(
                "INSERT INTO holds VALUES (?, ?, ?, ?)",
                *(hold.request_id, key.id, account.id, hold.amount_nanousd),
            )

    async def settle(self, charge: Charge) -> None:
        """Replace the hold of the request by its charge; a second time does nothing."""
        with self._transaction():
            if not self._drop_hold(charge.request_id):
                return
            amount = charge.amount_nanousd
            self._run("UPDATE keys SET spent = spent + ? WHERE id = ?", amount, charge.key)
            self._run(
                "UPDATE accounts SET balance = balance - ? WHERE id = ?", amount, charge.account
            )
            self._run(
                "INSERT INTO charges VALUES (?, ?, ?, ?, ?, ?, ?)",
                *(charge.request_id, charge.key, charge.account, charge.model),
                *(charge.usage.input_tokens, charge.usage.output_tokens, amount),
            )

    async def release(self, request_id: str) -> None:
        """Drop the hold of a request that failed; it costs nothing."""
        self._drop_hold(request_id)

    async def charges(self, key: str | None) -> tuple[Charge, ...]:
        """All charges, oldest first, or those of one key."""
        rows = self._run(
            "SELECT * FROM charges WHERE ? IS NULL OR key = ? ORDER BY rowid", key, key
        )
        return tuple(_charge(row) for row in rows)

    async def close(self) -> None:
        """Give the storage back."""
        self._database.close()

    def _run(self, statement: str, *values: str | int | None) -> sqlite3.Cursor:
        return self._database.execute(statement, values)

    def _number(self, statement: str, *values: str) -> int:
        return int(self._run(statement, *values).fetchone()[0])

    def _drop_hold(self, request_id: str) -> bool:
        return self._run("DELETE FROM holds WHERE request_id = ?", request_id).rowcount > 0

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._run("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._run("ROLLBACK")
            raise
        self._run("COMMIT")


def _key(row: sqlite3.Row) -> Key:
    return Key(row["id"], row["account"], row["cap"], row["spent"], bool(row["revoked"]))


def _charge(row: sqlite3.Row) -> Charge:
    usage = Usage(row["input_tokens"], row["output_tokens"])
    return Charge(row["request_id"], row["key"], row["account"], row["model"], usage, row["amount"])
