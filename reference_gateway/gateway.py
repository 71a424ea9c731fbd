"""The gateway itself: admit, price, reserve, answer, settle."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from reference_gateway import tokens
from reference_gateway.call import Call
from reference_gateway.catalogue import CONTEXT_TOKENS, Model, find, provisioned
from reference_gateway.chat import Prompt, Usage
from reference_gateway.errors import (
    GatewayError,
    InvalidRequest,
    ModelNotSupported,
    NoSuchPath,
    NoUpstreamKey,
)
from reference_gateway.ledger import Charge, Hold, Key, Ledger
from reference_gateway.pieces import Meter, Provider, gather
from reference_gateway.seams import Headers, Reply, Seams, encoded
from reference_gateway.wire import Frame, Heading, dump

JSON_TYPE = "application/json"
STREAM_TYPE = "text/event-stream; charset=utf-8"


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
            secrets.token_hex(12), self.model.name, int(time.time()), self.prompt.include_usage
        )

    def charge(self, usage: Usage) -> Charge:
        """What the request costs when it used that much."""
        return Charge(
            self.call.request_id,
            self.key.id,
            self.key.account,
            self.model.name,
            usage,
            self.model.price_nanousd(usage),
        )


class Gateway:
    """Serves calls with one ledger and one provider, through the seams."""

    def __init__(self, ledger: Ledger, provider: Provider, seams: Seams) -> None:
        self.ledger = ledger
        self.provider = provider
        self.seams = seams
        self.requests = 0

    async def list_models(self, call: Call) -> Reply:
        """The catalogue in the caller's protocol."""
        await self.seams.authenticate(call, self.ledger)
        return json_reply(200, call.wire.models(provisioned(), call.query))

    async def show_model(self, call: Call, name: str) -> Reply:
        """One entry of the catalogue in the caller's protocol."""
        await self.seams.authenticate(call, self.ledger)
        try:
            return json_reply(200, call.wire.model(find(name)))
        except (ModelNotSupported, NoUpstreamKey) as problem:
            raise NoSuchPath("No such model.", code="model_not_found") from problem

    async def admit(self, call: Call) -> Job:
        """The job, once key, body, model and money are in order; raises `GatewayError`."""
        key = await self.seams.authenticate(call, self.ledger)
        prompt = self.seams.prompt(call)
        model = self.seams.resolve(call, prompt.model)
        worst = Usage(_input_tokens(prompt), prompt.max_tokens)
        hold = Hold(call.request_id, key, model.price_nanousd(worst))
        await self.seams.reserve(call, hold, self.ledger)
        return Job(call, key, prompt, model, worst.input_tokens)

    async def answer(self, job: Job) -> Reply:
        """The whole answer; it is charged once it is complete, and costs nothing if it fails."""
        try:
            answer = await gather(self.provider.stream(job.prompt))
            body = self.seams.body(job.call, job.call.wire.answer(job.heading, answer))
            await self.seams.settle(job.call, job.charge(answer.usage), self.ledger)
        except BaseException:
            await self.ledger.release(job.call.request_id)
            raise
        return json_reply(200, body)

    async def stream(self, job: Job, response: web.StreamResponse, request: web.Request) -> None:
        """Send the answer as it is produced, then settle what was produced, once."""
        meter = Meter(job.input_tokens)
        frames = self._frames(job, meter)
        try:
            await response.prepare(request)
            async for chunk in self.seams.chunks(job.call, encoded(frames)):
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

    def _frames(self, job: Job, meter: Meter) -> AsyncIterator[Frame]:
        pieces = meter.metered(self.provider.stream(job.prompt))
        frames = job.call.wire.frames(job.heading, pieces)
        return self.seams.frames(job.call, _reported(job.call, meter, frames))


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
    try:
        async for frame in frames:
            yield frame
    except GatewayError as problem:
        meter.is_failed = True
        yield call.wire.error_frame(problem, call.request_id)


def json_reply(status: int, body: object, headers: Headers | None = None) -> Reply:
    """A reply with a JSON body."""
    fields = {"Content-Type": JSON_TYPE, **(headers or {})}
    return Reply(status, fields, dump(body).encode())


def error_reply(call: Call, problem: GatewayError) -> Reply:
    """The refusal in the caller's own envelope."""
    body = call.wire.error(problem, call.request_id)
    return json_reply(problem.kind.value, body, dict(problem.headers))
