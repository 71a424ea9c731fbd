"""A provider's stream: bytes become whole blocks of server-sent events, kept as they came."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from sseclient import SSEClient

from reference_gateway.errors import UpstreamBroken

# A blank line, whichever of the three line ends the sender uses.
_BLOCK_END = re.compile(rb"\r\n\r?\n|\n\r?\n|\r\r")
_LONGEST_END = 4
_MAX_BLOCK_BYTES = 32 * 1024 * 1024
_UNNAMED = "message"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Event:
    """One event as a client decodes it; `name` is None where the sender gave none."""

    name: str | None
    data: str


@dataclass(frozen=True)
class Block:
    """The bytes up to a blank line, and the event in them; None for comments alone."""

    raw: bytes
    event: Event | None


async def blocks(chunks: AsyncIterator[bytes]) -> AsyncIterator[Block]:
    """The blocks of a stream, each as soon as its blank line is there.

    What is left at the end without one is no event, as every client sees it. Raises
    `UpstreamBroken` for what is not UTF-8 and for a block without end.
    """
    buffer, searched = bytearray(), 0
    async for chunk in chunks:
        buffer += chunk
        while found := _BLOCK_END.search(buffer, max(0, searched - _LONGEST_END)):
            raw = bytes(buffer[: found.end()])
            del buffer[: found.end()]
            searched = 0
            yield Block(raw, _event(raw))
        searched = len(buffer)
        if searched > _MAX_BLOCK_BYTES:
            raise UpstreamBroken("The model's answer has an event without end.")


async def events_of(found: AsyncIterator[Block]) -> AsyncIterator[Event]:
    """The events alone."""
    async for block in found:
        if block.event is not None:
            yield block.event


def _event(raw: bytes) -> Event | None:
    try:
        decoded = next(SSEClient(iter([raw.removeprefix(_BOM)])).events(), None)
    except UnicodeDecodeError as error:
        raise UpstreamBroken("The model's answer is not UTF-8.") from error
    if decoded is None:
        return None
    return Event(None if decoded.event == _UNNAMED else decoded.event, decoded.data)
