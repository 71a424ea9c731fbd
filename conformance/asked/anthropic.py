"""The facts of a Messages request."""

from __future__ import annotations

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
    marks_in,
    named,
    object_of,
    objects,
    texts_of,
)

_PARAMETERS = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop_sequences": "stop",
}
_CHOICES = {"auto": AUTO, "any": ANY, "none": NONE}
_SECTIONS = ("system", "tools", "messages")


def asked_of_anthropic(body: Json) -> Asked:
    """What a Messages request asks for."""
    choice = object_of(body.get("tool_choice"))
    return Asked(
        model=str(body.get("model")),
        is_streamed=body.get("stream") is True,
        parts=tuple(_parts(body)),
        tools=tuple(_tools(body)),
        choice=_choice(choice),
        is_parallel=choice.get("disable_parallel_tool_use") is not True,
        parameters=named(body, _PARAMETERS),
        shape=_shape(body),
        effort=_effort(body),
        marks=tuple(_marks(body)),
    )


def _parts(body: Json) -> Iterator[Part]:
    yield from _content(body.get("system"), "system", "system")
    for where, message in objects(body.get("messages"), "messages"):
        role = message.get("role")
        if role in ("system", "user", "assistant"):
            yield from _content(message.get("content"), role, f"{where}.content")


def _content(content: Any, role: Role, where: str) -> Iterator[Part]:
    if isinstance(content, str):
        yield Text(where, role, content)
    for place, block in objects(content, where):
        yield from _block(block, role, place)


def _block(block: Json, role: Role, where: str) -> Iterator[Part]:
    match block.get("type"):
        case "text":
            yield Text(where, role, str(block.get("text")))
        case "image":
            yield _picture(object_of(block.get("source")), where)
        case "thinking" | "redacted_thinking":
            yield Thought(where, block)
        case "tool_use":
            yield Call(where, str(block.get("id")), str(block.get("name")), block.get("input"))
        case "tool_result":
            yield from _result(block, where)


def _result(block: Json, where: str) -> Iterator[Part]:
    content = block.get("content")
    is_error = block.get("is_error") is True
    yield Result(where, str(block.get("tool_use_id")), texts_of(content), is_error)
    for place, part in objects(content, f"{where}.content"):
        if part.get("type") == "image":
            yield _picture(object_of(part.get("source")), place)


def _picture(source: Json, where: str) -> Picture:
    kind, data, url = (str(source.get(name) or "") for name in ("media_type", "data", "url"))
    return Picture(where, kind, data, url)


def _tools(body: Json) -> Iterator[Tool]:
    for where, tool in objects(body.get("tools"), "tools"):
        yield Tool(
            where,
            str(tool.get("name")),
            str(tool.get("description") or ""),
            tool.get("input_schema"),
            tool.get("strict") is True,
        )


def _choice(choice: Json) -> str:
    if choice.get("type") == "tool":
        return f"tool {choice.get('name')}"
    return _CHOICES.get(str(choice.get("type")), AUTO)


def _shape(body: Json) -> Shape | None:
    """The schema under its name, or under the one that it had while it was a beta."""
    config = object_of(body.get("output_config"))
    for where, format in (
        ("output_config.format", object_of(config.get("format"))),
        ("output_format", object_of(body.get("output_format"))),
    ):
        if "schema" in format:
            return Shape(f"{where}.schema", format["schema"], is_strict=True)
    return None


def _effort(body: Json) -> Json:
    config = object_of(body.get("output_config"))
    return named({**config, **body}, {"thinking": "thinking", "effort": "effort"})


def _marks(body: Json) -> Iterator[Mark]:
    for section in _SECTIONS:
        yield from marks_in(body.get(section), section, section)
