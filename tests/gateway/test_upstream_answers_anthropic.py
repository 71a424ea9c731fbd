"""What an Anthropic upstream says, event by event, becomes the right pieces."""

from __future__ import annotations

from typing import Any

import pytest
from upstream_told import (
    answer,
    block,
    ended,
    finish,
    plain,
    said,
    started,
    streamed,
    text_block,
    tool_block,
)

from reference_gateway.chat import RedactedThinking, StopReason, Text, Thinking, ToolCall
from reference_gateway.errors import UpstreamBroken, UpstreamRefused
from reference_gateway.pieces import (
    ArgumentsDelta,
    CallStart,
    Piece,
    Redacted,
    Signature,
    Start,
    TextDelta,
    ThinkingDelta,
)
from reference_gateway.signatures import sign

PING = {"type": "ping"}
WEATHER = CallStart("toolu_1", "weather", 0)
TIME = CallStart("toolu_2", "time", 0)


def thinking_block(index: int, *texts: str, signature: str = "sig") -> list[dict[str, Any]]:
    deltas = [{"type": "thinking_delta", "thinking": text} for text in texts]
    start = {"type": "thinking", "thinking": "", "signature": ""}
    return block(index, start, *deltas, {"type": "signature_delta", "signature": signature})


def argued(*texts: str) -> list[Piece]:
    return [ArgumentsDelta(text, 0) for text in texts]


SERVER_TOOL = [
    *block(
        0,
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"query":"x"}'},
    ),
    *block(1, {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}),
]

SAID = {
    "text": ([*text_block(0, "Hé", " 🎉"), *ended()], [TextDelta("Hé", 0), TextDelta(" 🎉", 0)]),
    "text in the start of its block": (
        [*block(0, {"type": "text", "text": "a"}, {"type": "text_delta", "text": "b"}), *ended()],
        [TextDelta("a", 0), TextDelta("b", 0)],
    ),
    "a character split between two events": (
        [*text_block(0, "\ud83c", "\udf78"), *ended()],
        [TextDelta("🍸", 0)],
    ),
    "two blocks of text": (
        [*text_block(0, "a"), *text_block(1, "b"), *ended()],
        [TextDelta("a", 0), TextDelta("b", 0)],
    ),
    "nothing": (ended(), []),
    "a call": (
        [*tool_block(0, '{"ci', 'ty":"Ulm"}'), *ended("tool_use")],
        [WEATHER, *argued('{"ci', 'ty":"Ulm"}')],
    ),
    "a call without arguments": ([*tool_block(0), *ended("tool_use")], [WEATHER, *argued("{}")]),
    "a call whose input came whole": (
        [
            *block(
                0,
                {
                    "type": "tool_use",
                    "id": "toolu_1",
                    "name": "weather",
                    "input": {"n": 12345678901234567890},
                },
            ),
            *ended("tool_use"),
        ],
        [WEATHER, *argued('{"n": 12345678901234567890}')],
    ),
    "two calls, the first without arguments": (
        [
            *text_block(0, "a"),
            *tool_block(1),
            *tool_block(2, '{"b":2}', id="toolu_2", name="time"),
            *ended("tool_use"),
        ],
        [TextDelta("a", 0), WEATHER, *argued("{}"), TIME, *argued('{"b":2}')],
    ),
    "a call that was cut": (
        [*tool_block(0, '{"a":'), *ended("max_tokens")],
        [WEATHER, *argued('{"a":')],
    ),
    "thinking": (
        [*thinking_block(0, "a", "b"), *text_block(1, "c"), *ended()],
        [ThinkingDelta("a", 0), ThinkingDelta("b", 0), Signature("sig"), TextDelta("c", 0)],
    ),
    "thinking that is not shown": (
        [*thinking_block(0), *text_block(1, "c"), *ended()],
        [Signature("sig"), TextDelta("c", 0)],
    ),
    "thinking that nobody signed": (
        [*thinking_block(0, "a", signature=""), *text_block(1, "c"), *ended()],
        [ThinkingDelta("a", 0), Signature(sign("a")), TextDelta("c", 0)],
    ),
    "thinking in two blocks": (
        [*thinking_block(0, "a", signature="x"), *thinking_block(1, "b", signature="y"), *ended()],
        [ThinkingDelta("a", 0), Signature("x"), ThinkingDelta("b", 0), Signature("y")],
    ),
    "thinking between texts": (
        [
            *thinking_block(0, "a"),
            *text_block(1, "b"),
            *thinking_block(2, "c"),
            *text_block(3, "d"),
            *ended(),
        ],
        [
            ThinkingDelta("a", 0),
            Signature("sig"),
            TextDelta("b", 0),
            ThinkingDelta("c", 0),
            Signature("sig"),
            TextDelta("d", 0),
        ],
    ),
    "redacted thinking": (
        [*block(0, {"type": "redacted_thinking", "data": "xyz"}), *text_block(1, "c"), *ended()],
        [Redacted("xyz", 0), TextDelta("c", 0)],
    ),
    "a tool of the upstream's own": (
        [*SERVER_TOOL, *text_block(2, "a"), *ended()],
        [TextDelta("a", 0)],
    ),
    "citations": (
        [
            *block(
                0,
                {"type": "text", "text": ""},
                {"type": "citations_delta", "citation": {"type": "char_location"}},
                {"type": "text_delta", "text": "a"},
            ),
            *ended(),
        ],
        [TextDelta("a", 0)],
    ),
    "unknown blocks, events and deltas, and pings": (
        [
            PING,
            *block(0, {"type": "hologram", "data": 1}, {"type": "hologram_delta", "data": 2}),
            {"type": "weather_report", "wind": "calm"},
            *block(
                1,
                {"type": "text", "text": ""},
                {"type": "odd_delta"},
                {"type": "text_delta", "text": "a"},
            ),
            PING,
            *ended(),
        ],
        [TextDelta("a", 0)],
    ),
}


@pytest.mark.parametrize(("events", "expected"), SAID.values(), ids=SAID)
def test_events_become_pieces(events: list[dict[str, Any]], expected: list[Piece]) -> None:
    pieces = streamed("anthropic", started(), *events)
    assert pieces[0] == Start(10)
    assert said(pieces) == expected
    finish(pieces)


STOPS = {
    "end_turn": StopReason.END_TURN,
    "max_tokens": StopReason.MAX_TOKENS,
    "tool_use": StopReason.END_TURN,
    "refusal": StopReason.REFUSAL,
    "pause_turn": StopReason.MAX_TOKENS,
    "model_context_window_exceeded": StopReason.MAX_TOKENS,
    "a word that nobody knows": StopReason.MAX_TOKENS,
}


@pytest.mark.parametrize(("word", "expected"), STOPS.items(), ids=STOPS)
def test_every_word_for_the_end_has_a_reason(word: str, expected: StopReason) -> None:
    pieces = streamed("anthropic", started(), *text_block(0, "a"), *ended(word))
    assert finish(pieces).stop_reason is expected


def test_the_stop_sequence_is_kept() -> None:
    end = finish(streamed("anthropic", started(), *ended("stop_sequence", "END")))
    assert (end.stop_reason, end.stop_sequence) == (StopReason.STOP_SEQUENCE, "END")


BROKEN = {
    "no message_stop": [started(), *text_block(0, "a"), *ended()[:1]],
    "no message_delta": [started(), *text_block(0, "a"), *ended()[1:]],
    "no reason": [started(), *text_block(0, "a"), *ended(None)],
    "the other protocol's end": [started(), *text_block(0, "a"), "[DONE]"],
    "nothing": [],
    "an event that is not JSON": [started(), "{", *ended()],
    "half a call": [started(), *tool_block(0, '{"a":'), *ended("tool_use")],
    "half a call before another": [
        started(),
        *tool_block(0, '{"a":'),
        *tool_block(1, "{}", id="toolu_2"),
        *ended("max_tokens"),
    ],
}


@pytest.mark.parametrize("events", BROKEN.values(), ids=BROKEN)
def test_an_answer_that_is_not_complete_is_broken(events: list[Any]) -> None:
    with pytest.raises(UpstreamBroken):
        streamed("anthropic", *events)


def test_what_follows_the_end_is_not_read() -> None:
    pieces = streamed("anthropic", started(), *text_block(0, "a"), *ended(), "[DONE]", "{")
    assert said(pieces) == [TextDelta("a", 0)]


def _message(*content: dict[str, Any], reason: str | None = "end_turn") -> dict[str, Any]:
    usage = {"input_tokens": 10, "output_tokens": 5}
    return {"type": "message", "content": list(content), "stop_reason": reason, "usage": usage}


def test_a_whole_answer_has_all_its_parts_in_order() -> None:
    content = [
        {"type": "thinking", "thinking": "a", "signature": "sig"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "text", "text": "b"},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"n": 10000000000000001}},
        {"type": "tool_use", "id": "toolu_2", "name": "f", "input": {}},
    ]
    found = answer(plain("anthropic", _message(*content, reason="tool_use")))
    assert found.parts == (
        Thinking("a", "sig"),
        RedactedThinking("xyz"),
        Text("b"),
        ToolCall("toolu_1", "f", '{"n": 10000000000000001}'),
        ToolCall("toolu_2", "f", "{}"),
    )
    assert found.stop_reason is StopReason.TOOL_USE


def test_a_whole_answer_may_be_empty() -> None:
    found = answer(plain("anthropic", _message()))
    assert found.parts == () and found.stop_reason is StopReason.END_TURN


WHOLE_BROKEN = {
    "an empty object": {},
    "null for content": _message() | {"content": None},
    "text for content": _message() | {"content": "a"},
    "a number that is none": _message(
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"n": float("inf")}},
        reason="tool_use",
    ),
}


@pytest.mark.parametrize("document", WHOLE_BROKEN.values(), ids=WHOLE_BROKEN)
def test_a_whole_answer_without_an_answer_is_broken(document: dict[str, Any]) -> None:
    with pytest.raises(UpstreamBroken):
        plain("anthropic", document)


def test_an_error_in_place_of_an_answer_is_raised() -> None:
    detail = {"type": "overloaded_error", "message": "Overloaded"}
    with pytest.raises(UpstreamRefused) as problem:
        plain("anthropic", {"type": "error", "error": detail})
    assert (problem.value.status, problem.value.type) == (529, "overloaded_error")
