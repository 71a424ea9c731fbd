"""Faults of answers whose model fails, falls silent or has no room."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.faults.places import (
    ANTHROPIC,
    BOTH,
    OPENAI,
    Frames,
    events,
    replies,
    streams,
)
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Reply
from reference_gateway.wire import Frame

_LONGEST_PINGS = 5


def _is_error(frame: Frame) -> bool:
    return isinstance(frame.data, dict) and (frame.event == "error" or "error" in frame.data)


def _is_ping(frame: Frame) -> bool:
    return bool(frame.comment) or frame.event == "ping"


@fault(
    "anthropic-broken-stream-looks-whole",
    events(ANTHROPIC),
    kills=("GW-SSE-003",),
    origin="https://github.com/QuantumNous/new-api/issues/5826",
)
def anthropic_looks_whole(frame: Frame) -> Iterable[Frame]:
    """A stream whose model fails is ended as if its answer were complete."""
    if not _is_error(frame):
        return [frame]
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    usage = {"output_tokens": 3}
    return [
        _typed({"type": "content_block_stop", "index": 0}),
        _typed({"type": "message_delta", "delta": delta, "usage": usage}),
        _typed({"type": "message_stop"}),
    ]


def _typed(data: Json) -> Frame:
    return Frame(data["type"], data)


@fault(
    "openai-broken-stream-looks-whole",
    streams(OPENAI),
    kills=("GW-SSE-003",),
    origin="https://github.com/diegosouzapw/OmniRoute/issues/8210",
)
async def openai_looks_whole(frames: Frames) -> Frames:
    """A stream whose model fails is ended with `stop` and `[DONE]`."""
    last: Json = {}
    async for frame in frames:
        if not _is_error(frame):
            last = frame.data if isinstance(frame.data, dict) else last
            yield frame
            continue
        choice = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
        yield Frame(None, {**last, "choices": [choice]})
        counts = {"prompt_tokens": 14, "completion_tokens": 9, "total_tokens": 23}
        yield Frame(None, {**last, "choices": [], "usage": counts})
        yield Frame(None, "[DONE]")


@fault(
    "gateway-broken-stream-just-ends",
    events(BOTH),
    kills=(
        "GW-SSE-003",
        "ANT-STR-031",
        "ANT-STR-028",
        "OAI-SSE-007",
        "OAI-STREAM-010",
        "OAI-STREAM-015",
    ),
    origin="https://github.com/icebear0828/codex-proxy/issues/108",
)
def just_ends(frame: Frame) -> Iterable[Frame]:
    """A stream whose model fails ends cleanly, and says nothing of it."""
    return [] if _is_error(frame) else [frame]


@fault(
    "anthropic-stream-error-flat",
    events(ANTHROPIC),
    kills=("ANT-STR-030",),
    origin="https://github.com/QwenLM/qwen-code/issues/11215",
)
def error_flat(frame: Frame) -> Iterable[Frame]:
    """The error of a stream has its type and message at the top."""
    if _is_error(frame) and isinstance(frame.data, dict):
        return [replace(frame, data={**frame.data["error"], "type": "error"})]
    return [frame]


@fault(
    "openai-stream-error-without-message",
    events(OPENAI),
    kills=("OAI-STREAM-025",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/3055",
)
def error_without_message(frame: Frame) -> Iterable[Frame]:
    """The error of a stream is a status and no message."""
    return [replace(frame, data={"error": {"code": 502}})] if _is_error(frame) else [frame]


@fault(
    "openai-stream-goes-on-after-error",
    streams(OPENAI),
    kills=("OAI-STREAM-026",),
    origin="https://github.com/Portkey-AI/gateway/issues/741",
)
async def goes_on(frames: Frames) -> Frames:
    """A chunk follows the error, as if it had been no end."""
    last: Frame | None = None
    async for frame in frames:
        yield frame
        if _is_error(frame) and last is not None:
            yield last
        last = frame


@fault(
    "gateway-pings-swallowed",
    streams(BOTH),
    kills=("GW-SSE-002", "ANT-STR-008"),
    origin="https://github.com/LuthienResearch/luthien-proxy/issues/804",
)
async def pings_swallowed(frames: Frames) -> Frames:
    """Nothing is sent while the model is silent."""
    previous: Frame | None = None
    async for frame in frames:
        # The one that follows the start is no sign of silence.
        if not _is_ping(frame) or (
            previous is not None and previous.event == "content_block_start"
        ):
            yield frame
        previous = frame


@fault(
    "gateway-silence-cut",
    streams(BOTH),
    kills=(
        "GW-SSE-002",
        "ANT-STR-031",
        "ANT-STR-028",
        "OAI-SSE-007",
        "OAI-STREAM-010",
        "OAI-STREAM-015",
    ),
    origin="https://github.com/langwatch/langwatch/issues/4718",
)
async def silence_cut(frames: Frames) -> Frames:
    """A stream is given up when the model has been silent for most of two minutes."""
    silent = 0
    async for frame in frames:
        silent = silent + 1 if _is_ping(frame) else 0
        if silent > _LONGEST_PINGS:
            return
        yield frame


@fault(
    "anthropic-overload-400",
    replies(ANTHROPIC, 529),
    kills=("ANT-STR-033", "ANT-ERR-003"),
    origin="https://github.com/cloudflare/ai/issues/436",
)
def anthropic_overload(call: Call, reply: Reply) -> Reply:
    """A model without room is reported as a fault of the request."""
    del call
    return replace(reply, status=400)


@fault(
    "openai-overload-400",
    replies(OPENAI, 503),
    kills=(
        "OAI-ERR-011",
        "OAI-ERR-003",
    ),
    origin="https://github.com/cloudflare/ai/issues/436",
)
def openai_overload(call: Call, reply: Reply) -> Reply:
    """A model without room is reported as a fault of the request, on chat completions."""
    del call
    return replace(reply, status=400) if b"server_is_overloaded" in reply.body else reply


@fault(
    "anthropic-429-without-retry-after",
    replies(ANTHROPIC, 429),
    kills=("ANT-HDR-008",),
    origin="https://github.com/BerriAI/litellm/issues/37767",
)
def without_retry_after(call: Call, reply: Reply) -> Reply:
    """A request that comes too soon is not told when to come again."""
    del call
    kept = {name: value for name, value in reply.headers.items() if name != "retry-after"}
    return replace(reply, headers=kept)


@fault(
    "anthropic-429-limits-as-words",
    replies(ANTHROPIC, 429),
    kills=("ANT-HDR-007",),
    origin="https://github.com/BerriAI/litellm/issues/37767",
)
def limits_as_words(call: Call, reply: Reply) -> Reply:
    """The limit of requests is given as a word."""
    del call
    named = {"anthropic-ratelimit-requests-limit": "one"}
    return replace(reply, headers={**reply.headers, **named})


@fault(
    "openai-429-reset-as-time",
    replies(OPENAI, 429),
    kills=("OAI-HTTP-014",),
    origin="https://github.com/BerriAI/litellm/issues/37767",
)
def reset_as_time(call: Call, reply: Reply) -> Reply:
    """When to come again is told as a time of day instead of a duration."""
    del call
    named = {"x-ratelimit-reset-requests": "2026-11-01T00:00:00Z"}
    return replace(reply, headers={**reply.headers, **named})


@fault(
    "openai-429-retry-after-words",
    replies(OPENAI, 429),
    kills=("OAI-HTTP-015",),
    origin="https://github.com/envoyproxy/gateway/issues/5693",
)
def retry_after_words(call: Call, reply: Reply) -> Reply:
    """`retry-after` is a phrase."""
    del call
    return replace(reply, headers={**reply.headers, "retry-after": "in a minute"})


@fault(
    "openai-response-failure-without-event",
    events(("responses",)),
    kills=("OAI-RESP-010",),
    origin="https://github.com/fawney19/Aether/issues/536",
)
def failure_without_event(frame: Frame) -> Iterable[Frame]:
    """A Responses stream that fails ends after its error, without `response.failed`."""
    return [] if frame.event == "response.failed" else [frame]
