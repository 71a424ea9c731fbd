"""Faults of what else is in a provider's answer: thinking, the unknown, compression, sources."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.errors import UpstreamBroken
from reference_gateway.faults.places import ANTHROPIC, BOTH, OPENAI
from reference_gateway.faults.registry import Install, fault
from reference_gateway.faults.upstream_places import (
    Passed,
    Pieces,
    passed_bytes,
    passed_payloads,
    provider_documents,
    upstream_pieces,
)
from reference_gateway.pieces import Signature, ThinkingDelta
from reference_gateway.seams import Reply, Seams

_KNOWN_BLOCKS = ("text", "thinking", "redacted_thinking", "tool_use")


@fault(
    "lab-redacted-thinking-lost",
    passed_bytes(ANTHROPIC),
    kills=("GW-UP-032",),
    origin="https://github.com/maximhq/bifrost/issues/5094",
)
async def redacted_thinking_lost(chunks: Passed) -> Passed:
    """A redacted block is left out of a stream."""
    async for chunk in chunks:
        if b'"redacted_thinking"' not in chunk:
            yield chunk


@fault(
    "lab-thinking-put-first",
    provider_documents(ANTHROPIC),
    kills=("GW-UP-032",),
    origin="https://github.com/BerriAI/litellm/issues/13834",
)
def thinking_put_first(document: Json) -> None:
    """All thinking is put before the text."""
    if "content" in document:
        document["content"].sort(key=lambda block: block["type"] == "text")


@fault(
    "lab-reasoning-lost",
    passed_payloads(OPENAI),
    kills=("GW-UP-032",),
    origin="https://github.com/BerriAI/litellm/issues/8193",
)
def reasoning_lost(chunk: Json) -> None:
    """The reasoning of a stream becomes deltas of nothing."""
    for choice in chunk.get("choices", ()):
        choice.get("delta", {}).pop("reasoning_content", None)


@fault(
    "lab-thinking-not-translated",
    upstream_pieces(BOTH),
    kills=("GW-UP-032",),
    origin="https://github.com/BerriAI/litellm/issues/8193",
)
async def thinking_not_translated(pieces: Pieces) -> Pieces:
    """A client of the other protocol sees nothing of the thinking."""
    async for piece in pieces:
        if not isinstance(piece, ThinkingDelta | Signature):
            yield piece


@fault(
    "lab-unknown-block-refused",
    provider_documents(BOTH),
    kills=("GW-UP-033",),
    origin="https://github.com/headroomlabs-ai/headroom/issues/2340",
)
def unknown_block_refused(document: Json) -> None:
    """An answer with a block of a new kind is thrown away, though it has been paid for."""
    if any(block["type"] not in _KNOWN_BLOCKS for block in document.get("content", ())):
        raise UpstreamBroken("The model's answer has a block of an unknown kind.")


@fault(
    "lab-unknown-event-ends-the-stream",
    passed_bytes(BOTH),
    kills=("GW-UP-033",),
    origin="https://github.com/headroomlabs-ai/headroom/issues/2340",
)
async def unknown_event_ends_the_stream(chunks: Passed) -> Passed:
    """A stream that is passed on ends at the first event of a new kind."""
    async for chunk in chunks:
        if b'"lab_unknown","value"' in chunk or b'"lab.unknown"' in chunk:
            return
        yield chunk


def _zipped_answers(change: Callable[[Reply], Reply]) -> Install:
    """The answers to clients for which a provider sent a compressed one."""

    def install(seams: Seams) -> Seams:
        zipped: set[int] = set()

        def provider_reply(call: Call, found: Reply) -> Reply:
            found = seams.provider_reply(call, found)
            names = {name.lower() for name in found.headers}
            if found.body and "content-encoding" in names:
                zipped.add(id(call))
            return found

        def reply(call: Call, found: Reply) -> Reply:
            found, is_zipped = seams.reply(call, found), id(call) in zipped
            zipped.discard(id(call))
            return change(found) if is_zipped else found

        return replace(seams, provider_reply=provider_reply, reply=reply)

    return install


@fault(
    "lab-content-encoding-stale",
    _zipped_answers,
    kills=("GW-UP-034",),
    origin="https://github.com/agentgateway/agentgateway/issues/3040",
)
def content_encoding_stale(found: Reply) -> Reply:
    """An answer is decompressed, and still says that it is compressed."""
    return replace(found, headers={**found.headers, "content-encoding": "gzip"})


@fault(
    "lab-compressed-without-saying-so",
    _zipped_answers,
    kills=("GW-UP-034",),
    origin="https://github.com/gadievron/raptor/issues/547",
)
def compressed_without_saying_so(found: Reply) -> Reply:
    """The compressed bytes are handed on as JSON."""
    return replace(found, body=gzip.compress(found.body, mtime=0))


@fault(
    "lab-refusal-unexplained",
    provider_documents(ANTHROPIC),
    kills=("GW-UP-035",),
    origin="gateway contract: GW-UP-035",
)
def refusal_unexplained(document: Json) -> None:
    """What a model says of its refusal is left out."""
    document.pop("stop_details", None)


@fault(
    "lab-refusal-as-content",
    passed_payloads(OPENAI),
    kills=("OAI-STREAM-021", "GW-UP-035"),
    origin="gateway contract: GW-UP-035",
)
def refusal_as_content(chunk: Json) -> None:
    """A refusal comes as an answer too."""
    for choice in chunk.get("choices", ()):
        if choice.get("delta", {}).get("refusal"):
            choice["delta"]["content"] = choice["delta"]["refusal"]


@fault(
    "lab-sources-dropped",
    provider_documents(BOTH),
    kills=("GW-UP-035",),
    origin="https://github.com/vercel/ai/issues/9164",
)
def sources_dropped(document: Json) -> None:
    """Citations and annotations are left out."""
    for block in document.get("content", ()):
        block.pop("citations", None)
    for choice in document.get("choices", ()):
        choice["message"].pop("annotations", None)
