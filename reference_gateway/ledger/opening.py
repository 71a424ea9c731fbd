"""A ledger by its address: a PostgreSQL URL, a file, or nothing for memory."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from reference_gateway.errors import UsageError
from reference_gateway.ledger.contract import Ledger
from reference_gateway.ledger.sqlite import MEMORY, open_sqlite

_POSTGRES = ("postgresql://", "postgres://")


@contextlib.asynccontextmanager
async def opened(address: str | None) -> AsyncIterator[Ledger]:
    """The ledger, freed of what dead processes held; raises `UsageError`."""
    ledger = await _open(address or MEMORY)
    try:
        await ledger.recover()
        yield ledger
    finally:
        await ledger.close()


async def _open(address: str) -> Ledger:
    if not address.startswith(_POSTGRES):
        return await open_sqlite(address)
    try:
        from reference_gateway.ledger.postgres import open_postgres  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError(
            "a PostgreSQL ledger needs its driver: pip install 'gateway-conformance[postgres]'"
        ) from error
    return await open_postgres(address)
