"""What the lab got while a real client worked is measured against what it was to get."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from conformance.clients.assignments import CITIES, LINE, commands, text, thought, weather
from conformance.clients.lab_answers import marked, steps
from conformance.kinds import Protocol
from conformance.model import (
    Chunk,
    Ended,
    Exchange,
    Findings,
    Inconclusive,
    Recording,
    Request,
    Response,
    Side,
    Violation,
)
from conformance.requirements import client_upstream as rules

RESULT = "plum-0: rain 🌧 and fög"
SSE = (("content-type", "text/event-stream"),)
MARK = "[[lab:0123456789abcdef]]"


def chat(
    number: int, *, side: Side = Side.CLIENT, stop: str = "stop", sent: int = 7, **asked: Any
) -> Exchange:
    """A chat stream, on one side of the gateway; `asked` are members of the request."""
    options = {"include_usage": True}
    body = {"model": "m", "stream": True, "stream_options": options, "messages": [], **asked}
    data = {
        "choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": stop}],
        "usage": {"prompt_tokens": sent, "completion_tokens": 3},
    }
    chunk = Chunk(0.1, f"data: {json.dumps(data)}\n\ndata: [DONE]\n\n".encode())
    return Exchange(
        f"made#{number}",
        Request("POST", "http://x/v1/chat/completions", (), json.dumps(body).encode()),
        Response(200, SSE, (chunk,), Ended.COMPLETE, 0.1, 0.2),
        side=side,
    )


def message(number: int, thinking: str, *, side: Side = Side.CLIENT) -> Exchange:
    """A message's stream that thinks."""
    delta = {"type": "thinking_delta", "thinking": thinking}
    data = {"type": "content_block_delta", "index": 0, "delta": delta}
    chunk = Chunk(0.1, f"event: content_block_delta\ndata: {json.dumps(data)}\n\n".encode())
    body = json.dumps({"model": "m", "stream": True, "messages": []}).encode()
    return Exchange(
        f"made#{number}",
        Request("POST", "http://x/v1/messages", (("x-api-key", "k"),), body),
        Response(200, SSE, (chunk,), Ended.COMPLETE, 0.1, 0.2),
        side=side,
    )


def worked(*exchanges: Exchange, requests: int = 1, has_lab: bool = True) -> Recording:
    """What a client did with a lab behind the gateway."""
    expected = {"results": {"Zürich": RESULT}}
    facts = {"has_lab": has_lab, "requests": requests, "expected": expected}
    return Recording("made", exchanges, facts)


def behind(number: int, **more: Any) -> Exchange:
    """What the lab got; a result of the tool is among it."""
    result = {"role": "tool", "tool_call_id": "call_0_lab", "content": RESULT}
    return chat(number, **{"side": Side.UPSTREAM, "messages": [result], **more})


Rule = Callable[[Recording], Findings]
RULES: tuple[Rule, ...] = (
    rules.upstream_is_asked_once,
    rules.ends_are_passed_on,
    rules.results_go_upstream,
    rules.thinking_is_passed_on,
)


@pytest.mark.parametrize("rule", RULES)
def test_what_arrives_as_it_was_sent_is_sound(rule: Rule) -> None:
    assert list(rule(worked(chat(1), behind(2)))) == []


@pytest.mark.parametrize("rule", RULES)
def test_without_a_lab_there_is_nothing_to_say(rule: Rule) -> None:
    assert list(rule(worked(chat(1), has_lab=False))) == []


@pytest.mark.parametrize(
    ("upstream", "actual"),
    [
        pytest.param((behind(2), behind(3)), "2: ", id="asked twice"),
        pytest.param((behind(2, stream=False),), "1: ", id="not for a stream"),
    ],
)
def test_an_upstream_is_asked_once_and_for_a_stream(
    upstream: tuple[Exchange, ...], actual: str
) -> None:
    (found,) = rules.upstream_is_asked_once(worked(chat(1), *upstream))

    assert isinstance(found, Violation) and found.actual.startswith(actual)


def test_what_the_lab_never_saw_proves_nothing() -> None:
    (found,) = rules.upstream_is_asked_once(worked(chat(1)))

    assert isinstance(found, Inconclusive)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        pytest.param({"stop": "length"}, "stop", id="why it ended"),
        pytest.param({"sent": 8}, "usage.input", id="how many tokens"),
    ],
)
def test_an_end_that_the_gateway_changed_is_seen(given: dict[str, Any], where: str) -> None:
    (found,) = rules.ends_are_passed_on(worked(chat(1), behind(2, **given)))

    assert isinstance(found, Violation) and (found.where, found.exchange) == (where, "made#1")


def test_usage_that_the_client_did_not_ask_for_may_be_kept_back() -> None:
    asked = worked(chat(1, stream_options=None), behind(2, sent=8))

    assert list(rules.ends_are_passed_on(asked)) == []


def test_a_result_that_never_goes_upstream_is_missed() -> None:
    (found,) = rules.results_go_upstream(worked(chat(1), behind(2, messages=[])))

    assert isinstance(found, Violation)
    assert (found.expected, found.actual, found.exchange) == (RESULT, "no result", "made#2")


def test_a_result_within_json_is_a_result() -> None:
    wrapped = {"role": "tool", "tool_call_id": "1", "content": json.dumps([{"result": RESULT}])}

    assert list(rules.results_go_upstream(worked(chat(1), behind(2, messages=[wrapped])))) == []


def test_thoughts_that_change_on_the_way_are_seen() -> None:
    sides = (message(1, "one"), message(2, "one and two", side=Side.UPSTREAM))
    (found,) = rules.thinking_is_passed_on(worked(*sides))

    assert isinstance(found, Violation) and (found.expected, found.actual) == ("one and two", "one")


def test_the_lab_calls_first_and_then_says_it_all() -> None:
    assignment = weather("plum", orders=False, count=2)
    called, said = (step["answer"] for step in steps(assignment, Protocol.OPENAI))

    assert [json.loads(call["arguments"]) for call in called["calls"]] == [
        {"city": city} for city in CITIES
    ]
    assert said["text"] == " ".join(assignment.results.values())
    assert called["usage"] != said["usage"]


def test_the_usage_is_in_the_words_of_the_upstream() -> None:
    (step,) = steps(text("plum", orders=False), Protocol.ANTHROPIC)

    assert set(step["answer"]["usage"]) == {"input_tokens", "output_tokens"}


def test_before_a_lab_the_whole_answer_is_known() -> None:
    assignment = marked(text("plum", orders=False), MARK)

    assert assignment.prompt.endswith(MARK) and "[[say" not in assignment.prompt
    assert (assignment.whole, assignment.words) == (LINE.format(nonce="plum"), ())


def test_what_is_thought_is_told_with_the_answer() -> None:
    (step,) = steps(thought(), Protocol.ANTHROPIC)

    assert step["answer"]["thinking"] and step["answer"]["text"].endswith("391 ✓")


def test_the_commands_of_an_agent_are_called_with_its_own_tool() -> None:
    assignment = commands("plum", False, 1, lambda command: ("Bash", {"command": command}))
    called, _ = (step["answer"] for step in steps(assignment, Protocol.OPENAI))

    assert (
        called["calls"][0]["name"] == "Bash" and "tee ran-0.txt" in called["calls"][0]["arguments"]
    )


def test_what_the_lab_does_not_serve_shows_nothing() -> None:
    asked = behind(2)
    url = "http://x/openai/v1/responses"
    handed_on = replace(asked, request=replace(asked.request, url=url))
    (found,) = rules.asked_beyond_the_lab(worked(chat(1), handed_on))

    assert isinstance(found, Inconclusive)
    assert list(rules.asked_beyond_the_lab(worked(chat(1), asked))) == []
