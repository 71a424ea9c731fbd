"""Who and what is refused, and in which envelope."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gateway_live import MODEL, Live
from gateway_wrong import CHAT, HELLO, MESSAGE, NO_JSON, WRONG_CHATS, WRONG_MESSAGES

STREAMS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def _refused(answer: Any, status: int) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["request-id"] == answer.headers["x-request-id"]
    return answer.json()


def _is_anthropic(body: Any, kind: str, answer: Any) -> bool:
    has_id = body["request_id"] == answer.headers["request-id"]
    return body["type"] == "error" and body["error"]["type"] == kind and has_id


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


def test_a_prompt_over_the_context_window_is_refused(gateway: Live) -> None:
    long = "word " * 200_001
    said = "prompt is too long"
    assert said in _refused(gateway.messages(long), 400)["error"]["message"]
    error = _refused(gateway.chat(long), 400)["error"]
    assert said in error["message"] and error["code"] == "context_length_exceeded"


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
    claude = [model["id"] for model in plain["data"] if model["owned_by"] == "anthropic"]
    assert claude == [model["id"] for model in other["data"]]
    assert (other["has_more"], other["first_id"]) == (False, other["data"][0]["id"])
    assert gateway.http.get(url).status_code == 401


def test_the_model_list_of_the_messages_protocol_has_pages(gateway: Live) -> None:
    url = f"{gateway.running.base_url}/v1/models"
    sent = {"x-api-key": gateway.running.key, "anthropic-version": "2023-06-01"}
    first = gateway.http.get(f"{url}?limit=2", headers=sent).json()
    assert (len(first["data"]), first["has_more"]) == (2, True)
    after = gateway.http.get(f"{url}?after_id={first['last_id']}", headers=sent).json()
    assert (len(after["data"]), after["has_more"]) == (4, False)
    before = gateway.http.get(f"{url}?before_id={after['first_id']}", headers=sent).json()
    assert before["data"] == first["data"]
    for query in ("limit=0", "limit=x", "after_id=x"):
        assert gateway.http.get(f"{url}?{query}", headers=sent).status_code == 400


@pytest.mark.parametrize("name", [MODEL, f"anthropic/{MODEL}", f"anthropic%2F{MODEL}"])
def test_one_model_can_be_looked_up(gateway: Live, name: str) -> None:
    url = f"{gateway.running.base_url}/v1/models"
    assert gateway.http.get(f"{url}/{name}", headers=_key(gateway)).json()["id"] == MODEL
    error = _refused(gateway.http.get(f"{url}/nothing", headers=_key(gateway)), 404)["error"]
    assert error["code"] == "model_not_found"


def test_request_ids_are_unique(gateway: Live) -> None:
    answers = [gateway.messages(), gateway.chat(), gateway.messages(stream=True)]
    assert len({answer.headers["request-id"] for answer in answers}) == 3


def test_a_body_over_the_limit_is_413(gateway: Live) -> None:
    big = json.dumps({"x": "a" * (32 * 1024 * 1024)}).encode()
    answer = gateway.post("/v1/messages", big, _key(gateway))
    assert _is_anthropic(_refused(answer, 413), "request_too_large", answer)


def _key(gateway: Live) -> dict[str, str]:
    return {"authorization": f"Bearer {gateway.running.key}"}
