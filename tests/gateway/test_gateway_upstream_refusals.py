"""What a provider's refusal becomes for the client: its meaning, never the operator's secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from gateway_live import Live
from upstream_fake import (
    KEY,
    Fake,
    anthropic_events,
    ask,
    before,
    event,
    fake,
    openai_events,
    plain,
    provider,
    stream,
)

DIRECTIONS = [
    (client, spoken) for client in ("anthropic", "openai") for spoken in ("anthropic", "openai")
]
ALL = pytest.mark.parametrize(("client", "spoken"), DIRECTIONS, ids="-".join)
STREAMS = pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])


@pytest.fixture(scope="module")
def upstream() -> Iterator[Fake]:
    """One provider for a module's tests."""
    with fake() as found:
        yield found


@pytest.fixture(scope="module")
def gateways(upstream: Fake) -> Iterator[dict[str, Live]]:
    """A gateway before the provider, for each protocol that it can speak."""
    with (
        before(provider(upstream, "anthropic")) as native,
        before(provider(upstream, "openai")) as chat,
    ):
        yield {"anthropic": native, "openai": chat}


def _error(message: str, kind: str = "some_error", **more: Any) -> Any:
    return {"type": "error", "error": {"type": kind, "message": message, **more}}


@ALL
@STREAMS
@pytest.mark.parametrize(
    ("status", "native", "chat"),
    [
        (400, 400, 400),
        (401, 502, 502),
        (402, 502, 502),
        (403, 502, 502),
        (404, 404, 404),
        (408, 504, 504),
        (413, 413, 413),
        (418, 502, 502),
        (422, 422, 422),
        (429, 429, 429),
        (500, 502, 502),
        (502, 502, 502),
        (503, 529, 503),
        (504, 504, 504),
        (529, 529, 503),
    ],
)
def test_each_status_has_its_answer(
    gateways: dict[str, Live],
    upstream: Fake,
    *,
    client: str,
    spoken: str,
    is_stream: bool,
    status: int,
    native: int,
    chat: int,
) -> None:
    upstream.will(plain(_error("their own words"), status))
    answer = ask(gateways[spoken], client, stream=is_stream)

    assert answer.status_code == (native if client == "anthropic" else chat)
    assert answer.headers["content-type"] == "application/json"
    message = answer.json()["error"]["message"]
    assert message and (message == "their own words") == (status in (400, 404, 413, 422))
    assert len(upstream.received) == 1


@ALL
def test_a_429_keeps_when_to_come_again(
    gateways: dict[str, Live], upstream: Fake, client: str, spoken: str
) -> None:
    limits = {"retry_after": "17", "anthropic_ratelimit_requests_limit": "50", "x_other": "no"}
    upstream.will(plain(_error("org-12345 is over its limit"), 429, **limits))
    answer = ask(gateways[spoken], client)

    assert answer.status_code == 429 and answer.headers["retry-after"] == "17"
    assert answer.headers["anthropic-ratelimit-requests-limit"] == "50"
    assert "x-other" not in answer.headers and "org-12345" not in answer.text


def test_an_overload_keeps_when_to_come_again(gateways: dict[str, Live], upstream: Fake) -> None:
    upstream.will(plain(_error("busy", "overloaded_error"), 529, retry_after="3"))
    answer = ask(gateways["anthropic"], "anthropic")
    assert answer.json()["error"]["type"] == "overloaded_error"
    assert answer.headers["retry-after"] == "3"


def test_a_400_keeps_the_field_that_it_is_about(gateways: dict[str, Live], upstream: Fake) -> None:
    upstream.will(plain(_error("too hot", param="temperature", code="bad_value"), 400))
    error = ask(gateways["openai"], "openai").json()["error"]
    assert (error["param"], error["code"]) == ("temperature", "bad_value")


@ALL
@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_the_operators_key_is_never_told(
    gateways: dict[str, Live], upstream: Fake, client: str, spoken: str, status: int
) -> None:
    upstream.will(plain(_error(f"Incorrect API key provided: {KEY}"), status))
    answer = ask(gateways[spoken], client)
    assert KEY not in answer.text and KEY not in str(answer.headers)


@ALL
def test_a_page_is_not_repeated(
    gateways: dict[str, Live], upstream: Fake, client: str, spoken: str
) -> None:
    upstream.will(plain("<html>secret internals</html>", 400))
    answer = ask(gateways[spoken], client)
    assert answer.status_code == 400 and "internals" not in answer.text


@ALL
def test_an_error_inside_a_stream_that_has_begun_is_told_without_the_operators_matters(
    gateways: dict[str, Live], upstream: Fake, client: str, spoken: str
) -> None:
    told = _error(f"bad key {KEY}", "authentication_error")
    upstream.will(stream(event(told, "error")))
    answer = ask(gateways[spoken], client, stream=True)
    assert answer.status_code == 502 and KEY not in answer.text


@ALL
@pytest.mark.parametrize("kind", ["invalid_request_error", "not_found_error", "request_too_large"])
def test_an_answer_that_has_begun_cannot_fail_by_the_clients_mistake(
    gateways: dict[str, Live], upstream: Fake, client: str, spoken: str, kind: str
) -> None:
    begun = {
        "anthropic": anthropic_events("Hel", is_whole=False),
        "openai": openai_events("Hel", finish=None),
    }
    upstream.will(stream(*begun[spoken], event(_error("not so", kind), "error")))
    answer = ask(gateways[spoken], client, stream=True)
    *_, last = (line for line in answer.text.splitlines() if line.startswith("data: {"))
    told = json.loads(last.removeprefix("data: "))["error"]
    assert told["type"] == {"anthropic": "api_error", "openai": "server_error"}[client]
