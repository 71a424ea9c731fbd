"""The embedded ledger: SQLite, in memory or in one file.

Its methods never suspend, so one event loop runs them one after the other; the
transactions are there for the file, which other processes may use too (the command line,
a second gateway) and which has to be whole after a crash.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Sequence
from typing import Any

from reference_gateway.errors import UsageError
from reference_gateway.ledger.database import Session, Value, create_tables
from reference_gateway.ledger.lock_files import LockFiles
from reference_gateway.ledger.sql import SqlLedger

MEMORY = ":memory:"
# Nobody else sees a database in memory, so nobody asks whether its process lives.
_ONLY_OWNER = "memory"
# How long a writer waits for the one before it; each takes milliseconds.
_BUSY_S = 10.0


class SqliteDatabase:
    """One connection to one SQLite database; one in memory has no other processes to lock."""

    row_lock = ""  # A writing transaction locks the whole file.

    def __init__(self, connection: sqlite3.Connection, lock_files: LockFiles | None) -> None:
        self._connection = connection
        self._connection.row_factory = sqlite3.Row
        # With a write-ahead log a commit is one write to the disk, and FULL waits for it:
        # a settled charge survives the process and the machine.
        for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {setting}")
        self._lock_files = lock_files

    def reading(self) -> contextlib.AbstractAsyncContextManager[Session]:
        """A transaction that changes nothing."""
        return self._transaction("BEGIN")

    def writing(self) -> contextlib.AbstractAsyncContextManager[Session]:
        """A transaction; an exception undoes it."""
        return self._transaction("BEGIN IMMEDIATE")

    async def owner(self, session: Session) -> str:
        """The name under which this process holds money."""
        del session
        return self._lock_files.own() if self._lock_files else _ONLY_OWNER

    async def is_gone(self, session: Session, owner: str) -> bool:
        """Whether the process of that name has ended."""
        del session
        return self._lock_files is not None and self._lock_files.is_free(owner)

    async def close(self) -> None:
        """Give the file and the lock back."""
        self._connection.close()
        if self._lock_files:
            self._lock_files.close()

    @contextlib.asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncIterator[Session]:
        self._connection.execute(begin)
        try:
            yield SqliteSession(self._connection)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


class SqliteSession:
    """The statements of one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def run(self, statement: str, *values: Value) -> int:
        """Run a statement; how many rows it changed."""
        return self._connection.execute(statement, values).rowcount

    async def rows(self, statement: str, *values: Value) -> Sequence[Any]:
        """The rows of a query."""
        return self._connection.execute(statement, values).fetchall()


async def open_sqlite(path: str = MEMORY) -> SqlLedger:
    """The ledger in a file, made where it is missing; raises `UsageError`."""
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    except sqlite3.Error as error:
        raise UsageError(f"cannot use {path} as a ledger: {error}") from error
    try:
        database = SqliteDatabase(connection, None if path == MEMORY else LockFiles(path))
        async with database.writing() as session:
            await create_tables(session, "INTEGER PRIMARY KEY AUTOINCREMENT")
    except (sqlite3.Error, OSError) as error:
        connection.close()
        raise UsageError(f"cannot use {path} as a ledger: {error}") from error
    except UsageError:
        connection.close()
        raise
    return SqlLedger(database)
