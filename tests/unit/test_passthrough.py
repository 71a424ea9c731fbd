"""Between a client and the gateway nothing changes but the key, and all of it is recorded."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import brotli
import httpx
import pytest
import zstandard
from aiohttp import web
from unit_servers import END, Answer, Server, chunked, http, serving

from conformance.clients.passthrough import Passthrough, opened
from conformance.connection import Connection, Deadlines, connected
from conformance.meter import Limits, Meter
from conformance.model import Ended, FailureKind
from conformance.profile import load
from conformance.secret import Secret
from conformance.target import Target

QUICK = Deadlines(5.0, 5.0, 5.0)
REAL = Secret("gw-the-real-key")
EVENTS = (b"data: caf\xc3", b"\xa9\n\n", b"data: [DONE]\n\n")


def target(url: str) -> Target:
    """A gateway that wants a header of its own."""
    headers = {"x-tenant": Secret("acme")}
    return Target(url, "--base-url", load("generic"), {"valid": REAL}, {}, headers)


@asynccontextmanager
async def between(
    *answers: Answer, most: int = 20, limits: Limits | None = None
) -> AsyncIterator[tuple[Passthrough, Server, httpx.AsyncClient]]:
    """A client, the pass-through, and a server that answers as told."""
    async with serving(*answers) as server:
        meter = Meter(limits=limits or Limits())
        async with (
            connected(target(server.url), QUICK, meter=meter) as connection,
            opened(Passthrough(connection, server.url, REAL, most)) as through,
            httpx.AsyncClient(base_url=through.url, trust_env=False) as client,
        ):
            yield through, server, client


async def asked(through: Passthrough, client: httpx.AsyncClient, **how: object) -> httpx.Response:
    """A chat request as a client sends it, with the key that it was given."""
    headers = {"authorization": f"Bearer {through.client_key}"}
    body = {"model": "m", "stream": True, "messages": []}
    request = client.build_request("POST", "/api/v1/chat/completions", json=body, headers=headers)
    return await client.send(request, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [("authorization", "Bearer {key}"), ("x-api-key", "{key}"), ("api-key", "{key}")],
)
def test_the_real_key_takes_the_place_of_the_clients(name: str, value: str) -> None:
    async def run() -> tuple[Passthrough, bytes]:
        async with between(Answer((http("200 OK", b"{}"),))) as (through, server, client):
            headers = {name: value.format(key=through.client_key)}
            await client.post("/v1/messages?beta=true", headers=headers, content=b"{}")
        return through, server.requests[0]

    through, sent = asyncio.run(run())
    (exchange,) = through.exchanges("made")

    assert f"{name}: {value.format(key=REAL.reveal())}".encode() in sent
    assert through.client_key.encode() not in sent
    assert exchange.credential == "valid" and exchange.request.url.endswith("?beta=true")


def test_a_request_without_the_key_goes_on_without_one() -> None:
    async def run() -> tuple[Passthrough, bytes]:
        async with between(Answer((http("401 Unauthorized"),))) as (through, server, client):
            await client.post("/v1/messages", headers={"x-api-key": "of-another"})
        return through, server.requests[0]

    through, sent = asyncio.run(run())

    assert REAL.reveal().encode() not in sent and b"of-another" in sent
    assert through.exchanges("made")[0].credential == ""


def test_headers_and_body_arrive_as_they_were_sent() -> None:
    async def run() -> Server:
        async with between(Answer((http("200 OK"),))) as (_, server, client):
            headers = {"X-Stainless-Lang": "python", "anthropic-beta": "a,b"}
            await client.post("/x/y%20z?q=%C3%A9", headers=headers, content='{"a": "é\u2028"}')
        return server

    head, _, body = asyncio.run(run()).requests[0].partition(b"\r\n\r\n")

    assert head.startswith(b"POST /x/y%20z?q=%C3%A9 HTTP/1.1\r\n")
    for line in (b"X-Stainless-Lang: python", b"anthropic-beta: a,b", b"x-tenant: acme"):
        assert line in head
    assert body == '{"a": "é\u2028"}'.encode()


def test_a_stream_is_passed_on_piece_by_piece() -> None:
    async def run() -> tuple[list[bytes], Passthrough]:
        # The gateway hangs after its last event, so what is read was passed on before the end.
        answer = Answer(chunked(*EVENTS), end="hang")
        async with between(answer) as (through, _, client):
            given = await asked(through, client, stream=True)
            pieces = []
            async for piece in given.aiter_raw():
                pieces.append(piece)
                if b"".join(pieces) == b"".join(EVENTS):
                    break
            await given.aclose()
        return pieces, through

    pieces, through = asyncio.run(run())
    (exchange,) = through.exchanges("made")

    assert b"".join(pieces) == b"".join(EVENTS) and len(pieces) > 1
    assert exchange.answer.body == b"".join(EVENTS) and len(exchange.answer.chunks) > 1
    assert exchange.answer.ended is Ended.ABANDONED
    times = [chunk.at_s for chunk in exchange.answer.chunks]
    assert times == sorted(times) and times[0] >= exchange.answer.headers_at_s


def test_a_whole_stream_is_complete_on_both_sides() -> None:
    async def run() -> tuple[bytes, Passthrough]:
        async with between(Answer((*chunked(*EVENTS), END))) as (through, _, client):
            given = await asked(through, client)
        return given.content, through

    content, through = asyncio.run(run())
    (exchange,) = through.exchanges("made")

    assert content == exchange.answer.body == b"".join(EVENTS)
    assert exchange.answer.ended is Ended.COMPLETE and exchange.id == "made#1"


def test_what_the_gateway_breaks_off_breaks_off_for_the_client() -> None:
    async def run() -> Passthrough:
        async with between(Answer(chunked(*EVENTS), end="reset")) as (through, _, client):
            with pytest.raises(httpx.TransportError):
                await asked(through, client)
        return through

    (exchange,) = asyncio.run(run()).exchanges("made")

    assert exchange.answer.ended is Ended.CUT


def test_a_gateway_that_is_not_there_breaks_off_too() -> None:
    async def run() -> Passthrough:
        async with between(Answer(end="close")) as (through, _, client):
            with pytest.raises(httpx.TransportError):
                await asked(through, client)
        return through

    (exchange,) = asyncio.run(run()).exchanges("made")

    assert exchange.response is None
    assert exchange.failure is not None and exchange.failure.kind is FailureKind.RESET


def test_a_client_that_leaves_ends_the_gateways_side() -> None:
    async def run() -> Passthrough:
        async with between(Answer((), end="hang")) as (through, server, client):
            client.timeout = httpx.Timeout(0.2)
            with pytest.raises(httpx.ReadTimeout):
                await asked(through, client)
            # The server ends only when its side of the connection was closed.
            await asyncio.wait_for(server.finish(), 5)
        return through

    (exchange,) = asyncio.run(run()).exchanges("made")

    assert exchange.failure is not None and "the client left" in exchange.failure.detail


PLAIN = b'{"text": "caf\xc3\xa9"}'


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(PLAIN, mtime=0)),
        ("br", brotli.compress(PLAIN)),
        ("zstd", zstandard.compress(PLAIN)),
    ],
)
def test_a_compressed_answer_goes_on_compressed_and_is_kept_readable(
    encoding: str, body: bytes
) -> None:
    async def run() -> tuple[bytes, Passthrough]:
        answer = Answer((http("200 OK", body, f"content-encoding: {encoding}"),))
        async with between(answer) as (through, _, client):
            given = await asked(through, client, stream=True)
            raw = b"".join([piece async for piece in given.aiter_raw()])
        return raw, through

    raw, through = asyncio.run(run())
    (exchange,) = through.exchanges("made")

    assert raw == body
    assert exchange.answer.body == PLAIN
    assert exchange.answer.header("content-encoding") == encoding


def test_bytes_that_belie_their_encoding_go_on_as_they_are() -> None:
    async def run() -> tuple[bytes, Passthrough]:
        answer = Answer((http("200 OK", PLAIN, "content-encoding: gzip"),))
        async with between(answer) as (through, _, client):
            given = await asked(through, client, stream=True)
            raw = b"".join([piece async for piece in given.aiter_raw()])
        return raw, through

    raw, through = asyncio.run(run())

    assert raw == PLAIN
    assert through.exchanges("made")[0].answer.ended is Ended.CUT


def test_no_header_is_added_to_an_answer() -> None:
    async def run() -> httpx.Response:
        async with between(Answer((http("200 OK", b"x", "x-own: 1"),))) as (through, _, client):
            return await asked(through, client)

    given = asyncio.run(run())

    assert set(given.headers) == {"content-length", "x-own"}


def test_a_head_probe_is_passed_on() -> None:
    async def run() -> tuple[httpx.Response, bytes]:
        answer = Answer((b"HTTP/1.1 204 No Content\r\n\r\n",))
        async with between(answer) as (_, server, client):
            given = await client.head("/api/hello")
        return given, server.requests[0]

    given, sent = asyncio.run(run())

    assert given.status_code == 204 and sent.startswith(b"HEAD /api/hello ")


def test_a_redirect_to_the_gateway_leads_back_here() -> None:
    async def run() -> tuple[str, str]:
        async with between(Answer((http("307 Temporary Redirect"),))) as (through, server, client):
            head = f"HTTP/1.1 307 Temporary Redirect\r\nlocation: {server.url}/b\r\n"
            server.answers = [Answer((f"{head}content-length: 0\r\n\r\n".encode(),))]
            given = await asked(through, client)
        return given.headers["location"], through.url

    location, url = asyncio.run(run())

    assert location == f"{url}/b"


def test_requests_over_the_cap_are_refused_here() -> None:
    async def run() -> tuple[Passthrough, list[httpx.Response], int]:
        async with between(Answer((http("200 OK", b"{}"),)), most=2) as (through, server, client):
            given = [await asked(through, client) for _ in range(4)]
        return through, given, len(server.requests)

    through, given, sent = asyncio.run(run())

    assert [answer.status_code for answer in given] == [200, 200, 429, 429]
    assert given[-1].headers["x-should-retry"] == "false"
    assert (sent, through.over_cap, len(through.exchanges("made"))) == (2, 2, 2)


def test_a_request_that_the_budget_does_not_allow_is_refused_here() -> None:
    async def run() -> tuple[Passthrough, list[int]]:
        answer, limits = Answer((http("200 OK", b"{}"),)), Limits(requests=1)
        async with between(answer, limits=limits) as (through, _, client):
            return through, [(await asked(through, client)).status_code for _ in range(2)]

    through, statuses = asyncio.run(run())

    assert statuses == [200, 429]
    assert through.spent is not None and "--max-requests 1" in str(through.spent)
    assert len(through.exchanges("made")) == 1


def test_requests_at_once_keep_their_order() -> None:
    async def run() -> Passthrough:
        async with between(Answer((http("200 OK", b"{}"),))) as (through, _, client):
            await asyncio.gather(*(client.get(f"/{number}") for number in range(8)))
        return through

    exchanges = asyncio.run(run()).exchanges("made")

    assert [exchange.id for exchange in exchanges] == [f"made#{n}" for n in range(1, 9)]
    assert {exchange.request.path for exchange in exchanges} == {f"/{n}" for n in range(8)}


def test_what_is_counted_is_what_went_through() -> None:
    async def run() -> Connection:
        async with between(Answer((http("500 Oops"),))) as (through, _, client):
            await asked(through, client)
        return replace(through.connection)

    connection = asyncio.run(run())

    assert (connection.sent, connection.meter.requests, connection.meter.in_flight) == (1, 1, 0)
    assert connection.broken_in_a_row == 1


def test_what_stops_is_waited_for_where_the_run_is_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopping, stopped = asyncio.Event(), asyncio.Event()
    stop = web.AppRunner.cleanup

    async def slowly(runner: web.AppRunner) -> None:
        stopping.set()
        await asyncio.sleep(0.02)
        await stop(runner)
        stopped.set()

    async def run() -> None:
        async def held() -> None:
            async with between():
                pass

        running = asyncio.ensure_future(held())
        await stopping.wait()
        running.cancel()
        await asyncio.wait([running])
        assert stopped.is_set()

    monkeypatch.setattr(web.AppRunner, "cleanup", slowly)
    asyncio.run(run())
