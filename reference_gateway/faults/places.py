"""Where a fault can be put: each place turns one small function into a change of the seams.

A place is narrowed to one wire format by its name. Who is let in, what it may spend and
how it is refused is one matter on all of a protocol: there, its name means all its formats.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from copy import deepcopy
from dataclasses import replace
from http import HTTPStatus

from reference_gateway.call import Call
from reference_gateway.catalogue import Model
from reference_gateway.chat import Json, Prompt
from reference_gateway.faults.registry import Install
from reference_gateway.ledger import Charge, Hold, Key, Ledger
from reference_gateway.seams import (
    Authenticate,
    Headers,
    Reply,
    Reserve,
    Resolve,
    Seams,
    Settle,
)
from reference_gateway.wire import Frame, dump

ANTHROPIC = ("anthropic",)
OPENAI = ("openai",)
BOTH = ("anthropic", "openai")
COMPLETIONS = ("completions",)
RESPONSES = ("responses",)
EMBEDDINGS = ("embeddings",)
Wires = tuple[str, ...]

Frames = AsyncIterator[Frame]
Chunks = AsyncGenerator[bytes]
Edit = Callable[[Json], None]
Authenticating = Callable[[Call, Ledger, Authenticate], Awaitable[Key]]
Reserving = Callable[[Call, Hold, Ledger, Reserve], Awaitable[None]]
Settling = Callable[[Call, Charge, Ledger, Settle], Awaitable[None]]
Resolving = Callable[[Call, str, Resolve], Model]
Reading = Callable[[Call, Prompt], Prompt]
ReplyChange = Callable[[Call, Reply], Reply]


def is_of(call: Call, wires: Wires) -> bool:
    """True where the call came through one of these formats, or in one of these protocols."""
    return call.wire.name in wires or call.wire.protocol in wires


def authentication(wires: Wires) -> Callable[[Authenticating], Install]:
    """Around the decision who is asking."""

    def place(change: Authenticating) -> Install:
        def install(seams: Seams) -> Seams:
            async def authenticate(call: Call, ledger: Ledger) -> Key:
                if not is_of(call, wires):
                    return await seams.authenticate(call, ledger)
                return await change(call, ledger, seams.authenticate)

            return replace(seams, authenticate=authenticate)

        return install

    return place


def reservation(wires: Wires) -> Callable[[Reserving], Install]:
    """Around the decision whether there is money enough."""

    def place(change: Reserving) -> Install:
        def install(seams: Seams) -> Seams:
            async def reserve(call: Call, hold: Hold, ledger: Ledger) -> None:
                if not is_of(call, wires):
                    return await seams.reserve(call, hold, ledger)
                return await change(call, hold, ledger, seams.reserve)

            return replace(seams, reserve=reserve)

        return install

    return place


def settlement(change: Settling) -> Install:
    """Around the charging of a finished request."""

    def install(seams: Seams) -> Seams:
        async def settle(call: Call, charge: Charge, ledger: Ledger) -> None:
            await change(call, charge, ledger, seams.settle)

        return replace(seams, settle=settle)

    return install


def resolution(wires: Wires) -> Callable[[Resolving], Install]:
    """Around the look-up of the model."""

    def place(change: Resolving) -> Install:
        def install(seams: Seams) -> Seams:
            def resolve(call: Call, name: str) -> Model:
                if not is_of(call, wires):
                    return seams.resolve(call, name)
                return change(call, name, seams.resolve)

            return replace(seams, resolve=resolve)

        return install

    return place


def documents(wires: Wires) -> Callable[[Edit], Install]:
    """The JSON object of a request before it is read; the function edits it in place."""

    def place(edit: Edit) -> Install:
        def install(seams: Seams) -> Seams:
            def prompt(call: Call) -> Prompt:
                if call.wire.name not in wires or not isinstance(call.document, dict):
                    return seams.prompt(call)
                document = deepcopy(call.document)
                edit(document)
                return seams.prompt(replace(call, body=dump(document).encode()))

            return replace(seams, prompt=prompt)

        return install

    return place


def prompts(wires: Wires) -> Callable[[Reading], Install]:
    """After a valid request was read."""

    def place(change: Reading) -> Install:
        def install(seams: Seams) -> Seams:
            def prompt(call: Call) -> Prompt:
                found = seams.prompt(call)
                return change(call, found) if call.wire.name in wires else found

            return replace(seams, prompt=prompt)

        return install

    return place


def answers(wires: Wires) -> Callable[[Edit], Install]:
    """The JSON of an answer that is not streamed; the function edits it in place."""

    def place(edit: Edit) -> Install:
        def install(seams: Seams) -> Seams:
            def body(call: Call, found: Json) -> Json:
                found = seams.body(call, found)
                if call.wire.name in wires:
                    edit(found)
                return found

            return replace(seams, body=body)

        return install

    return place


def streams(wires: Wires) -> Callable[[Callable[[Frames], Frames]], Install]:
    """The events of a stream, before they are encoded."""

    def place(change: Callable[[Frames], Frames]) -> Install:
        def install(seams: Seams) -> Seams:
            def frames(call: Call, found: Frames) -> Frames:
                found = seams.frames(call, found)
                return change(found) if call.wire.name in wires else found

            return replace(seams, frames=frames)

        return install

    return place


def events(wires: Wires) -> Callable[[Callable[[Frame], Iterable[Frame]]], Install]:
    """One event of a stream at a time; the function gives the events that take its place."""

    def place(change: Callable[[Frame], Iterable[Frame]]) -> Install:
        async def changed(found: Frames) -> Frames:
            async for frame in found:
                for other in change(frame):
                    yield other

        return streams(wires)(changed)

    return place


def payloads(wires: Wires) -> Callable[[Edit], Install]:
    """The JSON of each event of a stream but an error; the function edits it in place."""

    def place(edit: Edit) -> Install:
        def change(frame: Frame) -> Iterable[Frame]:
            if isinstance(frame.data, dict) and "error" not in frame.data:
                edit(frame.data)
            return [frame]

        return events(wires)(change)

    return place


def chunks(wires: Wires) -> Callable[[Callable[[Chunks], Chunks]], Install]:
    """The bytes of a stream, one chunk per event."""

    def place(change: Callable[[Chunks], Chunks]) -> Install:
        def install(seams: Seams) -> Seams:
            def changed(call: Call, found: Chunks) -> Chunks:
                found = seams.chunks(call, found)
                return change(found) if call.wire.name in wires else found

            return replace(seams, chunks=changed)

        return install

    return place


def stream_headers(wires: Wires) -> Callable[[Callable[[Headers], None]], Install]:
    """The header fields of a stream; the function edits them in place."""

    def place(edit: Callable[[Headers], None]) -> Install:
        def install(seams: Seams) -> Seams:
            def headers(call: Call, found: Headers) -> Headers:
                found = seams.stream_headers(call, found)
                if call.wire.name in wires:
                    edit(found)
                return found

            return replace(seams, stream_headers=headers)

        return install

    return place


def replies(wires: Wires, *statuses: int) -> Callable[[ReplyChange], Install]:
    """Complete answers with one of these statuses, or with any when none is given."""

    def place(change: ReplyChange) -> Install:
        def install(seams: Seams) -> Seams:
            def reply(call: Call, found: Reply) -> Reply:
                found = seams.reply(call, found)
                is_refusal = found.status >= HTTPStatus.BAD_REQUEST
                is_ours = is_of(call, wires) if is_refusal else call.wire.name in wires
                is_meant = is_ours and (not statuses or found.status in statuses)
                return change(call, found) if is_meant else found

            return replace(seams, reply=reply)

        return install

    return place


def refusals(wires: Wires, *statuses: int) -> Callable[[Edit], Install]:
    """The JSON of an error; the function edits it in place."""

    def place(edit: Edit) -> Install:
        def change(call: Call, found: Reply) -> Reply:
            del call
            if found.status < HTTPStatus.BAD_REQUEST:
                return found
            body = json.loads(found.body)
            edit(body)
            return replace(found, body=dump(body).encode())

        return replies(wires, *statuses)(change)

    return place
