"""Anthropic Messages, inbound: a request body becomes a `Prompt`, or a complaint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from reference_gateway.catalogue import MAX_OUTPUT_TOKENS
from reference_gateway.chat import Prompt, Text, Tool, ToolCall, ToolChoice, ToolResult, Turn
from reference_gateway.fields import Field
from reference_gateway.tokens import canonical
from reference_gateway.turns import check_calls, has_text_before_result, merge

# The API version of 2026-10-21 and later refuses the sampling parameters.
_FIRST_VERSION_WITHOUT_SAMPLING = "2026-10-21"
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_MODES: dict[str, Literal["auto", "any", "none", "named"]] = {
    "auto": "auto",
    "any": "any",
    "none": "none",
    "tool": "named",
}
Part = Text | ToolCall | ToolResult


def parse(document: object, headers: Mapping[str, str]) -> Prompt:
    """The prompt of a Messages request; raises `InvalidRequest` naming the field."""
    body = Field(document)
    body.object()
    model, turns, system = _model(body), *_conversation(body)
    stream = body.get("stream").flag(False)
    tools = _tools(body.get("tools"))
    choice = _choice(body.get("tool_choice"), tools)
    _check_sampling(body, headers.get("anthropic-version", ""))
    _check_unused(body)
    return Prompt(
        model=model,
        system=system,
        turns=turns,
        max_tokens=_max_tokens(body, stream, choice),
        tools=tools,
        choice=choice,
        stop_sequences=_stop_sequences(body.get("stop_sequences")),
        output_schema=_output_schema(body.get("output_config")),
        stream=stream,
    )


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
    return min(found, MAX_OUTPUT_TOKENS)


def _conversation(body: Field) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
    system, turns = _texts(body.get("system")), []
    messages = list(body.get("messages").items())
    for message in messages:
        role = message.get("role").word(("user", "assistant", "system", "developer"))
        if role in ("system", "developer"):
            system += _texts(message.get("content"))
        else:
            is_final = message is messages[-1]
            turns.append(_turn("user" if role == "user" else "assistant", message, is_final))
    if not turns:
        raise body.get("messages").refuse("at least one message is required", "empty_array")
    merged = merge(turns)
    _check_order(merged, body.get("messages"))
    return merged, system


def _check_order(turns: tuple[Turn, ...], messages: Field) -> None:
    check_calls(turns)
    if any(has_text_before_result(turn) for turn in turns):
        raise messages.refuse("tool_result blocks must come before text in a user message")


def _turn(role: Literal["user", "assistant"], message: Field, is_final: bool) -> Turn:
    content = message.get("content").require()
    if isinstance(content.value, str):
        return Turn(role, (Text(content.value),))
    blocks = list(content.items())
    if not blocks and not (is_final and role == "assistant"):
        raise message.refuse("all messages must have non-empty content")
    parts = [_block(role, block) for block in blocks]
    return Turn(role, tuple(part for part in parts if part is not None))


def _block(role: str, block: Field) -> Part | None:
    kind = block.get("type").text()
    if kind == "text":
        return Text(_nonempty_text(block.get("text")))
    if kind == "tool_use" and role == "assistant":
        return ToolCall(
            block.get("id").text(),
            block.get("name").text(),
            canonical(block.get("input").object()),
        )
    if kind == "tool_result" and role == "user":
        return _result(block)
    if kind in ("thinking", "redacted_thinking") and role == "assistant":
        return None
    raise block.get("type").refuse(f"{kind!r} blocks are not supported in {role} messages")


def _nonempty_text(field: Field) -> str:
    if not field.text():
        raise field.refuse("text content blocks must be non-empty")
    return str(field.value)


def _result(block: Field) -> ToolResult:
    texts = _texts(block.get("content"))
    return ToolResult(
        block.get("tool_use_id").text(), "\n".join(texts), block.get("is_error").flag(False)
    )


def _texts(field: Field) -> tuple[str, ...]:
    if field.is_absent:
        return ()
    if isinstance(field.value, str):
        return (field.value,)
    return tuple(_text_block(block) for block in field.items())


def _text_block(block: Field) -> str:
    block.get("type").word(("text",))
    return block.get("text").text()


def _tools(field: Field) -> tuple[Tool, ...]:
    if field.is_absent:
        return ()
    tools = tuple(_tool(tool) for tool in field.items())
    if len({tool.name for tool in tools}) < len(tools):
        raise field.refuse("Tool names must be unique.")
    return tools


def _tool(tool: Field) -> Tool:
    if not tool.get("type").is_absent:
        tool.get("type").word(("custom",))
    name, schema = tool.get("name"), tool.get("input_schema")
    if not _NAME.fullmatch(name.text()):
        raise name.refuse(f"String should match pattern '^{_NAME.pattern}$'")
    schema.get("type").word(("object",))
    description = tool.get("description")
    return Tool(name.value, "" if description.is_absent else description.text(), schema.value)


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


def _output_schema(field: Field) -> Mapping[str, Any] | None:
    if field.is_absent or field.get("format").is_absent:
        return None
    field.get("format").get("type").word(("json_schema",))
    return field.get("format").get("schema").object()


def _check_sampling(body: Field, version: str) -> None:
    for name, high in (("temperature", 1), ("top_p", 1), ("top_k", 1_000_000)):
        field = body.get(name)
        if version >= _FIRST_VERSION_WITHOUT_SAMPLING and name in body.value:
            raise field.refuse("Extra inputs are not permitted")
        field.number(0, high)


def _check_unused(body: Field) -> None:
    """Check the fields that do not change what the scripted model says."""
    if not body.get("metadata").is_absent:
        body.get("metadata").object()
    thinking = body.get("thinking")
    if thinking.is_absent:
        return
    if thinking.get("type").word(("enabled", "adaptive", "disabled")) == "enabled":
        budget = thinking.get("budget_tokens")
        if budget.integer(1024) >= body.get("max_tokens").require().integer(0):
            raise budget.refuse("`max_tokens` must be greater than `thinking.budget_tokens`")
