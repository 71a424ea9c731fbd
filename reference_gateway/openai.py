"""OpenAI chat completions, inbound: a request body becomes a `Prompt`, or a complaint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reference_gateway.catalogue import DEFAULT_OUTPUT_TOKENS, MAX_OUTPUT_TOKENS
from reference_gateway.chat import Prompt, Text, ToolCall, ToolResult, Turn
from reference_gateway.fields import Field
from reference_gateway.openai_tools import read_choice, read_tools
from reference_gateway.turns import check_calls, merge

_ROLES = ("system", "developer", "user", "assistant", "tool")
_RANGES = (
    ("temperature", 0, 2),
    ("top_p", 0, 1),
    ("presence_penalty", -2, 2),
    ("frequency_penalty", -2, 2),
)
_MAX_STOP_SEQUENCES = 4
_MAX_CHOICES = 128


def parse(document: object, headers: Mapping[str, str]) -> Prompt:
    """The prompt of a chat completion request; raises `InvalidRequest` naming the field."""
    del headers  # No header changes how this body is read.
    body = Field(document, brackets=True)
    body.object()
    model, turns, system = _model(body.get("model")), *_conversation(body.get("messages"))
    tools = read_tools(body.get("tools"))
    _check_unsupported(body)
    return Prompt(
        model=model,
        system=system,
        turns=turns,
        max_tokens=_max_tokens(body),
        tools=tools,
        choice=read_choice(body, tools),
        stop_sequences=_stop(body.get("stop")),
        output_schema=_output_schema(body.get("response_format")),
        stream=body.get("stream").flag(False),
        include_usage=_include_usage(body.get("stream_options")),
    )


def _model(model: Field) -> str:
    if not model.text():
        raise model.refuse("you must provide a model parameter")
    return str(model.value)


def _conversation(messages: Field) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
    system: tuple[str, ...] = ()
    turns: list[Turn] = []
    for message in messages.items():
        role = message.get("role").word(_ROLES)
        if role in ("system", "developer"):
            system += _texts(message.get("content"))
        else:
            turns.append(_turn(role, message))
    if not system and not turns:
        raise messages.refuse("at least one message is required", "empty_array")
    merged = merge(turns)
    check_calls(merged)
    return merged, system


def _turn(role: str, message: Field) -> Turn:
    if role == "tool":
        call_id = message.get("tool_call_id").text()
        return Turn("user", (ToolResult(call_id, "\n".join(_texts(message.get("content")))),))
    texts = tuple(Text(text) for text in _texts(message.get("content")) if text)
    if role == "user":
        return Turn("user", texts)
    calls = message.get("tool_calls")
    found = () if calls.is_absent else tuple(_call(call) for call in calls.items())
    return Turn("assistant", texts + found)


def _call(call: Field) -> ToolCall:
    function = call.get("function")
    arguments = function.get("arguments")
    try:
        value = json.loads(arguments.text() or "{}")
    except (ValueError, RecursionError) as error:
        raise arguments.refuse("must be the text of a JSON object") from error
    Field(value, arguments.path, brackets=True).object()
    return ToolCall(call.get("id").text(), function.get("name").text(), arguments.value)


def _texts(content: Field) -> tuple[str, ...]:
    if content.is_absent:
        return ()
    if isinstance(content.value, str):
        return (content.value,)
    return tuple(_part(part) for part in content.items())


def _part(part: Field) -> str:
    kind = part.get("type").text()
    if kind not in ("text", "refusal"):
        raise part.get("type").refuse(f"{kind!r} parts are not supported", "invalid_value")
    return part.get(kind).text()


def _max_tokens(body: Field) -> int:
    limits = [body.get(name) for name in ("max_completion_tokens", "max_tokens")]
    given = [limit.integer(1) for limit in limits if not limit.is_absent]
    return min(*given, MAX_OUTPUT_TOKENS) if given else DEFAULT_OUTPUT_TOKENS


def _stop(field: Field) -> tuple[str, ...]:
    if field.is_absent:
        return ()
    if isinstance(field.value, str):
        return (field.value,) if field.value else ()
    if len(field.array()) > _MAX_STOP_SEQUENCES:
        raise field.refuse(f"at most {_MAX_STOP_SEQUENCES} entries", "array_above_max_length")
    return tuple(text for text in (entry.text() for entry in field.items()) if text)


def _output_schema(field: Field) -> Mapping[str, Any] | None:
    if field.is_absent:
        return None
    kind = field.get("type").word(("text", "json_object", "json_schema"))
    if kind != "json_schema":
        return {} if kind == "json_object" else None
    wanted = field.get("json_schema")
    wanted.get("name").text()
    schema = wanted.get("schema")
    return {} if schema.is_absent else schema.object()


def _include_usage(field: Field) -> bool:
    return False if field.is_absent else field.get("include_usage").flag(False)


def _check_unsupported(body: Field) -> None:
    """Check ranges, and refuse by name what would change the answer and cannot be served."""
    for name, low, high in _RANGES:
        body.get(name).number(low, high)
    count = body.get("n")
    if not count.is_absent and count.integer(1) != 1:
        code = "integer_above_max_value" if count.value > _MAX_CHOICES else "unsupported_value"
        raise count.refuse("only 1 choice is supported", code)
    if body.get("logprobs").flag(False) or not body.get("top_logprobs").is_absent:
        raise body.get("logprobs").refuse("is not supported", "unsupported_parameter")
    for name in ("functions", "function_call"):
        if not body.get(name).is_absent:
            raise body.get(name).refuse("is not supported; use tools", "unsupported_parameter")
