"""Server-sent events, twice: as a client decodes them, and as the bytes are framed.

`decode` uses sseclient-py and is as lenient as clients are. `scan` keeps every
line, so that framing rules can be judged on what was really sent (WHATWG HTML,
section 9.2.6, "Interpreting an event stream").
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sseclient import SSEClient

_LINE_END = re.compile(r"\r\n|\n|\r")

DONE = "[DONE]"
"""The text that ends an OpenAI-compatible stream; it is not JSON."""


@dataclass(frozen=True)
class Event:
    """One dispatched event: its name, its data, and when its last byte arrived.

    `name` is `message` where the stream gave none. `at_s` counts from the moment
    the request was sent.
    """

    index: int
    name: str
    data: str
    at_s: float

    @cached_property
    def json(self) -> Any:
        """The data as JSON, or None where it is not JSON."""
        try:
            return json.loads(self.data)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def object(self) -> dict[str, Any]:
        """The data as a JSON object; empty where it is anything else."""
        return self.json if isinstance(self.json, dict) else {}

    @cached_property
    def type(self) -> str:
        """The `type` inside the data; empty where there is none."""
        value = self.object.get("type")
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class Line:
    """One line of a stream: field name (empty for a comment), value, line end."""

    field: str
    value: str
    end: str


@dataclass(frozen=True)
class Block:
    """The lines up to a blank line; `terminated` is false at an unfinished end."""

    lines: tuple[Line, ...]
    terminated: bool

    def values(self, field: str) -> list[str]:
        """The values of every line with this field name, in order."""
        return [line.value for line in self.lines if line.field == field]


class _StampedSource:
    """Feeds chunks to the decoder and remembers when the newest one arrived."""

    def __init__(self, chunks: Iterable[tuple[float, bytes]]) -> None:
        self.chunks = chunks
        self.at_s = 0.0

    def read(self) -> Iterator[bytes]:
        """The chunks as valid UTF-8, each stamped as it is taken."""
        # sseclient-py raises on invalid UTF-8; a client replaces it (WHATWG "UTF-8 decode").
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        for at_s, data in self.chunks:
            self.at_s = at_s
            yield decoder.decode(data).encode()
        yield decoder.decode(b"", final=True).encode()


def decode(chunks: Iterable[tuple[float, bytes]]) -> tuple[Event, ...]:
    """The events of a stream, given its chunks as (seconds since the request, bytes)."""
    source = _StampedSource(chunks)
    return tuple(
        Event(index, event.event, event.data, source.at_s)
        for index, event in enumerate(SSEClient(source.read()).events())
    )


def scan(body: bytes) -> tuple[Block, ...]:
    """The blocks of a stream with every line kept; blank lines between blocks vanish."""
    blocks: list[Block] = []
    lines: list[Line] = []
    for text, end in _lines(body.decode("utf-8", errors="replace")):
        if text == "" and end:
            if lines:
                blocks.append(Block(tuple(lines), terminated=True))
            lines = []
        else:
            lines.append(_line(text, end))
    if lines:
        blocks.append(Block(tuple(lines), terminated=False))
    return tuple(blocks)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Split at LF, CRLF and CR only; str.splitlines would also split at U+2028."""
    start = 0
    for found in _LINE_END.finditer(text):
        yield text[start : found.start()], found[0]
        start = found.end()
    if start < len(text):
        yield text[start:], ""


def _line(text: str, end: str) -> Line:
    field, _, value = text.partition(":")
    return Line(field, value.removeprefix(" "), end)
