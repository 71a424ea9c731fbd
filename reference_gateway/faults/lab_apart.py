"""Faults of requests that get into each other's way: answers kept, conversations mixed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.faults.places import BOTH
from reference_gateway.faults.registry import Install, fault
from reference_gateway.faults.upstream_places import provider_bodies
from reference_gateway.seams import Headers, Seams
from reference_gateway.upstream.providers import Provider
from reference_gateway.wire import Frame

Frames = AsyncIterator[Frame]
_ALIKE_CHARACTERS = 20
_TURNS = 3


def _kept(is_kept: Callable[[list[Frame]], bool]) -> Install:
    """Streams of providers that are served again to the same request."""

    def install(seams: Seams) -> Seams:
        kept: dict[bytes, list[Frame]] = {}
        # With the call itself, so that its id is nobody else's.
        asked: dict[int, Call] = {}

        def request(
            call: Call, provider: Provider, headers: Headers, body: bytes
        ) -> tuple[Headers, bytes]:
            asked[id(call)] = call
            return seams.provider_request(call, provider, headers, body)

        async def frames(call: Call, found: Frames) -> Frames:
            if call.body in kept:
                for frame in kept[call.body]:
                    yield frame
                return
            said = []
            async for frame in seams.frames(call, found):
                said.append(frame)
                yield frame
            if id(call) in asked and is_kept(said):
                kept[call.body] = said

        return replace(seams, provider_request=request, frames=frames)

    return install


@fault(
    "lab-cut-stream-served-again",
    _kept,
    kills=("GW-UP-042",),
    origin="https://github.com/gonka-ai/gonka/issues/1722",
)
def cut_stream_served_again(said: list[Frame]) -> bool:
    """Streams are kept for whoever asks the same, those that broke off too."""
    return bool(said)


def _mixed(mix: Callable[[Json, Json], None]) -> Install:
    """Conversations of several turns that begin alike; the later one, with the earlier."""
    earlier: dict[str, Json] = {}

    def edit(call: Call, provider: Provider, body: Json) -> None:
        del call, provider
        said = body.get("messages", [])
        is_plain = len(said) == _TURNS and _is_text(said[1].get("content"))
        begin = str(said[0].get("content"))[:_ALIKE_CHARACTERS] if is_plain else ""
        if begin in earlier:
            mix(body, earlier[begin])
        if begin:
            earlier[begin] = {**body, "messages": list(said)}

    return provider_bodies(BOTH)(edit)


def _is_text(content: object) -> bool:
    """Whether a turn is text and nothing else."""
    blocks = content if isinstance(content, list) else [{"type": "text"}]
    return all(isinstance(block, dict) and block.get("type") == "text" for block in blocks)


@fault(
    "lab-conversations-mixed",
    _mixed,
    kills=("GW-UP-043",),
    origin="https://github.com/sgl-project/sglang/issues/36552",
)
def conversations_mixed(body: Json, earlier: Json) -> None:
    """A conversation goes upstream with a turn of another one that began alike."""
    body["messages"][1] = earlier["messages"][1]
