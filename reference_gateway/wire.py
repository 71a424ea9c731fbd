"""What all wire formats have in common: frames, headings, and the seam itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from reference_gateway.catalogue import Model, Task
from reference_gateway.chat import Answer, Json, Prompt
from reference_gateway.errors import GatewayError
from reference_gateway.pieces import Piece

# Legal inside JSON strings, yet many a client's line splitter ends a line at them.
_LINE_ENDS = str.maketrans({"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


@dataclass(frozen=True)
class Frame:
    """One server-sent event before it becomes bytes; `data` is JSON, or a bare word.

    A `comment` goes in its place, for whoever reads the connection and not the events;
    `raw` bytes do, where somebody else has written the event.
    """

    event: str | None
    data: Json | str
    comment: str = ""
    raw: bytes = b""


@dataclass(frozen=True)
class Heading:
    """What an answer says about itself beside its content; `created` is in unix seconds.

    `asked` is the body of the request, of which some formats repeat parts.
    """

    token: str
    model: str
    created: int
    include_usage: bool = False
    asked: Json = field(default_factory=dict)


@dataclass(frozen=True)
class WireFormat:
    """How requests are read and answers written; knows no keys, no money.

    `task` is what the models asked through it are for, `listed` those that its model
    list shows. Where it `reports_failure`, its own frames end a stream that failed.
    `ping` is what a stream that is silent for long sends.
    """

    name: Literal["anthropic", "count_tokens", "openai", "completions", "responses", "embeddings"]
    parse: Callable[[object, Mapping[str, str]], Prompt]
    answer: Callable[[Heading, Answer], Json]
    frames: Callable[[Heading, AsyncIterator[Piece]], AsyncIterator[Frame]]
    error: Callable[[GatewayError, str], Json]
    error_frame: Callable[[GatewayError, str], Frame]
    models: Callable[[tuple[Model, ...], Mapping[str, str]], Json]
    model: Callable[[Model], Json]
    task: Task = "chat"
    listed: tuple[Task, ...] = ("chat",)
    reports_failure: bool = False
    ping: Frame = Frame(None, "", "keep-alive")

    @property
    def protocol(self) -> Literal["anthropic", "openai"]:
        """The protocol that the format belongs to: who is let in, and how it is refused."""
        return "anthropic" if self.name in ("anthropic", "count_tokens") else "openai"


def dump(value: object) -> str:
    """Compact JSON text on one line, for every client's idea of a line."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_LINE_ENDS)


def encode(frame: Frame) -> bytes:
    """The bytes of one event, with the blank line that dispatches it."""
    if frame.raw:
        return frame.raw
    if frame.comment:
        return f": {frame.comment}\n\n".encode()
    name = f"event: {frame.event}\n" if frame.event else ""
    data = frame.data if isinstance(frame.data, str) else dump(frame.data)
    return f"{name}data: {data}\n\n".encode()
