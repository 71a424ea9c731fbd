"""The protocol-neutral request and answer that both wire formats parse into and render from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

Json = dict[str, Any]
"""One JSON object."""


class StopReason(Enum):
    """Why the model stopped; each wire format has its own words for these four."""

    END_TURN = "end_turn"
    MAX_TOKENS = "max_tokens"
    STOP_SEQUENCE = "stop_sequence"
    TOOL_USE = "tool_use"


@dataclass(frozen=True)
class Text:
    """A piece of text inside a turn or an answer."""

    text: str


@dataclass(frozen=True)
class ToolCall:
    """A call of a tool; `arguments` is the text of one JSON object, kept as it came."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class ToolResult:
    """What a tool answered to the call `call_id`."""

    call_id: str
    text: str
    is_error: bool = False


@dataclass(frozen=True)
class Turn:
    """One message of the conversation; system texts are kept apart, in `Prompt.system`."""

    role: Literal["user", "assistant"]
    parts: tuple[Text | ToolCall | ToolResult, ...]


@dataclass(frozen=True)
class Tool:
    """A tool on offer; `schema` is the JSON Schema of its arguments."""

    name: str
    description: str
    schema: Json


@dataclass(frozen=True)
class ToolChoice:
    """How free the model is to call tools; `name` is set when `mode` is `named`."""

    mode: Literal["auto", "any", "none", "named"] = "auto"
    name: str | None = None
    parallel: bool = True

    @property
    def is_forced(self) -> bool:
        """True when the answer has to be a call."""
        return self.mode in ("any", "named")


@dataclass(frozen=True)
class Prompt:
    """A request as the model sees it, whichever protocol it came through.

    `output_schema` is set when the answer has to be JSON; an empty schema means any object.
    """

    model: str
    system: tuple[str, ...]
    turns: tuple[Turn, ...]
    max_tokens: int
    tools: tuple[Tool, ...] = ()
    choice: ToolChoice = ToolChoice()
    stop_sequences: tuple[str, ...] = ()
    output_schema: Mapping[str, Any] | None = None
    stream: bool = False
    include_usage: bool = False


@dataclass(frozen=True)
class Usage:
    """What a request is charged for."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class Answer:
    """A finished answer."""

    parts: tuple[Text | ToolCall, ...]
    stop_reason: StopReason
    stop_sequence: str | None
    usage: Usage

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of the answer, in order."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))

    @property
    def text(self) -> str:
        """The text of the answer, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))
