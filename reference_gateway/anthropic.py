"""Anthropic Messages, inbound: a request body becomes a `Prompt`, or a complaint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from reference_gateway.anthropic_conflicts import check_conflicts
from reference_gateway.anthropic_content import read_texts, read_turn
from reference_gateway.anthropic_marks import read_marks
from reference_gateway.anthropic_options import (
    check_accepted,
    read_effort,
    read_output_schema,
    read_sampling,
    read_thinking,
)
from reference_gateway.catalogue import MAX_OUTPUT_TOKENS
from reference_gateway.chat import Prompt, Tool, ToolChoice, Turn
from reference_gateway.fields import Field
from reference_gateway.server_tools import functions
from reference_gateway.turns import Conversation, check_calls, has_text_before_result, merge

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_IDLE = re.compile(r"web_search_\d{8}")
_MODES: dict[str, Literal["auto", "any", "none", "named"]] = {
    "auto": "auto",
    "any": "any",
    "none": "none",
    "tool": "named",
}


def parse(document: object, headers: Mapping[str, str]) -> Prompt:
    """The prompt of a Messages request; raises `InvalidRequest` naming the field."""
    body = Field(document)
    body.object()
    model, (turns, said) = _model(body), _conversation(body)
    stream = body.get("stream").flag(False)
    tools = _tools(body)
    choice = _choice(body.get("tool_choice"), tools)
    check_conflicts(body, headers.get("anthropic-version", ""))
    check_accepted(body)
    return Prompt(
        model=model,
        system=tuple(said.system),
        turns=turns,
        max_tokens=_max_tokens(body, stream, choice),
        tools=tools,
        choice=choice,
        stop_sequences=_stop_sequences(body.get("stop_sequences")),
        output_schema=read_output_schema(body),
        stream=stream,
        thinking=read_thinking(body, headers.get("anthropic-beta", "")),
        cache_marks=read_marks(body),
        system_places=tuple(said.places),
        sampling=read_sampling(body),
        effort=read_effort(body),
        user=_user(body.get("metadata")),
        service_tier=_service_tier(body.get("service_tier")),
    )


def parse_counted(document: object, headers: Mapping[str, str]) -> Prompt:
    """The prompt whose tokens are to be counted: a Messages request that needs no budget."""
    body = document if isinstance(document, dict) else {}
    return parse({"max_tokens": MAX_OUTPUT_TOKENS, **body} if body else document, headers)


def _model(body: Field) -> str:
    model = body.get("model")
    if not model.text():
        raise model.refuse("must not be empty")
    return str(model.value)


def _max_tokens(body: Field, stream: bool, choice: ToolChoice) -> int:
    field = body.get("max_tokens").require()
    found = field.integer(0)
    if found == 0 and (stream or choice.is_forced):
        raise field.refuse("0 is not allowed together with stream or a forced tool")
    return found


def _user(metadata: Field) -> str:
    if metadata.is_absent or metadata.get("user_id").is_absent:
        return ""
    return metadata.get("user_id").text()


def _service_tier(field: Field) -> Literal["auto", "standard"] | None:
    if field.is_absent:
        return None
    return "auto" if field.word(("auto", "standard_only")) == "auto" else "standard"


def _conversation(body: Field) -> tuple[tuple[Turn, ...], Conversation]:
    said = Conversation()
    said.instruct(read_texts(body.get("system")))
    messages = list(body.get("messages").items())
    for message in messages:
        role = message.get("role").word(("user", "assistant", "system"))
        if role == "system":
            said.instruct(read_texts(message.get("content")))
        else:
            speaker: Literal["user", "assistant"] = "user" if role == "user" else "assistant"
            said.turns.append(read_turn(speaker, message, message is messages[-1]))
    if not said.turns:
        raise body.get("messages").refuse("at least one message is required", "empty_array")
    merged = merge(said.turns)
    _check_order(merged, body.get("messages"))
    return merged, said


def _check_order(turns: tuple[Turn, ...], messages: Field) -> None:
    check_calls(turns)
    if any(has_text_before_result(turn) for turn in turns):
        raise messages.refuse("tool_result blocks must come before text in a user message")


def _tools(body: Field) -> tuple[Tool, ...]:
    field, choice = body.get("tools"), body.get("tool_choice")
    forced = None if choice.is_absent else choice.get("name").value
    tools = tuple(_tool(tool) for tool in functions(field, _is_custom, _IDLE, forced))
    if len({tool.name for tool in tools}) < len(tools):
        raise field.refuse("Tool names must be unique.")
    return tools


def _is_custom(tool: Field) -> bool:
    kind = tool.get("type")
    return kind.is_absent or kind.text() == "custom"


def _tool(tool: Field) -> Tool:
    name, schema = tool.get("name"), tool.get("input_schema")
    if not _NAME.fullmatch(name.text()):
        raise name.refuse(f"String should match pattern '^{_NAME.pattern}$'")
    schema.get("type").word(("object",))
    description, strict = tool.get("description"), tool.get("strict")
    described = "" if description.is_absent else description.text()
    is_strict = None if strict.is_absent else strict.flag(False)
    return Tool(name.value, described, schema.value, is_strict)


def _choice(field: Field, tools: tuple[Tool, ...]) -> ToolChoice:
    if field.is_absent:
        return ToolChoice()
    kind = field.get("type").word(tuple(_MODES))
    parallel = not field.get("disable_parallel_tool_use").flag(False)
    if kind in ("any", "tool") and not tools:
        raise field.refuse("tool_choice may only be specified while providing tools.")
    name = field.get("name")
    if kind == "tool" and name.text() not in {tool.name for tool in tools}:
        raise name.refuse(f"Tool {name.value!r} not found in provided tools")
    return ToolChoice(_MODES[kind], name.value if kind == "tool" else None, parallel)


def _stop_sequences(field: Field) -> tuple[str, ...]:
    if field.is_absent:
        return ()
    for entry in field.items():
        if not entry.text().strip():
            raise entry.refuse("each stop sequence must contain non-whitespace")
    return tuple(field.value)
