"""Legacy completions: one text is continued; a third reading of the same neutral prompt."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from reference_gateway.chat import Answer, Json, Prompt, Text, Turn
from reference_gateway.fields import Field
from reference_gateway.openai import (
    check_ranges,
    read_choices,
    read_include_usage,
    read_model,
    read_sampling,
    read_stop,
    read_user,
)
from reference_gateway.openai_answer import OPENAI
from reference_gateway.openai_choice import finish_reason, usage_of
from reference_gateway.openai_stream import DONE
from reference_gateway.pieces import Finish, NextChoice, Piece, Start, TextDelta
from reference_gateway.wire import Frame, Heading

# What the protocol gives a request that names no limit.
_DEFAULT_TOKENS = 16


def parse(document: object, headers: Mapping[str, str]) -> Prompt:
    """The prompt of a legacy completion; raises `InvalidRequest` naming the field."""
    del headers  # No header changes how this body is read.
    body = Field(document, brackets=True)
    body.object()
    model, text = read_model(body.get("model")), _prompt(body.get("prompt"))
    check_ranges(body)
    _check_unsupported(body)
    limit = body.get("max_tokens")
    budget = _DEFAULT_TOKENS if limit.is_absent else limit.integer(1)
    body.get("echo").flag(False)
    return Prompt(
        model=model,
        system=(),
        turns=(Turn("user", (Text(text),)),),
        max_tokens=budget,
        stop_sequences=read_stop(body.get("stop")),
        stream=body.get("stream").flag(False),
        include_usage=read_include_usage(body.get("stream_options")),
        choices=read_choices(body.get("n")),
        sampling=read_sampling(body),
        user=read_user(body),
    )


def _prompt(field: Field) -> str:
    """A text, alone or as the only one of an array."""
    if not isinstance(field.require().value, list):
        return field.text()
    if len(field.value) != 1:
        raise field.refuse("exactly one prompt is supported", "unsupported_value")
    return next(field.items()).text()


def _check_unsupported(body: Field) -> None:
    """Refuse by name what would change the answer and cannot be served."""
    for name in ("suffix", "logprobs"):
        if not body.get(name).is_absent:
            raise body.get(name).refuse("is not supported", "unsupported_parameter")
    count, best = body.get("n"), body.get("best_of")
    if not best.is_absent and best.integer(1) != (1 if count.is_absent else count.value):
        raise best.refuse("must equal n: nothing is left out", "unsupported_value")


def _repeated(heading: Heading) -> str:
    """The prompt, where `echo` asks for it in front of the answer."""
    if not heading.asked.get("echo"):
        return ""
    prompt = heading.asked["prompt"]
    return str(prompt[0] if isinstance(prompt, list) else prompt)


def _envelope(heading: Heading, choices: list[Json]) -> Json:
    return {
        "id": f"cmpl-{heading.token}",
        "object": "text_completion",
        "created": heading.created,
        "model": heading.model,
        "choices": choices,
    }


def _choice(index: int, text: str, ended: str | None) -> Json:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": ended}


def completion(heading: Heading, answer: Answer) -> Json:
    """The body of an answer that was not streamed."""
    choices = [
        _choice(index, _repeated(heading) + one.text, finish_reason(heading, one.stop_reason))
        for index, one in enumerate(answer.choices)
    ]
    return {**_envelope(heading, choices), "usage": usage_of(answer.usage)}


class _Stream:
    """The chunks of one stream; a choice that is echoed begins with its prompt."""

    def __init__(self, heading: Heading) -> None:
        self.heading = heading
        self.choice = 0
        self.echoed: set[int] = set()

    def frames(self, piece: Piece) -> list[Frame]:
        """The chunks of one piece."""
        if isinstance(piece, NextChoice):
            self.choice = piece.index
            return []
        if isinstance(piece, TextDelta):
            return [*self._echo(), self._chunk([_choice(self.choice, piece.text, None)])]
        if isinstance(piece, Finish):
            reason = finish_reason(self.heading, piece.stop_reason)
            return [*self._echo(), self._chunk([_choice(self.choice, "", reason)])]
        return []

    def _echo(self) -> list[Frame]:
        prompt = _repeated(self.heading)
        if not prompt or self.choice in self.echoed:
            return []
        self.echoed.add(self.choice)
        return [self._chunk([_choice(self.choice, prompt, None)])]

    def ended(self, last: Finish) -> list[Frame]:
        """The usage, where it was asked for, and the end."""
        if not self.heading.include_usage:
            return [DONE]
        return [self._chunk([], usage_of(last.usage)), DONE]

    def _chunk(self, choices: list[Json], usage: Json | None = None) -> Frame:
        chunk = _envelope(self.heading, choices)
        if self.heading.include_usage:
            chunk["usage"] = usage
        return Frame(None, chunk)


async def frames(heading: Heading, pieces: AsyncIterator[Piece]) -> AsyncIterator[Frame]:
    """The chunks of a streamed answer, each as soon as its piece is there."""
    stream = _Stream(heading)
    last: Piece = Start(0)
    async for last in pieces:
        for frame in stream.frames(last):
            yield frame
    if isinstance(last, Finish):
        for frame in stream.ended(last):
            yield frame


COMPLETIONS = replace(
    OPENAI, name="completions", parse=parse, answer=completion, frames=frames, task="completion"
)
