"""Faults of the single chunks of a chat completion stream."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from reference_gateway.chat import Json
from reference_gateway.faults.places import OPENAI, Frames, events, payloads, streams
from reference_gateway.faults.registry import fault
from reference_gateway.wire import Frame

_DESCRIPTION = "OpenAI API description, CreateChatCompletionStreamResponse"


@fault(
    "openai-stream-id-changes",
    payloads(OPENAI),
    kills=("OAI-STREAM-002",),
    origin="https://github.com/open-webui/open-webui/issues/23917",
)
def id_changes(chunk: Json) -> None:
    """Each chunk has an id of its own."""
    chunk["id"] = f"chatcmpl-{secrets.token_hex(8)}"


@fault(
    "openai-stream-created-varies",
    streams(OPENAI),
    kills=("OAI-STREAM-003",),
    origin=f"{_DESCRIPTION}: each chunk has the same timestamp",
)
async def created_varies(frames: Frames) -> Frames:
    """`created` grows from chunk to chunk."""
    count = 0
    async for frame in frames:
        if isinstance(frame.data, dict) and "created" in frame.data:
            frame.data["created"] += count
            count += 1
        yield frame


@fault(
    "openai-stream-created-string",
    payloads(OPENAI),
    kills=("OAI-STREAM-003",),
    origin="https://github.com/envoyproxy/ai-gateway/issues/962",
)
def created_string(chunk: Json) -> None:
    """`created` is a string."""
    chunk["created"] = str(chunk["created"])


@fault(
    "openai-stream-usage-chunk-without-choices",
    payloads(OPENAI),
    kills=("OAI-STREAM-005",),
    origin="https://github.com/ROCm/ATOM/issues/1711",
)
def usage_without_choices(chunk: Json) -> None:
    """The usage chunk lacks the key `choices`."""
    if chunk.get("choices") == []:
        del chunk["choices"]


@fault(
    "openai-stream-choices-null",
    events(OPENAI),
    kills=("OAI-STREAM-005",),
    origin="https://github.com/cline/cline/issues/1786",
)
def choices_null(frame: Frame) -> Iterable[Frame]:
    """A chunk whose choices are null comes behind the first."""
    if isinstance(frame.data, str) or not _has_role(frame.data):
        return [frame]
    return [frame, Frame(None, {**frame.data, "choices": None})]


def _has_role(chunk: Json) -> bool:
    return any("role" in choice["delta"] for choice in chunk.get("choices", ()))


@fault(
    "openai-stream-choice-index-missing",
    payloads(OPENAI),
    kills=("OAI-STREAM-006",),
    origin="https://github.com/huggingface/text-generation-inference/issues/1648",
)
def choice_index_missing(chunk: Json) -> None:
    """Choices have no index."""
    for choice in chunk.get("choices", ()):
        del choice["index"]


@fault(
    "openai-stream-delta-missing",
    payloads(OPENAI),
    kills=("OAI-STREAM-006",),
    origin="https://github.com/microsoft/autogen/issues/6465",
)
def delta_missing(chunk: Json) -> None:
    """The finishing chunk has no delta."""
    for choice in chunk.get("choices", ()):
        if choice["finish_reason"]:
            del choice["delta"]


@fault(
    "openai-stream-without-role",
    payloads(OPENAI),
    kills=("OAI-STREAM-007",),
    origin="https://github.com/langwatch/langwatch/issues/6196",
)
def without_role(chunk: Json) -> None:
    """No delta says whose words they are."""
    for choice in chunk.get("choices", ()):
        choice["delta"].pop("role", None)


@fault(
    "openai-stream-role-repeated",
    payloads(OPENAI),
    kills=("OAI-STREAM-008",),
    origin="https://github.com/ollama/ollama/issues/17166",
)
def role_repeated(chunk: Json) -> None:
    """Every delta with content repeats the role."""
    for choice in chunk.get("choices", ()):
        if choice["delta"]:
            choice["delta"]["role"] = "assistant"


@fault(
    "openai-stream-content-cumulative",
    streams(OPENAI),
    kills=("OAI-STREAM-009",),
    origin="https://github.com/infiniflow/ragflow/issues/15443",
)
async def content_cumulative(frames: Frames) -> Frames:
    """Each delta holds the whole text so far."""
    text = ""
    async for frame in frames:
        for choice in frame.data.get("choices", ()) if isinstance(frame.data, dict) else []:
            if choice["delta"].get("content"):
                text += choice["delta"]["content"]
                choice["delta"]["content"] = text
        yield frame


@fault(
    "openai-stream-chunks-twice",
    events(OPENAI),
    kills=("OAI-STREAM-009",),
    origin="https://github.com/openclaw/openclaw/issues/1284",
)
def chunks_twice(frame: Frame) -> Iterable[Frame]:
    """Each chunk with text is sent twice."""
    is_text = isinstance(frame.data, dict) and any(
        choice["delta"].get("content") for choice in frame.data.get("choices", ())
    )
    return [frame, frame] if is_text else [frame]


@fault(
    "openai-stream-without-finish-reason",
    payloads(OPENAI),
    kills=("OAI-STREAM-010",),
    origin="https://github.com/jakobdylanc/llmcord/issues/84",
)
def without_finish_reason(chunk: Json) -> None:
    """The finish reason stays null to the end."""
    for choice in chunk.get("choices", ()):
        choice["finish_reason"] = None


@fault(
    "openai-stream-finish-reason-twice",
    events(OPENAI),
    kills=("OAI-STREAM-010",),
    origin="https://github.com/langchain-ai/langchain/issues/38349",
)
def finish_reason_twice(frame: Frame) -> Iterable[Frame]:
    """The chunk with the finish reason comes twice."""
    return [frame, frame] if _is_finish(frame) else [frame]


def _is_finish(frame: Frame) -> bool:
    return isinstance(frame.data, dict) and any(
        choice["finish_reason"] for choice in frame.data.get("choices", ())
    )


@fault(
    "openai-stream-text-after-finish",
    events(OPENAI),
    kills=("OAI-STREAM-011",),
    origin="https://github.com/infiniflow/ragflow/issues/15443",
)
def text_after_finish(frame: Frame) -> Iterable[Frame]:
    """Text comes after the finish reason."""
    if not _is_finish(frame) or isinstance(frame.data, str):
        return [frame]
    late = {"index": 0, "delta": {"content": "."}, "logprobs": None, "finish_reason": None}
    return [frame, Frame(None, {**frame.data, "choices": [late]})]


@fault(
    "openai-stream-text-in-finishing-delta",
    payloads(OPENAI),
    kills=("OAI-PARAM-012", "OAI-STREAM-012"),
    origin="https://github.com/vllm-project/vllm/issues/36944",
)
def text_in_finishing_delta(chunk: Json) -> None:
    """The finishing delta holds text."""
    for choice in chunk.get("choices", ()):
        if choice["finish_reason"] == "stop":
            choice["delta"]["content"] = "."


@fault(
    "openai-stream-finish-reason-end-turn",
    payloads(OPENAI),
    kills=("OAI-STREAM-013",),
    origin="https://github.com/theopenco/llmgateway/issues/2019",
)
def finish_reason_end_turn(chunk: Json) -> None:
    """A finished stream has the provider's own word as its finish reason."""
    for choice in chunk.get("choices", ()):
        if choice["finish_reason"] == "stop":
            choice["finish_reason"] = "end_turn"


@fault(
    "openai-stream-length-as-stop",
    payloads(OPENAI),
    kills=("OAI-PARAM-006",),
    origin="https://github.com/camel-ai/camel/issues/4261",
)
def length_as_stop(chunk: Json) -> None:
    """A stream that was cut at the budget says that it is complete."""
    for choice in chunk.get("choices", ()):
        if choice["finish_reason"] == "length":
            choice["finish_reason"] = "stop"


@fault(
    "openai-stream-usage-key-missing",
    payloads(OPENAI),
    kills=("OAI-STREAM-017",),
    origin="https://github.com/higress-group/higress/issues/3041",
)
def usage_key_missing(chunk: Json) -> None:
    """Chunks before the usage chunk lack the key `usage` though usage was asked for."""
    if chunk.get("usage", "absent") is None:
        del chunk["usage"]


@fault(
    "openai-stream-empty",
    events(OPENAI),
    kills=("OAI-STREAM-027",),
    origin="https://github.com/agentgateway/agentgateway/issues/3603",
)
def stream_empty(frame: Frame) -> Iterable[Frame]:
    """The stream has no chunk but `[DONE]`."""
    return [frame] if frame.data == "[DONE]" else []
