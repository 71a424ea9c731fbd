"""Plans: the answer that a step asks for, head and events, before any of it is sent."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from reference_gateway import tokens
from reference_gateway.call import Call
from reference_gateway.catalogue import Model
from reference_gateway.chat import Json, Prompt
from reference_gateway.errors import GatewayError, Kind, NoSuchPath, Overloaded
from reference_gateway.lab import overlay
from reference_gateway.lab.content import pieces
from reference_gateway.lab.edits import edited, rewritten
from reference_gateway.lab.lenient import read_prompt
from reference_gateway.lab.received import Headers
from reference_gateway.lab.steps import Content, Failure, Manner, Step
from reference_gateway.pieces import Piece, Provider, gather
from reference_gateway.seams import encoded
from reference_gateway.wire import Frame, Heading, dump

MODEL = Model("lab-model", 1, 5, "Lab Model", 1767225600, owner="lab")
JSON_TYPE = "application/json"
HTML_TYPE = "text/html"
STREAM_TYPE = "text/event-stream"
_REQUEST_ID = {"anthropic": "request-id", "openai": "x-request-id"}
T = TypeVar("T")


@dataclass(frozen=True)
class Plan:
    """An answer to be sent; `body` is None where it is streamed in `events`."""

    status: int
    headers: Headers
    events: AsyncIterator[bytes]
    body: bytes | None = None


async def planned(step: Step, call: Call, provider: Provider) -> Plan:
    """What the step answers to a request; raises `GatewayError` for what an upstream refuses."""
    if step.body is not None:
        is_page = step.body.lstrip().startswith(b"<")
        return plain(call, step, step.body, HTML_TYPE if is_page else JSON_TYPE)
    if step.answer is None and step.status and step.status >= HTTPStatus.MULTIPLE_CHOICES:
        raise told(step.status)
    if call.method == "GET":
        return plain(call, step, dump(_models(call)).encode())
    prompt = read_prompt(call)
    if call.wire.name == "count_tokens":
        counted = {"input_tokens": tokens.count_prompt(prompt)}
        return plain(call, step, dump(counted).encode())
    return await _answered(step, call, prompt, provider)


def refused(call: Call, step: Step, problem: GatewayError) -> Plan:
    """The refusal in the protocol's own envelope; the error that a step wants has its status."""
    is_wanted = step.status and step.status >= HTTPStatus.MULTIPLE_CHOICES
    body = dump(call.wire.error(problem, call.request_id)).encode()
    said = {name.lower() for name, _ in step.headers}
    headers = [pair for pair in problem.headers.items() if pair[0].lower() not in said]
    status = step.status if is_wanted else problem.kind.status(call.wire.protocol)
    return plain(call, step, body, status=status, more=tuple(headers))


def told(status: int, message: str = "", code: str | None = None) -> GatewayError:
    """The error of a status, of the kind that the protocol has for it."""
    problem = GatewayError(message or f"The lab was told to answer {status}.", code=code)
    known = {kind.value: kind for kind in Kind}
    is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    problem.kind = known.get(status, Kind.INTERNAL if is_ours else Kind.INVALID_REQUEST)
    return problem


def plain(
    call: Call,
    step: Step,
    body: bytes,
    content_type: str = JSON_TYPE,
    *,
    status: int | None = None,
    more: Headers = (),
) -> Plan:
    """A plain answer; without a status it has that of the step."""
    headers = (*_headers(call, step, content_type), *more)
    return Plan(status or step.status or 200, headers, _each([body]), body)


def _headers(call: Call, step: Step, content_type: str) -> Headers:
    """The header fields of an answer; those that the step says come in place of the usual."""
    usual = (
        ("Content-Type", content_type),
        (_REQUEST_ID[call.wire.protocol], call.request_id),
        ("Server", "lab"),
    )
    said = {name.lower() for name, _ in step.headers}
    return (*(pair for pair in usual if pair[0].lower() not in said), *step.headers)


def _models(call: Call) -> Json:
    name = call.path.partition("/models/")[2]
    if name not in ("", MODEL.name):
        raise NoSuchPath("No such model.", code="model_not_found")
    return call.wire.model(MODEL) if name else call.wire.models((MODEL,), call.query)


async def _answered(step: Step, call: Call, prompt: Prompt, provider: Provider) -> Plan:
    content, manner, status = step.answer or Content(), step.stream, step.status or 200
    said = _pieces(step, call, prompt, provider)
    heading = Heading(
        secrets.token_hex(12), prompt.model, int(time.time()), prompt.include_usage, call.asked
    )
    if not prompt.stream or "json_instead" in manner.edits:
        document = overlay.on_document(content, call.wire.answer(heading, await gather(said)))
        return plain(call, step, dump(document).encode())
    charset = "; charset=utf-8" if "charset" in manner.edits else ""
    headers = _headers(call, step, STREAM_TYPE + charset)
    if manner.raw is not None:
        return Plan(status, headers, _each(_split(manner.raw)))
    events = _events(manner, call, _overlaid(content, call.wire.frames(heading, said)))
    # What fails before it has begun is refused with a status of its own.
    first = await anext(events, b"")
    return Plan(status, headers, _after(first, events))


def _pieces(step: Step, call: Call, prompt: Prompt, provider: Provider) -> AsyncIterator[Piece]:
    content = step.answer or Content()
    is_said = content.parts or content.refusal is not None
    protocol = call.wire.protocol
    return pieces(content, prompt, protocol) if is_said else provider.stream(prompt)


async def _overlaid(content: Content, frames: AsyncIterator[Frame]) -> AsyncIterator[Frame]:
    async for frame in frames:
        for each in overlay.on_frames(content, [frame]):
            yield each


async def _events(manner: Manner, call: Call, frames: AsyncIterator[Frame]) -> AsyncIterator[bytes]:
    """The written events; with edits, all of them are known before the first is sent."""
    frames = _reported(call, frames)
    if manner.edits:
        frames = _each(edited([frame async for frame in frames], manner.edits))
    if manner.error is not None:
        frames = _failed(manner.error, call, frames)
    events: AsyncIterator[bytes] = encoded(frames)
    if manner.edits:
        events = _each(rewritten([event async for event in events], manner.edits))
    async for event in events:
        yield event


async def _reported(call: Call, frames: AsyncIterator[Frame]) -> AsyncIterator[Frame]:
    """The events, and a native error where the scripted model breaks off among them."""
    has_begun = False
    try:
        async for frame in frames:
            has_begun = True
            yield frame
    except GatewayError as problem:
        if not has_begun:
            raise
        yield call.wire.error_frame(problem, call.request_id)


async def _failed(
    failure: Failure, call: Call, frames: AsyncIterator[Frame]
) -> AsyncIterator[Frame]:
    """The first events, then the native error."""
    usual = call.wire.error_frame(Overloaded(), call.request_id)
    number = 0
    async for frame in frames:
        if number == failure.after_events:
            break
        number += 1
        yield frame
    yield usual if failure.body is None else Frame(usual.event, failure.body)


def _split(text: str) -> list[bytes]:
    """The events of a text, each with its blank line; joined, they are the text."""
    lines = text.encode("utf-8", "surrogatepass").splitlines(keepends=True)
    events: list[bytes] = [b""]
    for line in lines:
        events[-1] += line
        if not line.strip(b"\r\n"):
            events.append(b"")
    return [event for event in events if event]


async def _each(values: Iterable[T]) -> AsyncIterator[T]:
    for value in values:
        yield value


async def _after(first: bytes, events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for event in events:
        yield event
