"""What a step makes the answer say, in the pieces that the wire formats render."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator

from reference_gateway import tokens
from reference_gateway.chat import Prompt, StopReason
from reference_gateway.lab.steps import Call, Content, Part
from reference_gateway.pieces import (
    ArgumentsDelta,
    CallStart,
    Finish,
    Meter,
    Piece,
    Redacted,
    Signature,
    Start,
    TextDelta,
    ThinkingDelta,
)
from reference_gateway.signatures import sign

_TOKENS_PER_FRAGMENT = 3
_CALL_IDS = {"openai": "call_", "anthropic": "toolu_"}


async def pieces(content: Content, prompt: Prompt, protocol: str) -> AsyncIterator[Piece]:
    """The answer in pieces; they count as the scripted model counts."""
    meter = Meter(tokens.count_prompt(prompt))
    yield Start(meter.usage.input_tokens)
    for part in content.parts:
        for piece in _part(part, protocol):
            meter.count(piece)
            yield piece
    yield Finish(_reason(content), content.stop_sequence, meter.usage)


def _reason(content: Content) -> StopReason:
    if content.stop_sequence is not None:
        return StopReason.STOP_SEQUENCE
    has_calls = any(part.calls for part in content.parts)
    return StopReason.TOOL_USE if has_calls else StopReason.END_TURN


def _part(part: Part, protocol: str) -> Iterator[Piece]:
    if part.thinking is not None:
        yield from _thought(part.thinking, part.signature)
    if part.redacted is not None:
        yield Redacted(part.redacted, 1)
    if part.text is not None:
        for text in part.fragments or fragments(part.text):
            yield TextDelta(text, tokens.count(text))
    for call in part.calls:
        yield from _called(call, protocol)


def _thought(text: str, signature: str | None) -> Iterator[Piece]:
    for fragment in fragments(text):
        yield ThinkingDelta(fragment, tokens.count(fragment))
    yield Signature(sign(text) if signature is None else signature)


def _called(call: Call, protocol: str) -> Iterator[Piece]:
    call_id = call.id or f"{_CALL_IDS[protocol]}{secrets.token_hex(12)}"
    yield CallStart(call_id, call.name, tokens.CALL_OVERHEAD_TOKENS + tokens.count(call.name))
    for fragment in call.fragments or fragments(call.arguments):
        yield ArgumentsDelta(fragment, tokens.count(fragment))


def fragments(text: str) -> list[str]:
    """A text as a stream says it; joined, they are the text."""
    words = tokens.split(text)
    size = _TOKENS_PER_FRAGMENT
    return ["".join(words[at : at + size]) for at in range(0, len(words), size)]
