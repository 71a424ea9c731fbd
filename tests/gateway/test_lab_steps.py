"""Each field of a step does what docs/lab.md says, in both protocols."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from gateway_live import anthropic_tool, openai_tool
from lab_live import PROTOCOLS, Before, mark, written

both = pytest.mark.parametrize("protocol", PROTOCOLS)
TOOLS = {"openai": openai_tool(), "anthropic": anthropic_tool()}
DRINK = "caf\u00e9 \U0001f378"


@both
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_a_healthy_answer_is_that_of_the_scripted_model(
    lab: Before, protocol: str, stream: bool
) -> None:
    heard = lab.ask(protocol, "Count from 1 to 5, separated by spaces.", stream=stream)
    assert (heard.status, heard.text) == (200, "1 2 3 4 5")


@both
def test_the_scripted_model_calls_the_tools_that_it_is_asked_to(lab: Before, protocol: str) -> None:
    heard = lab.ask(protocol, "Weather in Paris and Rome?", tools=[TOOLS[protocol]])
    assert heard.body.count(b"get_weather") == 2 and b"Paris" in heard.body


@both
def test_the_directives_of_the_scripted_model_hold_too(lab: Before, protocol: str) -> None:
    at_once = lab.ask(protocol, "Hi. [[fail at once: overloaded]]", stream=True)
    assert at_once.status == {"anthropic": 529, "openai": 503}[protocol]
    assert "error" in at_once.json
    half_way = lab.ask(protocol, "Count to 9. [[fail after 1: broken]]", stream=True)
    assert half_way.status == 200 and "error" in half_way.data[-1]


@both
def test_wait_s_comes_before_the_head(lab: Before, protocol: str) -> None:
    script = lab.script({"wait_s": 0.05})
    lab.ask(protocol, mark(script))
    assert lab.received(script)[0]["answer"]["headers_at_s"] >= 0.05


@both
@pytest.mark.parametrize(
    ("close", "error"), [("close", "RemoteProtocolError"), ("reset", "ReadError")]
)
def test_close_answers_nothing_at_all(lab: Before, protocol: str, close: str, error: str) -> None:
    script = lab.script({"close": close})
    heard = lab.ask(protocol, mark(script))
    assert (heard.status, heard.error) == (0, error)
    assert [(each["answer"], each["ended"]) for each in lab.received(script)] == [(None, "cut")]


ERROR_TYPES = [
    (400, "invalid_request_error", "invalid_request_error"),
    (401, "invalid_request_error", "authentication_error"),
    (404, "invalid_request_error", "not_found_error"),
    (429, "requests", "rate_limit_error"),
    (500, "server_error", "api_error"),
    (418, "invalid_request_error", "invalid_request_error"),
    (599, "server_error", "api_error"),
    (529, "service_unavailable_error", "overloaded_error"),
]


@pytest.mark.parametrize(("status", "openai", "anthropic"), ERROR_TYPES)
def test_a_status_alone_is_the_protocols_own_error(
    lab: Before, status: int, openai: str, anthropic: str
) -> None:
    for protocol, wanted in (("openai", openai), ("anthropic", anthropic)):
        heard = lab.play(protocol, {"status": status}, stream=True)
        assert (heard.status, heard.json["error"]["type"]) == (status, wanted)


@pytest.mark.parametrize(
    ("step", "content_type", "body"),
    [
        ({"status": 502, "body": "<html>no</html>"}, "text/html", b"<html>no</html>"),
        ({"status": 500, "body": {"error": "e"}}, "application/json", b'{"error":"e"}'),
        ({"body": ""}, "application/json", b""),
        ({"body": None}, "application/json", b"null"),
        ({"body": '{"id": '}, "application/json", b'{"id": '),
        ({"body": "x", "headers": {"content-type": "text/plain"}}, "text/plain", b"x"),
        ({"body_base64": base64.b64encode(b"\xff\xfe").decode()}, "application/json", b"\xff\xfe"),
    ],
    ids=["page", "json", "empty", "null", "truncated", "typed", "bytes"],
)
def test_a_body_is_sent_as_it_is(lab: Before, step: Any, content_type: str, body: bytes) -> None:
    heard = lab.play("openai", step, stream=True)
    assert heard.status == step.get("status", 200)
    assert (heard.headers["content-type"], heard.body) == (content_type, body)
    assert heard.headers["content-length"] == str(len(body))


@both
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_headers_come_with_a_healthy_answer_and_in_place_of_the_usual(
    lab: Before, protocol: str, stream: bool
) -> None:
    fields = [["x-limit", "1"], ["x-limit", "2"], ["Server", "other"]]
    heard = lab.play(protocol, {"headers": fields}, "Say yes.", stream=stream)
    assert heard.headers.get_list("x-limit") == ["1", "2"]
    assert heard.headers.get_list("server") == ["other"] and heard.text.startswith("yes")


CONTENT = {
    "thinking": "Hm.",
    "signature": "sig",
    "text": DRINK,
    "calls": [{"id": "c1", "name": "mix", "arguments": '{"n": 10000000000000001}'}],
    "model": "other-model",
    "id": "my-id",
}


def test_an_answer_says_what_the_step_says_as_a_message(lab: Before) -> None:
    said = lab.play("anthropic", {"answer": {**CONTENT, "stop": "pause_turn"}}).json
    assert (said["id"], said["model"], said["stop_reason"]) == (
        "my-id",
        "other-model",
        "pause_turn",
    )
    assert said["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
        {"type": "text", "text": DRINK},
        {"type": "tool_use", "id": "c1", "name": "mix", "input": {"n": 10000000000000001}},
    ]


def test_an_answer_says_what_the_step_says_as_a_completion(lab: Before) -> None:
    said = lab.play("openai", {"answer": {**CONTENT, "stop": "end_turn"}}).json
    (choice,) = said["choices"]
    assert (said["id"], said["model"], choice["finish_reason"]) == (
        "my-id",
        "other-model",
        "end_turn",
    )
    assert choice["message"]["reasoning_content"] == "Hm."
    assert choice["message"]["content"] == DRINK
    function = {"name": "mix", "arguments": '{"n": 10000000000000001}'}
    assert choice["message"]["tool_calls"] == [
        {"id": "c1", "type": "function", "function": function}
    ]


def test_a_streamed_message_says_the_same(lab: Before) -> None:
    heard = lab.play("anthropic", {"answer": {**CONTENT, "stop": "weird"}}, stream=True)
    start, end = heard.data[0]["message"], heard.data[-2]
    assert (start["id"], start["model"]) == ("my-id", "other-model")
    assert end["delta"]["stop_reason"] == "weird" and heard.text == DRINK
    arguments = [data["delta"].get("partial_json", "") for data in heard.data if "delta" in data]
    assert "".join(arguments) == '{"n": 10000000000000001}'


def test_a_streamed_completion_says_the_same(lab: Before) -> None:
    heard = lab.play("openai", {"answer": {**CONTENT, "stop": "weird"}}, stream=True)
    chunks = heard.data[:-1]
    assert {(chunk["id"], chunk["model"]) for chunk in chunks} == {("my-id", "other-model")}
    assert chunks[-1]["choices"][0]["finish_reason"] == "weird" and heard.text == DRINK


@pytest.mark.parametrize("usage", [{"input_tokens": 7, "output_tokens": 3, "x": 1}, None])
def test_usage_replaces_that_of_a_message_or_removes_it(lab: Before, usage: Any) -> None:
    step = {"answer": {"text": "yes", "usage": usage}}
    plain = lab.play("anthropic", step).json
    heard = lab.play("anthropic", step, stream=True).data
    start, end = heard[0]["message"], heard[-2]
    assert [each.get("usage") for each in (plain, end)] == [usage, usage]
    assert start.get("usage") == (usage and {**usage, "output_tokens": 1})
    assert [("usage" in each) for each in (plain, start, end)] == [usage is not None] * 3


@pytest.mark.parametrize("usage", [{"prompt_tokens": 7, "total_tokens": 99}, None])
def test_usage_replaces_that_of_a_completion_or_removes_it(lab: Before, usage: Any) -> None:
    step = {"answer": {"usage": usage}}
    assert lab.play("openai", step).json.get("usage") == usage
    asked = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = lab.play("openai", step, **asked).data[:-1]
    assert [chunk["usage"] for chunk in chunks if chunk.get("usage")] == [usage] * bool(usage)
    assert bool(chunks[-1]["choices"]) is (usage is None)


def test_a_completion_states_its_usage_only_where_it_was_asked_for(lab: Before) -> None:
    chunks = lab.play("openai", {"answer": {"usage": {"prompt_tokens": 7}}}, stream=True).data[:-1]
    assert not any("usage" in chunk for chunk in chunks)


def test_a_refusal_is_said_in_the_protocols_own_way(lab: Before) -> None:
    step = {"answer": {"refusal": "I will not."}}
    message = lab.play("openai", step).json["choices"][0]["message"]
    assert (message["refusal"], message["content"]) == ("I will not.", None)
    deltas = [
        chunk["choices"][0]["delta"] for chunk in lab.play("openai", step, stream=True).data[:-1]
    ]
    assert [delta["refusal"] for delta in deltas if delta.get("refusal")] == ["I will not."]
    said = lab.play("anthropic", step).json
    assert said["stop_reason"] == "refusal"
    assert said["stop_details"]["explanation"] == "I will not."


def test_parts_come_in_their_order_and_redacted_thinking_whole(lab: Before) -> None:
    parts = [{"thinking": "a"}, {"text": "b"}, {"redacted": "xyz"}, {"thinking": "c"}]
    step = {"answer": {"parts": parts}}
    kinds = ["thinking", "text", "redacted_thinking", "thinking"]
    said = lab.play("anthropic", step).json["content"]
    assert [block["type"] for block in said] == kinds and said[2]["data"] == "xyz"
    heard = lab.play("anthropic", step, stream=True).data
    assert [each["content_block"]["type"] for each in heard if "content_block" in each] == kinds


def test_a_stop_sequence_is_named(lab: Before) -> None:
    said = lab.play("anthropic", {"answer": {"text": "a", "stop_sequence": "END"}}).json
    assert (said["stop_reason"], said["stop_sequence"]) == ("stop_sequence", "END")


def test_arguments_that_are_no_json_are_sent_where_they_are_text(lab: Before) -> None:
    arguments = '{"n": '
    step = {"answer": {"calls": [{"name": "mix", "fragments": [arguments]}]}}
    assert json.dumps(arguments).encode() in lab.play("openai", step).body
    for protocol in PROTOCOLS:
        assert json.dumps(arguments).encode() in lab.play(protocol, step, stream=True).body
    assert lab.play("anthropic", step).json["content"] == []


@both
def test_fragments_are_the_deltas_of_the_text(lab: Before, protocol: str) -> None:
    fragments = ["caf", "\u00e9 ", "\U0001f378"]
    assert lab.play(protocol, {"stream": {"fragments": fragments}}, stream=True).texts == fragments
    shared = {"answer": {"text": DRINK, "model": "m"}, "stream": {"fragments": fragments}}
    assert lab.play(protocol, shared, stream=True).texts == fragments
    assert lab.play(protocol, shared).text == DRINK


def test_the_fragments_of_a_call_are_those_of_its_arguments(lab: Before) -> None:
    call = {"name": "mix", "fragments": ['{"a', '":', " 1}"]}
    heard = lab.play("anthropic", {"answer": {"calls": [call]}}, stream=True)
    said = [data["delta"]["partial_json"] for data in heard.data if "partial_json" in str(data)]
    assert said == ["", *call["fragments"]]


@both
def test_bytes_per_write_splits_characters(lab: Before, protocol: str) -> None:
    step = {"answer": {"text": DRINK}, "stream": {"bytes_per_write": 1}}
    script = lab.script(step)
    heard = lab.ask(protocol, mark(script), stream=True)
    (received,) = lab.received(script)
    assert heard.text == DRINK and written(received) == heard.body
    assert {len(base64.b64decode(chunk)) for _, chunk in received["answer"]["chunks"]} == {1}


def _at_s(lab: Before, manner: Any, protocol: str = "anthropic") -> list[float]:
    """When each event of a stream was written, since its head was."""
    script = lab.script({"answer": {"text": "yes"}, "stream": manner})
    lab.ask(protocol, mark(script), stream=True)
    answer = lab.received(script)[0]["answer"]
    times = [at_s for at_s, _ in answer["chunks"]] + [answer["ended_at_s"]]
    return [at_s - answer["headers_at_s"] for at_s in times]


@pytest.mark.parametrize(
    ("manner", "number", "pause_s"),
    [
        ({"first_event_s": 0.04}, 0, 0.04),
        ({"between_s": 0.01}, 3, 0.01),
        ({"between_writes_s": 0.01}, 3, 0.01),
        ({"silence": {"after_events": 2, "for_s": 0.04}}, 2, 0.04),
        ({"close_after_s": 0.04}, -1, 0.04),
    ],
    ids=["first", "between", "writes", "silence", "close"],
)
def test_a_pause_comes_where_it_is_wanted(
    lab: Before, manner: Any, number: int, pause_s: float
) -> None:
    times = [0.0, *_at_s(lab, manner)]
    number = number + 1 if number >= 0 else len(times) - 1
    assert times[number] - times[number - 1] >= pause_s * 0.99


@pytest.mark.parametrize(("protocol", "ping"), [("anthropic", "event: ping"), ("openai", ": keep")])
def test_pings_come_while_a_pause_is_long(lab: Before, protocol: str, ping: str) -> None:
    manner = {"first_event_s": 0.05, "ping_every_s": 0.01}
    heard = lab.play(protocol, {"stream": manner}, stream=True)
    assert [block.startswith(ping) for block in heard.blocks[:4]] == [True] * 4
    plain = lab.play(protocol, {"stream": manner})
    assert plain.status == 200 and plain.json


CUTS = [
    ("close", "RemoteProtocolError"),
    ("reset", "ReadError"),
    ("clean", ""),
]


@both
@pytest.mark.parametrize(("how", "error"), CUTS)
def test_a_cut_after_events_sends_no_more_of_them(
    lab: Before, protocol: str, how: str, error: str
) -> None:
    script = lab.script({"stream": {"cut": {"after_events": 3, "how": how}}})
    heard = lab.ask(protocol, mark(script), stream=True)
    assert (heard.status, len(heard.blocks), heard.error) == (200, 3, error)
    assert lab.received(script)[0]["ended"] == "cut"


@both
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize(("how", "error"), CUTS)
def test_a_cut_after_bytes_is_exact(
    lab: Before, protocol: str, stream: bool, how: str, error: str
) -> None:
    script = lab.script({"stream": {"cut": {"after_bytes": 101, "how": how}}})
    heard = lab.ask(protocol, mark(script), stream=stream)
    assert (heard.status, len(heard.body), heard.error) == (200, 101, error)
    (received,) = lab.received(script)
    assert (written(received), received["ended"]) == (heard.body, "cut")


def test_a_cut_before_the_first_event_leaves_the_head(lab: Before) -> None:
    heard = lab.play("openai", {"stream": {"cut": {"after_events": 0}}}, stream=True)
    assert (heard.status, heard.body, heard.error) == (200, b"", "RemoteProtocolError")


def test_an_answer_that_ends_before_its_cut_is_complete(lab: Before) -> None:
    script = lab.script({"stream": {"cut": {"after_bytes": 1_000_000}}})
    assert lab.ask("openai", mark(script), stream=True).data[-1] == "[DONE]"
    assert lab.received(script)[0]["ended"] == "complete"


@both
def test_an_error_comes_after_so_many_events_and_nothing_after_it(
    lab: Before, protocol: str
) -> None:
    heard = lab.play(protocol, {"stream": {"error": {"after_events": 2}}}, stream=True)
    assert len(heard.data) == 3 and "overload" in heard.data[-1]["error"]["type"].replace(
        "service_unavailable", "overload"
    )
    assert heard.blocks[-1].startswith("event: error" if protocol == "anthropic" else "data: ")
    body = {"error": {"message": "mine"}}
    own = lab.play(protocol, {"stream": {"error": {"after_events": 0, "body": body}}}, stream=True)
    assert own.data == [body]


@both
def test_raw_text_is_sent_as_it_is_and_cut_by_its_events(lab: Before, protocol: str) -> None:
    raw = "data: one\r\n\r\n: c\n\ndata: {\n\nrest"
    assert lab.play(protocol, {"stream": {"raw": raw}}, stream=True).body == raw.encode()
    cut = {"raw": raw, "cut": {"after_events": 2, "how": "clean"}}
    heard = lab.play(protocol, {"stream": cut}, stream=True)
    assert heard.body == b"data: one\r\n\r\n: c\n\n"
