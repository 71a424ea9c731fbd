"""What a gateway does on the wire is recorded as it was."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from unit_servers import END, Answer, Server, chunked, http, serving

from conformance import __version__, retrying
from conformance.connection import Connection, Deadlines, Route, connected
from conformance.kinds import Kind, Protocol
from conformance.model import Ended, Exchange, FailureKind
from conformance.profile import CredentialStyle, load
from conformance.recorder import Gateway
from conformance.secret import Secret
from conformance.target import Target

QUICK = Deadlines(5.0, 5.0, 5.0)
BEARER = CredentialStyle("authorization", "Bearer {key}")
X_API_KEY = CredentialStyle("x-api-key", "{key}")
KEYS = {"valid": Secret("gw-valid"), "wrong": Secret("gw-wrong")}
OK = Answer((http("200 OK", b"{}"),))


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another try comes at once."""
    monkeypatch.setattr(retrying, "_BACKOFF_S", 0.0)


def target(url: str) -> Target:
    """A target with a header of its own."""
    headers = {"x-tenant": Secret("acme")}
    return Target(url, "--base-url", load("generic"), KEYS, {}, headers)


def gateway(connection: Connection, url: str) -> Gateway:
    """What a scenario would talk to."""
    routes = {protocol: Route(f"{url}/v1", BEARER) for protocol in Protocol}
    models = {"anthropic": "demo-a", "openai": "demo-o"}
    return Gateway("made", connection, routes, models, KEYS)


@asynccontextmanager
async def served(
    *answers: Answer, deadlines: Deadlines = QUICK
) -> AsyncIterator[tuple[Gateway, Server]]:
    """What a scenario would talk to, and the server behind it."""
    async with (
        serving(*answers) as server,
        connected(target(server.url), deadlines) as connection,
    ):
        yield gateway(connection, server.url), server


def sent(
    *answers: Answer, deadlines: Deadlines = QUICK, **how: Any
) -> tuple[list[Exchange], Server]:
    """What was recorded of one question to a server that answers so."""

    async def run() -> tuple[list[Exchange], Server]:
        body = how.pop("body", {"messages": []})
        async with served(*answers, deadlines=deadlines) as (made, server):
            await made.chat(body, **how)
            assert made.connection.sent == len(made.exchanges)
        return made.exchanges, server

    return asyncio.run(run())


def only(*answers: Answer, **how: Any) -> Exchange:
    """The only exchange of one question."""
    (exchange,) = sent(*answers, **how)[0]
    return exchange


# ------------------------------------------------------------------------------ what arrives


def test_an_answer_is_recorded_as_it_was() -> None:
    found = only(Answer((http("200 OK", b'{"a": 1}', "Content-Type: application/json", "X-A: b"),)))

    assert (found.status, found.answer.body, found.answer.ended) == (
        200,
        b'{"a": 1}',
        Ended.COMPLETE,
    )
    assert found.answer.headers == (
        ("content-length", "8"),
        ("Content-Type", "application/json"),
        ("X-A", "b"),
    )


def test_repeated_headers_and_odd_bytes_in_them_are_kept() -> None:
    found = only(Answer((b"HTTP/1.1 204 No\r\nx-a: 1\r\nx-a: \xe9\r\n\r\n",)))

    assert found.answer.headers == (("x-a", "1"), ("x-a", "é"))


def test_chunks_arrive_in_the_order_of_their_times() -> None:
    answer = only(Answer((*chunked(b"data: a\n\n", b"data: b\n\n", b"data: c\n\n"), END))).answer
    times = [chunk.at_s for chunk in answer.chunks]

    assert answer.body == b"data: a\n\ndata: b\n\ndata: c\n\n"
    assert 0 <= answer.headers_at_s <= times[0] and times == sorted(times)
    assert times[-1] <= answer.ended_at_s < QUICK.total_s


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            Answer((b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",)), id="its length"
        ),
        pytest.param(Answer(chunked(b"ha", b"lf")), id="its last chunk"),
        pytest.param(Answer((*chunked(b"half"), b"9\r\n"), end="close"), id="the bytes of a chunk"),
        pytest.param(Answer((*chunked(b"half"), b"no size\r\n")), id="the size of a chunk"),
    ],
)
def test_a_body_that_ends_before_it_should_is_cut(answer: Answer) -> None:
    found, _ = sent(answer)

    assert (found[-1].answer.body, found[-1].answer.ended) == (b"half", Ended.CUT)


def test_a_reset_in_the_body_is_a_cut() -> None:
    found, _ = sent(Answer(chunked(b"half"), end="reset"))

    assert found[-1].failure is not None or found[-1].answer.ended is Ended.CUT


def test_a_body_that_is_not_what_its_encoding_says_is_cut() -> None:
    found, _ = sent(Answer((http("200 OK", b"no gzip", "content-encoding: gzip"),)))

    assert found[-1].answer.ended is Ended.CUT


def test_silence_in_the_body_ends_it() -> None:
    deadlines = replace(QUICK, silence_s=0.05)

    found = only(Answer(chunked(b"half"), end="hang"), deadlines=deadlines)

    assert (found.answer.body, found.answer.ended) == (b"half", Ended.SILENT)


def test_a_body_that_takes_too_long_in_all_is_overdue() -> None:
    deadlines = replace(QUICK, total_s=0.05)

    found = only(Answer(chunked(b"half"), end="hang"), deadlines=deadlines)

    assert (found.answer.body, found.answer.ended) == (b"half", Ended.OVERDUE)


# ----------------------------------------------------------------------------- what does not


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((), id="nothing"),
        pytest.param((b"HTTP/1.1 200 OK\r\ncontent-le",), id="half of the headers"),
    ],
)
def test_no_headers_in_time_is_a_time_out(parts: tuple[bytes, ...]) -> None:
    found = only(Answer(parts, end="hang"), deadlines=replace(QUICK, first_byte_s=0.05))

    assert found.response is None and found.failure is not None
    assert found.failure.kind is FailureKind.TIMEOUT
    assert found.failure.detail == "no response headers within 0.05 s"


def test_a_request_that_is_left_before_an_answer_is_sent_once() -> None:
    found = only(Answer(end="hang"), leave_after_s=0.05)

    assert found.was_left and found.failure is not None
    assert found.failure.detail == "left after 0.05 s, before an answer"


@pytest.mark.parametrize(
    "bytes_",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 twohundred OK\r\n\r\n", id="status that is no number"),
        pytest.param(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", id="header without colon"),
    ],
)
def test_an_answer_that_is_no_http_is_malformed(bytes_: bytes) -> None:
    found = only(Answer((bytes_,)))

    assert found.failure is not None and found.failure.kind is FailureKind.MALFORMED


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_connection_that_breaks_is_tried_three_times(end: str) -> None:
    found, server = sent(Answer(end=end))

    assert [exchange.superseded for exchange in found] == [True, True, False]
    assert {exchange.failure.kind for exchange in found if exchange.failure} == {FailureKind.RESET}
    assert len(server.requests) == 3


def test_a_refused_connection_is_tried_three_times_and_counted_once() -> None:
    async def run() -> tuple[list[Exchange], int]:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses for sure
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            async with connected(target(url), QUICK) as connection:
                made = gateway(connection, url)
                await made.chat({})
                return made.exchanges, connection.lost_in_a_row

    found, lost = asyncio.run(run())

    assert [e.failure.kind for e in found if e.failure] == [FailureKind.REFUSED] * 3
    assert lost == 1


# ------------------------------------------------------------------------------ another try

LIMITED = Answer((http("429 Too Many Requests", b"{}", "retry-after: 0"),))


def test_a_429_is_tried_three_times_and_the_last_one_stands() -> None:
    found, server = sent(LIMITED)

    assert [(e.id, e.status, e.superseded) for e in found] == [
        ("made#1", 429, True),
        ("made#2", 429, True),
        ("made#3", 429, False),
    ]
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(LIMITED, id="429"),
        pytest.param(Answer(end="close"), id="a lost connection"),
    ],
)
def test_what_works_at_the_second_try_is_not_tried_again(first: Answer) -> None:
    found, _ = sent(first, OK)

    assert [exchange.superseded for exchange in found] == [True, False]
    assert found[1].status == 200


def test_each_try_sends_the_same() -> None:
    _, server = sent(LIMITED, LIMITED, OK)

    assert len(server.requests) == 3 and len(set(server.requests)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(http("429 Too Many", b"", "retry-after: 21"), id="429 with a long wait"),
        pytest.param(http("429 Too Many", b"", "retry-after: inf"), id="429 with an endless wait"),
        pytest.param(http("500 Broken", b"{}"), id="500"),
        pytest.param(http("529 Overloaded", b"", "retry-after: 0"), id="529"),
        pytest.param(http("401 No", b"{}"), id="401"),
        pytest.param(b"".join(chunked(b"half")), id="a cut body"),
    ],
)
def test_what_another_try_will_not_change_is_sent_once(answer: bytes) -> None:
    assert not only(Answer((answer,))).superseded


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param(None, 1.0, id="absent"),
        pytest.param("", 1.0, id="empty"),
        pytest.param("2", 2.0, id="seconds"),
        pytest.param("0.5", 0.5, id="half a second"),
        pytest.param("-3", 0.0, id="negative"),
        pytest.param("nan", 0.0, id="no number"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 GMT", 1.0, id="a date"),
    ],
)
def test_a_retry_after_is_read_in_seconds(header: str | None, seconds: float) -> None:
    assert retrying._seconds(header) == seconds


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("/v2/chat/completions", id="a path"),
        pytest.param("https://other.example/", id="another host"),
        pytest.param("http://[", id="no URL"),
        pytest.param("", id="empty"),
    ],
)
def test_a_redirect_is_recorded_and_not_followed(location: str) -> None:
    moved = Answer((http("307 Temporary Redirect", b"", f"location: {location}"),))

    found, server = sent(moved)

    assert [(e.status, e.kind, e.answer.header("location")) for e in found] == [
        (307, Kind.OTHER, location)
    ]
    assert len(server.requests) == 1


def test_an_answer_ends_a_row_of_lost_requests() -> None:
    async def run() -> list[int]:
        lost: list[int] = []
        async with served(*[Answer()] * 3, OK) as (made, _):
            for _ in range(2):
                await made.chat({})
                lost.append(made.connection.lost_in_a_row)
        return lost

    assert asyncio.run(run()) == [1, 0]


# ------------------------------------------------------------------------------ what is sent


def test_a_request_is_recorded_as_it_was_sent() -> None:
    found, server = sent(OK, body={"messages": [{"role": "user", "content": "é🦊"}]})
    asked = found[0].request

    assert (asked.method, asked.url) == ("POST", f"{server.url}/v1/chat/completions")
    assert asked.json == {"model": "demo-o", "messages": [{"role": "user", "content": "é🦊"}]}
    assert server.requests[0].endswith(asked.body) and "🦊".encode() in asked.body
    assert asked.header("authorization") == "Bearer gw-valid"
    assert asked.header("user-agent") == f"gateway-conformance/{__version__}"
    assert asked.header("x-tenant") == "acme"


def test_half_surrogates_that_a_gateway_sent_can_be_echoed() -> None:
    echoed = json.loads('{"role": "assistant", "content": "\\ud83d"}')

    found = only(OK, body={"messages": [echoed]})

    assert found.request.json["messages"] == [echoed]


@pytest.mark.parametrize(
    ("how", "header", "value", "credential"),
    [
        pytest.param({}, "authorization", "Bearer gw-valid", "valid", id="the style that works"),
        pytest.param({"style": X_API_KEY}, "x-api-key", "gw-valid", "valid", id="another style"),
        pytest.param({"key": "wrong"}, "authorization", "Bearer gw-wrong", "wrong", id="a role"),
        pytest.param({"key": ""}, "authorization", None, "", id="no credential"),
        pytest.param({"extra": {"x-api-key": ""}}, "x-api-key", "", "valid", id="a header more"),
    ],
)
def test_a_credential_is_sent_as_asked(
    how: dict[str, Any], header: str, value: str | None, credential: str
) -> None:
    found = only(OK, **how)

    assert (found.request.header(header), found.credential) == (value, credential)


def test_a_message_is_sent_with_its_version() -> None:
    async def run() -> Exchange:
        async with served(OK) as (made, _):
            return await made.messages({"max_tokens": 1})

    asked = asyncio.run(run()).request

    assert asked.path == "/v1/messages" and asked.json == {"model": "demo-a", "max_tokens": 1}
    assert asked.header("anthropic-version") == "2023-06-01"


@pytest.mark.parametrize(
    ("protocol", "version"),
    [(Protocol.ANTHROPIC, "2023-06-01"), (Protocol.OPENAI, None)],
)
def test_a_path_below_the_root_can_be_read(protocol: Protocol, version: str | None) -> None:
    async def run() -> Exchange:
        async with served(OK) as (made, _):
            return await made.get(protocol, "/models")

    asked = asyncio.run(run()).request

    assert (asked.method, asked.path, asked.body) == ("GET", "/v1/models", b"")
    assert asked.header("anthropic-version") == version


@pytest.mark.parametrize(
    ("name", "expected"), [("x-api-key", X_API_KEY), ("no-such-style", BEARER)]
)
def test_a_style_that_is_not_claimed_is_the_one_that_works(
    name: str, expected: CredentialStyle
) -> None:
    async def run() -> CredentialStyle:
        async with connected(target("http://127.0.0.1"), QUICK) as connection:
            return gateway(connection, "http://127.0.0.1").style(Protocol.ANTHROPIC, name)

    assert asyncio.run(run()) == expected


def test_what_was_recorded_is_numbered_in_order() -> None:
    async def run() -> list[str]:
        async with served(OK) as (made, _):
            for _ in range(2):
                await made.chat({})
            return [exchange.id for exchange in made.recording.final]

    assert asyncio.run(run()) == ["made#1", "made#2"]


def test_bytes_are_sent_as_they_are() -> None:
    async def run() -> Exchange:
        async with served(OK) as (made, _):
            return await made.post(Protocol.OPENAI, "/chat/completions", b"{bad")

    assert asyncio.run(run()).request.body == b"{bad"


def test_a_credential_can_be_sent_in_two_styles_at_once() -> None:
    asked = only(OK, style=X_API_KEY, beside=BEARER).request

    assert asked.header("x-api-key") == "gw-valid"
    assert asked.header("authorization") == "Bearer gw-valid"


def test_a_path_below_the_site_can_be_asked() -> None:
    async def run() -> Exchange:
        async with served(OK) as (made, _):
            return await made.send(Protocol.ANTHROPIC, "HEAD", "/api/hello", below_root=False)

    asked = asyncio.run(run()).request

    assert (asked.method, asked.path) == ("HEAD", "/api/hello")


def test_of_a_body_that_is_too_large_the_beginning_is_kept() -> None:
    async def run() -> tuple[Exchange, Server]:
        async with served(OK) as (made, server):
            long = b"w" * (2 << 20)
            return await made.post(Protocol.OPENAI, "/chat/completions", long), server

    found, server = asyncio.run(run())

    assert found.request.body.endswith(b"w... (2,097,152 bytes in all)")
    assert len(found.request.body) < len(server.requests[0]) // 2


def test_a_header_can_be_left_out() -> None:
    async def run() -> Exchange:
        async with served(OK) as (made, _):
            left_out = ("anthropic-version", "accept-encoding")
            return await made.messages({"max_tokens": 1}, without=left_out)

    asked = asyncio.run(run()).request

    assert asked.header("anthropic-version") is None and asked.header("accept-encoding") is None
