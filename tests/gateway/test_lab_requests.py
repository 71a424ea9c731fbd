"""How a lab reads requests: only what is no JSON object is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lab_live import MODEL, PROTOCOLS, Before

both = pytest.mark.parametrize("protocol", PROTOCOLS)


@both
@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'"x"'])
def test_a_body_that_is_no_json_object_is_refused(
    lab: Before, protocol: str, content: bytes
) -> None:
    url, _, headers = lab.request(protocol, "")
    refusal = lab.http.post(url, content=content, headers=headers)
    assert refusal.status_code == 400
    assert refusal.json()["error"]["type"] == "invalid_request_error"


RESULT = {"type": "tool_result", "tool_use_id": "gone", "content": [{"type": "text", "text": "18"}]}
USED = {"type": "tool_use", "id": 7, "name": "get_weather", "input": {"city": "Paris"}}
ODD = [
    {"messages": [{"role": "critic", "content": "Say yes."}], "top_k": "many"},
    {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "Say yes."}, 1]},
    {"messages": [{"role": "user", "content": [{"type": "odd"}, {"text": "Say yes."}]}], "n": "x"},
    {"messages": [{"role": "user", "content": "Say yes."}], "max_tokens": "1", "tools": [{}, 2]},
    {"messages": [{"role": "user", "content": "Say yes."}], "stream_options": 3, "stop": {}},
    {
        "messages": [{"role": "user", "content": "Say yes."}],
        "tools": [{"name": "a b"}],
        "tool_choice": {"type": "none"},
    },
]


@both
@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_an_odd_request_is_answered_all_the_same(lab: Before, protocol: str, body: Any) -> None:
    url, _, headers = lab.request(protocol, "")
    for stream in (False, True):
        content = json.dumps({"model": MODEL, **body, "stream": stream})
        answer = lab.http.post(url, content=content, headers=headers)
        assert answer.status_code == 200 and "yes" in answer.text


@both
def test_an_odd_conversation_with_tools_is_still_understood(lab: Before, protocol: str) -> None:
    called = {"function": {"name": "get_weather", "arguments": "{"}}
    tools = [
        {"name": "get_weather", "input_schema": None},
        {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "x"}}},
    ]
    url, body, headers = lab.request(protocol, "Weather?", tools=tools, top_p="x")
    asked = lab.http.post(url, json={**body, "tool_choice": "required"}, headers=headers)
    assert asked.status_code == 200 and "get_weather" in asked.text
    named = {"type": "tool", "name": "get_weather"}
    forced = lab.http.post(url, json={**body, "tool_choice": named}, headers=headers)
    assert forced.status_code == 200 and "get_weather" in forced.text
    results = [
        {"role": "assistant", "content": [USED], "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "gone", "content": "18"},
        {"role": "user", "content": [RESULT]},
    ]
    answered = {**body, "messages": [*body["messages"], *results]}
    said = lab.http.post(url, json=answered, headers=headers)
    assert said.status_code == 200 and "The tool answered: 18" in said.text
