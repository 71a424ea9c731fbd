"""Faults of how a provider's answer ends for the client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from reference_gateway.call import Call
from reference_gateway.chat import Json, StopReason
from reference_gateway.errors import (
    GatewayError,
    InvalidRequest,
    NoSuchPath,
    UpstreamFailed,
    UpstreamRefused,
)
from reference_gateway.faults.places import ANTHROPIC, BOTH, OPENAI
from reference_gateway.faults.registry import Install, fault
from reference_gateway.faults.upstream_places import (
    Passed,
    Pieces,
    passed_bytes,
    passed_payloads,
    provider_documents,
    upstream_finishes,
    upstream_refusals,
)
from reference_gateway.pieces import Finish
from reference_gateway.seams import Refuse, Seams
from reference_gateway.upstream.stop_words import is_known

_LLMGATEWAY = "https://github.com/theopenco/llmgateway/issues/2974"


@fault(
    "lab-content-filter-as-end-turn",
    upstream_finishes(ANTHROPIC),
    kills=("GW-UP-030",),
    origin=_LLMGATEWAY,
)
def content_filter_as_end_turn(finish: Finish) -> Finish:
    """What a filter cut looks complete on `/v1/messages`."""
    is_refusal = finish.stop_reason is StopReason.REFUSAL
    return replace(finish, stop_reason=StopReason.END_TURN) if is_refusal else finish


@fault(
    "lab-full-window-as-stop",
    provider_documents(OPENAI),
    kills=("GW-UP-030",),
    origin="https://github.com/camel-ai/camel/issues/4261",
)
def full_window_as_stop(document: Json) -> None:
    """An answer that a full context window cut looks complete."""
    if document.get("stop_reason") == "model_context_window_exceeded":
        document["stop_reason"] = "end_turn"


@fault(
    "lab-stop-sequence-unnamed",
    passed_payloads(ANTHROPIC),
    kills=("GW-UP-030",),
    origin="gateway contract: GW-UP-030",
)
def stop_sequence_unnamed(event: Json) -> None:
    """Which sequence ended a stream is not told."""
    if event.get("type") == "message_delta":
        event["delta"]["stop_sequence"] = None


def _streamed(change: Callable[[Pieces], Pieces]) -> Install:
    """What is translated for a client that asked for a stream."""

    def install(seams: Seams) -> Seams:
        def pieces(call: Call, found: Pieces) -> Pieces:
            found = seams.upstream_pieces(call, found)
            return change(found) if call.asked.get("stream") else found

        return replace(seams, upstream_pieces=pieces)

    return install


@fault(
    "lab-end-waits-for-usage",
    _streamed,
    kills=("GW-UP-031",),
    origin="https://github.com/QuantumNous/new-api/issues/5345",
)
async def end_waits_for_usage(pieces: Pieces) -> Pieces:
    """The last events are sent when the usage comes, and so never where none does."""
    async for piece in pieces:
        if not isinstance(piece, Finish) or not piece.usage.is_estimated:
            yield piece


@fault(
    "lab-done-waits-for-usage",
    passed_bytes(OPENAI),
    kills=("GW-UP-031",),
    origin="https://github.com/QuantumNous/new-api/issues/5345",
)
async def done_waits_for_usage(chunks: Passed) -> Passed:
    """A stream that is passed on gets its `[DONE]` only behind a usage."""
    has_usage = False
    async for chunk in chunks:
        has_usage = has_usage or b'"usage":{' in chunk
        if has_usage or not chunk.startswith(b"data: [DONE]"):
            yield chunk


@fault("lab-unknown-stop-as-null", passed_payloads(BOTH), kills=("GW-UP-031",), origin=_LLMGATEWAY)
def unknown_stop_as_null(event: Json) -> None:
    """A stop reason that the gateway does not know becomes null."""
    holders = [*event.get("choices", ()), event.get("delta")]
    for holder in holders:
        for name in ("finish_reason", "stop_reason"):
            if isinstance(holder, dict) and holder.get(name) and not is_known(holder[name]):
                holder[name] = None


@fault(
    "lab-refusal-as-error",
    provider_documents(ANTHROPIC),
    kills=("ANT-MSG-013", "GW-UP-035"),
    origin="vendor documentation: D-REF",
)
def refusal_as_error(document: Json) -> None:
    """A model that refuses is a 400 of the gateway."""
    if document.get("stop_reason") == "refusal":
        raise InvalidRequest("The model refused.")


@fault(
    "lab-refused-stream-not-found",
    upstream_refusals(ANTHROPIC),
    kills=("ANT-CC-014", "GW-UP-004"),
    origin="vendor documentation: D-GW",
)
def refused_stream_not_found(call: Call, failure: UpstreamFailed, proceed: Refuse) -> GatewayError:
    """A stream that the provider forbids is answered with 404."""
    is_forbidden = isinstance(failure, UpstreamRefused) and failure.status == HTTPStatus.FORBIDDEN
    return NoSuchPath() if is_forbidden else proceed(call, failure)
