"""Edits of how events are written: what they say stays the same, unless the edit breaks them."""

from __future__ import annotations

import json
import re

_DATA = re.compile(rb"^data: (.*)$", re.MULTILINE)


def no_space(event: bytes) -> bytes:
    """No field has a space after its colon."""
    return re.sub(rb"(?m)^(event|data|): ", rb"\1:", event)


def crlf(event: bytes) -> bytes:
    """Every line ends in CR LF."""
    return event.replace(b"\n", b"\r\n")


def cr(event: bytes) -> bytes:
    """Every line ends in CR alone."""
    return event.replace(b"\n", b"\r")


def escaped(event: bytes) -> bytes:
    """Every character beyond ASCII is written as its escape, emoji as a pair of surrogates."""
    return _DATA.sub(lambda found: b"data: " + _ascii(found[1]), event)


def _ascii(data: bytes) -> bytes:
    if not data.startswith(b"{"):
        return data
    return json.dumps(json.loads(data), separators=(",", ":")).encode()


def several_lines(event: bytes) -> bytes:
    """The JSON of every event is written over several data lines."""
    return _DATA.sub(lambda found: _lines(found[1]), event)


def _lines(data: bytes) -> bytes:
    if not data.startswith(b"{"):
        return b"data: " + data
    text = json.dumps(json.loads(data), ensure_ascii=False, indent=1)
    return "\n".join(f"data: {line}" for line in text.split("\n")).encode()


def bom(events: list[bytes]) -> list[bytes]:
    """A byte order mark begins the body."""
    return [
        b"\xef\xbb\xbf" + event if number == 0 else event for number, event in enumerate(events)
    ]


def broken_event(events: list[bytes]) -> list[bytes]:
    """The JSON of the event in the middle ends half-way."""
    middle = len(events) // 2
    return [_half(event) if number == middle else event for number, event in enumerate(events)]


def _half(event: bytes) -> bytes:
    text = event.rstrip(b"\r\n")
    return text[: (text.rindex(b"data:") + len(text)) // 2 + 3] + event[len(text) :]


def unterminated(events: list[bytes]) -> list[bytes]:
    """The body ends without the line end and the blank line of its last event."""
    return [*events[:-1], *(event.rstrip(b"\r\n") for event in events[-1:])]


def one_write(events: list[bytes]) -> list[bytes]:
    """All events come in one write, and count as one."""
    return [b"".join(events)]
