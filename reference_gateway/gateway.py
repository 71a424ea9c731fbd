"""The gateway itself: admit, price, reserve, answer, settle."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from reference_gateway import embeddings, tokens
from reference_gateway.call import Call
from reference_gateway.catalogue import CONTEXT_TOKENS, Model, find, provisioned
from reference_gateway.chat import NO_CACHE, CacheUse, Prompt, Usage
from reference_gateway.errors import (
    GatewayError,
    InvalidRequest,
    Kind,
    ModelNotSupported,
    NoSuchPath,
    NoUpstreamKey,
)
from reference_gateway.keepalive import kept_alive
from reference_gateway.ledger import Charge, Hold, Key, Ledger
from reference_gateway.limits import RateLimits
from reference_gateway.pieces import Meter, Piece, Provider, gather
from reference_gateway.prompt_cache import PromptCache
from reference_gateway.seams import Headers, Reply, Seams, encoded
from reference_gateway.wire import Frame, Heading, dump

JSON_TYPE = "application/json"
STREAM_TYPE = "text/event-stream; charset=utf-8"
_PASSING = (Kind.TOO_SLOW, Kind.RATE_LIMITED)
"""What another try may well get over, although it is a 4xx."""


@dataclass(frozen=True)
class Job:
    """An admitted request: who asked, what, of which model."""

    call: Call
    key: Key
    prompt: Prompt
    model: Model
    input_tokens: int

    @property
    def heading(self) -> Heading:
        """A new heading for the answer."""
        return Heading(
            secrets.token_hex(12),
            self.model.name,
            int(time.time()),
            self.prompt.include_usage,
            self.call.asked,
        )

    def charge(self, usage: Usage) -> Charge:
        """What the request costs when it used that much."""
        return Charge(
            self.call.request_id,
            self.key.id,
            self.key.account,
            self.model.name,
            Usage(usage.input_tokens, usage.output_tokens, usage.cache),
            self.model.price_nanousd(usage),
        )


class Gateway:
    """Serves calls with one ledger and one provider, through the seams."""

    def __init__(
        self,
        ledger: Ledger,
        provider: Provider,
        seams: Seams,
        limits: RateLimits,
        ping_s: float = 15.0,
    ) -> None:
        self.ledger = ledger
        self.provider = provider
        self.seams = seams
        self.limits = limits
        self.ping_s = ping_s
        self.cache = PromptCache()
        self.requests = 0

    async def list_models(self, call: Call) -> Reply:
        """The catalogue in the caller's protocol."""
        await self.seams.authenticate(call, self.ledger)
        return json_reply(200, call.wire.models(provisioned(call.wire.listed), call.query))

    async def show_model(self, call: Call, name: str) -> Reply:
        """One entry of the catalogue in the caller's protocol."""
        await self.seams.authenticate(call, self.ledger)
        try:
            found = find(name)
        except (ModelNotSupported, NoUpstreamKey) as problem:
            raise NoSuchPath("No such model.", code="model_not_found") from problem
        if found.task not in call.wire.listed:
            raise NoSuchPath("No such model.", code="model_not_found")
        return json_reply(200, call.wire.model(found))

    async def count_tokens(self, call: Call) -> Reply:
        """The input tokens of a request that is checked as if it were to be answered; free."""
        await self.seams.authenticate(call, self.ledger)
        prompt = self.seams.prompt(call)
        self.seams.resolve(call, prompt.model)
        return json_reply(200, self.seams.body(call, {"input_tokens": _input_tokens(prompt)}))

    async def admit(self, call: Call) -> Job:
        """The job, once key, body, model and money are in order; raises `GatewayError`."""
        key = await self.seams.authenticate(call, self.ledger)
        self.limits.admit(key.id, call.wire.protocol)
        prompt = self.seams.prompt(call)
        model = self.seams.resolve(call, prompt.model)
        worst = _worst(prompt)
        hold = Hold(call.request_id, key, model.price_nanousd(worst))
        await self.seams.reserve(call, hold, self.ledger)
        return Job(call, key, prompt, model, worst.input_tokens)

    async def answer(self, job: Job) -> Reply:
        """The whole answer; it is charged once it is complete, and costs nothing if it fails."""
        try:
            answer = await gather(self._pieces(job))
            body = self.seams.body(job.call, job.call.wire.answer(job.heading, answer))
            await self.seams.settle(job.call, job.charge(answer.usage), self.ledger)
        except BaseException:
            await self.ledger.release(job.call.request_id)
            raise
        return json_reply(200, body)

    async def embed(self, call: Call) -> Reply:
        """The vectors of some texts; all of the cost is known before."""
        key = await self.seams.authenticate(call, self.ledger)
        inputs = embeddings.parse(call.document)
        model = self.seams.resolve(call, inputs.model)
        price = model.price_nanousd(inputs.usage)
        await self.seams.reserve(call, Hold(call.request_id, key, price), self.ledger)
        try:
            body = self.seams.body(call, embeddings.answer(model.name, inputs))
            charge = Charge(call.request_id, key.id, key.account, model.name, inputs.usage, price)
            await self.seams.settle(call, charge, self.ledger)
        except BaseException:
            await self.ledger.release(call.request_id)
            raise
        return json_reply(200, body)

    async def stream(self, job: Job, response: web.StreamResponse, request: web.Request) -> None:
        """Send the answer as it is produced, then settle what was produced, once."""
        meter = Meter(job.input_tokens)
        frames = self._frames(job, meter)
        try:
            # Closed as soon as the client leaves, and with it whoever produces the answer.
            async with aclosing(self.seams.chunks(job.call, encoded(frames))) as chunks:
                # What fails before it has begun is refused with a status of its own.
                first = await anext(chunks, b"")
                await response.prepare(request)
                if first:
                    await response.write(first)
                async for chunk in chunks:
                    await response.write(chunk)
            await response.write_eof()
        except ConnectionError:
            pass  # The client went away; it still owes what was produced for it.
        finally:
            await self._settle(job, meter)

    async def _settle(self, job: Job, meter: Meter) -> None:
        if meter.is_failed:
            await self.ledger.release(job.call.request_id)
        else:
            await self.seams.settle(job.call, job.charge(meter.usage), self.ledger)

    def stream_headers(self, call: Call, marks: Headers) -> Headers:
        """The header fields of a stream; never cached, never compressed."""
        headers = {
            **marks,
            "Content-Type": STREAM_TYPE,
            "Cache-Control": "no-cache",
            "X-Accel-Buffering": "no",
        }
        return self.seams.stream_headers(call, headers)

    def _pieces(self, job: Job) -> AsyncIterator[Piece]:
        scope = f"{job.key.account} {job.model.name}"
        return self.cache.noted(scope, job.prompt, self.provider.stream(job.prompt))

    def _frames(self, job: Job, meter: Meter) -> AsyncIterator[Frame]:
        pieces = meter.metered(self._pieces(job))
        frames = _reported(job.call, meter, job.call.wire.frames(job.heading, pieces))
        alive = kept_alive(frames, self.ping_s, job.call.wire.ping)
        return self.seams.frames(job.call, alive)


def _worst(prompt: Prompt) -> Usage:
    """The most that a prompt can use: the whole budget, and all of the input kept."""
    found = _input_tokens(prompt)
    cache = CacheUse(written_5m_tokens=found) if prompt.cache_marks else NO_CACHE
    return Usage(found, prompt.max_tokens * prompt.choices, cache)


def _input_tokens(prompt: Prompt) -> int:
    found = tokens.count_prompt(prompt)
    if found > CONTEXT_TOKENS:
        raise InvalidRequest(
            f"prompt is too long: {found} tokens > {CONTEXT_TOKENS} maximum",
            param="messages",
            code="context_length_exceeded",
        )
    return found


async def _reported(call: Call, meter: Meter, frames: AsyncIterator[Frame]) -> AsyncIterator[Frame]:
    """End a stream that fails half-way in an error event, never in a clean end."""
    has_begun = False
    try:
        async for frame in frames:
            has_begun = True
            yield frame
    except GatewayError as problem:
        meter.is_failed = True
        if not has_begun:
            raise
        if not call.wire.reports_failure:
            yield call.wire.error_frame(problem, call.request_id)


def json_reply(status: int, body: object, headers: Headers | None = None) -> Reply:
    """A reply with a JSON body."""
    fields = {"Content-Type": JSON_TYPE, **(headers or {})}
    return Reply(status, fields, dump(body).encode())


def error_reply(call: Call, problem: GatewayError) -> Reply:
    """The refusal in the caller's own envelope."""
    body = call.wire.error(problem, call.request_id)
    headers, status = dict(problem.headers), problem.kind.value
    if call.wire.protocol == "anthropic":
        if status < HTTPStatus.INTERNAL_SERVER_ERROR and problem.kind not in _PASSING:
            headers.setdefault("x-should-retry", "false")
    elif problem.kind is Kind.OVERLOADED:
        status = HTTPStatus.SERVICE_UNAVAILABLE
    return json_reply(status, body, headers)
