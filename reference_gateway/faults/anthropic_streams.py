"""Faults of the Messages stream: its transport, its end, and its usage."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json, Prompt
from reference_gateway.faults.places import (
    ANTHROPIC,
    Chunks,
    Frames,
    chunks,
    events,
    payloads,
    prompts,
    stream_headers,
    streams,
)
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Headers
from reference_gateway.wire import Frame

_STREAMING = "Anthropic documentation, streaming messages"
# Longer than any client should be kept waiting for an end that has come.
_OPEN_S = 8.0


@fault(
    "anthropic-stream-declared-as-text",
    stream_headers(ANTHROPIC),
    kills=("ANT-HDR-002",),
    origin="https://github.com/openclaw/openclaw/issues/97474",
)
def declared_as_text(headers: Headers) -> None:
    """A stream is declared as plain text."""
    headers["Content-Type"] = "text/plain; charset=utf-8"


@fault(
    "anthropic-stream-without-request-id",
    stream_headers(ANTHROPIC),
    kills=("ANT-HDR-003",),
    origin="https://github.com/BerriAI/litellm/issues/35089",
)
def stream_without_request_id(headers: Headers) -> None:
    """A stream carries no `request-id`."""
    del headers["request-id"]


@fault(
    "anthropic-stream-answered-in-json",
    prompts(ANTHROPIC),
    kills=("ANT-STR-001", "ANT-EP-008"),
    origin="https://github.com/openclaw/openclaw/issues/97474",
)
def answered_in_json(call: Call, prompt: Prompt) -> Prompt:
    """A request for a stream is answered with one JSON body."""
    del call
    return replace(prompt, stream=False)


@fault(
    "anthropic-stream-without-event-lines",
    events(ANTHROPIC),
    kills=("ANT-STR-002",),
    origin="https://github.com/openclaw/openclaw/issues/37571",
)
def without_event_lines(frame: Frame) -> Iterable[Frame]:
    """Events have a `data:` line only."""
    return [Frame(None, frame.data)]


@fault(
    "anthropic-stream-event-name-differs",
    events(ANTHROPIC),
    kills=("ANT-STR-003",),
    origin=f"{_STREAMING}: the event name is the type of its data",
)
def event_name_differs(frame: Frame) -> Iterable[Frame]:
    """The event line of a delta names another type than its data."""
    is_delta = frame.event == "content_block_delta"
    return [Frame("content_block", frame.data) if is_delta else frame]


@fault(
    "anthropic-stream-with-done",
    events(ANTHROPIC),
    kills=(
        "ANT-STR-004",
        "ANT-STR-028",
    ),
    origin="https://github.com/vllm-project/vllm/issues/37510",
)
def with_done(frame: Frame) -> Iterable[Frame]:
    """The stream ends with OpenAI's `[DONE]`."""
    return [frame, Frame(None, "[DONE]")] if frame.event == "message_stop" else [frame]


@fault(
    "anthropic-stream-data-wrapped",
    chunks(ANTHROPIC),
    kills=(
        "ANT-STR-004",
        "ANT-STR-022",
    ),
    origin="https://github.com/openclaw/openclaw/issues/97474",
)
async def data_wrapped(found: Chunks) -> Chunks:
    """The data of a delta is framed twice, so that it is no JSON."""
    async for chunk in found:
        is_delta = chunk.startswith(b"event: content_block_delta")
        yield chunk.replace(b"\ndata: ", b"\ndata: data: ", 1) if is_delta else chunk


@fault(
    "anthropic-stream-last-event-unfinished",
    chunks(ANTHROPIC),
    kills=("ANT-STR-005",),
    origin="Anthropic SDK for Python: without the last blank line the last event is lost",
)
async def last_event_unfinished(found: Chunks) -> Chunks:
    """The blank line after the last event is missing."""
    async for chunk in found:
        yield chunk[:-1] if chunk.startswith(b"event: message_stop") else chunk


@fault(
    "anthropic-stream-stays-open",
    chunks(ANTHROPIC),
    kills=("ANT-STR-009",),
    origin="https://github.com/QuantumNous/new-api/issues/5345",
)
async def stays_open(found: Chunks) -> Chunks:
    """The body does not end for a long while after `message_stop`."""
    async for chunk in found:
        yield chunk
    await asyncio.sleep(_OPEN_S)


@fault(
    "anthropic-stream-without-message-delta",
    events(ANTHROPIC),
    kills=(
        "ANT-STR-023",
        "ANT-THK-005",
        "ANT-USE-007",
    ),
    origin="https://github.com/QuantumNous/new-api/issues/4697",
)
def without_message_delta(frame: Frame) -> Iterable[Frame]:
    """No `message_delta` says why the answer ended."""
    return [] if frame.event == "message_delta" else [frame]


@fault(
    "anthropic-stream-stop-reason-null",
    payloads(ANTHROPIC),
    kills=("ANT-STR-023",),
    origin="https://github.com/anthropics/claude-code/issues/16785",
)
def stop_reason_null(data: Json) -> None:
    """The stop reason stays null to the end."""
    if data["type"] == "message_delta":
        data["delta"]["stop_reason"] = None


@fault(
    "anthropic-stream-delta-without-usage",
    payloads(ANTHROPIC),
    kills=("ANT-STR-024",),
    origin="https://github.com/maximhq/bifrost/issues/1732",
)
def delta_without_usage(data: Json) -> None:
    """`message_delta` has no usage."""
    if data["type"] == "message_delta":
        del data["usage"]


@fault(
    "anthropic-stream-usage-not-cumulative",
    payloads(ANTHROPIC),
    kills=(
        "ANT-STR-025",
        "ANT-THK-005",
        "ANT-USE-007",
    ),
    origin="https://github.com/tensorzero/tensorzero/issues/5481",
)
def usage_not_cumulative(data: Json) -> None:
    """The last `output_tokens` counts only what came with the last event, nothing."""
    if data["type"] == "message_delta":
        data["usage"]["output_tokens"] = 0


@fault(
    "anthropic-stream-input-tokens-zero",
    payloads(ANTHROPIC),
    kills=(
        "ANT-STR-026",
        "GW-PAR-005",
        "ANT-USE-007",
        "GW-CAP-010",
    ),
    origin="https://github.com/vercel/ai/issues/17326",
)
def input_tokens_zero(data: Json) -> None:
    """After the stream the prompt is said to have had no tokens."""
    if data["type"] == "message_delta":
        data["usage"]["input_tokens"] = 0


@fault(
    "anthropic-stream-delta-without-stop-sequence",
    payloads(ANTHROPIC),
    kills=("ANT-STR-027",),
    origin="https://github.com/ogx-ai/ogx/issues/5521",
)
def delta_without_stop_sequence(data: Json) -> None:
    """`message_delta` lacks the key `stop_sequence` when no sequence stopped the answer."""
    if data["type"] == "message_delta" and data["delta"]["stop_sequence"] is None:
        del data["delta"]["stop_sequence"]


@fault(
    "anthropic-stream-two-message-stops",
    events(ANTHROPIC),
    kills=("ANT-STR-028",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/4415",
)
def two_message_stops(frame: Frame) -> Iterable[Frame]:
    """`message_stop` comes twice."""
    return [frame, frame] if frame.event == "message_stop" else [frame]


@fault(
    "anthropic-stream-without-message-stop",
    events(ANTHROPIC),
    kills=("ANT-STR-028", "ANT-STR-031"),
    origin="https://github.com/QuantumNous/new-api/issues/4697",
)
def without_message_stop(frame: Frame) -> Iterable[Frame]:
    """The stream ends without `message_stop`."""
    return [] if frame.event == "message_stop" else [frame]


@fault(
    "anthropic-stream-ping-without-type",
    payloads(ANTHROPIC),
    kills=("ANT-STR-029", "ANT-STR-003"),
    origin=f"{_STREAMING}: ping events",
)
def ping_without_type(data: Json) -> None:
    """The data of a ping is an empty object."""
    if data["type"] == "ping":
        data.clear()


@fault(
    "anthropic-stream-just-ends",
    streams(ANTHROPIC),
    kills=(
        "ANT-STR-031",
        "ANT-STR-028",
        "ANT-THK-005",
        "ANT-USE-007",
    ),
    origin="https://github.com/icebear0828/codex-proxy/issues/108",
)
async def just_ends(frames: Frames) -> Frames:
    """The stream ends after its last block as if the connection had been closed in time."""
    async for frame in frames:
        if frame.event == "message_delta":
            return
        yield frame
