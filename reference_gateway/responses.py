"""OpenAI Responses, inbound: a request body becomes the neutral prompt, or a complaint."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from reference_gateway.catalogue import DEFAULT_OUTPUT_TOKENS
from reference_gateway.chat import (
    OutputLabel,
    Prompt,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
)
from reference_gateway.fields import Field
from reference_gateway.openai import (
    check_ranges,
    read_effort,
    read_label,
    read_model,
    read_sampling,
    read_service_tier,
    read_user,
)
from reference_gateway.openai_tools import read_function, read_mode, read_name
from reference_gateway.server_tools import functions
from reference_gateway.tokens import canonical
from reference_gateway.turns import Conversation, check_calls, merge

_ROLES = ("system", "developer", "user", "assistant")
_TEXTS = ("input_text", "output_text", "text", "refusal")
_MAX_METADATA = 16
_IDLE = re.compile(r"custom|local_shell|namespace|web_search(_preview)?")
_CALLS = ("function_call", "custom_tool_call", "local_shell_call")
_OUTPUTS = tuple(f"{kind}_output" for kind in _CALLS)
# What other models have done; it says nothing to this one.
_SILENT = ("reasoning", "web_search_call")
# Nothing is kept between requests: what would need that is refused by name.
_STATEFUL = ("previous_response_id", "conversation", "prompt")


def parse(document: object, headers: Mapping[str, str]) -> Prompt:
    """The prompt of a Responses request; raises `InvalidRequest` naming the field."""
    del headers  # No header changes how this body is read.
    body = Field(document, brackets=True)
    body.object()
    model, (turns, said) = read_model(body.get("model")), _conversation(body)
    tools = _tools(body.get("tools"))
    check_ranges(body)
    _check_unsupported(body)
    _check_metadata(body.get("metadata"))
    return Prompt(
        model=model,
        system=tuple(said.system),
        turns=turns,
        max_tokens=_max_tokens(body.get("max_output_tokens")),
        tools=tools,
        choice=_choice(body, tools),
        output_schema=_output_schema(body.get("text")),
        stream=body.get("stream").flag(False),
        system_places=tuple(said.places),
        sampling=read_sampling(body),
        effort=_effort(body.get("reasoning")),
        output_label=_output_label(body.get("text")),
        user=read_user(body),
        service_tier=read_service_tier(body.get("service_tier")),
    )


def _conversation(body: Field) -> tuple[tuple[Turn, ...], Conversation]:
    """The turns, and the instructions with all other system texts apart from them."""
    given, instructions = body.get("input").require(), body.get("instructions")
    said = Conversation()
    said.instruct([] if instructions.is_absent else [instructions.text()])
    if isinstance(given.value, str):
        return (Turn("user", (Text(given.value),)),), said
    for item in given.items():
        if item.get("role").value in ("system", "developer"):
            said.instruct(_texts(item.get("content")))
        else:
            said.turns += _turns(item)
    if not said.system and not said.turns:
        raise given.refuse("at least one item is required", "empty_array")
    merged = merge(said.turns)
    check_calls(merged, "input")
    return merged, said


def _turns(item: Field) -> list[Turn]:
    """What one input item says; reasoning that the client gives back says nothing."""
    kind = item.get("type")
    if kind.is_absent or kind.value == "message":
        role = item.get("role").word(_ROLES)
        texts = tuple(Text(text) for text in _texts(item.get("content")) if text)
        return [Turn("assistant" if role == "assistant" else "user", texts)]
    if kind.value in _CALLS:
        return [Turn("assistant", (_call(item, kind.value),))]
    if kind.value in _OUTPUTS:
        output = "\n".join(_texts(item.get("output").require()))
        return [Turn("user", (ToolResult(item.get("call_id").text(), output),))]
    if kind.value in _SILENT:
        return []
    raise kind.refuse(f"{kind.value!r} items are not supported", "invalid_value")


def _call(item: Field, kind: str) -> ToolCall:
    if kind == "custom_tool_call":
        given = canonical({"input": item.get("input").text()})
        return ToolCall(item.get("call_id").text(), item.get("name").text(), given)
    if kind == "local_shell_call":
        action = canonical(item.get("action").object())
        return ToolCall(item.get("call_id").text(), "local_shell", action)
    arguments = item.get("arguments")
    try:
        value = json.loads(arguments.text() or "{}")
    except (ValueError, RecursionError) as error:
        raise arguments.refuse("must be the text of a JSON object") from error
    Field(value, arguments.path, brackets=True).object()
    return ToolCall(item.get("call_id").text(), item.get("name").text(), arguments.value)


def _texts(content: Field) -> tuple[str, ...]:
    if isinstance(content.require().value, str):
        return (content.value,)
    return tuple(_text(part) for part in content.items())


def _text(part: Field) -> str:
    kind = part.get("type").text()
    if kind not in _TEXTS:
        raise part.get("type").refuse(f"{kind!r} parts are not supported", "invalid_value")
    return part.get("refusal" if kind == "refusal" else "text").text()


def _tools(field: Field) -> tuple[Tool, ...]:
    """The tools of a request; a function stands flat, beside its type."""
    return tuple(map(read_function, functions(field, _is_function, _IDLE)))


def _is_function(tool: Field) -> bool:
    return tool.get("type").text() == "function"


def _choice(body: Field, tools: tuple[Tool, ...]) -> ToolChoice:
    field, parallel = body.get("tool_choice"), body.get("parallel_tool_calls").flag(True)
    if field.is_absent:
        return ToolChoice(parallel=parallel)
    if isinstance(field.value, str):
        return ToolChoice(read_mode(field, tools), parallel=parallel)
    field.get("type").word(("function",))
    return ToolChoice("named", read_name(field, tools), parallel)


def _max_tokens(limit: Field) -> int:
    return DEFAULT_OUTPUT_TOKENS if limit.is_absent else limit.integer(1)


def _output_schema(text: Field) -> Mapping[str, Any] | None:
    if text.is_absent or text.get("format").is_absent:
        return None
    wanted = text.get("format")
    kind = wanted.get("type").word(("text", "json_object", "json_schema"))
    if kind != "json_schema":
        return {} if kind == "json_object" else None
    wanted.get("name").text()
    return wanted.get("schema").object()


def _output_label(text: Field) -> OutputLabel:
    wanted = Field(None) if text.is_absent else text.get("format")
    is_schema = not wanted.is_absent and wanted.get("type").value == "json_schema"
    return read_label(wanted) if is_schema else OutputLabel()


def _effort(reasoning: Field) -> str | None:
    return None if reasoning.is_absent else read_effort(reasoning.get("effort"))


def _check_unsupported(body: Field) -> None:
    """Refuse by name what would change the answer and cannot be served."""
    for name in _STATEFUL:
        if not body.get(name).is_absent:
            raise body.get(name).refuse("is not supported", "unsupported_parameter")
    for name in ("store", "background"):
        if body.get(name).flag(False):
            raise body.get(name).refuse("nothing is kept here", "unsupported_value")
    for name in ("reasoning", "text"):
        if not body.get(name).is_absent:
            body.get(name).object()
    if not body.get("top_logprobs").is_absent and body.get("top_logprobs").integer(0):
        raise body.get("top_logprobs").refuse("is not supported", "unsupported_parameter")


def _check_metadata(field: Field) -> None:
    if field.is_absent:
        return
    if len(field.object()) > _MAX_METADATA:
        raise field.refuse(f"at most {_MAX_METADATA} pairs", "object_above_max_properties")
    for name in field.value:
        field.get(name).text()
