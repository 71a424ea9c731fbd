"""The joints of the gateway: each decision and each piece of output passes one of them.

The gateway is assembled from the healthy functions below; whoever assembles it
may put others in their place. That is how a fault gets in, and why nothing in
the gateway's own code knows of faults.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from reference_gateway import catalogue, keys
from reference_gateway.call import Call
from reference_gateway.catalogue import Model
from reference_gateway.chat import Json, Prompt
from reference_gateway.errors import GatewayError, UpstreamFailed
from reference_gateway.ledger import Charge, Hold, Key, Ledger
from reference_gateway.pieces import Piece
from reference_gateway.upstream import refusals
from reference_gateway.upstream.client import Exchange
from reference_gateway.upstream.providers import Provider
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
ShapeRequest = Callable[[Call, Provider, Headers, bytes], tuple[Headers, bytes]]
OrderAttempts = Callable[[Call, Sequence[Provider]], Sequence[Provider]]
MayFallBack = Callable[[Call, UpstreamFailed, bool], bool]
ShapePieces = Callable[[Call, AsyncIterator[Piece]], AsyncIterator[Piece]]
ShapePassed = Callable[[Call, AsyncIterator[bytes]], AsyncIterator[bytes]]
Refuse = Callable[[Call, UpstreamFailed], GatewayError]
Abandon = Callable[[Call, Exchange], Awaitable[None]]


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


def _same_request(
    call: Call, provider: Provider, headers: Headers, body: bytes
) -> tuple[Headers, bytes]:
    del call, provider
    return headers, body


def _same_attempts(call: Call, providers: Sequence[Provider]) -> Sequence[Provider]:
    del call
    return providers


def _may_fall_back(call: Call, failure: UpstreamFailed, has_begun: bool) -> bool:
    del call
    return not has_begun and refusals.may_be_asked_again(failure)


def _same_pieces(call: Call, pieces: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
    del call
    return pieces


def _same_passed(call: Call, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    del call
    return chunks


def _refused(call: Call, failure: UpstreamFailed) -> GatewayError:
    del call
    return refusals.refusal(failure)


async def _abandon(call: Call, exchange: Exchange) -> None:
    del call
    exchange.close()


@dataclass(frozen=True)
class Seams:
    """Where the gateway can be made otherwise.

    `body` is the JSON of a whole answer, `frames` the events of a streamed one,
    `chunks` its encoded bytes (one chunk per event), `stream_headers` its header fields;
    `reply` sees every complete answer, good or bad, last.

    Towards providers: `provider_request` is what goes to one, `provider_reply` what one
    answered before it is read (without a body where that is a stream), `attempts` who is
    asked in which order, `may_fall_back` whether the next one is. `upstream_pieces` is an
    answer that is translated, `passed_bytes` a stream that is passed on, `refusal` what the
    client is told of a failure, `abandon` what is done when the client has gone.
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
    provider_request: ShapeRequest = _same_request
    provider_reply: ShapeReply = _same_reply
    attempts: OrderAttempts = _same_attempts
    may_fall_back: MayFallBack = _may_fall_back
    upstream_pieces: ShapePieces = _same_pieces
    passed_bytes: ShapePassed = _same_passed
    refusal: Refuse = _refused
    abandon: Abandon = _abandon


async def encoded(frames: AsyncIterator[Frame]) -> AsyncGenerator[bytes]:
    """The bytes of each event as it comes."""
    async for frame in frames:
        yield encode(frame)
