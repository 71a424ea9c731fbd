"""The facts of a chat completion's request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance.asked.facts import (
    ANY,
    AUTO,
    NONE,
    Asked,
    Call,
    Json,
    Mark,
    Part,
    Picture,
    Result,
    Role,
    Shape,
    Text,
    Thought,
    Tool,
    json_of,
    marks_in,
    named,
    object_of,
    objects,
    texts_of,
)

_PARAMETERS = {
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop": "stop",
    "n": "n",
    "presence_penalty": "presence_penalty",
}
_CHOICES = {"auto": AUTO, "required": ANY, "none": NONE}
_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
_DATA_URI = re.compile(r"data:([^;,]*);base64,(.*)", re.DOTALL)
_REASONING = ("reasoning_content", "reasoning", "reasoning_details", "thinking_blocks")


def asked_of_openai(body: Json) -> Asked:
    """What a chat completion's request asks for."""
    return Asked(
        model=str(body.get("model")),
        is_streamed=body.get("stream") is True,
        parts=tuple(_parts(body)),
        tools=tuple(_tools(body)),
        choice=_choice(body.get("tool_choice")),
        is_parallel=body.get("parallel_tool_calls") is not False,
        parameters=named(body, _PARAMETERS),
        shape=_shape(body),
        effort=named(body, {"reasoning_effort": "effort", "thinking": "thinking"}),
        marks=tuple(_marks(body)),
    )


def _parts(body: Json) -> Iterator[Part]:
    for where, message in objects(body.get("messages"), "messages"):
        role = str(message.get("role"))
        if role in ("tool", "function"):
            yield from _result(message, where)
        elif role in _ROLES:
            yield from _said(message, _ROLES[role], where)


def _said(message: Json, role: Role, where: str) -> Iterator[Part]:
    """What a message says: its reasoning, its content, its calls."""
    for name in _REASONING:
        if message.get(name):
            yield Thought(f"{where}.{name}", {name: message[name]})
    content = message.get("content")
    if isinstance(content, str):
        yield Text(f"{where}.content", role, content)
    for place, part in objects(content, f"{where}.content"):
        yield from _part(part, role, place)
    for place, call in objects(message.get("tool_calls"), f"{where}.tool_calls"):
        yield _call(object_of(call.get("function")), str(call.get("id")), place)
    legacy = object_of(message.get("function_call"))
    if legacy:
        yield _call(legacy, str(legacy.get("name")), f"{where}.function_call")


def _part(part: Json, role: Role, where: str) -> Iterator[Part]:
    if part.get("type") == "text":
        yield Text(where, role, str(part.get("text")))
    elif part.get("type") == "image_url":
        yield _picture(part.get("image_url"), where)


def _picture(value: Any, where: str) -> Picture:
    url = str(value if isinstance(value, str) else object_of(value).get("url"))
    data = _DATA_URI.fullmatch(url)
    return Picture(where, data[1], data[2]) if data else Picture(where, url=url)


def _call(function: Json, id: str, where: str) -> Call:
    return Call(where, id, str(function.get("name")), json_of(function.get("arguments")))


def _result(message: Json, where: str) -> Iterator[Part]:
    """A result and its pictures; one of the older form has its function's name for an id."""
    id, content = message.get("tool_call_id") or message.get("name"), message.get("content")
    yield Result(where, str(id), texts_of(content))
    for place, part in objects(content, f"{where}.content"):
        if part.get("type") == "image_url":
            yield _picture(part.get("image_url"), place)


def _tools(body: Json) -> Iterator[Tool]:
    for where, tool in objects(body.get("tools"), "tools"):
        function = object_of(tool.get("function"))
        yield Tool(
            f"{where}.function",
            str(function.get("name")),
            str(function.get("description") or ""),
            function.get("parameters"),
            function.get("strict") is True,
        )


def _choice(choice: Any) -> str:
    if isinstance(choice, dict):
        return f"tool {object_of(choice.get('function')).get('name')}"
    return _CHOICES.get(str(choice), AUTO)


def _shape(body: Json) -> Shape | None:
    schema = object_of(object_of(body.get("response_format")).get("json_schema"))
    if "schema" not in schema:
        return None
    where = "response_format.json_schema.schema"
    return Shape(where, schema["schema"], schema.get("strict") is True)


def _marks(body: Json) -> Iterator[Mark]:
    yield from marks_in(body.get("tools"), "tools", "tools")
    for where, message in objects(body.get("messages"), "messages"):
        section = "system" if _ROLES.get(str(message.get("role"))) == "system" else "messages"
        yield from marks_in(message, section, where)
