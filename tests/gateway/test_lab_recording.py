"""What a lab records, how an exchange ends, and how its scripts take turns."""

from __future__ import annotations

import base64
import json
import re
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from lab_live import MODEL, PROTOCOLS, Before, mark, written

both = pytest.mark.parametrize("protocol", PROTOCOLS)


def test_a_request_is_recorded_as_it_came_with_its_answer(lab: Before) -> None:
    script = lab.script({"status": 418, "headers": {"x-a": "1"}, "body": "tea"})
    url, body, headers = lab.request("anthropic", mark(script), "anthropic-first")
    sent = [*headers.items(), ("X-Twice", "1"), ("x-twice", "2")]
    content = json.dumps(body).encode()
    assert lab.http.post(f"{url}?beta=true", content=content, headers=sent).text == "tea"
    (received,) = lab.received(script)
    assert (received["number"], received["provider"], received["ended"]) == (
        1,
        "anthropic-first",
        "complete",
    )
    assert received["method"] == "POST"
    assert received["path"] == "/anthropic-first/v1/messages?beta=true"
    assert base64.b64decode(received["body_base64"]) == content
    names = [name for name, _ in received["headers"]]
    assert ["X-Twice", "1"] in received["headers"] and names.index("x-twice") > names.index(
        "X-Twice"
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", received["started_at"])
    answer = received["answer"]
    assert (answer["status"], written(received)) == (418, b"tea") and ["x-a", "1"] in answer[
        "headers"
    ]
    assert 0 <= answer["headers_at_s"] <= answer["chunks"][0][0] <= answer["ended_at_s"]


def test_steps_are_played_in_order_then_the_lab_is_healthy(lab: Before) -> None:
    text = mark(lab.script({"status": 500}, {"status": 429}))
    assert [lab.ask("openai", text).status for _ in range(4)] == [500, 429, 200, 200]


@both
def test_the_model_does_not_read_the_mark(lab: Before, protocol: str) -> None:
    script = lab.script()
    assert lab.ask(protocol, f"Hello {mark(script)}there").text.endswith("Hello there")
    (received,) = lab.received(script)
    assert mark(script).encode() in base64.b64decode(received["body_base64"])


def test_a_provider_with_steps_of_its_own_takes_no_others(lab: Before) -> None:
    text = mark(lab.script({"status": 500}, **{"openai-first": [{"status": 503}]}))
    asked = ["openai-first", "openai-first", "openai-second", "anthropic-second"]
    statuses = [lab.ask("openai", text, provider=provider).status for provider in asked]
    assert statuses == [503, 200, 500, 200]


def test_the_last_known_mark_of_a_conversation_counts(lab: Before) -> None:
    old, new = lab.script({"status": 500}), lab.script({"status": 503})
    text = f"{mark(old)} {mark(new)} [[lab:0123456789abcdef]]"
    assert lab.ask("openai", text).status == 503 and lab.received(old) == []


@both
@pytest.mark.parametrize("sent", [{}, {"x-api-key": "th-client"}], ids=["none", "foreign"])
def test_a_request_without_the_labs_key_is_refused_recorded_and_plays_no_step(
    lab: Before, protocol: str, sent: dict[str, str]
) -> None:
    script = lab.script({"status": 503})
    url, body, _ = lab.request(protocol, mark(script))
    refusal = lab.http.post(url, json=body, headers=sent)
    assert refusal.status_code == 401 and "th-client" not in refusal.text
    assert refusal.json()["error"]["message"] == "Incorrect API key provided."
    assert lab.ask(protocol, mark(script)).status == 503
    assert [each["answer"]["status"] for each in lab.received(script)] == [401, 503]


@both
@pytest.mark.parametrize(
    ("step", "stream"),
    [
        ({"wait_s": 30}, False),
        ({"wait_s": 30}, True),
        ({"stream": {"first_event_s": 30}}, False),
        ({"stream": {"first_event_s": 30}}, True),
        ({"stream": {"silence": {"after_events": 1, "for_s": 30}}}, True),
        ({"stream": {"bytes_per_write": 9, "between_writes_s": 30}}, False),
    ],
    ids=["head", "streamed-head", "body", "streamed-body", "within-stream", "within-body"],
)
def test_a_gateway_that_goes_away_has_left(
    lab: Before, protocol: str, step: Any, stream: bool
) -> None:
    script = lab.script(step)
    url, body, headers = lab.request(protocol, mark(script), stream=stream)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url, json=body, headers=headers, timeout=0.05)
    assert [each["ended"] for each in lab.received(script)] == ["left"]


def test_what_the_lab_itself_breaks_is_not_the_gateways_doing(
    lab: Before, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise ValueError("a mistake of the lab")

    monkeypatch.setattr("reference_gateway.lab.sending._write", broken)
    script = lab.script({})
    lab.ask("openai", mark(script), stream=True)
    assert [each["ended"] for each in lab.received(script)] == ["cut"]


def test_a_request_that_is_still_answered_is_open(lab: Before) -> None:
    script = lab.script({"stream": {"silence": {"after_events": 1, "for_s": 30}}})
    url, body, headers = lab.request("openai", mark(script), stream=True)
    with lab.http.stream("POST", url, json=body, headers=headers) as answer:
        chunks = answer.iter_raw()
        next(chunks)
        (received,) = lab.received(script, 0.02)
        assert (received["ended"], received["answer"]["ended_at_s"]) == ("open", None)


def test_a_body_that_breaks_off_is_recorded_as_left(lab: Before) -> None:
    since = _last_number(lab)
    parts = urlsplit(lab.lab.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
        head = b"POST /openai/v1/messages HTTP/1.1\r\nHost: lab\r\nContent-Length: 9\r\n\r\n"
        connection.sendall(head + b"half")
    (received,) = _until_unscripted(lab, since, lambda request: request["ended"] == "left")
    assert received["answer"] is None
    assert base64.b64decode(received["body_base64"]) == b"half"


def _last_number(lab: Before) -> int:
    numbers = [each["number"] for each in lab.control("GET", "/lab/requests").json()["requests"]]
    return max(numbers, default=0)


def _until_unscripted(lab: Before, since: int, is_meant: Any) -> list[Any]:
    """The requests without a script, once they are as meant."""
    for _ in range(500):
        found = lab.control("GET", f"/lab/requests?since={since}").json()["requests"]
        if found and all(map(is_meant, found)):
            return list(found)
    raise AssertionError("nothing of the kind came")


def test_what_has_no_script_is_listed_since_a_number(lab: Before) -> None:
    since = _last_number(lab)
    lab.ask("openai", "one")
    lab.ask("anthropic", "two")
    first, second = lab.control("GET", f"/lab/requests?since={since}").json()["requests"]
    assert b"one" in base64.b64decode(first["body_base64"]) and second["number"] == since + 2
    later = lab.control("GET", f"/lab/requests?since={since + 1}").json()["requests"]
    assert later == [second]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/openai/v1/responses", 404),
        ("GET", "/openai/v1/chat/completions", 405),
        ("POST", "/openai/v1/models", 405),
        ("GET", "/openai/v1/models/other", 404),
        ("GET", "/x", 404),
        ("GET", "/", 404),
    ],
)
def test_what_no_provider_serves_is_refused_and_recorded(
    lab: Before, method: str, path: str, status: int
) -> None:
    since, headers = _last_number(lab), {"authorization": f"Bearer {lab.lab.key}"}
    refusal = lab.http.request(method, lab.lab.url + path, headers=headers)
    assert refusal.status_code == status and refusal.json()["error"]
    (received,) = lab.control("GET", f"/lab/requests?since={since}").json()["requests"]
    assert (received["path"], received["answer"]["status"]) == (path, status)


@pytest.mark.parametrize(("method", "status"), [("HEAD", 405), ("POST", 204), ("POST", 304)])
def test_an_answer_without_a_body_is_complete(lab: Before, method: str, status: int) -> None:
    script = lab.script({"status": status, "body": "unsaid"})
    url, body, headers = lab.request("openai", mark(script))
    assert lab.http.request(method, url, json=body, headers=headers).status_code == status
    (received,) = lab.received(script)
    assert (received["answer"]["chunks"], received["ended"]) == ([], "complete")


@pytest.mark.parametrize("version", ["/v1", ""], ids=["v1", "bare"])
def test_models_and_token_counts_are_told_with_and_without_a_version(
    lab: Before, version: str
) -> None:
    base, key = f"{lab.lab.url}/anthropic{version}", {"x-api-key": lab.lab.key}
    listed = lab.http.get(f"{base}/models", headers=key).json()
    assert [entry["id"] for entry in listed["data"]] == [MODEL] and "first_id" in listed
    assert lab.http.get(f"{base}/models/{MODEL}", headers=key).json()["type"] == "model"
    body = {"model": MODEL, "messages": [{"role": "user", "content": "one two"}]}
    counted = lab.http.post(f"{base}/messages/count_tokens", json=body, headers=key).json()
    assert counted == {"input_tokens": 6}
    bearer = {"authorization": f"Bearer {lab.lab.key}"}
    assert lab.http.get(f"{base}/models", headers=bearer).json()["object"] == "list"


def test_a_step_in_the_prompt_is_played_at_every_request(lab: Before) -> None:
    text = 'Hi. [[lab {"status": 503}]] And more.'
    assert [lab.ask("openai", text).status for _ in range(3)] == [503] * 3


def test_steps_in_the_prompt_are_played_in_turn_for_each_text(lab: Before) -> None:
    text, other = ('[[lab [{"status": 503}, {"status": 429}]]]' + more for more in ("", "!"))
    assert [lab.ask("openai", text).status for _ in range(3)] == [503, 429, 200]
    assert lab.ask("openai", other).status == 503


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[lab {]]", "not JSON"),
        ('[[lab {"status": 503}', "must follow"),
        ('[[lab {"stauts": 503}]]', "lab.stauts: is not known here; known: wait_s"),
        ("[[lab 7]]", "lab: must be an array"),
    ],
)
def test_a_wrong_step_in_the_prompt_is_refused_in_words(lab: Before, text: str, said: str) -> None:
    heard = lab.ask("openai", text)
    assert heard.status == 400 and said in heard.json["error"]["message"]
