"""An upstream's answer in either protocol, whole or streamed, as neutral pieces.

An answer that is malformed or ends early raises `UpstreamBroken`; an error that is told
inside of it raises `UpstreamRefused`. What was told before stays told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Protocol

from reference_gateway.chat import Json
from reference_gateway.errors import UpstreamFailed
from reference_gateway.pieces import Piece
from reference_gateway.upstream.anthropic_reading import AnthropicReading
from reference_gateway.upstream.events import Event
from reference_gateway.upstream.native import NativeProtocol
from reference_gateway.upstream.openai_reading import OpenAIReading
from reference_gateway.upstream.refused import error_of

__all__ = ["error_of", "pieces_of", "pieces_of_stream"]

# For an upstream that has said why it stopped, and then neither counts nor hangs up.
_LINGER_S = 1.5


class _Reading(Protocol):
    """Reads one answer of an upstream."""

    @property
    def is_finished(self) -> bool:
        """True when only the usage may follow."""

    @property
    def is_over(self) -> bool:
        """True when the upstream has said that nothing follows."""

    def whole(self, document: Json) -> Iterator[Piece]:
        """The pieces of an answer that was not streamed."""

    def read(self, event: Event) -> Iterator[Piece]:
        """The pieces of one event."""

    def end(self) -> Iterator[Piece]:
        """What is left; raises `UpstreamBroken` where the answer is not complete."""


def pieces_of(protocol: NativeProtocol, document: Json, input_tokens: int = 0) -> Iterator[Piece]:
    """The pieces of an answer that was not streamed.

    `input_tokens` is what the prompt is thought to have, for an upstream that does not tell.
    """
    return _reading(protocol, input_tokens).whole(document)


async def pieces_of_stream(
    protocol: NativeProtocol, events: AsyncIterator[Event], input_tokens: int = 0
) -> AsyncIterator[Piece]:
    """The pieces of a streamed answer, each as soon as its event is there.

    `input_tokens` is what the prompt is thought to have: it is told first where the upstream
    counts only at the end, and last where it does not count at all.
    """
    reading = _reading(protocol, input_tokens)
    async for event in _until_over(reading, events):
        for piece in reading.read(event):
            yield piece
    for piece in reading.end():
        yield piece


def _reading(protocol: NativeProtocol, input_tokens: int) -> _Reading:
    return (AnthropicReading if protocol == "anthropic" else OpenAIReading)(input_tokens)


async def _until_over(reading: _Reading, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
    """The events that matter; an answer that is complete cannot fail any more."""
    while not reading.is_over:
        try:
            async with asyncio.timeout(_LINGER_S if reading.is_finished else None):
                event = await anext(events)
        except StopAsyncIteration:
            return
        except (TimeoutError, UpstreamFailed):
            if not reading.is_finished:
                raise
            return
        yield event
