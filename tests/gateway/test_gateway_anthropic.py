"""The Anthropic protocol of the reference gateway: conflicts of fields, versions, counts."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_live import CITY_SCHEMA, MODEL, Live

SECOND = {"anthropic-version": "2026-10-21"}
USER = {"role": "user", "content": "Say hello."}
TOOL = {"name": "get_weather", "input_schema": CITY_SCHEMA}
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2048}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "18 degrees"}
SYSTEM = {"role": "system", "content": "Be brief."}
DOCUMENT = {
    "type": "document",
    "source": {"type": "text", "media_type": "text/plain", "data": "The sky is blue."},
}
CITED = {"type": "text", "text": "Blue.", "citations": [{"type": "char_location"}]}


def schema(**more: Any) -> dict[str, Any]:
    """An answer that has to fit the schema of a city."""
    found = {"type": "json_schema", "schema": {**CITY_SCHEMA, **more}}
    return {"output_config": {"format": found}}


def assistant(*content: Any) -> dict[str, Any]:
    """What the assistant said."""
    return {"role": "assistant", "content": list(content)}


def user(*content: Any) -> dict[str, Any]:
    """What the user said."""
    return {"role": "user", "content": list(content)}


CONFLICTS: dict[str, tuple[dict[str, Any], str]] = {
    "thinking and temperature": ({**THINKING, "temperature": 0.5}, "temperature"),
    "thinking and a forced tool": (
        {**THINKING, "tools": [TOOL], "tool_choice": {"type": "any"}},
        "tool_choice",
    ),
    "an open schema": (schema(), "output_config.format.schema"),
    "an open schema inside another": (
        schema(additionalProperties=False, properties={"city": {"type": "object"}}),
        "output_config.format.schema",
    ),
    "a system message after a call": (
        {"messages": [USER, assistant(CALL), SYSTEM, user(RESULT)], "tools": [TOOL]},
        "messages.2.role",
    ),
    "a prefill that ends in white space": (
        {"messages": [USER, {"role": "assistant", "content": "Hello "}]},
        "messages.1.content",
    ),
    "no tokens and a schema": (
        {**schema(additionalProperties=False), "max_tokens": 0},
        "max_tokens",
    ),
}
COMPATIBLE: dict[str, dict[str, Any]] = {
    "thinking and a temperature of 1": {**THINKING, "temperature": 1},
    "thinking and a tool at will": {**THINKING, "tools": [TOOL], "tool_choice": {"type": "auto"}},
    "a closed schema": schema(additionalProperties=False),
    "a system message first": {"messages": [SYSTEM, USER]},
    "a system message after the user's": {"messages": [USER, SYSTEM, USER]},
    "a prefill": {"messages": [USER, {"role": "assistant", "content": "Hello"}]},
    "a document of the assistant's": {"messages": [USER, assistant(DOCUMENT), USER]},
    "sampling": {"temperature": 0.5, "top_p": 0.9, "top_k": 40},
}
REMOVED: dict[str, dict[str, Any]] = {
    "temperature": {"temperature": 1},
    "top_p": {"top_p": 0.9},
    "top_k": {"top_k": 40},
    "a document of the assistant's": {"messages": [USER, assistant(DOCUMENT), USER]},
    "citations of the user's": {"messages": [user(CITED)]},
}


def asked(gateway: Live, version: str = "2023-06-01", **changes: Any) -> Any:
    """The answer to a plain question, changed, in one version of the API."""
    body = {"model": MODEL, "max_tokens": 64, "messages": [USER], **changes}
    headers = {"x-api-key": gateway.running.key, "anthropic-version": version}
    return gateway.post("/v1/messages", body, headers)


def counted(gateway: Live, **changes: Any) -> Any:
    """The answer to a count of a plain question, changed."""
    body = {"model": MODEL, "messages": [USER], **changes}
    return gateway.post("/v1/messages/count_tokens", body, {"x-api-key": gateway.running.key})


@pytest.mark.parametrize("name", CONFLICTS)
def test_what_cannot_stand_together_is_refused(gateway: Live, name: str) -> None:
    changes, field = CONFLICTS[name]
    answer = asked(gateway, **changes)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{field}: ")


@pytest.mark.parametrize("name", COMPATIBLE)
def test_what_can_stand_together_is_served(gateway: Live, name: str) -> None:
    assert asked(gateway, **COMPATIBLE[name]).status_code == 200


@pytest.mark.parametrize("name", REMOVED)
def test_the_second_version_refuses_what_it_has_removed(gateway: Live, name: str) -> None:
    assert asked(gateway, SECOND["anthropic-version"], **REMOVED[name]).status_code == 400


@pytest.mark.parametrize("version", ["2023-06-01", "2026-10-21", "2024-10-22", ""])
def test_a_plain_question_is_served_in_every_version(gateway: Live, version: str) -> None:
    assert asked(gateway, version).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="a question"),
        pytest.param({"system": "Be brief."}, id="a system prompt"),
        pytest.param({"tools": [TOOL], "tool_choice": {"type": "none"}}, id="a tool"),
        pytest.param({"messages": [user(DOCUMENT, {"type": "text", "text": "?"})]}, id="document"),
    ],
)
def test_a_count_is_what_the_usage_says(gateway: Live, changes: dict[str, Any]) -> None:
    count = counted(gateway, **changes).json()["input_tokens"]
    assert count == asked(gateway, **changes).json()["usage"]["input_tokens"] > 0


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({"messages": []}, 400, id="no messages"),
        pytest.param({"messages": [{"role": "tool", "content": "x"}]}, 400, id="a wrong role"),
        pytest.param({"model": "no-such-model"}, 400, id="an unknown model"),
        pytest.param({"model": "claude-opus-4-1"}, 503, id="a model that is not provisioned"),
    ],
)
def test_a_count_is_refused_as_a_message_is(
    gateway: Live, changes: dict[str, Any], status: int
) -> None:
    count, answer = counted(gateway, **changes), asked(gateway, **changes)
    assert count.status_code == answer.status_code == status
    assert count.json()["error"] == answer.json()["error"]


def test_a_count_costs_nothing(gateway: Live) -> None:
    key = gateway.new_key()
    headers = {"x-api-key": key["key"]}
    body = {"model": MODEL, "messages": [USER]}
    assert gateway.post("/v1/messages/count_tokens", body, headers).status_code == 200
    assert gateway.spent(key) == 0


def test_a_refusal_tells_clients_not_to_try_again(gateway: Live) -> None:
    assert asked(gateway, max_tokens=-1).headers["x-should-retry"] == "false"
    assert "x-should-retry" not in asked(gateway).headers
    assert "x-should-retry" not in gateway.chat(model="no-such-model").headers


def test_an_unknown_encoding_of_the_body_is_refused(gateway: Live) -> None:
    headers = {"x-api-key": gateway.running.key, "content-encoding": "zzz"}
    answer = gateway.post("/v1/messages", {"model": MODEL}, headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("content-encoding: ")
