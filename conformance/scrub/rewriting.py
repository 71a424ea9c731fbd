"""A capture written again without its secrets, in its own format where that can be read.

The container (HAR, cassette, line) keeps every field; only headers, URLs, bodies and
texts are touched. What cannot be read whole is written as exchange lines.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from conformance import archive, imports
from conformance.imports import Foreign, Run, Source, Unread, cassettes, curl
from conformance.imports.bodies import from_base64
from conformance.imports.entry import Unreadable
from conformance.model import Exchange
from conformance.scrub.scrubber import Scrubber

_HEADERS = ("headers", "trailers", "cookies")
_BODIES = ("body", "parsed_body", "string", "base64_string", "text", "content")
_HEADER_LINE = re.compile(rb"^((?:[<>] )?)([A-Za-z0-9-]+): ?(.*?)(\r?\n?)$", re.DOTALL)


def rewrite(source: Source, folder: Path, scrubber: Scrubber) -> Iterator[Path | Unread]:
    """Write an input into a folder, scrubbed; gives the files, and what could not be read."""
    if source.is_own:
        yield from _recordings(source, folder, scrubber)
        return
    path = source.paths[0]
    unread = [found for found in imports.read(source) if isinstance(found, Unread)]
    yield from unread
    if unread and source.format != "curl":
        yield _as_lines(source, folder / f"{path.stem}.jsonl", scrubber)
        return
    target = folder / path.name
    _WRITERS[source.format](path, target, scrubber)
    yield target


# ------------------------------------------------------------------------------- containers


def container(value: Any, scrubber: Scrubber, name: str = "") -> Any:
    """A value of a container: headers by name, bodies as bodies, everything else by shape."""
    if name.lower() in _HEADERS:
        return _headers(value, scrubber)
    if isinstance(value, Mapping):
        return _object(value, scrubber)
    if isinstance(value, list):
        return [container(inner, scrubber) for inner in value]
    if isinstance(value, bytes):
        return scrubber.data(value)
    return scrubber.text(value) if isinstance(value, str) else value


def _object(value: Mapping[str, Any], scrubber: Scrubber) -> dict[str, Any]:
    encoded = value.get("encoding") == "base64"
    return {
        name: _body(inner, scrubber, encoded or name == "base64_string")
        if str(name) in _BODIES and not _is_container(name, inner)
        else _query(inner, scrubber)
        if name in ("queryString", "params")
        else container(inner, scrubber, str(name))
        for name, inner in value.items()
    }


def _is_container(name: str, value: Any) -> bool:
    """HAR's content and a cassette's body are objects around the body itself."""
    if not isinstance(value, Mapping):
        return False
    holds_text = {"string", "base64_string", "base64"} & set(value)
    return bool(holds_text) or (name == "content" and "mimeType" in value)


def _body(value: Any, scrubber: Scrubber, is_base64: bool) -> Any:
    if isinstance(value, bytes) and is_base64:
        value = value.decode("ascii", "replace")
    if isinstance(value, str) and is_base64:
        try:
            data = scrubber.data(from_base64(value))
        except Unreadable:
            data = scrubber.data(value.encode())
        return base64.b64encode(data).decode("ascii")
    if isinstance(value, bytes):
        return scrubber.data(value).decode("utf-8", "replace")
    return scrubber.body(value) if isinstance(value, str) else scrubber.protocol(value)


def _headers(value: Any, scrubber: Scrubber) -> Any:
    """Headers in any spelling: a map of texts or lists, pairs, or name-value objects."""
    if isinstance(value, Mapping):
        return {name: _values(str(name), inner, scrubber) for name, inner in value.items()}
    rows = value if isinstance(value, list) else []
    return [_row(row, scrubber) for row in rows]


def _row(row: Any, scrubber: Scrubber) -> Any:
    if isinstance(row, Mapping):
        # A cookie of a HAR is a row of its own kind: name, value, domain, expires.
        name = "cookie" if {"httpOnly", "expires", "domain"} & set(row) else str(row.get("name"))
        return {**row, "value": _values(name, row.get("value", ""), scrubber)}
    if isinstance(row, list) and len(row) == 2:
        return [row[0], _values(str(row[0]), row[1], scrubber)]
    return container(row, scrubber)


def _values(name: str, value: Any, scrubber: Scrubber) -> Any:
    if isinstance(value, list):
        return [_values(name, inner, scrubber) for inner in value]
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return scrubber.header(name, text) if isinstance(text, str) else value


def _query(rows: Any, scrubber: Scrubber) -> Any:
    """Parameters as name-value objects, judged as they would be in a URL."""
    if not isinstance(rows, list):
        return container(rows, scrubber)
    return [
        {**row, "value": scrubber.text(f"?{row.get('name')}={row.get('value')}").partition("=")[2]}
        if isinstance(row, Mapping)
        else container(row, scrubber)
        for row in rows
    ]


# ---------------------------------------------------------------------------------- writers


def _recordings(source: Source, folder: Path, scrubber: Scrubber) -> Iterator[Path | Unread]:
    """A run keeps a folder of its own: every run has recordings of the same names."""
    target = folder / source.paths[0].name if source.format == "folder" else folder
    for found in imports.read(source):
        if isinstance(found, Unread):
            yield found
        elif isinstance(found, Run):
            for recording in found.recordings.values():
                yield archive.write(scrubber.recording(recording), target)


def _har(path: Path, target: Path, scrubber: Scrubber) -> None:
    whole = json.loads(path.read_text(encoding="utf-8-sig"))
    archive.write_whole(target, json.dumps(container(whole, scrubber), indent=1))


def _cassette(path: Path, target: Path, scrubber: Scrubber) -> None:
    text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    if text.lstrip().startswith("{"):
        whole = container(json.loads(text), scrubber)
        archive.write_whole(target, json.dumps(whole, indent=1))
        return
    whole = container(cassettes.load(text), scrubber)
    shown = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=10**6)
    archive.write_whole(target, shown)


def _lines(path: Path, target: Path, scrubber: Scrubber) -> None:
    with path.open("rb") as lines, target.open("w", encoding="utf-8") as out:
        for line in lines:
            if line.strip():
                out.write(json.dumps(container(json.loads(line), scrubber)) + "\n")


def _curl(path: Path, target: Path, scrubber: Scrubber) -> None:
    with target.open("wb") as out:
        for is_body, text in curl.pieces(path.read_bytes()):
            if is_body:
                out.write(scrubber.data(text) if text.strip() else text)
            else:
                out.write(_header_line(text, scrubber))


def _header_line(line: bytes, scrubber: Scrubber) -> bytes:
    found = _HEADER_LINE.match(line)
    if found is None:
        text = line.decode("utf-8", "surrogateescape")
        return scrubber.text(text).encode("utf-8", "surrogateescape")
    value = scrubber.header(found[2].decode("ascii"), found[3].decode("latin-1"))
    return b"".join((found[1], found[2], b": ", value.encode("latin-1"), found[4]))


def _as_lines(source: Source, target: Path, scrubber: Scrubber) -> Path:
    """What could be read, as exchange lines."""
    with target.open("w", encoding="utf-8") as out:
        for found in imports.read(source):
            if isinstance(found, Foreign):
                out.write(json.dumps(_line(scrubber.exchange(found.exchange))) + "\n")
    return target


def _line(exchange: Exchange) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    return {
        "id": exchange.id,
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": request.headers,
            "body": request.body.decode("utf-8", "replace"),
        },
        "response": {
            "status": response.status if response else 0,
            "headers": response.headers if response else [],
            "body": response.text if response else "",
        },
    }


_WRITERS = {"har": _har, "cassette": _cassette, "lines": _lines, "curl": _curl}
