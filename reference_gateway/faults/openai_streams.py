"""Faults of the chat completion stream: how it is framed and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json, Prompt
from reference_gateway.faults.places import (
    OPENAI,
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

_DONE = b"data: [DONE]"
# Longer than any client should be kept waiting for an end that has come.
_OPEN_S = 8.0


@fault(
    "openai-stream-declared-as-text",
    stream_headers(OPENAI),
    kills=(
        "OAI-HTTP-010",
        "OAI-HTTP-011",
    ),
    origin="https://github.com/openclaw/openclaw/issues/97474",
)
def declared_as_text(headers: Headers) -> None:
    """A stream is declared as plain text."""
    headers["Content-Type"] = "text/plain; charset=utf-8"


@fault(
    "openai-stream-answered-in-json",
    prompts(OPENAI),
    kills=(
        "OAI-HTTP-011",
        "OAI-STREAM-027",
    ),
    origin="https://github.com/headroomlabs-ai/headroom/issues/1949",
)
def answered_in_json(call: Call, prompt: Prompt) -> Prompt:
    """A request for a stream is answered with one JSON body."""
    del call
    return replace(prompt, stream=False)


@fault(
    "openai-stream-last-event-unfinished",
    chunks(OPENAI),
    kills=("OAI-SSE-001",),
    origin="openai-python: an event without its blank line is lost at the end of the body",
)
async def last_event_unfinished(found: Chunks) -> Chunks:
    """The blank line after the last event is missing."""
    async for chunk in found:
        yield chunk[:-1] if chunk.startswith(_DONE) else chunk


@fault(
    "openai-stream-two-objects-per-event",
    chunks(OPENAI),
    kills=("OAI-SSE-002",),
    origin="https://github.com/higress-group/higress/issues/2882",
)
async def two_objects(found: Chunks) -> Chunks:
    """The first two chunks are sent as one event with two lines of data."""
    is_first = True
    async for chunk in found:
        yield chunk[:-1] if is_first else chunk
        is_first = False


@fault(
    "openai-stream-ping-without-data",
    chunks(OPENAI),
    kills=("OAI-SSE-003",),
    origin="openai-python SSEDecoder: an event without data raises JSONDecodeError",
)
async def ping_without_data(found: Chunks) -> Chunks:
    """Anthropic's pings are passed on as events without data."""
    async for chunk in found:
        if chunk.startswith(_DONE):
            yield b"event: ping\n\n"
        yield chunk


@fault(
    "openai-stream-retry-only-block",
    chunks(OPENAI),
    kills=("OAI-SSE-003",),
    origin="https://github.com/abetlen/llama-cpp-python/issues/1188",
)
async def retry_only(found: Chunks) -> Chunks:
    """The stream begins with a block that holds `retry:` only."""
    is_first = True
    async for chunk in found:
        if is_first:
            yield b"retry: 3000\n\n"
        is_first = False
        yield chunk


@fault(
    "openai-stream-event-names",
    events(OPENAI),
    kills=("OAI-SSE-004",),
    origin="https://github.com/vllm-project/semantic-router/issues/2446",
)
def event_names(frame: Frame) -> Iterable[Frame]:
    """Chunks carry an event name."""
    return [frame if isinstance(frame.data, str) else Frame("chunk", frame.data)]


@fault(
    "openai-stream-line-ends-mixed",
    chunks(OPENAI),
    kills=("OAI-SSE-006",),
    origin="https://github.com/abetlen/llama-cpp-python/issues/1188",
)
async def line_ends_mixed(found: Chunks) -> Chunks:
    """Chunks end their lines with CRLF, the last event with LF."""
    async for chunk in found:
        yield chunk if chunk.startswith(_DONE) else chunk.replace(b"\n", b"\r\n")


@fault(
    "openai-stream-without-done",
    events(OPENAI),
    kills=("OAI-SSE-007",),
    origin="https://github.com/ikawrakow/ik_llama.cpp/issues/467",
)
def without_done(frame: Frame) -> Iterable[Frame]:
    """The stream ends without `[DONE]`."""
    return [] if frame.data == "[DONE]" else [frame]


@fault(
    "openai-stream-done-twice",
    events(OPENAI),
    kills=("OAI-SSE-007",),
    origin="https://github.com/vllm-project/semantic-router/issues/2446",
)
def done_twice(frame: Frame) -> Iterable[Frame]:
    """`[DONE]` comes twice."""
    return [frame, frame] if frame.data == "[DONE]" else [frame]


@fault(
    "openai-stream-chunk-after-done",
    streams(OPENAI),
    kills=("OAI-SSE-008",),
    origin="Vercel AI SDK: text after [DONE] is appended to the answer",
)
async def chunk_after_done(frames: Frames) -> Frames:
    """The last chunk comes after `[DONE]`."""
    last: Frame | None = None
    async for frame in frames:
        if frame.data == "[DONE]":
            yield frame
        elif last:
            yield last
        last = frame if frame.data != "[DONE]" else last
    if last:
        yield last


@fault(
    "openai-stream-stays-open",
    chunks(OPENAI),
    kills=("OAI-SSE-009",),
    origin="https://github.com/QuantumNous/new-api/issues/5345",
)
async def stays_open(found: Chunks) -> Chunks:
    """The body does not end for a long while after `[DONE]`."""
    async for chunk in found:
        yield chunk
    await asyncio.sleep(_OPEN_S)


@fault(
    "openai-stream-object-completion",
    payloads(OPENAI),
    kills=("OAI-STREAM-001",),
    origin="https://github.com/64bit/async-openai/issues/352",
)
def object_completion(chunk: Json) -> None:
    """Chunks call themselves `chat.completion`."""
    chunk["object"] = "chat.completion"


@fault(
    "openai-stream-usage-unasked",
    payloads(OPENAI),
    kills=("OAI-STREAM-014",),
    origin="https://github.com/Arthur-Ficial/apfel/issues/100",
)
def usage_unasked(chunk: Json) -> None:
    """The finishing chunk has a usage though nobody asked for one."""
    is_last = any(choice["finish_reason"] for choice in chunk.get("choices", ()))
    if is_last and "usage" not in chunk:
        chunk["usage"] = {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10}


@fault(
    "openai-stream-usage-twice",
    events(OPENAI),
    kills=("OAI-STREAM-015",),
    origin="https://github.com/Portkey-AI/gateway/issues/496",
)
def usage_twice(frame: Frame) -> Iterable[Frame]:
    """The usage chunk comes twice."""
    return [frame, frame] if _is_usage(frame) else [frame]


@fault(
    "openai-stream-usage-never",
    events(OPENAI),
    kills=("OAI-STREAM-015",),
    origin="https://github.com/Portkey-AI/gateway/issues/1259",
)
def usage_never(frame: Frame) -> Iterable[Frame]:
    """No usage comes though it was asked for."""
    return [] if _is_usage(frame) else [frame]


def _is_usage(frame: Frame) -> bool:
    return isinstance(frame.data, dict) and bool(frame.data.get("usage"))


@fault(
    "openai-stream-usage-before-finish",
    streams(OPENAI),
    kills=("OAI-STREAM-016",),
    origin="https://github.com/QuantumNous/new-api/issues/7472",
)
async def usage_before_finish(frames: Frames) -> Frames:
    """The usage chunk comes before the chunk with the finish reason."""
    held: Frame | None = None
    async for frame in frames:
        if held and not _is_usage(frame):
            yield held
            held = None
        if isinstance(frame.data, dict) and _is_finish(frame.data):
            held = frame
        else:
            yield frame


def _is_finish(chunk: Json) -> bool:
    return any(choice["finish_reason"] for choice in chunk.get("choices", ()))


@fault(
    "openai-stream-usage-total-mismatch",
    payloads(OPENAI),
    kills=("OAI-STREAM-018",),
    origin="https://github.com/theopenco/llmgateway/issues/412",
)
def usage_total(chunk: Json) -> None:
    """The total of a stream's usage is not the sum of its parts."""
    if chunk.get("usage"):
        chunk["usage"]["total_tokens"] += 10
