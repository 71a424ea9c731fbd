"""OpenAI chat completions, outbound: the chunks of a streamed answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

from reference_gateway.chat import Json, Likelihood, Usage
from reference_gateway.openai_choice import (
    finish_reason,
    function,
    head,
    is_legacy,
    logprobs,
    usage_of,
)
from reference_gateway.pieces import (
    ArgumentsDelta,
    CallStart,
    Finish,
    NextChoice,
    Piece,
    Start,
    TextDelta,
    ThinkingDelta,
)
from reference_gateway.wire import Frame, Heading

DONE = Frame(None, "[DONE]")
_CHUNK = "chat.completion.chunk"
_FIRST: Json = {"role": "assistant", "content": "", "refusal": None}
# With its padding a text is a multiple of this long, so that its length says less.
_PADDED_LENGTH = 16


async def frames(heading: Heading, pieces: AsyncIterator[Piece]) -> AsyncIterator[Frame]:
    """The chunks of a streamed answer, each as soon as its piece is there."""
    stream = _Stream(heading)
    async for piece in pieces:
        for frame in stream.frames(piece):
            yield frame
    for frame in stream.end():
        yield frame


class _Stream:
    """The chunks of one stream: each choice has its role once and its calls from 0."""

    def __init__(self, heading: Heading) -> None:
        self.heading = heading
        self.choice = 0
        self.opened = {0}
        self.calls = Counter[int]()
        self.usage: Usage | None = None

    def frames(self, piece: Piece) -> list[Frame]:
        """The chunks of one piece; what a chat completion has no place for has none."""
        if isinstance(piece, Start):
            return [self._delta(dict(_FIRST))]
        if isinstance(piece, NextChoice):
            return self._turned(piece.index)
        if isinstance(piece, TextDelta):
            return [self._delta({"content": piece.text}, piece.likelihoods)]
        if isinstance(piece, ThinkingDelta):
            return [self._delta({"reasoning_content": piece.text})]
        if isinstance(piece, CallStart | ArgumentsDelta):
            return [self._delta(self._called(piece))]
        return self._finished(piece) if isinstance(piece, Finish) else []

    def end(self) -> list[Frame]:
        """The chunks after the last piece; none where the answer was not complete."""
        if self.usage is None:
            return []
        usage = [self._chunk([], usage_of(self.usage))] if self.heading.include_usage else []
        return [*usage, DONE]

    def _turned(self, index: int) -> list[Frame]:
        self.choice = index
        if index in self.opened:
            return []
        self.opened.add(index)
        return [self._delta(dict(_FIRST))]

    def _called(self, piece: CallStart | ArgumentsDelta) -> Json:
        named: Json = {}
        if isinstance(piece, CallStart):
            self.calls[self.choice] += 1
            named, said = {"id": piece.id, "type": "function"}, function(piece.name, "")
        else:
            said = {"arguments": piece.text}
        if is_legacy(self.heading):
            return {"function_call": said}
        return {"tool_calls": [{"index": self.calls[self.choice] - 1, **named, "function": said}]}

    def _finished(self, piece: Finish) -> list[Frame]:
        self.usage = piece.usage
        choice = {"index": self.choice, "delta": {}, "logprobs": None}
        reason = finish_reason(self.heading, piece.stop_reason)
        return [self._chunk([{**choice, "finish_reason": reason}], None)]

    def _delta(self, delta: Json, likelihoods: tuple[Likelihood, ...] = ()) -> Frame:
        choice = {
            "index": self.choice,
            "delta": delta,
            "logprobs": logprobs(self.heading, likelihoods),
            "finish_reason": None,
        }
        return self._chunk([choice], None)

    def _chunk(self, choices: list[Json], usage: Json | None) -> Frame:
        chunk: Json = {**head(self.heading, _CHUNK), "choices": choices}
        if self.heading.include_usage:
            chunk["usage"] = usage
        if _wants_padding(self.heading) and choices:
            chunk["obfuscation"] = _padding(choices[0]["delta"])
        return Frame(None, chunk)


def _wants_padding(heading: Heading) -> bool:
    options = heading.asked.get("stream_options")
    return isinstance(options, dict) and options.get("include_obfuscation") is True


def _padding(delta: Json) -> str:
    said = len(delta.get("content") or "")
    return "0" * (_PADDED_LENGTH - said % _PADDED_LENGTH)
