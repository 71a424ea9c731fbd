"""Faults of tool use on the Messages protocol, in answers that are not streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json, Prompt, ToolChoice, ToolResult
from reference_gateway.errors import InternalError, InvalidRequest
from reference_gateway.faults.places import ANTHROPIC, answers, prompts
from reference_gateway.faults.registry import fault

_NO_CALL = ToolChoice("none")


def _calls(body: Json) -> Iterator[Json]:
    return (block for block in body["content"] if block["type"] == "tool_use")


@fault(
    "anthropic-tool-input-string",
    answers(ANTHROPIC),
    kills=("ANT-BLK-002",),
    origin="https://github.com/tailcallhq/forgecode/issues/2764",
)
def input_string(body: Json) -> None:
    """The input of a tool call is a string of JSON instead of an object."""
    for call in _calls(body):
        call["input"] = json.dumps(call["input"])


@fault(
    "anthropic-tool-id-unusable",
    answers(ANTHROPIC),
    kills=("ANT-BLK-003",),
    origin="Anthropic API: tool_use.id matches ^[a-zA-Z0-9_-]+$",
)
def id_unusable(body: Json) -> None:
    """Tool ids hold characters that no upstream takes back."""
    for call in _calls(body):
        call["id"] = call["id"].replace("_", ".")


@fault(
    "anthropic-tool-ids-repeated",
    answers(ANTHROPIC),
    kills=("ANT-BLK-003",),
    origin="https://github.com/NVIDIA-NeMo/Switchyard/issues/502",
)
def ids_repeated(body: Json) -> None:
    """All tool calls have the same id."""
    for call in _calls(body):
        call["id"] = "toolu_0"


@fault(
    "anthropic-tool-name-prefixed",
    answers(ANTHROPIC),
    kills=("ANT-BLK-004",),
    origin="https://github.com/btsouth/toolport/issues/872",
)
def name_prefixed(body: Json) -> None:
    """A called tool is named with a prefix that the request did not have."""
    for call in _calls(body):
        call["name"] = f"proxy_{call['name']}"


@fault(
    "anthropic-forced-tool-ignored",
    prompts(ANTHROPIC),
    kills=("ANT-TOOL-001",),
    origin="https://github.com/BerriAI/litellm/issues/12158",
)
def forced_ignored(call: Call, prompt: Prompt) -> Prompt:
    """A tool choice that names a tool is answered with text when it is not streamed."""
    del call
    is_meant = prompt.choice.mode == "named" and not prompt.stream
    return replace(prompt, choice=_NO_CALL) if is_meant else prompt


@fault(
    "anthropic-tool-input-dropped",
    answers(ANTHROPIC),
    kills=("ANT-TOOL-001",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/3776",
)
def input_dropped(body: Json) -> None:
    """The input of a tool call lacks its required properties."""
    for call in _calls(body):
        call["input"] = {}


@fault(
    "anthropic-any-tool-ignored",
    prompts(ANTHROPIC),
    kills=(
        "ANT-TOOL-002",
        "ANT-TOOL-005",
    ),
    origin="https://github.com/dynamiq-ai/dynamiq/issues/753",
)
def any_ignored(call: Call, prompt: Prompt) -> Prompt:
    """Tool choice `any` is answered with text when it is not streamed."""
    del call
    is_meant = prompt.choice.mode == "any" and not prompt.stream
    return replace(prompt, choice=_NO_CALL) if is_meant else prompt


@fault(
    "anthropic-none-tool-ignored",
    prompts(ANTHROPIC),
    kills=("ANT-TOOL-003",),
    origin="https://github.com/dynamiq-ai/dynamiq/issues/753",
)
def none_ignored(call: Call, prompt: Prompt) -> Prompt:
    """Tool choice `none` still calls a tool."""
    del call
    is_meant = prompt.choice.mode == "none" and prompt.tools
    return replace(prompt, choice=ToolChoice("any")) if is_meant else prompt


@fault(
    "anthropic-parallel-calls-not-disabled",
    prompts(ANTHROPIC),
    kills=("ANT-TOOL-005",),
    origin="https://github.com/anthony-chaudhary/fak/issues/5798",
)
def parallel_not_disabled(call: Call, prompt: Prompt) -> Prompt:
    """`disable_parallel_tool_use` has no effect."""
    del call
    return replace(prompt, choice=replace(prompt.choice, parallel=True))


@fault(
    "anthropic-tool-result-refused",
    prompts(ANTHROPIC),
    kills=("ANT-TOOL-007",),
    origin="https://github.com/vllm-project/vllm/issues/34745",
)
def result_refused(call: Call, prompt: Prompt) -> Prompt:
    """A request that brings a tool result back fails with 500."""
    del call
    if any(isinstance(part, ToolResult) for turn in prompt.turns for part in turn.parts):
        raise InternalError()
    return prompt


@fault(
    "anthropic-tool-result-array-refused",
    prompts(ANTHROPIC),
    kills=("ANT-TOOL-008",),
    origin="https://github.com/deepseek-ai/DeepSeek-V3/issues/960",
)
def result_array_refused(call: Call, prompt: Prompt) -> Prompt:
    """A tool result whose content is an array of blocks is refused."""
    if any(isinstance(block.get("content"), list) for block in _results(call)):
        raise InvalidRequest("tool_result.content: must be a string")
    return prompt


def _results(call: Call) -> Iterator[Json]:
    document = call.document
    for message in document["messages"] if isinstance(document, dict) else []:
        for block in message["content"] if isinstance(message["content"], list) else []:
            if block.get("type") == "tool_result":
                yield block
