"""The recording pass-through: between a real client and the gateway, on loopback.

The client is given a key that opens nothing; the real one is put in its place here, so no
client ever holds it. Everything else goes on as it came, in both directions: any method
and path, every byte of an answer when it arrives. What was asked and answered is kept as
exchanges like any other. Redirects are handed to the client, which may follow them here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from secrets import token_hex

import httpx
from aiohttp import web

from conformance.clients.decoding import Decoder, Undecodable
from conformance.clients.passage import Passage
from conformance.connection import Connection
from conformance.failures import failure_of
from conformance.meter import Bill, BudgetSpent
from conformance.model import Chunk, Ended, Exchange, Headers, Request
from conformance.retrying import LOST
from conformance.secret import Secret

LARGEST_BYTES = 64 << 20
"""The largest request that a client may send through."""

_STOP_S = 1.0
# What belongs to one connection, not to the message that is passed on.
_OF_CONNECTION = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
    *("te", "trailer", "transfer-encoding", "upgrade"),
}
_MADE_ANEW = {*_OF_CONNECTION, "host", "content-length"}
_OVER = {
    "type": "error",
    "error": {
        "type": "rate_limit_error",
        "message": "gateway-conformance: this client has sent more requests than its task needs",
    },
}


class _Answer(web.StreamResponse):
    """An answer with its `own` headers alone; a server adds date, type and its name."""

    own: frozenset[str] = frozenset()


@dataclass
class Passthrough:
    """Passes one client's requests on to `site`, at most `most` of them.

    `key` is put where the client presents `client_key`. `spent` is set where the run's
    budget did not allow a request, `over_cap` counts those beyond `most`.
    """

    connection: Connection
    site: str
    key: Secret
    most: int
    client_key: str = field(default_factory=lambda: f"th-client-{token_hex(16)}")
    url: str = ""
    over_cap: int = 0
    spent: BudgetSpent | None = None
    _passages: list[Passage] = field(default_factory=list)

    def exchanges(self, scenario: str) -> list[Exchange]:
        """What has been passed on, in the order in which it was asked."""
        return [passage.exchange(scenario) for passage in self._passages]

    async def handle(self, asked: web.Request) -> web.StreamResponse:
        """Pass one request on, and its answer back."""
        body = await asked.read()
        if len(self._passages) >= self.most:
            self.over_cap += 1
            return _refused()
        request = self._request(asked, body)
        try:
            bill = self.connection.meter.open(body)
        except BudgetSpent as spent:
            self.spent = spent
            return _refused()
        kept = Request(request.method, str(request.url), _text(request.headers.raw), body)
        is_let_in = any(self.client_key in value for value in asked.headers.values())
        passage = Passage(len(self._passages) + 1, kept, "valid" if is_let_in else "")
        self._passages.append(passage)
        return await self._settled(asked, request, passage, bill)

    def _request(self, asked: web.Request, body: bytes) -> httpx.Request:
        real = self.key.reveal()
        own = {name.lower(): value for name, value in self.connection.target.headers.items()}
        headers = [
            (name, value.replace(self.client_key, real))
            for name, value in _text(asked.raw_headers)
            if name.lower() not in _MADE_ANEW and name.lower() not in own
        ]
        headers += [(name, value.reveal()) for name, value in own.items()]
        url = self.site + asked.raw_path
        return httpx.Request(asked.method, url, headers=headers, content=body or None)

    async def _settled(
        self, asked: web.Request, request: httpx.Request, passage: Passage, bill: Bill
    ) -> web.StreamResponse:
        try:
            await self.connection.pace.turn()
            self.connection.sent += 1
            return await self._passed(asked, request, passage)
        finally:
            passage.close()
            self.connection.meter.close(bill, passage.response)

    async def _passed(
        self, asked: web.Request, request: httpx.Request, passage: Passage
    ) -> web.StreamResponse:
        try:
            answer = await self.connection.client.send(request, stream=True)
        except httpx.TransportError as error:
            passage.failure = failure_of(error)
            self.connection.count(passage.failure.kind in LOST, False)
            return _broken_off(asked)
        self.connection.count(False, answer.status_code >= 500)
        try:
            return await self._returned(asked, answer, passage)
        finally:
            await answer.aclose()

    async def _returned(
        self, asked: web.Request, answer: httpx.Response, passage: Passage
    ) -> web.StreamResponse:
        """Hand the answer to the client while it arrives."""
        passage.status, passage.headers_at_s = answer.status_code, passage.seconds
        passage.headers = _text(answer.headers.raw)
        given = _Answer(status=answer.status_code, reason=answer.reason_phrase)
        for name, value in passage.headers:
            if name.lower() not in _OF_CONNECTION:
                given.headers.add(name, self._redirected(name, value))
        given.own = frozenset(name.lower() for name in given.headers)
        try:
            await given.prepare(asked)
            await self._written(given, answer, passage)
        except httpx.TransportError:
            passage.ended = Ended.CUT
            return _broken_off(asked)
        except ConnectionError:
            pass  # The client has left, and the server sees that by itself.
        return given

    async def _written(
        self, given: web.StreamResponse, answer: httpx.Response, passage: Passage
    ) -> None:
        decoder = Decoder(answer.headers.get("content-encoding", ""))
        async for data in answer.aiter_raw():
            _keep(passage, decoder, data)
            await given.write(data)
        if passage.ended is Ended.ABANDONED:
            passage.ended = Ended.COMPLETE
        await given.write_eof()

    def _redirected(self, name: str, value: str) -> str:
        is_home = name.lower() == "location" and value.startswith(self.site)
        return self.url + value.removeprefix(self.site) if is_home else value


@asynccontextmanager
async def opened(passthrough: Passthrough) -> AsyncIterator[Passthrough]:
    """The pass-through on a free port of loopback; what is open at the end is abandoned."""
    app = web.Application(client_max_size=LARGEST_BYTES)
    app.router.add_route("*", "/{path:.*}", passthrough.handle)
    app.on_response_prepare.append(_without_additions)
    runner = web.AppRunner(
        app,
        handler_cancellation=True,
        access_log=None,
        shutdown_timeout=_STOP_S,
        auto_decompress=False,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        passthrough.url = f"http://{host}:{port}"
        yield passthrough
    finally:
        await _stopped(runner)


async def _stopped(runner: web.AppRunner) -> None:
    """Stop serving to the end, in a run that is being cancelled too: no task is left behind."""
    stopping = asyncio.ensure_future(runner.cleanup())
    try:
        await asyncio.shield(stopping)
    except asyncio.CancelledError:
        await asyncio.wait([stopping])
        raise


def _keep(passage: Passage, decoder: Decoder, data: bytes) -> None:
    """Keep a piece as a client reads it; from undecodable bytes on nothing more is kept."""
    if passage.ended is Ended.CUT:
        return
    try:
        readable = decoder.decode(data)
    except Undecodable:
        passage.ended = Ended.CUT
        return
    if readable:
        passage.chunks.append(Chunk(passage.seconds, readable))


async def _without_additions(_: web.Request, given: web.StreamResponse) -> None:
    if isinstance(given, _Answer):
        for name in {"date", "server", "content-type"} - given.own:
            given.headers.pop(name, None)


def _refused() -> web.Response:
    return web.json_response(_OVER, status=429, headers={"x-should-retry": "false"})


def _broken_off(asked: web.Request) -> web.StreamResponse:
    """Break the client's connection off, as the gateway did: nothing may look complete."""
    if asked.transport is not None:
        asked.transport.abort()
    return web.Response(status=502)


def _text(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
