"""Faults of tool calls in chat completions that are not streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json, Prompt, ToolChoice, ToolResult
from reference_gateway.errors import InternalError, InvalidRequest
from reference_gateway.faults.places import OPENAI, answers, prompts
from reference_gateway.faults.registry import fault

_NO_CALL = ToolChoice("none")


def _calls(body: Json) -> Iterator[Json]:
    for choice in body["choices"]:
        yield from choice["message"].get("tool_calls", [])


@fault(
    "openai-tool-calls-as-stop",
    answers(OPENAI),
    kills=("OAI-TOOL-001",),
    origin="https://github.com/googleapis/python-genai/issues/2868",
)
def tool_calls_as_stop(body: Json) -> None:
    """An answer that calls tools finishes with `stop`."""
    for choice in body["choices"]:
        if choice["finish_reason"] == "tool_calls":
            choice["finish_reason"] = "stop"


@fault(
    "openai-tool-call-id-empty",
    answers(OPENAI),
    kills=("OAI-TOOL-002",),
    origin="Gemini's OpenAI endpoint: tool call ids are empty",
)
def id_empty(body: Json) -> None:
    """Tool calls have an empty id."""
    for call in _calls(body):
        call["id"] = ""


@fault(
    "openai-tool-call-ids-repeated",
    answers(OPENAI),
    kills=("OAI-TOOL-002",),
    origin="https://github.com/can1357/oh-my-pi/issues/2055",
)
def ids_repeated(body: Json) -> None:
    """All tool calls of an answer have the same id."""
    for call in _calls(body):
        call["id"] = "call_0"


@fault(
    "openai-tool-call-type-missing",
    answers(OPENAI),
    kills=("OAI-TOOL-003",),
    origin="Mistral, recorded: 33 of 53 tool calls without type",
)
def type_missing(body: Json) -> None:
    """Tool calls have no type."""
    for call in _calls(body):
        del call["type"]


@fault(
    "openai-tool-name-prefixed",
    answers(OPENAI),
    kills=("OAI-TOOL-004",),
    origin="https://github.com/btsouth/toolport/issues/872",
)
def name_prefixed(body: Json) -> None:
    """A called tool is named with a prefix that the request did not have."""
    for call in _calls(body):
        call["function"]["name"] = f"proxy_{call['function']['name']}"


@fault(
    "openai-arguments-object",
    answers(OPENAI),
    kills=("OAI-TOOL-005",),
    origin="https://github.com/ggml-org/llama.cpp/issues/20198",
)
def arguments_object(body: Json) -> None:
    """Arguments are an object instead of a string of JSON."""
    for call in _calls(body):
        call["function"]["arguments"] = json.loads(call["function"]["arguments"])


@fault(
    "openai-arguments-broken",
    answers(OPENAI),
    kills=("OAI-TOOL-006",),
    origin="https://github.com/QuantumNous/new-api/issues/6046",
)
def arguments_broken(body: Json) -> None:
    """Arguments lack their last character."""
    for call in _calls(body):
        call["function"]["arguments"] = call["function"]["arguments"][:-1]


@fault(
    "openai-arguments-double-encoded",
    answers(OPENAI),
    kills=("OAI-TOOL-006",),
    origin="https://github.com/tailcallhq/forgecode/issues/2764",
)
def arguments_double_encoded(body: Json) -> None:
    """Arguments are a string of JSON inside a string of JSON."""
    for call in _calls(body):
        call["function"]["arguments"] = json.dumps(call["function"]["arguments"])


@fault(
    "openai-no-arguments-empty-string",
    answers(OPENAI),
    kills=("OAI-TOOL-007",),
    origin="https://github.com/NousResearch/hermes-agent/issues/83937",
)
def no_arguments_empty(body: Json) -> None:
    """A call without arguments has an empty string instead of `{}`."""
    for call in _calls(body):
        if call["function"]["arguments"] == "{}":
            call["function"]["arguments"] = ""


@fault(
    "openai-named-tool-ignored",
    prompts(OPENAI),
    kills=("OAI-TOOL-008",),
    origin="https://github.com/vllm-project/vllm/issues/25054",
)
def named_ignored(call: Call, prompt: Prompt) -> Prompt:
    """A tool choice that names a function is answered with text."""
    del call
    is_meant = prompt.choice.mode == "named"
    return replace(prompt, choice=_NO_CALL) if is_meant else prompt


@fault(
    "openai-tool-choice-none-ignored",
    prompts(OPENAI),
    kills=("OAI-TOOL-009",),
    origin="https://github.com/dynamiq-ai/dynamiq/issues/753",
)
def none_ignored(call: Call, prompt: Prompt) -> Prompt:
    """Tool choice `none` still calls a tool."""
    del call
    is_meant = prompt.choice.mode == "none" and prompt.tools
    return replace(prompt, choice=ToolChoice("any")) if is_meant else prompt


@fault(
    "openai-tool-choice-required-ignored",
    prompts(OPENAI),
    kills=("OAI-TOOL-010",),
    origin="https://github.com/dynamiq-ai/dynamiq/issues/753",
)
def required_ignored(call: Call, prompt: Prompt) -> Prompt:
    """Tool choice `required` is answered with text."""
    del call
    is_meant = prompt.choice.mode == "any"
    return replace(prompt, choice=_NO_CALL) if is_meant else prompt


@fault(
    "openai-parallel-calls-not-disabled",
    prompts(OPENAI),
    kills=("OAI-TOOL-011",),
    origin="https://github.com/anthony-chaudhary/fak/issues/5798",
)
def parallel_not_disabled(call: Call, prompt: Prompt) -> Prompt:
    """`parallel_tool_calls: false` has no effect."""
    del call
    return replace(prompt, choice=replace(prompt.choice, parallel=True))


@fault(
    "openai-tool-result-refused",
    prompts(OPENAI),
    kills=("OAI-TOOL-015",),
    origin="https://github.com/higress-group/higress/issues/3517",
)
def result_refused(call: Call, prompt: Prompt) -> Prompt:
    """A request that brings a tool result back fails with 500."""
    del call
    if any(isinstance(part, ToolResult) for turn in prompt.turns for part in turn.parts):
        raise InternalError()
    return prompt


@fault(
    "openai-tool-history-null-refused",
    prompts(OPENAI),
    kills=("OAI-TOOL-016",),
    origin="https://github.com/Portkey-AI/gateway/issues/995",
)
def history_null_refused(call: Call, prompt: Prompt) -> Prompt:
    """An assistant message with tool calls and without the key `content` is refused."""
    document = call.document
    for message in document["messages"] if isinstance(document, dict) else []:
        if message["role"] == "assistant" and "content" not in message:
            raise InvalidRequest("messages: content is required", param="messages")
    return prompt
