"""The facts of a request, the same for both protocols.

`where` is always the place in the body (`messages[2].content[0]`), for whoever reads of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

Json = Mapping[str, Any]
Role = Literal["system", "user", "assistant"]
AUTO, ANY, NONE = "auto", "any", "none"


@dataclass(frozen=True)
class Text:
    """A text and who says it; what developers say is said by the system."""

    where: str
    role: Role
    text: str


@dataclass(frozen=True)
class Call:
    """A tool call of the history; `arguments` is its JSON value, or the text that is none."""

    where: str
    id: str
    name: str
    arguments: Any


@dataclass(frozen=True)
class Result:
    """What came of the call with this id; only Anthropic can say that it failed."""

    where: str
    id: str
    texts: tuple[str, ...]
    is_error: bool = False


@dataclass(frozen=True)
class Picture:
    """A picture: its bytes in base64 with their media type, or a URL."""

    where: str
    media_type: str = ""
    data: str = ""
    url: str = ""


@dataclass(frozen=True)
class Thought:
    """A thinking block of the history, or the reasoning of a chat message."""

    where: str
    block: Json


Part = Text | Call | Result | Picture | Thought
_Kind = TypeVar("_Kind", Text, Call, Result, Picture, Thought)


@dataclass(frozen=True)
class Tool:
    """A function that the model may call."""

    where: str
    name: str
    description: str
    schema: Any
    is_strict: bool


@dataclass(frozen=True)
class Mark:
    """A `cache_control` and what it stands on: a section of the request, and the content there."""

    where: str
    section: str
    holder: str
    value: Any


@dataclass(frozen=True)
class Shape:
    """The JSON schema that the answer is to follow."""

    where: str
    schema: Any
    is_strict: bool


@dataclass(frozen=True)
class Asked:
    """All that a request asks for.

    `parts` are the conversation in order, whichever messages they stand in. `choice` is
    `auto`, `any`, `none`, or `tool` and a name. `parameters` have the names of the Messages
    protocol where both have one (`max_tokens`); stop sequences are kept as they were sent.
    `effort` is how much is to be thought, in the words of either protocol.
    """

    model: str
    is_streamed: bool
    parts: tuple[Part, ...]
    tools: tuple[Tool, ...] = ()
    choice: str = AUTO
    is_parallel: bool = True
    parameters: Json = field(default_factory=dict)
    shape: Shape | None = None
    effort: Json = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()

    def of(self, kind: type[_Kind]) -> tuple[_Kind, ...]:
        """The parts of one kind, in order."""
        return tuple(part for part in self.parts if isinstance(part, kind))

    def said_by(self, *roles: Role) -> tuple[Text, ...]:
        """The texts of some roles, in order."""
        return tuple(text for text in self.of(Text) if text.role in roles)


def object_of(value: Any) -> dict[str, Any]:
    """The value if it is an object; else an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a list with their places."""
    for index, element in enumerate(value if isinstance(value, list) else ()):
        if isinstance(element, dict):
            yield f"{where}[{index}]", element


def texts_of(content: Any) -> tuple[str, ...]:
    """The texts of a content: a string, or the text parts of a list."""
    if isinstance(content, str):
        return (content,)
    return tuple(str(part["text"]) for _, part in objects(content, "") if "text" in part)


def json_of(text: Any) -> Any:
    """The JSON value of a text; the text itself where it is none."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return text


def named(body: Json, names: Mapping[str, str]) -> dict[str, Any]:
    """The members that are there and not null, under the names that both protocols share."""
    return {ours: body[own] for own, ours in names.items() if body.get(own) is not None}


def marks_in(value: Any, section: str, where: str) -> Iterator[Mark]:
    """Every `cache_control` inside a section, with what it stands on."""
    if isinstance(value, dict):
        if value.get("cache_control") is not None:
            yield Mark(where, section, _content(value), value["cache_control"])
        for name, child in value.items():
            yield from marks_in(child, section, f"{where}.{name}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from marks_in(child, section, f"{where}[{index}]")


def _content(holder: Json) -> str:
    """What tells an element from others in either protocol: its text, its name, or its id."""
    function = object_of(holder.get("function"))
    ids = ("text", "name", "tool_use_id", "tool_call_id")
    found = (holder.get(name) for name in ids)
    return str(next(filter(None, found), function.get("name") or holder.get("type") or ""))
