"""The way to one target: one request is sent, and every byte of its answer recorded.

A request waits for its turn, and for the meter to allow what it may cost. Redirects are
recorded, never followed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import httpx

from conformance import wire
from conformance.client import opened
from conformance.failures import failure_of
from conformance.meter import Meter
from conformance.model import Chunk, Ended, Failure, FailureKind, Response
from conformance.pace import Pace
from conformance.profile import CredentialStyle
from conformance.target import Target

SILENCE_S = 120.0
"""How long a model is told to be silent, to see whether its stream survives."""

Outcome = tuple[Response | None, Failure | None]


@dataclass(frozen=True)
class Deadlines:
    """How long to wait, in seconds: for the first byte, between bytes, in all."""

    first_byte_s: float = 60.0
    silence_s: float = 60.0
    total_s: float = 300.0


@dataclass(frozen=True)
class Reading:
    """How an answer is read: all of it, or so many events of a stream.

    `silent_for_s` is a silence that was asked for, and is borne beyond the deadlines.
    Where no answer has begun after `leave_after_s` the connection is closed; 0 for never.
    """

    abandon_after: int = 0
    silent_for_s: float = 0.0
    leave_after_s: float = 0.0


ALL = Reading()


@dataclass(frozen=True)
class Route:
    """What preflight found out about one protocol: its root and a style that works."""

    root: str
    style: CredentialStyle


@dataclass
class Connection:
    """The way to one target: the HTTP client, its deadlines, and counts of what was sent.

    `lost_in_a_row` counts requests that got no answer, all tries together, `broken_in_a_row`
    those that got none but a 5xx. `budget_name` is the name under which the target
    understands a budget of output tokens, `seed` what random requests grow from.
    """

    client: httpx.AsyncClient
    target: Target
    deadlines: Deadlines
    sent: int = 0
    lost_in_a_row: int = 0
    broken_in_a_row: int = 0
    budget_name: str = "max_completion_tokens"
    seed: int = 0
    silence_s: float = SILENCE_S
    meter: Meter = field(default_factory=Meter)
    pace: Pace = field(default_factory=Pace)

    async def exchange(self, request: httpx.Request, reading: Reading = ALL) -> Outcome:
        """Send one request; read all of its answer, or so many events of a stream.

        Raises BudgetSpent, before anything is sent, where it may cost too much.
        """
        return await self._metered(request.content, lambda: self._exchange(request, reading))

    async def raw(self, url: str, lines: Sequence[bytes], body: bytes) -> Outcome:
        """Send a POST byte for byte, on a connection of its own; raises BudgetSpent."""
        payload = wire.payload(url, lines, body)
        patience_s = self.deadlines.first_byte_s
        return await self._metered(
            body, lambda: wire.exchanged(self.target, url, payload, patience_s)
        )

    def count(self, is_lost: bool, is_broken: bool) -> None:
        """Note how a request ended after all of its tries."""
        self.lost_in_a_row = self.lost_in_a_row + 1 if is_lost else 0
        self.broken_in_a_row = self.broken_in_a_row + 1 if is_broken else 0

    async def _metered(self, content: bytes, send: Callable[[], Awaitable[Outcome]]) -> Outcome:
        bill = self.meter.open(content)
        response: Response | None = None
        try:
            await self.pace.turn()
            self.sent += 1
            response, failure = await send()
        finally:
            self.meter.close(bill, response)
        return response, failure

    async def _exchange(self, request: httpx.Request, reading: Reading) -> Outcome:
        started = monotonic()
        patience_s = self.deadlines.first_byte_s + reading.silent_for_s
        try:
            async with asyncio.timeout(reading.leave_after_s or patience_s):
                answer = await self.client.send(request, stream=True)
        except TimeoutError:
            return None, _unbegun(reading, patience_s)
        except httpx.TransportError as error:
            return None, failure_of(error)
        try:
            return await self._read(answer, started, reading), None
        finally:
            await answer.aclose()

    async def _read(self, answer: httpx.Response, started: float, reading: Reading) -> Response:
        headers_at_s = monotonic() - started
        chunks: list[Chunk] = []
        ended = await self._drain(answer, chunks, started, reading)
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

    async def _drain(
        self, answer: httpx.Response, chunks: list[Chunk], started: float, reading: Reading
    ) -> Ended:
        body, events = answer.aiter_bytes(), 0
        silence_s = self.deadlines.silence_s + reading.silent_for_s
        total_s = self.deadlines.total_s + reading.silent_for_s
        while True:
            left_s = total_s - (monotonic() - started)
            if left_s <= 0:
                return Ended.OVERDUE
            try:
                async with asyncio.timeout(min(silence_s, left_s)):
                    data = await anext(body, None)
            except TimeoutError:
                return Ended.SILENT if left_s > silence_s else Ended.OVERDUE
            except (httpx.TransportError, httpx.DecodingError):
                return Ended.CUT
            if data is None:
                return Ended.COMPLETE
            chunks.append(Chunk(round(monotonic() - started, 6), data))
            events += data.count(b"\n\n")
            if reading.abandon_after and events >= reading.abandon_after:
                return Ended.ABANDONED


@asynccontextmanager
async def connected(
    target: Target, deadlines: Deadlines, **fields: Any
) -> AsyncIterator[Connection]:
    """A connection to the target, closed at the end; `fields` are further ones of its own."""
    async with opened(target) as client:
        yield Connection(client, target, deadlines, **fields)


def _unbegun(reading: Reading, patience_s: float) -> Failure:
    """Why there is no answer: nobody waited for it, or it did not come."""
    if reading.leave_after_s:
        detail = f"left after {reading.leave_after_s:g} s, before an answer"
        return Failure(FailureKind.LEFT, detail)
    return Failure(FailureKind.TIMEOUT, f"no response headers within {patience_s:g} s")
