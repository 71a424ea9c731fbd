"""An answer in pieces, as it is being produced; the seam behind which providers stand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from reference_gateway.chat import Answer, Prompt, StopReason, Text, ToolCall, Usage


@dataclass(frozen=True)
class Start:
    """The model has read the prompt; always the first piece."""

    input_tokens: int


@dataclass(frozen=True)
class TextDelta:
    """More text of the answer, `tokens` output tokens long."""

    text: str
    tokens: int


@dataclass(frozen=True)
class CallStart:
    """A tool call begins; its arguments follow."""

    id: str
    name: str
    tokens: int


@dataclass(frozen=True)
class ArgumentsDelta:
    """More of the JSON text of the arguments of the call that is open."""

    text: str
    tokens: int


@dataclass(frozen=True)
class Finish:
    """The answer is complete; always the last piece."""

    stop_reason: StopReason
    stop_sequence: str | None
    usage: Usage


Piece = Start | TextDelta | CallStart | ArgumentsDelta | Finish


class Provider(Protocol):
    """Whoever answers prompts."""

    def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        """Answer in pieces: `Start`, text, calls with their arguments, `Finish`."""


class Meter:
    """Counts what has been produced so far, so that a dropped stream can be settled."""

    def __init__(self, input_tokens: int) -> None:
        self.usage = Usage(input_tokens, 0)
        self.is_failed = False

    def count(self, piece: Piece) -> None:
        """Add one piece to the count; `Finish` states the total and replaces it."""
        if isinstance(piece, Finish):
            self.usage = piece.usage
        elif isinstance(piece, Start):
            self.usage = Usage(piece.input_tokens, 0)
        else:
            self.usage = Usage(self.usage.input_tokens, self.usage.output_tokens + piece.tokens)

    async def metered(self, pieces: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
        """Pass the pieces on, counting each before it is handed over."""
        async for piece in pieces:
            self.count(piece)
            yield piece


async def gather(pieces: AsyncIterator[Piece]) -> Answer:
    """The whole answer, for a client that did not ask for a stream."""
    parts: list[Text | ToolCall] = []
    async for piece in pieces:
        if isinstance(piece, Finish):
            return Answer(tuple(parts), piece.stop_reason, piece.stop_sequence, piece.usage)
        _append(parts, piece)
    raise EOFError("The provider's answer ended without a Finish piece.")


def _append(parts: list[Text | ToolCall], piece: Piece) -> None:
    last = parts[-1] if parts else None
    if isinstance(piece, TextDelta):
        if isinstance(last, Text):
            parts[-1] = Text(last.text + piece.text)
        else:
            parts.append(Text(piece.text))
    elif isinstance(piece, CallStart):
        parts.append(ToolCall(piece.id, piece.name, ""))
    elif isinstance(piece, ArgumentsDelta) and isinstance(last, ToolCall):
        parts[-1] = ToolCall(last.id, last.name, last.arguments + piece.text)
