"""An answer in pieces, as it is being produced; the seam behind which providers stand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Protocol

from reference_gateway.chat import (
    NO_CACHE,
    Answer,
    AnswerPart,
    CacheUse,
    Citation,
    Likelihood,
    Prompt,
    RedactedThinking,
    StopReason,
    Text,
    Thinking,
    ToolCall,
    Usage,
)


@dataclass(frozen=True)
class Start:
    """The model has read the prompt; always the first piece."""

    input_tokens: int
    cache: CacheUse = NO_CACHE


@dataclass(frozen=True)
class ThinkingDelta:
    """More of what the model thinks, `tokens` output tokens long."""

    text: str
    tokens: int


@dataclass(frozen=True)
class Signature:
    """The thinking is complete; `tokens` were thought that no delta showed."""

    text: str
    tokens: int = 0


@dataclass(frozen=True)
class Redacted:
    """A whole block of thinking that the client cannot read."""

    data: str
    tokens: int


@dataclass(frozen=True)
class TextDelta:
    """More text of the answer, `tokens` output tokens long."""

    text: str
    tokens: int
    likelihoods: tuple[Likelihood, ...] = ()


@dataclass(frozen=True)
class Cited:
    """The text so far rests on these words of a document."""

    citation: Citation
    tokens: int = 0


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
class NextChoice:
    """What follows belongs to the choice `index`; a single choice needs no such piece."""

    index: int
    tokens: int = 0


@dataclass(frozen=True)
class Finish:
    """The choice is complete, the last piece of each; `usage` is that of all so far."""

    stop_reason: StopReason
    stop_sequence: str | None
    usage: Usage


Piece = (
    Start
    | NextChoice
    | ThinkingDelta
    | Signature
    | Redacted
    | TextDelta
    | Cited
    | CallStart
    | ArgumentsDelta
    | Finish
)


class Provider(Protocol):
    """Whoever answers prompts."""

    def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        """Answer in pieces: `Start`, thinking, text, calls with their arguments, `Finish`."""


class Meter:
    """Counts what has been produced so far, so that a dropped stream can be settled."""

    def __init__(self, input_tokens: int) -> None:
        self.usage = Usage(input_tokens, 0)
        self.has_begun = False
        self.is_failed = False

    def state(self, usage: Usage) -> None:
        """Set the count; somebody else has counted."""
        self.has_begun = True
        self.usage = usage

    def count(self, piece: Piece) -> None:
        """Add one piece to the count; `Finish` states the total and replaces it."""
        self.has_begun = True
        if isinstance(piece, Finish):
            self.usage = piece.usage
        elif isinstance(piece, Start):
            self.usage = Usage(piece.input_tokens, 0, piece.cache)
        else:
            produced = self.usage.output_tokens + piece.tokens
            self.usage = replace(self.usage, output_tokens=produced)

    async def metered(self, pieces: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
        """Pass the pieces on, counting each before it is handed over."""
        async for piece in pieces:
            self.count(piece)
            yield piece


async def gather(pieces: AsyncIterator[Piece]) -> Answer:
    """The whole answer, for a client that did not ask for a stream."""
    parts: dict[int, list[AnswerPart]] = {0: []}
    finished: dict[int, Finish] = {}
    choice = 0
    async for piece in pieces:
        if isinstance(piece, NextChoice):
            choice = piece.index
            parts.setdefault(choice, [])
        elif isinstance(piece, Finish):
            finished[choice] = piece
        elif not isinstance(piece, Start):
            _add(parts[choice], piece)
    if parts.keys() != finished.keys():
        raise EOFError("The provider's answer ended without a Finish piece.")
    return _answer(parts, finished)


def _answer(parts: dict[int, list[AnswerPart]], finished: dict[int, Finish]) -> Answer:
    total = list(finished.values())[-1].usage
    first, *others = (
        Answer(tuple(parts[choice]), end.stop_reason, end.stop_sequence, total)
        for choice, end in sorted(finished.items())
    )
    return replace(first, others=tuple(others))


def _add(parts: list[AnswerPart], piece: Piece) -> None:
    grown = _grown(parts[-1], piece) if parts else None
    if grown is not None:
        parts[-1] = grown
    else:
        parts.append(_begun(piece))


def _grown(last: AnswerPart, piece: Piece) -> AnswerPart | None:
    """The last part with the piece added, or None where the piece begins a part of its own."""
    if isinstance(last, Text) and isinstance(piece, TextDelta):
        likelihoods = last.likelihoods + piece.likelihoods
        return replace(last, text=last.text + piece.text, likelihoods=likelihoods)
    if isinstance(last, Text) and isinstance(piece, Cited):
        return replace(last, citations=(*last.citations, piece.citation))
    if isinstance(last, Thinking) and not last.signature:
        if isinstance(piece, ThinkingDelta):
            return Thinking(last.text + piece.text, "")
        if isinstance(piece, Signature):
            return Thinking(last.text, piece.text)
    if isinstance(last, ToolCall) and isinstance(piece, ArgumentsDelta):
        return ToolCall(last.id, last.name, last.arguments + piece.text)
    return None


def _begun(piece: Piece) -> AnswerPart:
    if isinstance(piece, TextDelta):
        return Text(piece.text, piece.likelihoods)
    if isinstance(piece, ThinkingDelta):
        return Thinking(piece.text, "")
    if isinstance(piece, Signature):
        return Thinking("", piece.text)
    if isinstance(piece, Redacted):
        return RedactedThinking(piece.data)
    if isinstance(piece, CallStart):
        return ToolCall(piece.id, piece.name, "")
    raise ValueError(f"{type(piece).__name__} cannot begin a part of an answer.")
