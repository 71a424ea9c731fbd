"""HAR 1.2, from browsers, mitmproxy, Charles and Polly: read entry by entry.

A HAR keeps every header and the decoded body; `content.text` may be base64. What a
browser did not keep of a body cannot be judged and is not taken for an empty one.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ijson

from conformance.imports.bodies import from_base64, from_text
from conformance.imports.entry import Raw, Unread, Unreadable
from conformance.imports.lines import headers
from conformance.model import Part

_EXPECTED = "an entry with request and response"


def read(path: Path) -> Iterator[Raw | Unread]:
    """The exchanges of a file, one entry at a time."""
    number = 0
    with path.open("rb") as file:
        if file.read(3) != codecs.BOM_UTF8:  # Windows programs write one
            file.seek(0)
        try:
            for number, entry in enumerate(
                ijson.items(file, "log.entries.item", use_float=True), 1
            ):
                yield _read(entry, f"entry {number}")
        except (ijson.JSONError, UnicodeDecodeError) as error:
            where = f"entry {number + 1}, before byte {file.tell()}"
            found = "the end of the file" if _is_cut(error) else _first_line(error)
            yield Unread(where, found, "the rest of the entries")


def _is_cut(error: Exception) -> bool:
    return isinstance(error, ijson.IncompleteJSONError) and "premature" in str(error).lower()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _read(entry: Any, where: str) -> Raw | Unread:
    if not isinstance(entry, dict) or not isinstance(entry.get("request"), dict):
        return Unread(where, "no request", _EXPECTED)
    if not isinstance(entry.get("response"), dict):
        return Unread(where, "no response", _EXPECTED)
    try:
        return _raw(entry)
    except Unreadable as error:
        return Unread(where, error.found, error.expected)


def _raw(entry: Mapping[str, Any]) -> Raw:
    request, response = entry["request"], entry["response"]
    sent = _sent(request)
    status = response.get("status")
    started = entry.get("startedDateTime")
    return Raw(
        method=str(request.get("method") or ""),
        url=str(request.get("url") or ""),
        request_headers=headers(request.get("headers")),
        request_body=sent,
        status=status if isinstance(status, int) else 0,
        headers=headers(response.get("headers")),
        body=_received(response),
        started_at=started if isinstance(started, str) else "",
        lost=frozenset({Part.REQUEST}) if sent is None else frozenset(),
    )


def _sent(request: Mapping[str, Any]) -> bytes | None:
    post = request.get("postData")
    if not isinstance(post, dict) or not isinstance(post.get("text"), str):
        return None
    encoded = post.get("encoding") == "base64"
    return from_base64(post["text"]) if encoded else from_text(post["text"])


def _received(response: Mapping[str, Any]) -> bytes | None:
    content = response.get("content")
    if not isinstance(content, dict):
        return None
    text = content.get("text")
    if not isinstance(text, str):
        return b"" if content.get("size") == 0 else None
    return from_base64(text) if content.get("encoding") == "base64" else from_text(text)
