"""The gateway itself: admit, price, reserve, answer, settle."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from http import HTTPStatus

from aiohttp import web

from reference_gateway import embeddings, tokens
from reference_gateway.call import Call
from reference_gateway.catalogue import Catalogue, Model
from reference_gateway.chat import NO_CACHE, CacheUse, Prompt, Usage
from reference_gateway.connection import while_connected
from reference_gateway.errors import (
    GatewayError,
    InvalidRequest,
    Kind,
    ModelNotSupported,
    NoSuchPath,
    NoUpstreamKey,
)
from reference_gateway.job import Job
from reference_gateway.keepalive import kept_alive
from reference_gateway.ledger import Charge, Hold, Ledger
from reference_gateway.limits import RateLimits
from reference_gateway.pieces import Meter
from reference_gateway.seams import Headers, Reply, encoded
from reference_gateway.upstream.answering import Answerers
from reference_gateway.upstream.outline import input_tokens, outline
from reference_gateway.wire import Frame, dump

JSON_TYPE = "application/json"
STREAM_TYPE = "text/event-stream; charset=utf-8"
_PASSING = (Kind.TOO_SLOW, Kind.RATE_LIMITED)
"""What another try may well get over, although it is a 4xx."""


class Gateway:
    """Serves calls with one ledger and one catalogue, through the seams."""

    def __init__(
        self,
        ledger: Ledger,
        catalogue: Catalogue,
        answerers: Answerers,
        limits: RateLimits,
        ping_s: float = 15.0,
    ) -> None:
        self.ledger = ledger
        self.catalogue = catalogue
        self.answerers = answerers
        self.seams = answerers.seams
        self.limits = limits
        self.ping_s = ping_s
        self.requests = 0

    async def list_models(self, call: Call) -> Reply:
        """The catalogue in the caller's protocol."""
        await self.seams.authenticate(call, self.ledger)
        return json_reply(
            200, call.wire.models(self.catalogue.provisioned(call.wire.listed), call.query)
        )

    async def show_model(self, call: Call, name: str) -> Reply:
        """One entry of the catalogue in the caller's protocol."""
        await self.seams.authenticate(call, self.ledger)
        try:
            found = self.catalogue.find(name)
        except (ModelNotSupported, NoUpstreamKey) as problem:
            raise NoSuchPath("No such model.", code="model_not_found") from problem
        if found.task not in call.wire.listed:
            raise NoSuchPath("No such model.", code="model_not_found")
        return json_reply(200, call.wire.model(found))

    async def count_tokens(self, call: Call) -> Reply:
        """The input tokens of a request, counted by whoever is to answer it; free."""
        key = await self.seams.authenticate(call, self.ledger)
        prompt, is_outline = self._read(call)
        model = self.seams.resolve(call, prompt.model)
        if not is_outline:
            counted = {"input_tokens": _input_tokens(prompt, model)}
            return json_reply(200, self.seams.body(call, counted))
        job = Job(call, key, prompt, model, 0, is_outline)
        async with self.answerers.begin(job, Meter(0)) as answering:
            return Reply(200, {"Content-Type": JSON_TYPE}, await answering.whole())

    def _read(self, call: Call) -> tuple[Prompt, bool]:
        """The prompt, and whether it is an outline only, because the request is passed on."""
        model = self.catalogue.get(call.asked.get("model"))
        if model is not None and self.answerers.passes(call.wire, model):
            return outline(call, model), True
        return self.seams.prompt(call), False

    async def admit(self, call: Call) -> Job:
        """The job, once key, body, model and money are in order; raises `GatewayError`."""
        key = await self.seams.authenticate(call, self.ledger)
        self.limits.admit(key.id, call.wire.protocol)
        prompt, is_outline = self._read(call)
        model = self.seams.resolve(call, prompt.model)
        if not is_outline:
            prompt = model.bounded(prompt)
        found = input_tokens(call) if is_outline else _input_tokens(prompt, model)
        hold = Hold(call.request_id, key, model.price_nanousd(_worst(prompt, found)))
        await self.seams.reserve(call, hold, self.ledger)
        return Job(call, key, prompt, model, found, is_outline)

    async def answer(self, job: Job, request: web.Request) -> Reply:
        """The whole answer; it is charged once it is complete, and costs nothing if it fails."""
        meter = Meter(job.input_tokens)
        try:
            reply = await while_connected(request, self._whole(job, meter))
            await self.seams.settle(job.call, job.charge(meter.usage), self.ledger)
        except BaseException:
            await self.ledger.release(job.call.request_id)
            raise
        return reply

    async def _whole(self, job: Job, meter: Meter) -> Reply:
        async with self.answerers.begin(job, meter) as answering:
            body = await answering.whole()
            return Reply(200, {"Content-Type": JSON_TYPE, **answering.limits}, body)

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
        try:
            await while_connected(request, self._sent(job, meter, response, request))
        except ConnectionError:
            return  # The client went away; it still owes what was produced for it.
        finally:
            await self._settle(job, meter)
        # Last: whoever has seen the end finds the charge.
        with suppress(ConnectionError):
            await response.write_eof()

    async def _sent(
        self, job: Job, meter: Meter, response: web.StreamResponse, request: web.Request
    ) -> None:
        async with self.answerers.begin(job, meter) as answering:
            reported = _reported(job.call, meter, answering.frames())
            # Closed as soon as the client leaves, and with it whoever produces the answer.
            async with (
                aclosing(kept_alive(reported, self.ping_s, job.call.wire.ping)) as alive,
                aclosing(self._chunks(job.call, alive)) as chunks,
            ):
                # What fails before it has begun is refused with a status of its own.
                first = await anext(chunks, b"")
                response.headers.update(answering.limits)
                await response.prepare(request)
                if first:
                    await response.write(first)
                async for chunk in chunks:
                    await response.write(chunk)

    async def _settle(self, job: Job, meter: Meter) -> None:
        if meter.is_failed or not meter.has_begun:
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

    def _chunks(self, call: Call, frames: AsyncIterator[Frame]) -> AsyncGenerator[bytes]:
        return self.seams.chunks(call, encoded(self.seams.frames(call, frames)))


def _worst(prompt: Prompt, found: int) -> Usage:
    """The most that a prompt can use: the whole budget, and all of the input kept."""
    cache = CacheUse(written_5m_tokens=found) if prompt.cache_marks else NO_CACHE
    return Usage(found, prompt.max_tokens * prompt.choices, cache)


def _input_tokens(prompt: Prompt, model: Model) -> int:
    found = tokens.count_prompt(prompt)
    if found > model.context_tokens:
        raise InvalidRequest(
            f"prompt is too long: {found} tokens > {model.context_tokens} maximum",
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
    headers, status = dict(problem.headers), problem.kind.status(call.wire.protocol)
    is_ours = status < HTTPStatus.INTERNAL_SERVER_ERROR
    if call.wire.protocol == "anthropic" and is_ours and problem.kind not in _PASSING:
        headers.setdefault("x-should-retry", "false")
    return json_reply(status, body, headers)
