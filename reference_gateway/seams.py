"""The joints of the gateway: each decision and each piece of output passes one of them.

The gateway is assembled from the healthy functions below; whoever assembles it
may put others in their place. That is how a fault gets in, and why nothing in
the gateway's own code knows of faults.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from reference_gateway import catalogue, keys
from reference_gateway.call import Call
from reference_gateway.catalogue import Model
from reference_gateway.chat import Json, Prompt
from reference_gateway.ledger import Charge, Hold, Key, Ledger
from reference_gateway.wire import Frame, encode

Headers = dict[str, str]


@dataclass(frozen=True)
class Reply:
    """A complete answer, good or bad."""

    status: int
    headers: Headers
    body: bytes


Authenticate = Callable[[Call, Ledger], Awaitable[Key]]
ReadPrompt = Callable[[Call], Prompt]
Resolve = Callable[[Call, str], Model]
Reserve = Callable[[Call, Hold, Ledger], Awaitable[None]]
Settle = Callable[[Call, Charge, Ledger], Awaitable[None]]
ShapeBody = Callable[[Call, Json], Json]
ShapeFrames = Callable[[Call, AsyncIterator[Frame]], AsyncIterator[Frame]]
ShapeBytes = Callable[[Call, AsyncGenerator[bytes]], AsyncGenerator[bytes]]
ShapeHeaders = Callable[[Call, Headers], Headers]
ShapeReply = Callable[[Call, Reply], Reply]


def _read_prompt(call: Call) -> Prompt:
    return call.wire.parse(call.document, call.headers)


def _resolve(call: Call, name: str) -> Model:
    return catalogue.find(name, call.wire.task)


async def _reserve(call: Call, hold: Hold, ledger: Ledger) -> None:
    del call
    await ledger.reserve(hold)


async def _settle(call: Call, charge: Charge, ledger: Ledger) -> None:
    del call
    await ledger.settle(charge)


def _same_body(call: Call, body: Json) -> Json:
    del call
    return body


def _same_frames(call: Call, frames: AsyncIterator[Frame]) -> AsyncIterator[Frame]:
    del call
    return frames


def _same_bytes(call: Call, chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    del call
    return chunks


def _same_headers(call: Call, headers: Headers) -> Headers:
    del call
    return headers


def _same_reply(call: Call, reply: Reply) -> Reply:
    del call
    return reply


@dataclass(frozen=True)
class Seams:
    """Where the gateway can be made otherwise.

    `body` is the JSON of a whole answer, `frames` the events of a streamed one,
    `chunks` its encoded bytes (one chunk per event), `stream_headers` its header fields;
    `reply` sees every complete answer, good or bad, last.
    """

    authenticate: Authenticate = keys.authenticate
    prompt: ReadPrompt = _read_prompt
    resolve: Resolve = _resolve
    reserve: Reserve = _reserve
    settle: Settle = _settle
    body: ShapeBody = _same_body
    frames: ShapeFrames = _same_frames
    chunks: ShapeBytes = _same_bytes
    stream_headers: ShapeHeaders = _same_headers
    reply: ShapeReply = _same_reply


async def encoded(frames: AsyncIterator[Frame]) -> AsyncGenerator[bytes]:
    """The bytes of each event as it comes."""
    async for frame in frames:
        yield encode(frame)
