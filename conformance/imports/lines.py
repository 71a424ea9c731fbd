"""Exchange lines: JSONL, one exchange per line.

`{"id", "vendor"?, "request": {method, path or url, headers, body}, "response": {status,
headers, body}}`; a body is parsed JSON or a string, that of a stream the raw SSE text.
Hints: `reframed` (the framing was rebuilt), `fidelity` other than `raw`, and `flags` that
speak of what was scrubbed, re-serialised or cut.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.imports.bodies import from_base64, from_json
from conformance.imports.entry import Raw, Unread, Unreadable
from conformance.model import Headers, Part

_EXPECTED = 'an exchange: {"request": {...}, "response": {...}}'
_FLAGS = (
    (re.compile(r"scrub|redact|replac|anonymi|mask|sanit|placeholder", re.I), {Part.IDS}),
    (re.compile(r"serialis|serializ|decoded from|reframed|rebuilt", re.I), {Part.FRAMING}),
    (re.compile(r"edited|synthe|handwritten|hand-written|modified|mock", re.I), set(Part)),
    (re.compile(r"truncat|\bcut\b|incomplete body", re.I), {Part.END}),
    (re.compile(r"request (body )?(lost|missing|not recorded)", re.I), {Part.REQUEST}),
)


def is_line(row: Any) -> bool:
    """Whether a JSON value is an exchange line."""
    if not isinstance(row, dict):
        return False
    return isinstance(row.get("request"), dict) and isinstance(row.get("response"), dict)


def read(path: Path) -> Iterator[Raw | Unread]:
    """The exchanges of a file, line by line."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _read(line, f"line {number}")


def _read(line: bytes, where: str) -> Raw | Unread:
    try:
        row = json.loads(line)
    except UnicodeDecodeError as error:
        return Unread(f"{where}, byte {error.start + 1}", "bytes that are not UTF-8", "JSON")
    except RecursionError:
        return Unread(where, "JSON that is nested too deeply", _EXPECTED)
    except json.JSONDecodeError as error:
        is_cut = error.pos >= len(line.decode("utf-8", "replace").rstrip()) or not line.endswith(
            b"\n"
        )
        found = "a truncated line" if is_cut else f"no JSON ({error.msg})"
        return Unread(f"{where}, column {error.colno}", found, _EXPECTED)
    if not is_line(row):
        return Unread(where, f"{_shown(row)}", _EXPECTED)
    try:
        return _raw(row)
    except Unreadable as error:
        return Unread(where, error.found, error.expected)


def _raw(row: Mapping[str, Any]) -> Raw:
    request, response = row["request"], row["response"]
    status = response.get("status")
    if not isinstance(status, int):
        raise Unreadable(f"the status {status!r}", "a number in response.status")
    return Raw(
        method=str(request.get("method") or ""),
        url=_url(request),
        request_headers=headers(request.get("headers")),
        request_body=_body(request),
        status=status,
        headers=headers(response.get("headers")),
        body=_body(response),
        id=_id(row.get("id")),
        started_at=_time(row),
        scope=_scope(row),
        lost=lost(row),
    )


def headers(found: Any) -> Headers:
    """Headers from a map (of texts or lists), from pairs, or from name-value objects."""
    pairs: list[tuple[str, str]] = []
    for item in found.items() if isinstance(found, dict) else found or ():
        name, value = _pair(item)
        values = value if isinstance(value, list) else [value]
        pairs += [(str(name), _text(each)) for each in values]
    return tuple(pairs)


def _pair(item: Any) -> tuple[Any, Any]:
    if isinstance(item, dict):
        return item.get("name", ""), item.get("value", "")
    if not isinstance(item, list | tuple) or len(item) != 2:
        raise Unreadable("headers that are neither a map nor pairs", "a map of headers")
    return item[0], item[1]


def lost(row: Mapping[str, Any]) -> frozenset[Part]:
    """The parts that a line says it has lost; headers are filtered by most recorders."""
    parts = {Part.HEADERS}
    if row.get("reframed") is True:
        parts.add(Part.FRAMING)
    if row.get("fidelity", "raw") != "raw":
        parts |= {Part.FRAMING, Part.IDS}
    if row["request"].get("recorded") is False or row["request"].get("body") is None:
        parts.add(Part.REQUEST)
    flags = row.get("flags")
    for flag in flags if isinstance(flags, list) else [flags] if flags else ():
        for pattern, concerned in _FLAGS:
            if pattern.search(str(flag)):
                parts |= concerned
    return frozenset(parts)


def _body(side: Mapping[str, Any]) -> bytes | None:
    if "body" not in side:
        return None
    body = side["body"]
    if isinstance(body, dict) and set(body) == {"base64"}:
        return from_base64(str(body["base64"]))
    if side.get("encoding", side.get("body_encoding")) == "base64" and isinstance(body, str):
        return from_base64(body)
    return from_json(body)


def _url(request: Mapping[str, Any]) -> str:
    url = request.get("url") or request.get("uri")
    if url:
        return str(url)
    host, path = request.get("host") or "", str(request.get("path") or "")
    return f"https://{host}{path}" if host else path


def _scope(row: Mapping[str, Any]) -> str:
    """Where a line comes from; a collection repeats ids from one recording to the next."""
    source = row.get("source")
    named = [source.get("repo"), source.get("path")] if isinstance(source, dict) else [source]
    return " ".join(str(name) for name in (row.get("vendor"), *named) if name)


def _id(value: Any) -> str:
    return "" if value is None else str(value)


def _time(row: Mapping[str, Any]) -> str:
    found = row.get("started_at") or row.get("recorded_at")
    return found if isinstance(found, str) else ""


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _shown(row: Any) -> str:
    if isinstance(row, dict):
        return f"an object with the keys {', '.join(map(str, row)) or '(none)'}"
    return f"a {type(row).__name__}"
