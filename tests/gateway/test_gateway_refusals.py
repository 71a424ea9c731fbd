"""Who and what is refused, and in which envelope."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gateway_live import MODEL, Live, anthropic_tool, openai_tool

HELLO = [{"role": "user", "content": "Hello."}]
MESSAGE = {"model": MODEL, "max_tokens": 9, "messages": HELLO}
CHAT = {"model": MODEL, "messages": HELLO}
STREAMS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def _use(id: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": "get_weather", "input": {}}


def _call(id: str) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}


def _without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


WRONG_MESSAGES: dict[str, tuple[Any, str]] = {
    "no model": (_without(MESSAGE, "model"), "model"),
    "model is a list": ({**MESSAGE, "model": ["x"]}, "model"),
    "model is empty": ({**MESSAGE, "model": ""}, "model"),
    "no messages": (_without(MESSAGE, "messages"), "messages"),
    "messages empty": ({**MESSAGE, "messages": []}, "messages"),
    "messages is text": ({**MESSAGE, "messages": "hi"}, "messages"),
    "message is text": ({**MESSAGE, "messages": ["hi"]}, "messages.0"),
    "bad role": ({**MESSAGE, "messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
    "content is a number": ({**MESSAGE, "messages": [{"role": "user", "content": 7}]}, "content"),
    "unknown block": (
        {**MESSAGE, "messages": [{"role": "user", "content": [{"type": "x"}]}]},
        "messages.0.content.0.type",
    ),
    "empty text": (
        {**MESSAGE, "messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
        "messages.0.content.0.text",
    ),
    "no max_tokens": (_without(MESSAGE, "max_tokens"), "max_tokens"),
    "max_tokens negative": ({**MESSAGE, "max_tokens": -1}, "max_tokens"),
    "max_tokens fraction": ({**MESSAGE, "max_tokens": 1.5}, "max_tokens"),
    "max_tokens true": ({**MESSAGE, "max_tokens": True}, "max_tokens"),
    "tools is text": ({**MESSAGE, "tools": "x"}, "tools"),
    "openai tool": ({**MESSAGE, "tools": [openai_tool()]}, "tools.0.type"),
    "tool without schema": ({**MESSAGE, "tools": [{"name": "x"}]}, "tools.0.input_schema"),
    "tool name": ({**MESSAGE, "tools": [anthropic_tool("a b")]}, "tools.0.name"),
    "tools alike": ({**MESSAGE, "tools": [anthropic_tool()] * 2}, "unique"),
    "choice without tools": ({**MESSAGE, "tool_choice": {"type": "any"}}, "tool_choice"),
    "choice is text": (
        {**MESSAGE, "tools": [anthropic_tool()], "tool_choice": "auto"},
        "tool_choice",
    ),
    "choice of nothing": (
        {**MESSAGE, "tools": [anthropic_tool()], "tool_choice": {"type": "tool", "name": "x"}},
        "tool_choice.name",
    ),
    "unanswered call": (
        {**MESSAGE, "messages": [*HELLO, {"role": "assistant", "content": [_use("a")]}, *HELLO]},
        "tool calls without a result",
    ),
    "unasked result": (
        {
            **MESSAGE,
            "messages": [
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]}
            ],
        },
        "tool result",
    ),
    "temperature": ({**MESSAGE, "temperature": 2.0}, "temperature"),
    "stream is text": ({**MESSAGE, "stream": "yes"}, "stream"),
    "blank stop": ({**MESSAGE, "stop_sequences": ["\n"]}, "stop_sequences.0"),
}
WRONG_CHATS: dict[str, tuple[Any, str | None]] = {
    "no model": (_without(CHAT, "model"), "model"),
    "model is a number": ({**CHAT, "model": 5}, "model"),
    "no messages": (_without(CHAT, "messages"), "messages"),
    "messages empty": ({**CHAT, "messages": []}, "messages"),
    "message is text": ({**CHAT, "messages": ["hi"]}, "messages[0]"),
    "no role": ({**CHAT, "messages": [{"content": "x"}]}, "messages[0].role"),
    "bad role": ({**CHAT, "messages": [{"role": "bogus", "content": "x"}]}, "messages[0].role"),
    "content is a number": (
        {**CHAT, "messages": [{"role": "user", "content": 7}]},
        "messages[0].content",
    ),
    "image": (
        {**CHAT, "messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        "messages[0].content[0].type",
    ),
    "temperature": ({**CHAT, "temperature": 2.1}, "temperature"),
    "temperature is text": ({**CHAT, "temperature": "hot"}, "temperature"),
    "n is 2": ({**CHAT, "n": 2}, "n"),
    "n is 0": ({**CHAT, "n": 0}, "n"),
    "max_tokens negative": ({**CHAT, "max_tokens": -1}, "max_tokens"),
    "five stops": ({**CHAT, "stop": list("abcde")}, "stop"),
    "tools is text": ({**CHAT, "tools": "x"}, "tools"),
    "tool without function": ({**CHAT, "tools": [{"type": "function"}]}, "tools[0].function"),
    "tool without name": (
        {**CHAT, "tools": [{"type": "function", "function": {}}]},
        "tools[0].function.name",
    ),
    "bad schema": (
        {**CHAT, "tools": [openai_tool(schema={"type": "objekt"})]},
        "tools[0].function.parameters",
    ),
    "bad choice": ({**CHAT, "tools": [openai_tool()], "tool_choice": "bogus"}, "tool_choice"),
    "required without tools": ({**CHAT, "tool_choice": "required"}, "tool_choice"),
    "choice of nothing": (
        {
            **CHAT,
            "tools": [openai_tool()],
            "tool_choice": {"type": "function", "function": {"name": "x"}},
        },
        "tool_choice",
    ),
    "tool message without call": (
        {**CHAT, "messages": [*HELLO, {"role": "tool", "tool_call_id": "a", "content": "x"}]},
        "messages",
    ),
    "tool message without id": (
        {**CHAT, "messages": [*HELLO, {"role": "tool", "content": "x"}]},
        "messages[1].tool_call_id",
    ),
    "unanswered call": (
        {**CHAT, "messages": [*HELLO, {"role": "assistant", "tool_calls": [_call("a")]}, *HELLO]},
        "messages",
    ),
    "logprobs": ({**CHAT, "logprobs": True}, "logprobs"),
    "functions": ({**CHAT, "functions": []}, "functions"),
}
NO_JSON = {
    "empty": b"",
    "cut": b'{"model":',
    "not UTF-8": b'{"model":"\xff"}',
    "lone surrogate": b'{"model":"\\ud800"}',
    "deep": b"[" * 100_000,
    "deep enough to read": b"[" * 400 + b"]" * 400,
    "NaN": b'{"model":NaN}',
    "endless number": b"1" * 6000,
    "array": b"[]",
    "text": b'"x"',
    "null": b"null",
}


def _refused(answer: Any, status: int) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["request-id"] == answer.headers["x-request-id"]
    return answer.json()


def _is_anthropic(body: Any, type: str, answer: Any) -> bool:
    has_id = body["request_id"] == answer.headers["request-id"]
    return body["type"] == "error" and body["error"]["type"] == type and has_id


@pytest.mark.parametrize("name", WRONG_MESSAGES)
@STREAMS
def test_an_invalid_message_names_the_field(gateway: Live, name: str, stream: bool) -> None:
    body, named = WRONG_MESSAGES[name]
    answer = gateway.post("/v1/messages", {"stream": stream, **body}, _key(gateway))
    error = _refused(answer, 400)
    assert _is_anthropic(error, "invalid_request_error", answer)
    assert named in error["error"]["message"]


@pytest.mark.parametrize("name", WRONG_CHATS)
@STREAMS
def test_an_invalid_chat_names_the_field(gateway: Live, name: str, stream: bool) -> None:
    body, named = WRONG_CHATS[name]
    answer = gateway.post("/v1/chat/completions", {"stream": stream, **body}, _key(gateway))
    error = _refused(answer, 400)["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", named)
    assert named in error["message"]


@pytest.mark.parametrize("name", NO_JSON)
def test_what_is_no_json_object_is_refused(gateway: Live, name: str) -> None:
    for path in ("/v1/messages", "/api/v1/chat/completions"):
        error = _refused(gateway.post(path, NO_JSON[name], _key(gateway)), 400)
        assert error["error"]["type"] == "invalid_request_error"


def test_odd_but_legal_requests_are_served(gateway: Live) -> None:
    nulls = dict.fromkeys(["temperature", "n", "stop", "stream", "stream_options", "tools", "seed"])
    assert gateway.chat(**nulls, metadata={"a": "b"}, unknown=1).status_code == 200
    assert gateway.chat([{"role": "developer", "content": "x"}, *HELLO, *HELLO]).status_code == 200
    cached = [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]
    assert gateway.messages(cached and HELLO * 2, system=cached, metadata=None).status_code == 200
    assert gateway.messages(max_tokens=10**30, thinking={"type": "adaptive"}).status_code == 200
    zero = gateway.messages(max_tokens=0).json()
    assert (zero["content"], zero["stop_reason"]) == ([], "max_tokens")


@STREAMS
def test_models_that_cannot_be_served_are_refused(gateway: Live, stream: bool) -> None:
    for name, status in (("no-such-model", 400), (MODEL.upper(), 400), ("claude-opus-4-1", 503)):
        said = "model not supported" if status == 400 else "No upstream API key"
        types = "invalid_request_error" if status == 400 else "api_error"
        answer = gateway.messages(model=name, stream=stream)
        error = _refused(answer, status)
        assert _is_anthropic(error, types, answer) and said in error["error"]["message"]
        assert said in _refused(gateway.chat(model=name, stream=stream), status)["error"]["message"]


@pytest.mark.parametrize(
    "credential",
    ["", "th-" + "1" * 64, "sk-ant-api03-abcdefghijkl", "sk-proj-abcdefghijkl", "x" * 5000],
    ids=["none", "unknown", "anthropic", "openai", "long"],
)
@STREAMS
def test_a_wrong_key_is_refused_and_not_repeated(
    gateway: Live, credential: str, stream: bool
) -> None:
    headers = {"authorization": f"Bearer {credential}"} if credential else {}
    answer = gateway.post("/v1/messages", {**MESSAGE, "stream": stream}, headers)
    assert _is_anthropic(_refused(answer, 401), "authentication_error", answer)
    other = gateway.post("/v1/chat/completions", {**CHAT, "stream": stream}, headers)
    error = _refused(other, 401)["error"]
    assert error["code"] == ("invalid_api_key" if credential else None)
    assert error["type"] == "invalid_request_error" and "th-" in error["message"]
    for found in (answer, other):
        seen = found.text + str(found.headers)
        assert not credential or credential[5:] not in seen


def test_the_key_is_looked_at_before_the_body(gateway: Live) -> None:
    for path in ("/v1/messages", "/v1/chat/completions"):
        assert gateway.post(path, b"{", {"authorization": "Bearer th-0"}).status_code == 401


def test_credentials_are_taken_in_every_usual_form(gateway: Live) -> None:
    key = gateway.running.key
    forms: list[dict[str, str]] = [
        {"x-api-key": key},
        {"authorization": f"Bearer {key}"},
        {"authorization": f"bearer {key}"},
        {"x-api-key": "", "authorization": f"Bearer {key}"},
        {"x-api-key": key, "authorization": f"Bearer {key}"},
    ]
    for form in forms:
        assert gateway.post("/v1/messages?beta=true", MESSAGE, form).status_code == 200
        assert gateway.post("/v1/chat/completions", CHAT, form).status_code == 200


def test_unknown_paths_and_methods_are_answered_in_the_callers_envelope(gateway: Live) -> None:
    base, anthropic = gateway.running.base_url, {"anthropic-version": "2023-06-01"}
    unknown = gateway.http.get(f"{base}/v1/nothing", headers=anthropic)
    assert _is_anthropic(_refused(unknown, 404), "not_found_error", unknown)
    plain = _refused(gateway.http.get(f"{base}/api/v1/nothing"), 404)["error"]
    assert plain["type"] == "invalid_request_error"
    wrong = gateway.http.get(f"{base}/v1/messages")
    assert _is_anthropic(_refused(wrong, 405), "invalid_request_error", wrong)
    assert wrong.headers["allow"] == "POST"
    assert "error" in _refused(gateway.http.put(f"{base}/v1/chat/completions"), 405)


def test_the_model_list_has_two_shapes_and_needs_a_key(gateway: Live) -> None:
    url = f"{gateway.running.base_url}/v1/models"
    plain = gateway.http.get(url, headers=_key(gateway)).json()
    versioned = {"x-api-key": gateway.running.key, "anthropic-version": "2023-06-01"}
    other = gateway.http.get(url, headers=versioned).json()
    assert plain["object"] == "list" and plain["data"][0]["owned_by"] == "anthropic"
    assert [model["id"] for model in plain["data"]] == [model["id"] for model in other["data"]]
    assert (other["has_more"], other["first_id"]) == (False, other["data"][0]["id"])
    assert gateway.http.get(url).status_code == 401


def test_request_ids_are_unique(gateway: Live) -> None:
    answers = [gateway.messages(), gateway.chat(), gateway.messages(stream=True)]
    assert len({answer.headers["request-id"] for answer in answers}) == 3


def test_a_body_over_the_limit_is_413(gateway: Live) -> None:
    big = json.dumps({"x": "a" * (32 * 1024 * 1024)}).encode()
    answer = gateway.post("/v1/messages", big, _key(gateway))
    assert _is_anthropic(_refused(answer, 413), "request_too_large", answer)


def _key(gateway: Live) -> dict[str, str]:
    return {"authorization": f"Bearer {gateway.running.key}"}
