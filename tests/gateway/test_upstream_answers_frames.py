"""What an upstream of one protocol says reaches a client of the other, frame by frame."""

from __future__ import annotations

from typing import Any

import pytest
from upstream_told import (
    DONE,
    ESTIMATE,
    block,
    body,
    call,
    chunk,
    counted,
    ended,
    frames,
    plain,
    started,
    streamed,
    text_block,
    tool_block,
)

from reference_gateway.anthropic_answer import ANTHROPIC
from reference_gateway.openai_answer import OPENAI
from reference_gateway.responses_answer import RESPONSES
from reference_gateway.signatures import is_signed
from reference_gateway.wire import dump

FULL = counted(100, 20, prompt_tokens_details={"cached_tokens": 40})
COUNTED = {
    "input_tokens": 60,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 40,
    "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
    "output_tokens": 20,
    "output_tokens_details": {"thinking_tokens": 0},
    "service_tier": "standard",
}


def _anthropic(*events: Any) -> list[dict[str, Any]]:
    """The events that an Anthropic client gets of an OpenAI stream."""
    return frames(ANTHROPIC, streamed("openai", *events, DONE))


def _openai(*events: Any) -> list[Any]:
    """The chunks that an OpenAI client gets of an Anthropic stream."""
    return frames(OPENAI, streamed("anthropic", started(), *events))


def _deltas(chunks: list[Any]) -> list[dict[str, Any]]:
    choices = [choice for each in chunks if each != DONE for choice in each["choices"]]
    return [choice["delta"] for choice in choices]


def test_chunks_become_the_events_of_a_message() -> None:
    told = _anthropic(
        chunk({"role": "assistant", "content": ""}),
        chunk({"reasoning_content": "Hm."}),
        chunk({"content": "Sure."}),
        chunk(call(0, '{"a":', id="call_1", name="weather")),
        chunk(call(0, "{}}")),
        chunk(call(1, "", id="call_2", name="time")),
        chunk(finish="tool_calls"),
        chunk(choices=[], usage=FULL),
    )
    assert told[0]["message"]["usage"]["input_tokens"] == ESTIMATE
    signature = told[3]["delta"]["signature"]
    assert is_signed("Hm.", signature)
    calls = [
        {"type": "tool_use", "id": f"call_{number}", "name": name, "input": {}}
        for number, name in ((1, "weather"), (2, "time"))
    ]
    assert told[1:] == [
        _start(0, {"type": "thinking", "thinking": "", "signature": ""}),
        _delta(0, {"type": "thinking_delta", "thinking": "Hm."}),
        _delta(0, {"type": "signature_delta", "signature": signature}),
        _stop(0),
        _start(1, {"type": "text", "text": ""}),
        _delta(1, {"type": "text_delta", "text": "Sure."}),
        _stop(1),
        _start(2, calls[0]),
        _delta(2, {"type": "input_json_delta", "partial_json": ""}),
        _delta(2, {"type": "input_json_delta", "partial_json": '{"a":'}),
        _delta(2, {"type": "input_json_delta", "partial_json": "{}}"}),
        _stop(2),
        _start(3, calls[1]),
        _delta(3, {"type": "input_json_delta", "partial_json": ""}),
        _stop(3),
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": COUNTED,
        },
        {"type": "message_stop"},
    ]


def test_an_empty_object_inside_of_arguments_is_kept() -> None:
    parts = ['{"a":', "{}", "}"]
    told = _anthropic(
        chunk(call(0, "", id="call_1", name="weather")),
        *(chunk(call(0, text)) for text in parts),
        chunk(finish="tool_calls"),
    )
    deltas = [event["delta"] for event in told if event["type"] == "content_block_delta"]
    assert [delta["partial_json"] for delta in deltas] == ["", *parts]


def test_calls_by_turns_become_blocks_one_after_the_other() -> None:
    told = _anthropic(
        chunk(call(0, "", id="call_1", name="weather")),
        chunk(call(1, "", id="call_2", name="time")),
        chunk(call(0, '{"a"')),
        chunk(call(1, '{"b"')),
        chunk(call(0, ":1}")),
        chunk(call(1, ":2}"), "tool_calls"),
    )
    inside = [event for event in told if event["type"].startswith("content_block")]
    assert [event["index"] for event in inside] == [0] * 5 + [1] * 5
    joined = ["".join(_fragments(inside, index)) for index in (0, 1)]
    assert joined == ['{"a":1}', '{"b":2}']


def _fragments(events: list[dict[str, Any]], index: int) -> list[str]:
    own = [event for event in events if event["index"] == index]
    return [event["delta"]["partial_json"] for event in own if "delta" in event]


ENDS = {
    "stop": {"stop_reason": "end_turn", "stop_sequence": None},
    "length": {"stop_reason": "max_tokens", "stop_sequence": None},
    "an odd word": {"stop_reason": "max_tokens", "stop_sequence": None},
    "content_filter": {
        "stop_reason": "refusal",
        "stop_sequence": None,
        "stop_details": {"type": "refusal", "category": None, "explanation": None},
    },
}


@pytest.mark.parametrize(("word", "expected"), ENDS.items(), ids=ENDS)
def test_a_message_ends_in_a_word_of_its_own_protocol(word: str, expected: dict[str, Any]) -> None:
    told = _anthropic(chunk({"content": "a"}), chunk(finish=word))
    assert (told[-2]["delta"], told[-1]["type"]) == (expected, "message_stop")
    document = {"choices": [{"index": 0, "message": {"content": "a"}, "finish_reason": word}]}
    whole = body(ANTHROPIC, plain("openai", document))
    assert expected.items() <= whole.items()


def test_thinking_between_texts_keeps_its_place() -> None:
    said_so = [{"reasoning": "a"}, {"content": "b"}, {"reasoning": "c"}, {"content": "d"}]
    pieces = streamed("openai", *map(chunk, said_so), chunk(finish="stop"), DONE)
    content = body(ANTHROPIC, pieces)["content"]
    assert [part.get("thinking") or part["text"] for part in content] == ["a", "b", "c", "d"]
    told = frames(ANTHROPIC, pieces)
    kinds = [event["content_block"]["type"] for event in told if "content_block" in event]
    assert kinds == ["thinking", "text", "thinking", "text"]


def test_two_blocks_of_thinking_stay_two() -> None:
    thinking = [
        block(
            index,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": text},
            {"type": "signature_delta", "signature": f"sig{index}"},
        )
        for index, text in enumerate(["a", "b"])
    ]
    pieces = streamed("anthropic", started(), *thinking[0], *thinking[1], *ended())
    told = frames(ANTHROPIC, pieces)
    assert [event["index"] for event in told if "content_block" in event] == [0, 1]
    content = body(ANTHROPIC, pieces)["content"]
    assert [part["signature"] for part in content] == ["sig0", "sig1"]


def test_half_a_call_is_no_block_of_a_whole_message() -> None:
    pieces = streamed(
        "openai",
        chunk({"content": "Sure."}),
        chunk(call(0, '{"a":', id="call_1", name="weather")),
        chunk(finish="length"),
        DONE,
    )
    message = body(ANTHROPIC, pieces)
    assert message["content"] == [{"type": "text", "text": "Sure."}]
    assert message["stop_reason"] == "max_tokens"


def test_a_large_number_keeps_its_digits_in_a_whole_message() -> None:
    pieces = streamed(
        "openai",
        chunk(call(0, '{"id":1234567890123456789}', id="call_1", name="weather")),
        chunk(finish="tool_calls"),
        DONE,
    )
    assert '"input":{"id":1234567890123456789}' in dump(body(ANTHROPIC, pieces))


def test_events_become_the_chunks_of_a_completion() -> None:
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    told = _openai(
        {"type": "ping"},
        *block(
            0,
            thinking,
            {"type": "thinking_delta", "thinking": "Hm."},
            {"type": "signature_delta", "signature": "sig"},
        ),
        *block(1, {"type": "redacted_thinking", "data": "xyz"}),
        *text_block(2, "Su", "re."),
        *tool_block(3, '{"a"', ":1}"),
        *tool_block(4, id="toolu_2", name="time"),
        *ended("tool_use", cache_read_input_tokens=40),
    )
    assert _deltas(told) == [
        {"role": "assistant", "content": "", "refusal": None},
        {"reasoning_content": "Hm."},
        {"content": "Su"},
        {"content": "re."},
        _called(0, "", id="toolu_1", name="weather"),
        _called(0, '{"a"'),
        _called(0, ":1}"),
        _called(1, "", id="toolu_2", name="time"),
        _called(1, "{}"),
        {},
    ]
    assert told[-1] == DONE
    assert told[-3]["choices"][0]["finish_reason"] == "tool_calls"
    assert told[-2]["choices"] == [] and told[-2]["usage"] == {
        **counted(50, 5),
        "prompt_tokens_details": {"cached_tokens": 40},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


FINISHES = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",
    "refusal": "content_filter",
    "an odd word": "length",
}


@pytest.mark.parametrize(("word", "expected"), FINISHES.items(), ids=FINISHES)
def test_a_completion_ends_in_a_word_of_its_own_protocol(word: str, expected: str) -> None:
    told = _openai(*text_block(0, "a"), *ended(word))
    assert told[-3]["choices"][0]["finish_reason"] == expected
    document = {"content": [{"type": "text", "text": "a"}], "stop_reason": word}
    whole = body(OPENAI, plain("anthropic", document))
    assert whole["choices"][0]["finish_reason"] == expected


def test_a_refusal_leaves_a_response_incomplete() -> None:
    pieces = streamed("anthropic", started(), *text_block(0, "a"), *ended("refusal"))
    for found in (body(RESPONSES, pieces), frames(RESPONSES, pieces)[-1]["response"]):
        assert found["status"] == "incomplete"
        assert found["incomplete_details"] == {"reason": "content_filter"}


def _start(index: int, content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": content}


def _delta(index: int, delta: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def _stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def _called(index: int, arguments: str, **named: str) -> dict[str, Any]:
    told = {"id": named["id"], "type": "function"} if "id" in named else {}
    function = {"name": named["name"]} if "name" in named else {}
    return {
        "tool_calls": [{"index": index, **told, "function": {**function, "arguments": arguments}}]
    }
