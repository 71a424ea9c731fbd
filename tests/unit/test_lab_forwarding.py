"""What goes upstream, judged where no fault of the reference gateway shows it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from unit_exchanges import COMPLETION, MESSAGE, OPENAI_ERROR, STARTED, response

from conformance.model import (
    Exchange,
    Finding,
    Inconclusive,
    Level,
    NotApplicable,
    Recording,
    Request,
    Side,
    Violation,
)
from conformance.passages import compared, passages
from conformance.registry import requirements

PATHS = {"anthropic": "/v1/messages", "openai": "/v1/chat/completions"}
ANSWERS = {"anthropic": MESSAGE, "openai": COMPLETION}
ASKED: dict[str, Any] = {"model": "lab-model", "messages": [{"role": "user", "content": "Hi"}]}
SCHEMA = {"type": "object", "properties": {}}


def sent(protocol: str, body: dict[str, Any], *, status: int = 200, answer: Any = None) -> Exchange:
    """What a client sent, and what it was answered."""
    headers = (("anthropic-version", "2023-06-01"),) if protocol == "anthropic" else ()
    asked = json.dumps(ASKED | body).encode()
    request = Request("POST", f"http://127.0.0.1{PATHS[protocol]}", headers, asked)
    said = json.dumps(answer or ANSWERS[protocol]).encode()
    return Exchange("made#1", request, response(said, status), started_at=STARTED)


def got(protocol: str, body: dict[str, Any]) -> Exchange:
    """What the lab got."""
    return replace(sent(protocol, body), id="made#2", side=Side.UPSTREAM, provider=protocol)


def judged(id: str, name: str, *exchanges: Exchange) -> list[Finding]:
    """What a requirement finds in one recording."""
    return list(requirements()[id].rule(Recording(name, exchanges)))


def places(found: list[Finding]) -> list[tuple[str, Level | None]]:
    """Where the violations are, and their levels."""
    return [(v.where, v.level) for v in found if isinstance(v, Violation)]


def test_each_request_of_a_client_has_its_own_attempts() -> None:
    first, second = sent("openai", {"n": 1}), sent("openai", {"n": 2})
    tries = [got("openai", {"n": number}) for number in (1, 2, 2)]
    found = passages(Recording("made", (first, tries[0], second, tries[1], tries[2])))

    assert [(one.client, len(one.upstream)) for one in found] == [(first, 1), (second, 2)]


@pytest.mark.parametrize(
    "before",
    [
        sent("openai", {"max_completion_tokens": 9}, status=400, answer=OPENAI_ERROR),
        replace(sent("openai", {"max_tokens": 9}, status=429), superseded=True),
    ],
    ids=["with the other name of the budget", "after it was limited"],
)
def test_what_is_asked_again_is_one_passage(before: Exchange) -> None:
    again = sent("openai", {"max_tokens": 9})
    found = passages(Recording("made", (before, again, got("openai", {}))))

    assert [one.client for one in found] == [again]


def test_two_refused_requests_are_two_passages() -> None:
    refused = [sent("openai", {"n": n}, status=400, answer=OPENAI_ERROR) for n in (1, 2)]

    assert len(passages(Recording("made", tuple(refused)))) == 2


REFUSED = sent("openai", {}, status=400, answer=OPENAI_ERROR)
UNJUDGED = {
    "refused, as it may be": (REFUSED, True, [NotApplicable]),
    "refused, as it may not be": (REFUSED, False, [Violation]),
    "failed": (sent("openai", {}, status=500, answer=OPENAI_ERROR), True, [Violation]),
    "not let in": (sent("openai", {}, status=401, answer=OPENAI_ERROR), True, [Inconclusive]),
    "never seen by the lab": (sent("openai", {}), True, [Inconclusive]),
}


@pytest.mark.parametrize(("exchange", "may", "kinds"), UNJUDGED.values(), ids=UNJUDGED)
def test_only_what_was_served_is_compared(exchange: Exchange, may: bool, kinds: list[type]) -> None:
    recording = Recording("made", (exchange,))
    found = compared(recording, lambda passage: iter(()), may_be_refused=may)

    assert [type(finding) for finding in found] == kinds


def test_one_refusal_of_two_is_no_finding() -> None:
    recording = Recording("made", (REFUSED, sent("openai", {"n": 2}), got("openai", {"n": 2})))

    assert list(compared(recording, lambda passage: iter(()), may_be_refused=True)) == []


def test_a_parameter_without_a_word_may_not_vanish() -> None:
    found = judged(
        "GW-UP-022",
        "lab-top-k-anthropic-openai",
        sent("anthropic", {"top_k": 5}),
        got("openai", {}),
    )

    assert places(found) == [("request.body.top_k", Level.SHOULD)]


@pytest.mark.parametrize(("choices", "wrong"), [(1, 1), (2, 0)], ids=["one answer", "two answers"])
def test_two_choices_may_be_asked_for_one_by_one(choices: int, wrong: int) -> None:
    answer = COMPLETION | {"choices": COMPLETION["choices"] * choices}
    client = sent("openai", {"n": 2}, answer=answer)
    found = judged("GW-UP-022", "lab-choices-openai-anthropic", client, got("anthropic", {}))

    assert len(found) == wrong


@pytest.mark.parametrize(
    ("upstream", "name", "level"),
    [("openai", "stop", Level.SHOULD), ("anthropic", "stop_sequences", None)],
)
def test_a_list_of_one_stop_stays_a_list(upstream: str, name: str, level: Level | None) -> None:
    client = sent("anthropic", {"stop_sequences": ["END"]})
    scenario = f"lab-parameters-anthropic-{upstream}"
    found = judged("GW-UP-022", scenario, client, got(upstream, {name: "END"}))

    assert places(found) == [("request.body.stop", level)]


def test_a_stop_that_was_a_text_may_stay_one_before_openai() -> None:
    client, upstream = sent("openai", {"stop": "END"}), got("openai", {"stop": "END"})

    assert judged("GW-UP-022", "lab-parameters-openai-openai", client, upstream) == []


FORMAT = {"type": "json_schema", "json_schema": {"schema": SCHEMA, "strict": True}}
SAID = {
    "a tool that must be called": ("anthropic", {"tool_choice": {"type": "tool", "name": "j"}}, 0),
    "a tool that may be called": ("anthropic", {}, 1),
}


@pytest.mark.parametrize(("upstream", "more", "wrong"), SAID.values(), ids=SAID)
def test_a_schema_may_be_a_forced_tool(upstream: str, more: dict[str, Any], wrong: int) -> None:
    tools = {"tools": [{"name": "j", "input_schema": SCHEMA}]}
    client = sent("openai", {"response_format": FORMAT})
    found = judged("GW-UP-023", "lab-schema-openai-anthropic", client, got(upstream, tools | more))

    assert len(found) == wrong


def test_a_schema_that_is_strict_by_nature_should_be_so_elsewhere() -> None:
    config = {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}
    loose = {"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}}
    found = judged(
        "GW-UP-023",
        "lab-schema-anthropic-openai",
        sent("anthropic", config),
        got("openai", loose),
    )

    assert places(found) == [("request.body.response_format.json_schema.strict", Level.SHOULD)]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [({"reasoning_effort": "high"}, 0), ({"reasoning_effort": "none"}, 1), ({}, 1)],
    ids=["some effort", "none", "nothing said"],
)
def test_some_effort_stands_for_a_budget(body: dict[str, Any], wrong: int) -> None:
    client = sent("anthropic", {"thinking": {"type": "enabled", "budget_tokens": 1024}})
    found = judged("GW-UP-024", "lab-thinking-budget-anthropic-openai", client, got("openai", body))

    assert places(found) == [("request.body.thinking", Level.SHOULD)] * wrong


def test_strict_tools_should_stay_strict_across_protocols() -> None:
    tool = {"name": "look", "input_schema": SCHEMA, "strict": True}
    function = {"type": "function", "function": {"name": "look", "parameters": SCHEMA}}
    found = judged(
        "GW-UP-019",
        "lab-conversation-anthropic-openai",
        sent("anthropic", {"tools": [tool]}),
        got("openai", {"tools": [function]}),
    )

    assert places(found) == [("request.body.tools[0].function.strict", Level.SHOULD)]


def test_tools_that_must_not_be_called_need_not_go_on() -> None:
    tool = {"name": "look", "input_schema": SCHEMA}
    client = sent("anthropic", {"tools": [tool], "tool_choice": {"type": "none"}})

    assert judged("GW-UP-019", "lab-conversation-anthropic-openai", client, got("openai", {})) == []


def test_a_picture_whose_url_is_lost_is_more_than_one_that_was_fetched() -> None:
    def asks(url: str) -> dict[str, Any]:
        part = {"type": "image_url", "image_url": {"url": url}}
        return {"messages": [{"role": "user", "content": [part]}]}

    name, client = "lab-picture-url-openai-openai", sent("openai", asks("https://a.example/b.png"))
    fetched = judged("GW-UP-021", name, client, got("openai", asks("data:image/png;base64,QUJD")))
    changed = judged("GW-UP-021", name, client, got("openai", asks("https://c.example/")))

    assert [level for _, level in places(fetched)] == [Level.SHOULD]
    assert [level for _, level in places(changed)] == [None]


def test_an_upstream_should_stream_where_the_client_does() -> None:
    client, upstream = sent("openai", {"stream": True}), got("openai", {"stream": False})
    found = judged("GW-UP-026", "lab-passage-openai-openai", client, upstream)

    assert places(found) == [("request.body.stream", Level.SHOULD)]


def test_a_gateway_may_count_tokens_itself() -> None:
    found = judged("GW-UP-026", "lab-count-anthropic-anthropic", sent("anthropic", {}))

    assert [type(finding) for finding in found] == [NotApplicable]


def test_a_gateway_that_adds_nothing_may_pass_a_refusal_on() -> None:
    client = sent("openai", {"stream": True}, status=400, answer=OPENAI_ERROR)
    upstream = got("openai", {"stream": True})

    assert judged("GW-UP-027", "lab-strict-openai-openai", client, upstream) == []


def test_what_was_refused_is_not_insisted_on() -> None:
    client = sent("openai", {"stream": True})
    tried = got("openai", {"stream": True, "stream_options": {"include_usage": True}})
    found = judged("GW-UP-027", "lab-strict-openai-openai", client, tried, tried)

    assert places(found) == [("request.body.stream_options", None)]
