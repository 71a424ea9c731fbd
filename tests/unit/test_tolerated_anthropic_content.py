"""What content an Anthropic gateway may send: each answer is judged clean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit_exchanges import (
    BLOCK,
    HELLO_STREAM,
    MESSAGE,
    PING,
    STOP,
    TOOL_MESSAGE,
    block_delta,
    block_start,
    block_stop,
    exchange,
    message_delta,
    message_start,
    recording,
)

from conformance.catalogue import catalogue
from conformance.judge import Judge
from conformance.kinds import Kind
from conformance.model import Exchange, Outcome
from conformance.profile import Profile, load
from conformance.registry import requirements

IDS = [id for id in requirements() if id.startswith("ANT-")]
BROKEN = {Outcome.FAIL, Outcome.WARN}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmVk"}
TEXT = {"type": "text", "text": "Hello!"}
CALL = TOOL_MESSAGE["content"][0]
USAGE = MESSAGE["usage"]
THINKING = (
    block_start(0, "thinking"),
    block_delta(0, "signature_delta", "c2lnbmVk"),
    block_stop(0),
)


def capable() -> Profile:
    """The generic profile as if everything were claimed."""
    every = {entry.capability for entry in catalogue().values()} - {""}
    return replace(load("generic"), capabilities=frozenset(every))


PROFILE = capable()


def plain(**changes: Any) -> Exchange:
    """A plain answer, changed; no tool was asked for unless it calls one."""
    return exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE | {"id": "msg_02"} | changes, "stored#2")


def stream(*values: dict[str, Any]) -> Exchange:
    """A streamed answer."""
    return exchange(Kind.ANTHROPIC_STREAM, values, "stored#2")


def broken(found: Exchange) -> dict[str, Outcome]:
    """The requirements that do not hold of one exchange beside a sound one."""
    before = exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE, "stored#1")
    judge = Judge({"stored": recording("stored", before, found)}, PROFILE)
    outcomes = {id: judge.verdict(id).outcome for id in IDS}
    return {id: outcome for id, outcome in outcomes.items() if outcome in BROKEN}


PLAIN = {
    "another model than the one asked for": plain(model="demo-model-1-20260101"),
    "thinking first": plain(content=[THOUGHT, TEXT]),
    "thinking whose text is omitted": plain(content=[{**THOUGHT, "thinking": ""}, TEXT]),
    "redacted thinking": plain(content=[{"type": "redacted_thinking", "data": "x"}, TEXT]),
    "no content at all": plain(content=[]),
    "no thinking though it is on": exchange(
        Kind.ANTHROPIC_MESSAGE,
        MESSAGE | {"id": "msg_02"},
        "stored#2",
        thinking={"type": "enabled", "budget_tokens": 1024},
    ),
    "an unknown block type": plain(content=[{"type": "hologram"}, TEXT]),
    "an empty text in the middle": plain(content=[TEXT, {"type": "text", "text": ""}, TEXT]),
    "text before a call": plain(content=[TEXT, {**CALL, "id": "toolu_02"}], stop_reason="tool_use"),
    "a caller on a call": plain(
        content=[{**CALL, "id": "toolu_03", "caller": {"type": "direct"}}],
        stop_reason="tool_use",
    ),
    "null cache fields": plain(
        usage=USAGE
        | {"cache_creation_input_tokens": None, "cache_read_input_tokens": None}
        | {"service_tier": None}
    ),
    "everything read from the cache": plain(
        usage={"input_tokens": 0, "cache_read_input_tokens": 9, "output_tokens": 9}
    ),
    "null stop details": plain(stop_details=None),
    "a refusal with details": plain(
        content=[],
        stop_reason="refusal",
        stop_details={"type": "refusal", "category": None, "explanation": None},
    ),
    "keys of a later version": plain(container=None, diagnostics={"a": 1}),
}
STREAMS = {
    "no ping": stream(*HELLO_STREAM),
    "pings between deltas": stream(message_start(), PING, *BLOCK, PING, message_delta(), STOP),
    "a block without deltas": stream(
        message_start(), block_start(), block_stop(), message_delta(), STOP
    ),
    "no block at all": stream(message_start(), message_delta(), STOP),
    "thinking first, its text omitted": stream(
        message_start(),
        *THINKING,
        block_start(1),
        block_delta(1),
        block_stop(1),
        message_delta(),
        STOP,
    ),
    "an empty fragment that means no arguments": stream(
        message_start(),
        block_start(0, "tool_use"),
        block_delta(0, "input_json_delta", ""),
        block_stop(0),
        message_delta("tool_use"),
        STOP,
    ),
    "a call without any fragment": stream(
        message_start(), block_start(0, "tool_use"), block_stop(0), message_delta("tool_use"), STOP
    ),
    "a first fragment that is not empty": stream(
        message_start(),
        block_start(0, "tool_use"),
        block_delta(0, "input_json_delta", '{"city": "Paris"}'),
        block_stop(0),
        message_delta("tool_use"),
        STOP,
    ),
    "several message_delta": stream(
        message_start(), *BLOCK, message_delta(None), message_delta(), STOP
    ),
    "another count at the start": stream(
        message_start(usage={"input_tokens": 5, "output_tokens": 7}), *BLOCK, message_delta(), STOP
    ),
    "another input at the end": stream(
        message_start(),
        *BLOCK,
        {**message_delta(), "usage": {"input_tokens": 8, "output_tokens": 9}},
        STOP,
    ),
    "an unknown delta": stream(
        message_start(),
        block_start(),
        block_delta(),
        block_delta(0, "sparkle_delta"),
        block_stop(),
        message_delta(),
        STOP,
    ),
}


@pytest.mark.parametrize("found", PLAIN.values(), ids=PLAIN)
def test_a_message_may_have(found: Exchange) -> None:
    assert broken(found) == {}


@pytest.mark.parametrize("found", STREAMS.values(), ids=STREAMS)
def test_a_stream_may_have(found: Exchange) -> None:
    assert broken(found) == {}


def test_a_streamed_answer_may_differ_from_the_plain_one() -> None:
    other = (
        message_start(),
        block_start(),
        block_delta(0, text="Something else altogether."),
        block_stop(),
        message_delta(),
        STOP,
    )
    assert broken(stream(*other)) == {}
