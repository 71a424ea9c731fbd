"""Faults of legacy completions, plain and streamed."""

from __future__ import annotations

from collections.abc import Iterable

from reference_gateway import catalogue
from reference_gateway.call import Call
from reference_gateway.catalogue import Model
from reference_gateway.chat import Json, Prompt
from reference_gateway.errors import InternalError
from reference_gateway.faults.places import (
    COMPLETIONS,
    answers,
    events,
    payloads,
    prompts,
    resolution,
)
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Resolve
from reference_gateway.wire import Frame

_DESCRIPTION = "OpenAI API description, CreateCompletionResponse"


@fault(
    "openai-text-object-chat",
    answers(COMPLETIONS),
    kills=("OAI-COMP-001",),
    origin="https://github.com/64bit/async-openai/issues/352",
)
def object_chat(body: Json) -> None:
    """A legacy completion calls itself a chat completion."""
    body["object"] = "chat.completion"


@fault(
    "openai-text-in-message",
    answers(COMPLETIONS),
    kills=("OAI-COMP-001",),
    origin=_DESCRIPTION,
)
def text_in_message(body: Json) -> None:
    """The text stands in a message, as in a chat completion."""
    for choice in body["choices"]:
        choice["message"] = {"role": "assistant", "content": choice.pop("text")}


@fault(
    "openai-text-without-usage",
    answers(COMPLETIONS),
    kills=("OAI-COMP-001",),
    origin=_DESCRIPTION,
)
def without_usage(body: Json) -> None:
    """A legacy completion says nothing of its cost."""
    del body["usage"]


@fault(
    "openai-text-stream-500",
    prompts(COMPLETIONS),
    kills=("OAI-COMP-001",),
    origin="https://github.com/envoyproxy/ai-gateway/issues/2284",
)
def stream_500(call: Call, prompt: Prompt) -> Prompt:
    """A streamed legacy completion fails with 500."""
    del call
    if prompt.stream:
        raise InternalError()
    return prompt


@fault(
    "openai-text-stream-object-chunk",
    payloads(COMPLETIONS),
    kills=("OAI-COMP-002",),
    origin=_DESCRIPTION,
)
def object_chunk(chunk: Json) -> None:
    """Chunks have an object of their own, as those of chat completions do."""
    chunk["object"] = "text_completion.chunk"


@fault(
    "openai-text-stream-deltas",
    payloads(COMPLETIONS),
    kills=("OAI-COMP-002",),
    origin=_DESCRIPTION,
)
def deltas(chunk: Json) -> None:
    """The text of a chunk stands in a delta, as in a chat completion."""
    for choice in chunk.get("choices", ()):
        choice["delta"] = {"content": choice.pop("text")}


@fault(
    "openai-text-stream-without-done",
    events(COMPLETIONS),
    kills=("OAI-COMP-002",),
    origin=_DESCRIPTION,
)
def without_done(frame: Frame) -> Iterable[Frame]:
    """The stream ends without `[DONE]`."""
    return [frame] if isinstance(frame.data, dict) else []


@fault(
    "openai-text-stream-without-finish",
    payloads(COMPLETIONS),
    kills=("OAI-COMP-002",),
    origin=_DESCRIPTION,
)
def without_finish(chunk: Json) -> None:
    """No chunk says why the text ended."""
    for choice in chunk.get("choices", ()):
        choice["finish_reason"] = None


@fault(
    "openai-text-chat-model-served",
    resolution(COMPLETIONS),
    kills=("OAI-COMP-003",),
    origin="OpenAI, recorded: a chat model is refused on completions with 404",
)
def chat_model_served(call: Call, name: str, proceed: Resolve) -> Model:
    """A chat model continues a text as if it were a question."""
    del call, proceed
    return catalogue.find(name)
