"""What curl printed: `curl -i`, or `curl -v` with its notes and the raw body.

Only the answer is there as it was sent; curl never prints the body of the request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from conformance.imports.bodies import decoded
from conformance.imports.entry import Raw, Unread, Unreadable
from conformance.model import Headers, Part

_STATUS = re.compile(rb"(?:< )?HTTP/\d(?:\.\d)? (\d{3})\b")
_SENT = re.compile(rb"> ([A-Z]+) (\S+) HTTP/\d")
_NOTES = re.compile(
    rb"^\* [^\r\n]*(?:\r?\n|\Z)"  # what -v says about the connection
    rb"|[{}] \[\d+ bytes data\]\r?\n"
    rb"|^  % Total [^\n]*\n|^ +Dload [^\n]*\n"  # the progress meter
    rb"|^\r? *\d+ +[\d.]+[kMG]? [^\n]*--:--[^\n]*\n",
    re.MULTILINE,
)
_GLUED = re.compile(rb"(?<=[^\s<])(?=HTTP/\d(?:\.\d)? \d{3}[ \r\n])")
"""A body without a last line end, and the answer to the next call behind it."""

_LAST_NOTE = re.compile(rb"\* Connection #\d+ to host [^\r\n]* left intact\r?\n?\Z")


def is_curl(start: bytes) -> bool:
    """Whether a text begins as curl's output does."""
    sent = re.search(rb"^" + _SENT.pattern, start, re.MULTILINE)
    return sent is not None or re.match(rb"\s*HTTP/\d(?:\.\d)? \d{3}\b", start) is not None


@dataclass
class _Shown:
    """What is known of one exchange while its lines go by."""

    request: list[bytes] = field(default_factory=list)
    head: list[bytes] = field(default_factory=list)
    body: list[bytes] = field(default_factory=list)
    in_body: bool = False
    is_verbose: bool = False

    def take(self, line: bytes) -> None:
        """One more line."""
        if self.in_body:
            self.body.append(line)
        elif line.startswith(b"> ") and not self.head:
            self.request.append(line[2:].strip())
        elif _STATUS.match(line):
            self.is_verbose = line.startswith(b"<")
            self.head.append(line.removeprefix(b"< ").strip())
        elif self.head and line.startswith(b"<") is self.is_verbose:
            text = line.removeprefix(b"<").strip() if self.is_verbose else line.strip()
            self.in_body = not text
            self.head += [text] if text else []

    def is_over_at(self, line: bytes) -> bool:
        """Whether a line belongs to the next exchange."""
        next_request = _SENT.match(line) is not None and bool(self.head or self.request)
        return next_request or (self.in_body and _STATUS.match(line) is not None)

    @property
    def is_interim(self) -> bool:
        """Whether this is a 1xx, which precedes the answer proper."""
        return bool(self.head) and self.head[0].split()[1].startswith(b"1")


def read(path: Path) -> Iterator[Raw | Unread]:
    """The exchanges of a file; one call of curl may show several."""
    number = 0
    for number, (line, shown) in enumerate(_exchanges(path.read_bytes()), 1):
        where = f"exchange {number}, line {line}"
        if not shown.head:
            yield Unread(where, "a request without an answer", "a line `< HTTP/...`")
        elif not shown.in_body:
            yield Unread(where, "headers that do not end", "a blank line behind them")
        else:
            yield _read(shown, where)
    if not number:
        yield Unread("line 1", "no status line", "the output of curl -i or curl -v")


def pieces(text: bytes) -> Iterator[tuple[bool, bytes]]:
    """A file in pieces, as (whether it is a whole body, bytes): the rest are single lines."""
    shown, body = _Shown(), b""
    for _, line in _lines(text):
        if shown.is_over_at(line):
            shown = _Shown()
        is_body = shown.in_body and not line.startswith((b"* ", b"{ [", b"} ["))
        glued = _LAST_NOTE.search(line) if is_body and shown.is_verbose else None
        body += line[: glued.start()] if glued else line * is_body
        if is_body and not glued:
            continue
        if body:
            yield True, body
            body = b""
        yield False, line[glued.start() :] if glued else line
        shown.take(line)
    if body:
        yield True, body


def _exchanges(text: bytes) -> Iterator[tuple[int, _Shown]]:
    """The exchanges with the line on which each begins."""
    shown, began = _Shown(), 1
    for number, line in _lines(text):
        if shown.is_over_at(line):
            if shown.is_interim:
                shown = _Shown(request=shown.request)
            else:
                yield began, shown
                shown, began = _Shown(), number
        shown.take(line)
    if shown.head or shown.request:
        yield began, shown


def _lines(text: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines with their numbers, an answer glued to a body split off."""
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        yield from ((number, part) for part in _GLUED.split(line) if part)


def _read(shown: _Shown, where: str) -> Raw | Unread:
    body = b"".join(shown.body)
    if shown.is_verbose:
        body = _LAST_NOTE.sub(b"", _NOTES.sub(b"", body))
    headers = _headers(shown.head[1:])
    status = _STATUS.match(shown.head[0])
    sent = _SENT.match(b"> " + shown.request[0]) if shown.request else None
    asked = _headers(shown.request[1:])
    host = next((value for name, value in asked if name.lower() == "host"), "")
    try:
        body = decoded(body, headers)
    except Unreadable as error:
        return Unread(where, error.found, error.expected)
    return Raw(
        method=sent[1].decode() if sent else "",
        url=f"https://{host}{sent[2].decode('latin-1')}" if sent else "",
        request_headers=asked,
        status=int(status[1]) if status else 0,
        headers=headers,
        body=body,
        lost=frozenset({Part.REQUEST}),
    )


def _headers(lines: list[bytes]) -> Headers:
    pairs = (line.decode("latin-1").partition(":") for line in lines if line)
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)
