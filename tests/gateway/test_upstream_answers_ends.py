"""How the answer of an OpenAI-compatible upstream ends, or fails to; and whole answers."""

from __future__ import annotations

import pytest
from upstream_told import (
    DONE,
    Json,
    answer,
    call,
    chunk,
    finish,
    more,
    plain,
    said,
    streamed,
    weather,
)

from reference_gateway.chat import StopReason, Text, Thinking, ToolCall
from reference_gateway.errors import UpstreamBroken, UpstreamRefused
from reference_gateway.pieces import (
    TextDelta,
)
from reference_gateway.signatures import sign

STOP = chunk(finish="stop")
CALLS = chunk(finish="tool_calls")


BROKEN = {
    "no word for the end": [chunk({"content": "a"}), DONE],
    "an end without anything": [chunk({"content": "a"})],
    "an empty word for the end": [chunk({"content": "a"}, ""), DONE],
    "nothing": [],
    "nothing but the end": [DONE],
    "no choice": [chunk(choices=[]), DONE],
    "an event that is not JSON": [chunk({"content": "a"}), "{", STOP, DONE],
    "an event that is a list": ["[]", STOP, DONE],
    "a word for failure": [chunk({"content": "a"}), chunk(finish="error"), DONE],
    "arguments that are no object": [weather("[1]"), CALLS, DONE],
    "arguments that were cut": [weather('{"a"'), CALLS, DONE],
    "arguments that are no JSON": [weather('{"a":NaN}'), CALLS, DONE],
    "a call without a name": [chunk(call(0, "{}", id="call_1")), CALLS, DONE],
    "a call that goes on after it was complete": [
        weather("{}"),
        chunk({"content": "a"}),
        more("{}"),
        CALLS,
        DONE,
    ],
}


@pytest.mark.parametrize("events", BROKEN.values(), ids=BROKEN)
def test_an_answer_that_is_not_complete_is_broken(events: list[object]) -> None:
    with pytest.raises(UpstreamBroken):
        streamed("openai", *events)


def test_an_answer_is_complete_without_done() -> None:
    pieces = streamed("openai", chunk({"content": "a"}), STOP)
    assert finish(pieces).stop_reason is StopReason.END_TURN


def test_what_follows_done_is_not_read() -> None:
    pieces = streamed("openai", chunk({"content": "a"}), STOP, DONE, "{", chunk({"content": "b"}))
    assert said(pieces) == [TextDelta("a", 0)]


STOPS = {
    "stop": StopReason.END_TURN,
    "STOP": StopReason.END_TURN,
    "eos": StopReason.END_TURN,
    "end_turn": StopReason.END_TURN,
    "length": StopReason.MAX_TOKENS,
    "MAX_TOKENS": StopReason.MAX_TOKENS,
    "model_length": StopReason.MAX_TOKENS,
    "model_context_window_exceeded": StopReason.MAX_TOKENS,
    "content_filter": StopReason.REFUSAL,
    "content_filtered": StopReason.REFUSAL,
    "guardrail_intervened": StopReason.REFUSAL,
    "SAFETY": StopReason.REFUSAL,
    "tool_calls": StopReason.END_TURN,
    "a word that nobody knows": StopReason.MAX_TOKENS,
}


@pytest.mark.parametrize(("word", "expected"), STOPS.items(), ids=STOPS)
def test_every_word_for_the_end_has_a_reason(word: str, expected: StopReason) -> None:
    """Calls where there are none are none; an unknown word is never a clean end."""
    pieces = streamed("openai", chunk({"content": "a"}), chunk(finish=word), DONE)
    assert finish(pieces).stop_reason is expected


@pytest.mark.parametrize("word", ["tool_calls", "tool_call", "tool_use", "stop", "function_call"])
def test_an_answer_with_calls_ends_in_calls(word: str) -> None:
    first = weather("{}")
    pieces = streamed("openai", first, chunk(finish=word), DONE)
    assert finish(pieces).stop_reason is StopReason.TOOL_USE


def test_a_refusal_of_the_model_ends_in_a_refusal() -> None:
    pieces = streamed("openai", chunk({"refusal": "No."}), STOP, DONE)
    assert finish(pieces).stop_reason is StopReason.REFUSAL


def test_a_repeated_end_is_one_end() -> None:
    pieces = streamed("openai", chunk({"content": "a"}), STOP, STOP, chunk(finish="stop"), DONE)
    assert [type(piece).__name__ for piece in pieces].count("Finish") == 1


def test_a_cut_that_a_router_hides_is_told() -> None:
    last = chunk(finish="tool_calls")
    last["choices"][0]["native_finish_reason"] = "max_output_tokens"
    pieces = streamed("openai", weather('{"a"'), last, DONE)
    assert finish(pieces).stop_reason is StopReason.MAX_TOKENS


def test_the_stop_sequence_is_told_where_the_vendor_tells_it() -> None:
    last = chunk(finish="stop")
    last["choices"][0]["stop_reason"] = "END"
    end = finish(streamed("openai", chunk({"content": "a"}), last, DONE))
    assert (end.stop_reason, end.stop_sequence) == (StopReason.STOP_SEQUENCE, "END")


def test_the_number_of_a_stop_token_is_no_stop_sequence() -> None:
    last = chunk(finish="stop")
    last["choices"][0]["stop_reason"] = 154827
    end = finish(streamed("openai", chunk({"content": "a"}), last, DONE))
    assert (end.stop_reason, end.stop_sequence) == (StopReason.END_TURN, None)


def _choice(message: object, finish: str | None = "stop") -> Json:
    return {"index": 0, "message": message, "finish_reason": finish}


def _whole(message: object, finish: str | None = "stop", **more: object) -> Json:
    return {"object": "chat.completion", "choices": [_choice(message, finish)], **more}


def test_a_whole_answer_has_all_its_parts_in_order() -> None:
    calls = [
        {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"n":1}'}},
        {"id": "call_2", "type": "function", "function": {"name": "f", "arguments": ""}},
    ]
    message = {"role": "assistant", "content": "b", "reasoning_content": "a", "tool_calls": calls}
    found = answer(plain("openai", _whole(message, "tool_calls")))
    assert found.parts == (
        Thinking("a", sign("a")),
        Text("b"),
        ToolCall("call_1", "f", '{"n":1}'),
        ToolCall("call_2", "f", "{}"),
    )
    assert found.stop_reason is StopReason.TOOL_USE


def test_the_calls_of_a_whole_answer_are_told_apart_by_their_places() -> None:
    calls = [call(0, arguments, name="f")["tool_calls"][0] for arguments in ('{"n":1}', '{"n":2}')]
    found = answer(plain("openai", _whole({"tool_calls": calls}, "tool_calls"))).calls
    assert [each.arguments for each in found] == ['{"n":1}', '{"n":2}']
    assert len({each.id for each in found}) == 2


WHOLE = {
    "a list of parts": ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab"),
    "an object, where JSON was asked for": ({"a": "ä"}, '{"a": "ä"}'),
    "half a character": ("a\ud83c", "a\ufffd"),
    "null": (None, ""),
}


@pytest.mark.parametrize(("content", "expected"), WHOLE.values(), ids=WHOLE)
def test_content_is_read_in_every_form(content: object, expected: str) -> None:
    assert answer(plain("openai", _whole({"content": content}))).text == expected


def test_a_whole_answer_that_does_not_say_why_it_ended_has_ended() -> None:
    assert (
        finish(plain("openai", _whole({"content": "a"}, None))).stop_reason is StopReason.END_TURN
    )


def test_a_filtered_answer_needs_no_message() -> None:
    pieces = plain("openai", _whole(None, "content_filter"))
    assert said(pieces) == [] and finish(pieces).stop_reason is StopReason.REFUSAL


WHOLE_BROKEN = {
    "no choices": {"choices": []},
    "null for choices": {"choices": None},
    "an empty object": {},
    "choices that are none": {"choices": ["a"]},
    "a choice without a message": _whole(None, None),
    "half a call": _whole(
        {"tool_calls": call(0, "{", id="c", name="f")["tool_calls"]}, "tool_calls"
    ),
}


@pytest.mark.parametrize("document", WHOLE_BROKEN.values(), ids=WHOLE_BROKEN)
def test_a_whole_answer_without_an_answer_is_broken(document: Json) -> None:
    with pytest.raises(UpstreamBroken):
        plain("openai", document)


def test_an_error_in_place_of_an_answer_is_raised() -> None:
    with pytest.raises(UpstreamRefused) as problem:
        plain("openai", {"error": {"message": "No credits", "code": 402}})
    assert (problem.value.status, problem.value.said) == (402, "No credits")
