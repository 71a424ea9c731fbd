"""Traffic that was recorded elsewhere, one file per format, as exchanges of our own.

The format is told from the content, never from the file's name. Reading is streamed:
no more than one line, entry or cassette is held at a time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from conformance.errors import UsageError
from conformance.imports import cassettes, curl, har, lines, own
from conformance.imports.bodies import decoded
from conformance.imports.entry import Raw, Run, Unread, Unreadable
from conformance.imports.recognition import kind_of
from conformance.model import Chunk, Ended, Exchange, Part, Request, Response

__all__ = ["Foreign", "Run", "Source", "Unread", "foreign", "format_of", "read", "sources"]

_START = 65_536
FORMATS = "a recording or run folder of ours, HAR, a VCR cassette, curl output, exchange lines"


@dataclass(frozen=True)
class Foreign:
    """An exchange of traffic recorded elsewhere; ids are compared inside its scope."""

    exchange: Exchange
    scope: str


@dataclass(frozen=True)
class Source:
    """One input: a file, a folder, or several files of one run of ours."""

    name: str
    paths: tuple[Path, ...]
    format: str

    @property
    def is_own(self) -> bool:
        """Whether this is a run of ours, with the probes that it sent."""
        return self.format in ("recording", "folder")


def sources(paths: Sequence[Path]) -> Iterator[Source]:
    """The inputs behind the paths; files of one run of ours are one input."""
    given = [(path, format_of(path)) for path in paths]
    for (format, folder), group in groupby(given, key=_together):
        files = tuple(path for path, _ in group)
        if format == "recording":
            yield Source(str(folder), files, format)
        else:
            yield from (Source(str(path), (path,), format) for path in files)


def _together(given: tuple[Path, str]) -> tuple[str, Path]:
    path, format = given
    return format, path.parent


def read(source: Source, prefix: str = "") -> Iterator[Foreign | Unread | Run]:
    """What an input holds; ids are those of the format, else the index behind a prefix."""
    if source.format == "recording":
        yield from own.read_files(source.paths)
    elif source.format == "folder":
        yield from own.read_folder(source.paths[0])
    else:
        for index, found in enumerate(_READERS[source.format](source.paths[0])):
            id = f"{prefix}#{index}" if prefix else str(index)
            yield foreign(found, id) if isinstance(found, Raw) else found


def foreign(raw: Raw, id: str) -> Foreign | Unread:
    """An exchange of our own, its body decoded and its kind recognised."""
    try:
        whole = replace(
            raw,
            body=None if raw.body is None else decoded(raw.body, raw.headers),
            request_body=decoded(raw.request_body or b"", raw.request_headers),
        )
    except Unreadable as error:
        return Unread(f"exchange {raw.id or id}", error.found, error.expected)
    request = Request(raw.method or "POST", raw.url, raw.request_headers, whole.request_body or b"")
    exchange = Exchange(
        id=raw.id or id,
        request=request,
        response=_response(whole) if raw.status else None,
        started_at=raw.started_at,
        recognised=kind_of(whole),
        lost=raw.lost | {Part.TIMES},
    )
    return Foreign(exchange, raw.scope)


def _response(raw: Raw) -> Response:
    # When the bytes arrived is not known: a single chunk, at once.
    return Response(
        status=raw.status,
        headers=raw.headers,
        chunks=(Chunk(0.0, raw.body or b""),),
        ended=Ended.COMPLETE,
        headers_at_s=0.0,
        ended_at_s=0.0,
    )


_READERS = {"har": har.read, "cassette": cassettes.read, "curl": curl.read, "lines": lines.read}


def format_of(path: Path) -> str:
    """What an input is, told from its content; raises UsageError."""
    if path.is_dir():
        if own.folder_of(path) is None:
            raise UsageError(f"{path}: found a folder without recordings, expected {FORMATS}")
        return "folder"
    try:
        with path.open("rb") as file:
            start = file.read(_START)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    found = _format(start.removeprefix(b"\xef\xbb\xbf"))
    if not found:
        raise UsageError(f"{path}: found {_described(start)}, expected {FORMATS}")
    return found


def _format(start: bytes) -> str:
    text = start.decode("utf-8", "replace").lstrip()
    if curl.is_curl(start):
        return "curl"
    if not text.startswith("{"):
        is_cassette = cassettes.is_cassette(text)
        return "cassette" if is_cassette else "lines" * _has_line(text)
    if _has_line(text):
        return "lines"
    return next((format for format, mark in _MARKS if mark.search(text)), "")


_MARKS = (
    ("har", re.compile(r'^\{\s*"log"\s*:')),
    ("recording", re.compile(r'^\{\s*"format"\s*:\s*\d+\s*,\s*"scenario"')),
    ("cassette", re.compile(r'"(http_)?interactions"\s*:\s*\[')),
    # The first line is damaged, or longer than what was looked at.
    ("lines", re.compile(r'^\{[^\n]*"request"\s*:')),
)


def _has_line(text: str) -> bool:
    """Whether some line is an exchange, even if the first one is damaged."""
    return any(lines.is_line(_parsed(line)) for line in text.split("\n", 20)[:20])


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _described(start: bytes) -> str:
    if not start:
        return "an empty file"
    text = start[:40].decode("utf-8", "backslashreplace").splitlines()[0]
    return f"a file that begins with {text!r}"
