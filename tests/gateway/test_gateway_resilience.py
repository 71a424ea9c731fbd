"""Directives of the scripted model, pings, stalled bodies and limits of requests."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from gateway_live import Live, live

from reference_gateway import directives
from reference_gateway.app import serve
from reference_gateway.config import Config
from reference_gateway.directives import Directives
from reference_gateway.errors import Overloaded, RateLimited, UpstreamBroken
from reference_gateway.keepalive import kept_alive
from reference_gateway.limits import WINDOW_S, RateLimits
from reference_gateway.wire import Frame

QUESTION = "Count from 1 to 30, separated by spaces."


@pytest.fixture(scope="module")
def restless() -> Iterator[Live]:
    """A gateway that pings soon and waits for no body."""
    with live(Config(ping_s=0.05, body_stall_s=0.2)) as running:
        yield running


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Count.", Directives()),
        ("Count. [[slow 20 ms]]", Directives(pace_s=0.02)),
        ("[[pause 1.5 s after 2]]", Directives(pause_s=1.5, pause_after=2)),
        ("[[fail after 0: broken]]", Directives(fail_after=0, failure="broken")),
        ("[[fail at once: overloaded]]", Directives(fail_after=-1, failure="overloaded")),
        ("[[dance]] [[fail after x: broken]]", Directives()),
    ],
)
def test_directives_are_read(text: str, expected: Directives) -> None:
    assert directives.read(text) == expected


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('[[say "e\u0301 ]] \u2028 \\n"]] and more', "e\u0301 ]] \u2028 \n"),
        ('[[say "one"]] [[say "two"]]', "one"),
        ('[[say "open', None),
        ('[[say "no end"] ]', None),
        ("[[say it]]", None),
    ],
)
def test_an_answer_is_ordered_word_for_word(text: str, answer: str | None) -> None:
    assert directives.said(text) == answer


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ('[[call Bash {"command": "ls ]]"}]]', [("Bash", {"command": "ls ]]"})]),
        ('[[call a {}]] [[call b-1 {"x": [1]}]]', [("a", {}), ("b-1", {"x": [1]})]),
        ('[[call Bash {"command": }]]', []),
        ("[[call Bash ls]]", []),
    ],
)
def test_calls_are_ordered_with_their_arguments(
    text: str, calls: list[tuple[str, dict[str, object]]]
) -> None:
    assert directives.called(text) == calls


def test_a_directive_takes_effect_where_it_says() -> None:
    orders = directives.read("[[slow 10 ms]] [[pause 2 s after 3]] [[fail after 5: broken]]")

    assert [orders.rest_s(said) for said in (2, 3, 4)] == [0.01, 2.01, 0.01]
    orders.check(4)
    with pytest.raises(UpstreamBroken):
        orders.check(5)


def test_a_failure_in_a_stream_is_an_error_and_costs_nothing(restless: Live) -> None:
    key = restless.new_key()
    answer = restless.messages(
        f"{QUESTION} [[fail after 2: overloaded]]", key=key["key"], stream=True
    )

    assert answer.status_code == 200
    assert answer.text.rstrip().splitlines()[-2] == "event: error"
    assert '"overloaded_error"' in answer.text and "message_stop" not in answer.text
    assert restless.control("GET", f"/keys/{key['id']}")["spent_nanousd"] == 0


@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_at_once_has_a_status(restless: Live, stream: bool) -> None:
    asked = f"{QUESTION} [[fail at once: overloaded]]"
    native, chat = restless.messages(asked, stream=stream), restless.chat(asked, stream=stream)

    assert (native.status_code, native.json()["error"]["type"]) == (529, "overloaded_error")
    assert (chat.status_code, chat.json()["error"]["code"]) == (503, "server_is_overloaded")
    assert chat.headers["retry-after"] == "5"


def test_a_silent_stream_pings_and_goes_on(restless: Live) -> None:
    asked = f"{QUESTION} [[pause 0.2 s after 2]]"
    native, chat = restless.messages(asked, stream=True), restless.chat(asked, stream=True)

    assert native.text.count("event: ping") >= 3 and "message_stop" in native.text
    assert chat.text.count(": keep-alive") >= 2 and "[DONE]" in chat.text


def test_a_stalled_body_is_answered(restless: Live) -> None:
    parts = urlsplit(restless.running.base_url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        head = f"POST /v1/messages HTTP/1.1\r\nHost: {parts.netloc}\r\ncontent-length: 9\r\n\r\n"
        connection.sendall(head.encode() + b"{")
        answer = connection.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 408 ") and b"invalid_request_error" in answer


def test_any_expectation_is_answered_in_the_envelope(restless: Live) -> None:
    headers = {"x-api-key": restless.running.key, "expect": "the-unexpected"}
    answer = restless.post("/v1/messages", b"{}", headers)

    assert (answer.status_code, answer.json()["type"]) == (400, "error")


def test_a_limited_key_is_told_when_to_come_again(restless: Live) -> None:
    key = restless.new_key()
    restless.control("PUT", f"/keys/{key['id']}/limit", {"requests_per_minute": 1})

    assert restless.messages(key=key["key"]).status_code == 200
    native, chat = restless.messages(key=key["key"]), restless.chat(key=key["key"])

    assert (native.status_code, chat.status_code) == (429, 429)
    assert native.json()["error"]["type"] == "rate_limit_error"
    assert native.headers["anthropic-ratelimit-requests-limit"] == "1"
    assert 0 < int(native.headers["retry-after"]) <= WINDOW_S
    assert chat.headers["x-ratelimit-reset-requests"].endswith("s")
    assert "x-should-retry" not in native.headers


def test_a_minute_later_the_key_may_ask_again() -> None:
    now = [100.0]
    limits = RateLimits(2, lambda: now[0])
    limits.admit("a", "openai")
    limits.admit("a", "openai")
    with pytest.raises(RateLimited):
        limits.admit("a", "openai")
    limits.admit("b", "openai")
    now[0] += WINDOW_S

    limits.admit("a", "anthropic")


def test_without_a_limit_any_number_is_admitted() -> None:
    limits = RateLimits()
    limits.set("a", 1)
    limits.set("a", None)

    for _ in range(5):
        limits.admit("a", "openai")


def alive(*steps: float | Frame | Exception, every_s: float = 5.0) -> list[str]:
    """What comes of frames, pauses and failures; a failure is named at the end."""

    async def frames() -> AsyncIterator[Frame]:
        for step in steps:
            if isinstance(step, float):
                await asyncio.sleep(step)
            elif isinstance(step, Exception):
                raise step
            else:
                yield step

    async def gathered() -> list[str]:
        found: list[str] = []
        try:
            async for frame in kept_alive(frames(), every_s, Frame("ping", {})):
                found.append(frame.event or "")
        except Overloaded:
            found.append("failed")
        return found

    return asyncio.run(gathered())


A, B = Frame("a", {}), Frame("b", {})


def test_frames_come_in_order_without_a_ping() -> None:
    assert alive(A, B) == ["a", "b"]


def test_a_silence_is_bridged() -> None:
    found = alive(A, 0.15, B, every_s=0.04)

    assert found[0] == "a" and found[-1] == "b" and set(found[1:-1]) == {"ping"}


def test_a_failure_comes_through() -> None:
    assert alive(A, Overloaded()) == ["a", "failed"]


def test_whoever_stops_reading_stops_the_producer() -> None:
    closed = []

    async def endless() -> AsyncIterator[Frame]:
        try:
            while True:
                yield A
                await asyncio.sleep(0)
        finally:
            closed.append(True)

    async def first() -> None:
        stream = kept_alive(endless(), 5.0, B)
        await anext(stream)
        await stream.aclose()

    asyncio.run(first())

    assert closed == [True]


def test_nothing_works_on_for_a_client_that_has_left() -> None:
    slow = [{"role": "user", "content": f"{QUESTION} [[slow 50 ms]]"}]
    asked = {"model": "claude-haiku-4-5", "max_tokens": 200, "stream": True, "messages": slow}

    def producing() -> bool:
        return any(task.get_coro().__name__ == "_produced" for task in asyncio.all_tasks())

    async def left() -> tuple[bool, bool]:
        async with serve(Config()) as running, httpx.AsyncClient() as client:
            how = {"json": asked, "headers": {"authorization": f"Bearer {running.key}"}}
            url = f"{running.base_url}/api/v1/messages"
            async with client.stream("POST", url, **how) as answer:
                await anext(answer.aiter_bytes())
                before = producing()
            async with asyncio.timeout(5):
                while producing():
                    await asyncio.sleep(0.01)
            return before, producing()

    assert asyncio.run(left()) == (True, False)
