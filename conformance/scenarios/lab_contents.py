"""Answers of an upstream with more in them: what nobody knows, compression, sources."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.kinds import Protocol
from conformance.scenarios import lab_wire as native
from conformance.scenarios.lab_answers import ANTHROPIC
from conformance.scenarios.lab_telling import SAME, Telling, declared

_SAID = "All of it arrives."
_ANSWER = {"text": _SAID}
_NEW = {"kind": "lab", "values": [1, "two", None]}
_TEXT_BLOCK = {"type": "text", "text": _SAID}
_NEW_BLOCK: dict[str, Any] = {"type": "lab_unknown", "lab_unknown": _NEW}

_SOURCE = "https://example.com/paris"
_CITATION: dict[str, Any] = {
    "type": "char_location",
    "cited_text": "All of it.",
    "document_index": 0,
    "document_title": _SOURCE,
    "start_char_index": 0,
    "end_char_index": 10,
}
_ANNOTATION: dict[str, Any] = {
    "type": "url_citation",
    "url_citation": {"start_index": 0, "end_index": 10, "title": "Paris", "url": _SOURCE},
}
_CITED = {"source": _SOURCE}


def _said() -> list[tuple[native.Json, list[native.Json]]]:
    """The text as the only block of a streamed message."""
    return [({"type": "text", "text": ""}, [{"type": "text_delta", "text": _SAID}])]


def _unknown(upstream: Protocol) -> Iterator[Telling]:
    body: dict[str, Any] = native.completion({"content": _SAID, "lab_unknown": _NEW})
    if upstream is ANTHROPIC:
        body = native.message([_NEW_BLOCK, {**_TEXT_BLOCK, "lab_unknown": _NEW}])
    body["usage"] = {**body["usage"], "lab_unknown": _NEW, "lab_cost": 0.25}
    plain = {**body, "lab_unknown": _NEW}
    yield Telling("unknown fields", _ANSWER, body={"body": plain})
    edits = {"edits": ["unknown_event", "unknown_field"]}
    yield Telling("an unknown event and unknown fields", _ANSWER, streamed=True, stream=edits)
    if upstream is ANTHROPIC:
        more = {"type": "lab_unknown_delta", "lab_unknown": "more"}
        raw = native.events([(_NEW_BLOCK, [more]), *_said()])
        yield Telling("an unknown block", _ANSWER, streamed=True, stream={"raw": raw})


def _compressed(upstream: Protocol) -> Iterator[Telling]:
    body = json.dumps(native.completion({"content": _SAID}))
    stream = native.chunks([{"role": "assistant", "content": ""}, {"content": _SAID}])
    if upstream is ANTHROPIC:
        body = json.dumps(native.message([_TEXT_BLOCK]))
        stream = native.events(_said())
    offered = {"accept-encoding": "gzip"}
    yield Telling("gzip", _ANSWER, body=_zipped(body, "application/json"), extra=offered)
    yield Telling(
        "gzip", _ANSWER, streamed=True, body=_zipped(stream, "text/event-stream"), extra=offered
    )


def _zipped(text: str, content_type: str) -> Mapping[str, Any]:
    data = base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
    headers = {"content-type": content_type, "content-encoding": "gzip"}
    return {"headers": headers, "body_base64": data}


def _cited(upstream: Protocol) -> Iterator[Telling]:
    if upstream is ANTHROPIC:
        block = {**_TEXT_BLOCK, "citations": [_CITATION]}
        body: dict[str, Any] = native.message([block])
        start: dict[str, Any] = {"type": "text", "text": "", "citations": []}
        deltas: list[dict[str, Any]] = [
            {"type": "text_delta", "text": _SAID},
            {"type": "citations_delta", "citation": _CITATION},
        ]
        raw = native.events([(start, deltas)])
    else:
        body = native.completion({"content": _SAID, "annotations": [_ANNOTATION]})
        first, said = {"role": "assistant", "content": ""}, {"content": _SAID}
        raw = native.chunks([first, said, {"annotations": [_ANNOTATION]}])
    variant = "citations" if upstream is ANTHROPIC else "annotations"
    yield Telling(variant, _ANSWER, body={"body": body}, note=_CITED)
    yield Telling(variant, _ANSWER, streamed=True, stream={"raw": raw}, note=_CITED)


declared("unknown", "Answers with what nobody knows", _unknown)
declared("compressed", "Compressed answers", _compressed)
declared("citations", "Answers with their sources, plain and streamed", _cited, SAME)
