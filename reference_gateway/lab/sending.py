"""Sending an answer as a step wants it: paced, silent, in small writes, broken off."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator

from aiohttp import web

from reference_gateway.lab.plans import Plan
from reference_gateway.lab.received import Ended, Received
from reference_gateway.lab.steps import Cut, Manner

LATE_CLOSE_S = 3.0
_BODILESS = (204, 304)
_NO_LINGER = struct.pack("ii", 1, 0)


async def send(
    request: web.Request, plan: Plan, manner: Manner, received: Received, ping: bytes
) -> tuple[web.StreamResponse, Ended]:
    """Send the whole answer, or as much of it as is wanted; says how it ended."""
    response = web.StreamResponse(status=plan.status)
    response.headers.extend(plan.headers)
    cutting = _Cutting(manner.cut)
    if plan.body is not None and "Content-Length" not in response.headers:
        response.content_length = cutting.length(plan.body)
    await response.prepare(request)
    received.begin(plan.status, tuple(response.headers.items()))
    if request.method != "HEAD" and plan.status not in _BODILESS:
        # A sign of life has no place in a plain body.
        chunks = _paced(cutting.kept(plan.events), manner, b"" if plan.body is not None else ping)
        await _write(response, chunks, manner, received)
    if cutting.is_cut and cutting.how != "clean":
        hang_up(request, is_reset=cutting.how == "reset")
    else:
        await response.write_eof()
    return response, Ended.CUT if cutting.is_cut else Ended.COMPLETE


async def _write(
    response: web.StreamResponse, chunks: AsyncIterator[bytes], manner: Manner, received: Received
) -> None:
    """Write the chunks, and give way between them, so that each travels alone.

    Nothing waits after the last: whoever then closes the connection has had it all.
    """
    is_first = True
    async for chunk in _split(chunks, manner.bytes_per_write):
        if not is_first:
            await asyncio.sleep(manner.between_writes_s)
        is_first = False
        await response.write(chunk)
        received.write(chunk)


def hang_up(request: web.Request, is_reset: bool) -> None:
    """Close the connection after what was written, or reset it."""
    transport = request.transport
    if transport is None:
        return
    if not is_reset:
        transport.close()
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        # Closed with a linger time of 0, a connection ends in a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


class _Cutting:
    """Where a body is broken off, in events or in bytes; it may end before."""

    def __init__(self, cut: Cut | None) -> None:
        self.after_events = cut.after_events if cut else None
        self.after_bytes = cut.after_bytes if cut else None
        self.how = cut.how if cut else "clean"
        self.is_cut = False

    def length(self, body: bytes) -> int:
        """The length to announce of a plain body: only a clean cut owns up to it."""
        if self.how != "clean":
            return len(body)
        return 0 if self.after_events == 0 else len(body[: self.after_bytes])

    async def kept(self, events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The events up to the cut; the last may be a part of one."""
        number, left = self.after_events, self.after_bytes
        self.is_cut = 0 in (number, left)
        if self.is_cut:
            return
        async for event in events:
            kept = event[:left]
            number = None if number is None else number - 1
            left = None if left is None else left - len(kept)
            yield kept
            if 0 in (number, left):
                self.is_cut = True
                return


async def _paced(events: AsyncIterator[bytes], manner: Manner, ping: bytes) -> AsyncIterator[bytes]:
    """The events, each after its pause, with pings while it is long."""
    number = 0
    async for event in events:
        pause_s = manner.between_s if number else manner.first_event_s
        async for sign_of_life in _rest(pause_s + _silence_s(manner, number), manner, ping):
            yield sign_of_life
        yield event
        number += 1
    late_s = LATE_CLOSE_S if "late_close" in manner.edits else 0.0
    last_s = _silence_s(manner, number) + max(late_s, manner.close_after_s)
    async for sign_of_life in _rest(last_s, manner, ping):
        yield sign_of_life


def _silence_s(manner: Manner, number: int) -> float:
    silence = manner.silence
    return silence.for_s if silence and silence.after_events == number else 0.0


async def _rest(seconds: float, manner: Manner, ping: bytes) -> AsyncIterator[bytes]:
    every_s = manner.ping_every_s
    while every_s is not None and seconds > every_s:
        await asyncio.sleep(every_s)
        seconds -= every_s
        yield ping
    if seconds:
        await asyncio.sleep(seconds)


async def _split(chunks: AsyncIterator[bytes], size: int | None) -> AsyncIterator[bytes]:
    """The chunks in writes of at most so many bytes."""
    async for chunk in chunks:
        step = size or len(chunk) or 1
        for at in range(0, len(chunk), step):
            yield chunk[at : at + step]
