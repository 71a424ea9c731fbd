"""Faults of streams that the client leaves: what is produced and charged then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.faults.places import BOTH, Chunks, chunks
from reference_gateway.faults.registry import Install, fault
from reference_gateway.ledger import Charge, Hold, Ledger
from reference_gateway.seams import Seams, Settle


def _dropped_streams(change: Settle) -> Install:
    """Around the charging of streams that did not reach their end."""
    complete: set[str] = set()

    def install(seams: Seams) -> Seams:
        async def watched(call: Call, found: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
            async for chunk in seams.chunks(call, found):
                yield chunk
            complete.add(call.request_id)

        async def settle(call: Call, charge: Charge, ledger: Ledger) -> None:
            is_dropped = call.wants_stream and call.request_id not in complete
            await (change if is_dropped else seams.settle)(call, charge, ledger)

        return replace(seams, chunks=watched, settle=settle)

    return install


@fault(
    "gateway-dropped-stream-free",
    _dropped_streams,
    kills=("GW-CAP-011",),
    origin="https://github.com/maximhq/bifrost/issues/7199",
)
async def dropped_free(call: Call, charge: Charge, ledger: Ledger) -> None:
    """A stream that the client drops costs nothing, whatever was produced."""
    del charge
    await ledger.release(call.request_id)


@fault(
    "gateway-dropped-stream-charged-twice",
    _dropped_streams,
    kills=("GW-CAP-011",),
    origin="https://github.com/BerriAI/litellm/issues/26239",
)
async def dropped_twice(call: Call, charge: Charge, ledger: Ledger) -> None:
    """A stream that the client drops is charged at the drop and again at the clean-up."""
    await ledger.settle(charge)
    again = replace(charge, request_id=f"{call.request_id}_again")
    await ledger.reserve(Hold(again.request_id, await ledger.key(charge.key), 0))
    await ledger.settle(again)


@fault(
    "gateway-stream-not-cancelled",
    chunks(BOTH),
    kills=("GW-SSE-007",),
    origin="https://github.com/Menci/Floway/issues/447",
)
async def not_cancelled(found: Chunks) -> Chunks:
    """A stream is produced to its end, and charged, although the client has left."""
    waiting: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def drain() -> None:
        try:
            async for chunk in found:
                waiting.put_nowait(chunk)
        finally:
            waiting.put_nowait(None)

    draining = asyncio.create_task(drain())
    try:
        while (chunk := await waiting.get()) is not None:
            yield chunk
    finally:
        await draining
