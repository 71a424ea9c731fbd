"""The deterministic built-in model: the same prompt gets the same answer, on every protocol."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

from reference_gateway import directives, tokens
from reference_gateway.arguments import Source
from reference_gateway.chat import Prompt, StopReason, ToolCall, Usage
from reference_gateway.choices import interleaved
from reference_gateway.instances import instance
from reference_gateway.likelihood import likelihoods
from reference_gateway.pieces import (
    ArgumentsDelta,
    CallStart,
    Cited,
    Finish,
    NextChoice,
    Piece,
    Start,
    TextDelta,
)
from reference_gateway.sight import citation
from reference_gateway.speech import announcement, answer_text, question
from reference_gateway.thinking import thoughts
from reference_gateway.toolbox import choose_calls

# Small enough that a stop sequence, a word or a JSON text spans several deltas.
_TOKENS_PER_DELTA = 3
_TOKENS_PER_FRAGMENT = 2


class ScriptedModel:
    """Answers from rules, without an upstream; `pace_s` is the pause after each delta.

    It obeys the directives in a question, so that a client can see it slow, silent or broken.
    """

    def __init__(self, pace_s: float = 0.0) -> None:
        self.pace_s = pace_s

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        """The answer in pieces."""
        orders, said = directives.read(question(prompt)), 0
        orders.check(directives.AT_ONCE)
        for piece in interleaved([_pieces(prompt) for _ in range(prompt.choices)]):
            if not isinstance(piece, Start | NextChoice | Finish):
                orders.check(said)
                said += 1
                yield piece
                await asyncio.sleep(self.pace_s + orders.rest_s(said))
            else:
                yield piece


def _pieces(prompt: Prompt) -> Iterator[Piece]:
    input_tokens = tokens.count_prompt(prompt)
    yield Start(input_tokens)
    thought = thoughts(prompt)
    yield from thought
    spent = sum(piece.tokens for piece in thought)
    rest = replace(prompt, max_tokens=prompt.max_tokens - spent)
    for piece in _answered(rest, input_tokens):
        yield _after(spent, piece) if isinstance(piece, Finish) else piece


def _after(thinking_tokens: int, end: Finish) -> Finish:
    """The same end, with the thinking counted as output."""
    output_tokens = end.usage.output_tokens + thinking_tokens
    usage = replace(end.usage, output_tokens=output_tokens, thinking_tokens=thinking_tokens)
    return replace(end, usage=usage)


def _answered(prompt: Prompt, input_tokens: int) -> Iterator[Piece]:
    ordered = directives.said(question(prompt))
    calls = _ordered(prompt) or [_call(prompt, *call) for call in choose_calls(prompt)]
    if ordered is not None:
        yield from _spoken(prompt, input_tokens, ordered)
    elif calls:
        yield from _called(prompt, input_tokens, calls)
    else:
        yield from _spoken(prompt, input_tokens, _text(prompt))


def _text(prompt: Prompt) -> str:
    if prompt.output_schema is None:
        return answer_text(prompt)
    source = Source(None, question(prompt))
    if not prompt.output_schema:
        return json.dumps({"answer": answer_text(prompt)}, ensure_ascii=False)
    return json.dumps(instance(prompt.output_schema, source), ensure_ascii=False)


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
        likely = likelihoods(group, prompt.top_logprobs)
        yield TextDelta("".join(group), len(group), likely)
    source = citation(prompt) if reason is StopReason.END_TURN else None
    if source is not None and source.text in kept:
        yield Cited(source)
    # Even an answer cut down to nothing took a token to find out.
    output_tokens = max(len(said), min(1, prompt.max_tokens))
    yield Finish(reason, stop, Usage(input_tokens, output_tokens))


def _first_stop(text: str, stops: tuple[str, ...]) -> str | None:
    found = [(text.index(stop), -len(stop), stop) for stop in stops if stop in text]
    return min(found)[2] if found else None


def _groups(words: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(words), size):
        yield words[start : start + size]


def _ordered(prompt: Prompt) -> list[ToolCall]:
    """The calls that a directive orders, of tools that may be called."""
    offered = {tool.name for tool in prompt.tools} if prompt.choice.mode != "none" else set()
    orders = directives.called(question(prompt))
    return [_made(name, arguments) for name, arguments in orders if name in offered]


def _call(prompt: Prompt, name: str, city: str | None) -> ToolCall:
    schema = next(tool.schema for tool in prompt.tools if tool.name == name)
    return _made(name, instance({"type": "object", **schema}, Source(city, question(prompt))))


def _made(name: str, arguments: Any) -> ToolCall:
    # Escapes rather than characters: a client has to join them before it decodes them.
    return ToolCall(f"toolu_{secrets.token_hex(12)}", name, json.dumps(arguments))


def _called(prompt: Prompt, input_tokens: int, calls: list[ToolCall]) -> Iterator[Piece]:
    """Whole calls as far as the budget reaches; half a call would be of no use to anybody."""
    announced = [TextDelta(word, 1) for word in tokens.split(announcement(prompt, calls))]
    yield from announced[: prompt.max_tokens]
    spent = len(announced)
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
