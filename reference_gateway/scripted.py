"""The deterministic built-in model: the same prompt gets the same answer, on every protocol."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator

from reference_gateway import tokens
from reference_gateway.arguments import Source, instance
from reference_gateway.chat import Prompt, StopReason, ToolCall, Usage
from reference_gateway.pieces import ArgumentsDelta, CallStart, Finish, Piece, Start, TextDelta
from reference_gateway.speech import answer_text, question
from reference_gateway.toolbox import choose_calls

# Small enough that a stop sequence, a word or a JSON text spans several deltas.
_TOKENS_PER_DELTA = 3
_TOKENS_PER_FRAGMENT = 2


class ScriptedModel:
    """Answers from rules, without an upstream; `pace_s` is the pause after each delta."""

    def __init__(self, pace_s: float = 0.0) -> None:
        self.pace_s = pace_s

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        """The answer in pieces."""
        for piece in _pieces(prompt):
            yield piece
            if not isinstance(piece, Start | Finish):
                await asyncio.sleep(self.pace_s)


def _pieces(prompt: Prompt) -> Iterator[Piece]:
    input_tokens = tokens.count_prompt(prompt)
    yield Start(input_tokens)
    calls = choose_calls(prompt)
    if calls:
        yield from _called(prompt, input_tokens, [_call(prompt, *call) for call in calls])
    else:
        yield from _spoken(prompt, input_tokens, _text(prompt))


def _text(prompt: Prompt) -> str:
    if prompt.output_schema is None:
        return answer_text(prompt)
    source = Source(None, question(prompt))
    found = instance(prompt.output_schema, source) if prompt.output_schema else None
    return json.dumps(found or {"answer": answer_text(prompt)}, ensure_ascii=False)


def _spoken(prompt: Prompt, input_tokens: int, text: str) -> Iterator[Piece]:
    """A text answer, cut at the budget and before the first stop sequence."""
    words = tokens.split(text)
    kept = "".join(words[: prompt.max_tokens])
    reason = StopReason.MAX_TOKENS if len(words) > prompt.max_tokens else StopReason.END_TURN
    stop = _first_stop(kept, prompt.stop_sequences)
    if stop is not None:
        kept, reason = kept[: kept.index(stop)], StopReason.STOP_SEQUENCE
    said = tokens.split(kept)
    for group in _groups(said, _TOKENS_PER_DELTA):
        yield TextDelta("".join(group), len(group))
    # Even an answer cut down to nothing took a token to find out.
    output_tokens = max(len(said), min(1, prompt.max_tokens))
    yield Finish(reason, stop, Usage(input_tokens, output_tokens))


def _first_stop(text: str, stops: tuple[str, ...]) -> str | None:
    found = [(text.index(stop), -len(stop), stop) for stop in stops if stop in text]
    return min(found)[2] if found else None


def _groups(words: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(words), size):
        yield words[start : start + size]


def _call(prompt: Prompt, name: str, city: str | None) -> ToolCall:
    schema = next(tool.schema for tool in prompt.tools if tool.name == name)
    arguments = instance({"type": "object", **schema}, Source(city, question(prompt)))
    return ToolCall(
        f"toolu_{secrets.token_hex(12)}", name, json.dumps(arguments, ensure_ascii=False)
    )


def _called(prompt: Prompt, input_tokens: int, calls: list[ToolCall]) -> Iterator[Piece]:
    """Whole calls as far as the budget reaches; half a call would be of no use to anybody."""
    spent = 0
    for call in calls:
        start_tokens = tokens.CALL_OVERHEAD_TOKENS + tokens.count(call.name)
        words = tokens.split(call.arguments)
        if spent + start_tokens + len(words) > prompt.max_tokens:
            usage = Usage(input_tokens, prompt.max_tokens)
            yield Finish(StopReason.MAX_TOKENS, None, usage)
            return
        spent += start_tokens + len(words)
        yield CallStart(call.id, call.name, start_tokens)
        for group in _fragments(call.arguments):
            yield ArgumentsDelta("".join(group), len(group))
    yield Finish(StopReason.TOOL_USE, None, Usage(input_tokens, spent))


def _fragments(arguments: str) -> Iterator[list[str]]:
    if arguments == "{}":
        return iter([tokens.split(arguments)])
    return _groups(tokens.split(arguments), _TOKENS_PER_FRAGMENT)
