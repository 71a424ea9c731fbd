"""Talks to a gateway with httpx and records every byte of it; judges nothing.

A scenario gets a `Gateway`, sends through it, and its exchanges end up in one
`Recording`. Redirects are recorded, never followed. A 429 and a network that is lost
before any answer are tried again, a bounded number of times; the earlier tries stay as
evidence. An answer that breaks off stands: another try would hide it, and be paid for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import httpx

from conformance.client import opened
from conformance.failures import failure_of
from conformance.kinds import Protocol
from conformance.meter import Meter
from conformance.model import (
    Chunk,
    Ended,
    Exchange,
    Failure,
    FailureKind,
    Recording,
    Response,
)
from conformance.outgoing import (
    OWN_HEADERS,
    PROTOCOL_HEADERS,
    credential_of,
    encoded,
    recorded,
)
from conformance.pace import Pace
from conformance.profile import CredentialStyle
from conformance.recall import Recall
from conformance.retrying import LOST, TRIES, pause_s
from conformance.secret import Secret
from conformance.target import Target

PATHS = {Protocol.ANTHROPIC: "/messages", Protocol.OPENAI: "/chat/completions"}


@dataclass(frozen=True)
class Deadlines:
    """How long to wait, in seconds: for the first byte, between bytes, in all."""

    first_byte_s: float = 60.0
    silence_s: float = 60.0
    total_s: float = 300.0


@dataclass(frozen=True)
class Route:
    """What preflight found out about one protocol: its root and a style that works."""

    root: str
    style: CredentialStyle


@dataclass
class Connection:
    """The way to one target: the HTTP client, its deadlines, and counts of what was sent.

    `lost_in_a_row` counts requests that got no answer, all tries together, `broken_in_a_row`
    those that got none but a 5xx.
    """

    client: httpx.AsyncClient
    target: Target
    deadlines: Deadlines
    sent: int = 0
    lost_in_a_row: int = 0
    broken_in_a_row: int = 0
    meter: Meter = field(default_factory=Meter)
    pace: Pace = field(default_factory=Pace)

    async def exchange(self, request: httpx.Request) -> tuple[Response | None, Failure | None]:
        """Send one request when its turn comes; raises BudgetSpent where it may cost too much."""
        bill = self.meter.open(request.content)
        response: Response | None = None
        try:
            await self.pace.turn()
            self.sent += 1
            response, failure = await self._exchange(request)
        finally:
            self.meter.close(bill, response)
        return response, failure

    def count(self, is_lost: bool, is_broken: bool) -> None:
        """Note how a request ended after all of its tries."""
        self.lost_in_a_row = self.lost_in_a_row + 1 if is_lost else 0
        self.broken_in_a_row = self.broken_in_a_row + 1 if is_broken else 0

    async def _exchange(self, request: httpx.Request) -> tuple[Response | None, Failure | None]:
        """Send one request and read all of its answer."""
        started = monotonic()
        try:
            async with asyncio.timeout(self.deadlines.first_byte_s):
                answer = await self.client.send(request, stream=True)
        except TimeoutError:
            detail = f"no response headers within {self.deadlines.first_byte_s:g} s"
            return None, Failure(FailureKind.TIMEOUT, detail)
        except httpx.TransportError as error:
            return None, failure_of(error)
        try:
            return await self._read(answer, started), None
        finally:
            await answer.aclose()

    async def _read(self, answer: httpx.Response, started: float) -> Response:
        headers_at_s = monotonic() - started
        chunks: list[Chunk] = []
        ended = await self._drain(answer, chunks, started)
        return Response(
            status=answer.status_code,
            headers=tuple(
                (k.decode("latin-1"), v.decode("latin-1")) for k, v in answer.headers.raw
            ),
            chunks=tuple(chunks),
            ended=ended,
            headers_at_s=round(headers_at_s, 6),
            ended_at_s=round(monotonic() - started, 6),
        )

    async def _drain(self, answer: httpx.Response, chunks: list[Chunk], started: float) -> Ended:
        body = answer.aiter_bytes()
        while True:
            left_s = self.deadlines.total_s - (monotonic() - started)
            if left_s <= 0:
                return Ended.OVERDUE
            try:
                async with asyncio.timeout(min(self.deadlines.silence_s, left_s)):
                    data = await anext(body, None)
            except TimeoutError:
                return Ended.SILENT if left_s > self.deadlines.silence_s else Ended.OVERDUE
            except (httpx.TransportError, httpx.DecodingError):
                return Ended.CUT
            if data is None:
                return Ended.COMPLETE
            chunks.append(Chunk(round(monotonic() - started, 6), data))


@asynccontextmanager
async def connected(
    target: Target, deadlines: Deadlines, meter: Meter | None = None, pace: Pace | None = None
) -> AsyncIterator[Connection]:
    """A connection to the target, closed at the end."""
    async with opened(target) as client:
        yield Connection(client, target, deadlines, meter=meter or Meter(), pace=pace or Pace())


@dataclass
class Gateway:
    """What a scenario talks to: one target, seen through the eyes of one scenario.

    `earlier` exchanges of an interrupted run answer the same requests once more: nothing
    is paid twice.
    """

    scenario: str
    connection: Connection
    routes: Mapping[Protocol, Route]
    models: Mapping[str, str]
    keys: Mapping[str, Secret]
    exchanges: list[Exchange] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    expects_success: bool = False
    earlier: Recall = field(default_factory=Recall)

    @property
    def _next_id(self) -> str:
        return f"{self.scenario}#{len(self.exchanges) + 1}"

    @property
    def recording(self) -> Recording:
        """What has been recorded so far."""
        return Recording(self.scenario, tuple(self.exchanges), dict(self.facts))

    def styles(self, protocol: Protocol) -> tuple[CredentialStyle, ...]:
        """The credential styles that the profile claims for a protocol."""
        return self.connection.target.profile.endpoints[protocol].credentials

    def style(self, protocol: Protocol, name: str) -> CredentialStyle:
        """The claimed style of this name, else the one that works."""
        found = (style for style in self.styles(protocol) if style.name == name)
        return next(found, self.routes[protocol].style)

    async def messages(self, body: Mapping[str, Any], **how: Any) -> Exchange:
        """POST to `/messages`; the model is filled in. `how` is that of `send`."""
        asked = {"model": self.models["anthropic"], **body}
        return await self.post(Protocol.ANTHROPIC, PATHS[Protocol.ANTHROPIC], asked, **how)

    async def chat(self, body: Mapping[str, Any], **how: Any) -> Exchange:
        """POST to `/chat/completions`; the model is filled in. `how` is that of `send`."""
        asked = {"model": self.models["openai"], **body}
        return await self.post(Protocol.OPENAI, PATHS[Protocol.OPENAI], asked, **how)

    async def post(
        self, protocol: Protocol, path: str, body: Mapping[str, Any] | bytes, **how: Any
    ) -> Exchange:
        """POST a JSON object, or bytes as they are, to a path below the root of a protocol."""
        content = body if isinstance(body, bytes) else encoded(body)
        return await self.send(protocol, "POST", path, content, **how)

    async def get(self, protocol: Protocol, path: str, **how: Any) -> Exchange:
        """GET a path below the root of a protocol."""
        return await self.send(protocol, "GET", path, **how)

    async def send(
        self,
        protocol: Protocol,
        method: str,
        path: str,
        content: bytes = b"",
        *,
        key: str = "valid",
        style: CredentialStyle | None = None,
        extra: Mapping[str, str] | None = None,
        without: tuple[str, ...] = (),
    ) -> Exchange:
        """Send one request, below the root of a protocol.

        `key` is a role, empty for no credential; `style` defaults to one that works;
        `extra` headers replace those of the same name, `without` names some to leave out.
        """
        route = self.routes[protocol]
        credential = credential_of(style or route.style, self.keys[key]) if key else {}
        headers = {**self._headers(protocol), **(extra or {}), **credential}
        request = self.connection.client.build_request(
            method,
            route.root + path,
            content=content or None,
            headers={name: value for name, value in headers.items() if name not in without},
        )
        for name in without:
            request.headers.pop(name, None)
        return await self._tried(request, key)

    def _headers(self, protocol: Protocol) -> dict[str, str]:
        of_profile = {n: v.reveal() for n, v in self.connection.target.headers.items()}
        return {**OWN_HEADERS, **of_profile, **PROTOCOL_HEADERS[protocol]}

    async def _tried(self, request: httpx.Request, key: str) -> Exchange:
        """Send until there is an answer that says something, at most TRIES times."""
        for attempt in range(TRIES):
            exchange = await self._once(request, key)
            wait_s = pause_s(exchange, attempt, self.expects_success)
            if wait_s is None or attempt == TRIES - 1:
                break
            self.exchanges[-1] = replace(exchange, superseded=True)
            if exchange.status == 429:
                self.connection.pace.hold(wait_s)
            await asyncio.sleep(wait_s)
        lost = exchange.failure is not None and exchange.failure.kind in LOST
        self.connection.count(lost, exchange.status >= 500)
        return exchange

    async def _once(self, request: httpx.Request, key: str) -> Exchange:
        recalled = self.earlier.take(recorded(request), key)
        if recalled is not None:
            self.exchanges.append(replace(recalled, id=self._next_id))
            return self.exchanges[-1]
        started_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        response, failure = await self.connection.exchange(request)
        exchange = Exchange(
            id=self._next_id,
            request=recorded(request),
            response=response,
            failure=failure,
            started_at=started_at,
            credential=key,
        )
        self.exchanges.append(exchange)
        return exchange
