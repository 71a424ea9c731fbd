"""Where a fault can be put towards the providers: what is asked of them and what comes back.

A place takes the names of client wire formats, as those of `places` do; where a provider's
own protocol matters, the function is told the provider.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.errors import GatewayError, UpstreamBroken, UpstreamFailed
from reference_gateway.faults.places import Edit, ReplyChange, Wires, is_of
from reference_gateway.faults.registry import Install
from reference_gateway.pieces import Finish, Piece
from reference_gateway.seams import Abandon, Headers, MayFallBack, Refuse, Reply, Seams
from reference_gateway.upstream.client import Exchange
from reference_gateway.upstream.native import document_of
from reference_gateway.upstream.providers import Provider
from reference_gateway.wire import dump

Pieces = AsyncIterator[Piece]
Passed = AsyncIterator[bytes]
RequestChange = Callable[[Call, Provider, Headers, bytes], tuple[Headers, bytes]]
BodyEdit = Callable[[Call, Provider, Json], None]
Ordering = Callable[[Call, Sequence[Provider]], Sequence[Provider]]
FallingBack = Callable[[Call, UpstreamFailed, bool, MayFallBack], bool]
Refusing = Callable[[Call, UpstreamFailed, Refuse], GatewayError]
Abandoning = Callable[[Call, Exchange, Abandon], Awaitable[None]]


def provider_requests(wires: Wires) -> Callable[[RequestChange], Install]:
    """The header fields and the body that go to a provider."""

    def place(change: RequestChange) -> Install:
        def install(seams: Seams) -> Seams:
            def request(
                call: Call, provider: Provider, headers: Headers, body: bytes
            ) -> tuple[Headers, bytes]:
                headers, body = seams.provider_request(call, provider, headers, body)
                return (
                    change(call, provider, headers, body) if is_of(call, wires) else (headers, body)
                )

            return replace(seams, provider_request=request)

        return install

    return place


def provider_bodies(wires: Wires) -> Callable[[BodyEdit], Install]:
    """The JSON that goes to a provider; the function edits it in place."""

    def place(edit: BodyEdit) -> Install:
        def change(
            call: Call, provider: Provider, headers: Headers, body: bytes
        ) -> tuple[Headers, bytes]:
            document = json.loads(body)
            edit(call, provider, document)
            return headers, dump(document).encode()

        return provider_requests(wires)(change)

    return place


def provider_replies(wires: Wires) -> Callable[[ReplyChange], Install]:
    """What a provider answered, before it is read; the body of a stream is empty here."""

    def place(change: ReplyChange) -> Install:
        def install(seams: Seams) -> Seams:
            def reply(call: Call, found: Reply) -> Reply:
                found = seams.provider_reply(call, found)
                return change(call, found) if is_of(call, wires) else found

            return replace(seams, provider_reply=reply)

        return install

    return place


def provider_documents(wires: Wires) -> Callable[[Edit], Install]:
    """The JSON of a whole answer of a provider, before it is read; it is edited in place."""

    def place(edit: Edit) -> Install:
        def change(call: Call, found: Reply) -> Reply:
            del call
            try:
                document = document_of(found.body.decode(errors="replace"))
            except UpstreamBroken:
                return found
            edit(document)
            return replace(found, body=dump(document).encode())

        return provider_replies(wires)(change)

    return place


def attempts(change: Ordering) -> Install:
    """Which providers are asked, and in which order."""

    def install(seams: Seams) -> Seams:
        def ordered(call: Call, providers: Sequence[Provider]) -> Sequence[Provider]:
            return change(call, seams.attempts(call, providers))

        return replace(seams, attempts=ordered)

    return install


def falling_back(change: FallingBack) -> Install:
    """Around the decision whether the next provider is asked."""

    def install(seams: Seams) -> Seams:
        def may_fall_back(call: Call, failure: UpstreamFailed, has_begun: bool) -> bool:
            return change(call, failure, has_begun, seams.may_fall_back)

        return replace(seams, may_fall_back=may_fall_back)

    return install


def upstream_pieces(wires: Wires) -> Callable[[Callable[[Pieces], Pieces]], Install]:
    """What a provider says whose answer is translated."""

    def place(change: Callable[[Pieces], Pieces]) -> Install:
        def install(seams: Seams) -> Seams:
            def pieces(call: Call, found: Pieces) -> Pieces:
                found = seams.upstream_pieces(call, found)
                return change(found) if is_of(call, wires) else found

            return replace(seams, upstream_pieces=pieces)

        return install

    return place


def upstream_finishes(wires: Wires) -> Callable[[Callable[[Finish], Finish]], Install]:
    """The last piece of what is translated: why it ended, and what it used."""

    def place(change: Callable[[Finish], Finish]) -> Install:
        async def changed(pieces: Pieces) -> Pieces:
            async for piece in pieces:
                yield change(piece) if isinstance(piece, Finish) else piece

        return upstream_pieces(wires)(changed)

    return place


def passed_bytes(wires: Wires) -> Callable[[Callable[[Passed], Passed]], Install]:
    """The events of a stream that is passed on, as bytes; one that breaks raises here."""

    def place(change: Callable[[Passed], Passed]) -> Install:
        def install(seams: Seams) -> Seams:
            def chunks(call: Call, found: Passed) -> Passed:
                found = seams.passed_bytes(call, found)
                return change(found) if is_of(call, wires) else found

            return replace(seams, passed_bytes=chunks)

        return install

    return place


def passed_payloads(wires: Wires) -> Callable[[Edit], Install]:
    """The JSON of each event of a stream that is passed on; it is edited in place."""

    def place(edit: Edit) -> Install:
        def edited(line: bytes) -> bytes:
            if not line.startswith(b"data: {"):
                return line
            document = json.loads(line.removeprefix(b"data: "))
            edit(document)
            return b"data: " + dump(document).encode()

        async def changed(chunks: Passed) -> Passed:
            async for chunk in chunks:
                yield b"\n".join(map(edited, chunk.split(b"\n")))

        return passed_bytes(wires)(changed)

    return place


def upstream_refusals(wires: Wires) -> Callable[[Refusing], Install]:
    """Around the decision what a client is told of a provider's failure."""

    def place(change: Refusing) -> Install:
        def install(seams: Seams) -> Seams:
            def refusal(call: Call, failure: UpstreamFailed) -> GatewayError:
                if not is_of(call, wires):
                    return seams.refusal(call, failure)
                return change(call, failure, seams.refusal)

            return replace(seams, refusal=refusal)

        return install

    return place


def abandonment(change: Abandoning) -> Install:
    """Around what is done with an exchange whose client has left."""

    def install(seams: Seams) -> Seams:
        async def abandon(call: Call, exchange: Exchange) -> None:
            await change(call, exchange, seams.abandon)

        return replace(seams, abandon=abandon)

    return install
