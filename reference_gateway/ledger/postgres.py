"""The shared ledger: several gateway processes on one PostgreSQL database.

psycopg and not asyncpg, because it is typed, and because it leaves the address to libpq,
which knows `PGPASSWORD`, `~/.pgpass`, service files and `sslmode`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, LiteralString

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from reference_gateway.errors import UsageError
from reference_gateway.ledger.database import Session, Value, create_tables
from reference_gateway.ledger.sql import SqlLedger

Connection = psycopg.AsyncConnection[DictRow]
_CONNECTIONS = 10
_CONNECT_S = 10
# The first half of our advisory locks; the second is 0 for the tables, else a process.
_LOCKS = 0x6C6564
_TABLES_LOCK = 0
_NEXT_OWNER = "SELECT nextval('ledger_owners') AS owner"
# Shared, so that those who ask do not find one another's question.
_ASK_OWNER = "SELECT pg_try_advisory_xact_lock_shared(?, CAST(? AS INTEGER)) AS is_free"


class PostgresDatabase:
    """A pool of connections, and one more that stands for this process.

    A process that holds money keeps an advisory lock in a session of its own. The server
    gives the lock back when that session ends, so no clock is asked here either: killed
    processes are known at once, slow ones are not taken for dead.
    """

    row_lock = " FOR NO KEY UPDATE"

    def __init__(self, url: str, pool: AsyncConnectionPool[Connection]) -> None:
        self._url = url
        self._pool = pool
        self._claiming = asyncio.Lock()
        self._owner: str | None = None
        self._owner_session: Connection | None = None

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[Session]:
        """A transaction; an exception undoes it."""
        async with self._pool.connection() as connection:
            yield PostgresSession(connection)

    def reading(self) -> contextlib.AbstractAsyncContextManager[Session]:
        """A transaction that changes nothing."""
        return self.writing()

    async def owner(self, session: Session) -> str:
        """The name under which this process holds money; a new one if its session was lost.

        After a restart of the server another process may have dropped what we held: those
        requests cost nothing, and the next ones are held under a name that is alive.
        """
        async with self._claiming:
            if self._owner is None or await self.is_gone(session, self._owner):
                self._owner = await self._claim()
            return self._owner

    async def is_gone(self, session: Session, owner: str) -> bool:
        """Whether the session of that process has ended."""
        return bool((await session.rows(_ASK_OWNER, _LOCKS, owner))[0]["is_free"])

    async def close(self) -> None:
        """Close all connections, which gives the lock back."""
        await self._pool.close()
        if self._owner_session is not None:
            await self._owner_session.close()

    async def _claim(self) -> str:
        if self._owner_session is not None:
            await self._owner_session.close()
        self._owner_session = await connected(self._url)
        session = PostgresSession(self._owner_session)
        owner = str((await session.rows(_NEXT_OWNER))[0]["owner"])
        await session.run("SELECT pg_advisory_lock(?, CAST(? AS INTEGER))", _LOCKS, owner)
        return owner


class PostgresSession:
    """The statements of one transaction; ours mark values with `?`, psycopg with `%s`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def run(self, statement: str, *values: Value) -> int:
        """Run a statement; how many rows it changed."""
        return (await self._connection.execute(_marked(statement), values)).rowcount

    async def rows(self, statement: str, *values: Value) -> Sequence[Any]:
        """The rows of a query."""
        return await (await self._connection.execute(_marked(statement), values)).fetchall()


def _marked(statement: str) -> LiteralString:
    return statement.replace("?", "%s")


async def connected(url: str) -> Connection:
    """A connection on which every statement is its own transaction."""
    return await psycopg.AsyncConnection.connect(
        url, autocommit=True, row_factory=dict_row, connect_timeout=_CONNECT_S
    )


async def open_postgres(url: str) -> SqlLedger:
    """The ledger in a database, its tables made where missing; raises `UsageError`."""
    try:
        async with await connected(url) as connection, connection.transaction():
            await _create(PostgresSession(connection))
        pool = _pool(url)
        await pool.open()
    except psycopg.ProgrammingError as error:
        # Its message may repeat the address, and with it a password.
        raise UsageError("the ledger's address is not one that PostgreSQL knows") from error
    except psycopg.Error as error:
        raise UsageError(f"cannot use PostgreSQL: {' '.join(str(error).split())}") from error
    return SqlLedger(PostgresDatabase(url, pool))


async def _create(session: Session) -> None:
    # IF NOT EXISTS is no protection from another process that starts at the same time.
    await session.run("SELECT pg_advisory_xact_lock(?, ?)", _LOCKS, _TABLES_LOCK)
    await session.run("CREATE SEQUENCE IF NOT EXISTS ledger_owners AS INTEGER CYCLE")
    await create_tables(session, "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")


def _pool(url: str) -> AsyncConnectionPool[Connection]:
    return AsyncConnectionPool(
        url,
        connection_class=psycopg.AsyncConnection[DictRow],
        kwargs={"row_factory": dict_row, "connect_timeout": _CONNECT_S},
        min_size=1,
        max_size=_CONNECTIONS,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )
