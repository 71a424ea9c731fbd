"""OpenAI chat completions, inbound: the tools on offer and how they may be chosen."""

from __future__ import annotations

import re
from typing import Literal

from reference_gateway.chat import Json, Tool, ToolChoice
from reference_gateway.fields import Field

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_MODES: dict[str, Literal["auto", "any", "none"]] = {
    "auto": "auto",
    "required": "any",
    "none": "none",
}


def read_tools(field: Field) -> tuple[Tool, ...]:
    """The tools of a request; null, absent and empty are the same."""
    return () if field.is_absent else tuple(_tool(tool) for tool in field.items())


def _tool(tool: Field) -> Tool:
    tool.get("type").word(("function",))
    function = tool.get("function")
    name, description = function.get("name"), function.get("description")
    if not _NAME.fullmatch(name.text()):
        raise name.refuse(f"must match ^{_NAME.pattern}$", "invalid_value")
    schema = _schema(function.get("parameters"), function.get("strict").flag(False))
    return Tool(name.value, "" if description.is_absent else description.text(), schema)


def _schema(parameters: Field, is_strict: bool) -> Json:
    if parameters.is_absent:
        return {"type": "object", "properties": {}}
    schema = parameters.object()
    kind = schema.get("type", "object")
    if kind not in _TYPES:
        raise parameters.refuse(f"{kind!r} is no JSON Schema type", "invalid_function_parameters")
    if is_strict:
        _check_strict(parameters, schema)
    return schema


def _check_strict(parameters: Field, schema: Json) -> None:
    required, properties = parameters.get("required"), parameters.get("properties")
    names = {} if properties.is_absent else properties.object()
    listed = [] if required.is_absent else required.array()
    is_closed = schema.get("additionalProperties") is False
    if not is_closed or any(name not in listed for name in names):
        raise parameters.refuse(
            "strict needs additionalProperties: false and every property in required",
            "invalid_function_parameters",
        )


def read_choice(body: Field, tools: tuple[Tool, ...]) -> ToolChoice:
    """How free the model is to call; raises `InvalidRequest` for a choice without its tool."""
    field = body.get("tool_choice")
    parallel = body.get("parallel_tool_calls").flag(True)
    if field.is_absent:
        return ToolChoice(parallel=parallel)
    if isinstance(field.value, str):
        mode = _MODES[field.word(tuple(_MODES))]
        if mode == "any" and not tools:
            raise field.refuse("'required' is only allowed when tools are given")
        return ToolChoice(mode, parallel=parallel)
    return ToolChoice("named", _chosen_name(field, tools), parallel)


def _chosen_name(field: Field, tools: tuple[Tool, ...]) -> str:
    field.get("type").word(("function",))
    name = field.get("function").get("name").text()
    if name not in {tool.name for tool in tools}:
        raise field.refuse(f"Tool choice {name!r} not found in 'tools'")
    return name
