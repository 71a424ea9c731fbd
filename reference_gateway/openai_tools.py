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


def read_tools(body: Field) -> tuple[Tool, ...]:
    """The tools of a request, in either form; null, absent and empty are the same."""
    tools, functions = body.get("tools"), body.get("functions")
    if not functions.is_absent:
        if not tools.is_absent:
            raise functions.refuse("must not be given together with tools")
        return tuple(read_function(function) for function in functions.items())
    if tools.is_absent:
        return ()
    return tuple(read_function(_function(tool)) for tool in tools.items())


def _function(tool: Field) -> Field:
    tool.get("type").word(("function",))
    return tool.get("function")


def read_function(function: Field) -> Tool:
    """A function on offer: its name, description and parameters."""
    name, description = function.get("name"), function.get("description")
    if not _NAME.fullmatch(name.text()):
        raise name.refuse(f"must match ^{_NAME.pattern}$", "invalid_value")
    strict = function.get("strict")
    schema = _schema(function.get("parameters"), strict.flag(False))
    described = "" if description.is_absent else description.text()
    return Tool(name.value, described, schema, None if strict.is_absent else strict.value)


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
    field, legacy = body.get("tool_choice"), body.get("function_call")
    parallel = body.get("parallel_tool_calls").flag(True)
    if not body.get("functions").is_absent:
        return _legacy_choice(legacy, tools)
    if not legacy.is_absent:
        raise legacy.refuse("is only allowed when functions are given")
    if field.is_absent:
        return ToolChoice(parallel=parallel)
    if isinstance(field.value, str):
        return ToolChoice(read_mode(field, tools), parallel=parallel)
    if field.get("type").word(("function", "allowed_tools")) == "allowed_tools":
        return _allowed(field.get("allowed_tools"), tools, parallel)
    return ToolChoice("named", read_name(field.get("function"), tools, field), parallel)


def _legacy_choice(field: Field, tools: tuple[Tool, ...]) -> ToolChoice:
    """The older form calls one function at a time."""
    if field.is_absent:
        return ToolChoice(parallel=False)
    if isinstance(field.value, str):
        return ToolChoice(_MODES[field.word(("auto", "none"))], parallel=False)
    return ToolChoice("named", read_name(field, tools), parallel=False)


def read_mode(field: Field, tools: tuple[Tool, ...]) -> Literal["auto", "any", "none"]:
    """A choice of tools that is a word."""
    mode = _MODES[field.word(tuple(_MODES))]
    if mode == "any" and not tools:
        raise field.refuse("'required' is only allowed when tools are given")
    return mode


def _allowed(field: Field, tools: tuple[Tool, ...], parallel: bool) -> ToolChoice:
    mode = _MODES[field.get("mode").word(("auto", "required"))]
    names = tuple(read_name(_function(tool), tools) for tool in field.get("tools").items())
    if not names:
        raise field.get("tools").refuse("at least one tool is required", "empty_array")
    return ToolChoice(mode, parallel=parallel, allowed=names)


def read_name(function: Field, tools: tuple[Tool, ...], blamed: Field | None = None) -> str:
    """The name of a function that has to be on offer; else `blamed` is named, or itself."""
    name = function.get("name").text()
    if name not in {tool.name for tool in tools}:
        raise (blamed or function).refuse(f"Tool choice {name!r} not found among the tools")
    return name
