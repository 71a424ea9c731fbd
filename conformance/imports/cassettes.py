"""VCR cassettes: vcrpy (YAML and JSON), Ruby VCR, go-vcr.

A cassette is read whole; one that YAML refuses, because it is cut or damaged, is read
interaction by interaction, so that what is sound is still judged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from conformance.imports.bodies import from_base64, from_json
from conformance.imports.entry import Raw, Unread, Unreadable
from conformance.imports.lines import headers
from conformance.model import Part

_EXPECTED = "an interaction with request and response"
_KEYS = ("interactions", "http_interactions")
_ITEM = re.compile(r"^ *- ", re.MULTILINE)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # C where built
    """Plain values only: a tag of Ruby or Python is read as what it is made of."""


def _plain(loader: Any, suffix: str, node: yaml.Node) -> Any:
    if suffix == "!binary":
        return from_base64(str(node.value))
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("", _plain)
# A date stays the text that it is.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_str)


def is_cassette(start: str) -> bool:
    """Whether a text begins as a cassette does."""
    return re.search(r'^\s*["\']?(http_)?interactions["\']?\s*:', start, re.MULTILINE) is not None


def read(path: Path) -> Iterator[Raw | Unread]:
    """The exchanges of a cassette."""
    text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    try:
        whole = json.loads(text) if text.lstrip().startswith("{") else load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        yield from _pieces(text, error)
        return
    for number, interaction in enumerate(_interactions(whole), 1):
        yield _read(interaction, f"interaction {number}")


def load(text: str) -> Any:
    """The YAML in a text as plain values."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader


def _interactions(whole: Any) -> list[Any]:
    found = next((whole[k] for k in _KEYS if k in whole), None) if isinstance(whole, dict) else None
    return found if isinstance(found, list) else []


def _pieces(text: str, cause: Exception) -> Iterator[Raw | Unread]:
    """The interactions one by one, as far as each of them can be read on its own."""
    first = _ITEM.search(text)
    if first is None or text.lstrip().startswith("{"):
        yield Unread(_place(cause), _said(cause), "a cassette")
        return
    border = re.compile(rf"^{re.escape(first[0])}", re.MULTILINE)
    starts = [found.start() for found in border.finditer(text)]
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True), 1):
        line = text.count("\n", 0, start) + 1
        where = f"interaction {number}, line {line}"
        try:
            piece = load(re.sub(r"^(recorded_with|version): .*$", "", text[start:end], flags=re.M))
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            yield Unread(f"{where}, {_place(error, line - 1)}", _said(error), _EXPECTED)
            continue
        yield _read(piece[0] if isinstance(piece, list) and piece else None, where)


def _place(error: Exception, above: int = 0) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}"
    mark = getattr(error, "problem_mark", None)
    return f"line {above + mark.line + 1}, column {mark.column + 1}" if mark else "the file"


def _said(error: Exception) -> str:
    problem = getattr(error, "problem", None) or getattr(error, "msg", None)
    return str(problem or type(error).__name__)


def _read(interaction: Any, where: str) -> Raw | Unread:
    if not isinstance(interaction, dict):
        return Unread(where, f"a {type(interaction).__name__}", _EXPECTED)
    request, response = interaction.get("request"), interaction.get("response")
    if not isinstance(request, dict) or not isinstance(response, dict):
        missing = "request" if not isinstance(request, dict) else "response"
        return Unread(where, f"no {missing}", _EXPECTED)
    try:
        return _raw(interaction, request, response)
    except Unreadable as error:
        return Unread(where, error.found, error.expected)


def _raw(
    interaction: Mapping[str, Any], request: Mapping[str, Any], response: Mapping[str, Any]
) -> Raw:
    sent = _body(request)
    recorded_at = interaction.get("recorded_at")
    return Raw(
        method=str(request.get("method") or "").upper(),
        url=str(request.get("uri") or request.get("url") or ""),
        request_headers=headers(request.get("headers")),
        request_body=sent,
        status=_status(response),
        headers=headers(response.get("headers")),
        body=_body(response) or b"",
        started_at=_iso(recorded_at),
        lost=_lost(response, sent),
    )


def _lost(response: Mapping[str, Any], sent: bytes | None) -> frozenset[Part]:
    """Cassettes are filtered by hand: an absent header proves nothing."""
    parts = {Part.HEADERS}
    if not sent:
        parts.add(Part.REQUEST)
    if "parsed_body" in response:
        parts.add(Part.FRAMING)
    return frozenset(parts)


def _status(response: Mapping[str, Any]) -> int:
    status = response.get("status", response.get("status_code"))
    code = status.get("code") if isinstance(status, dict) else response.get("code", status)
    if not str(code).isdigit():
        raise Unreadable(f"the status {code!r}", "a number in response.status.code")
    return int(str(code))


def _body(side: Mapping[str, Any]) -> bytes | None:
    """A body in any of the spellings: text, bytes, base64, a map of one, or parsed."""
    body = side.get("body", side.get("content", side.get("parsed_body")))
    if isinstance(body, dict) and "parsed_body" not in side:
        if "base64_string" in body:
            # Ruby's YAML wraps the base64, being a binary string, in base64 once more.
            text = body["base64_string"]
            return from_base64(text.decode("ascii") if isinstance(text, bytes) else str(text))
        if "string" in body:
            body = body["string"]
    if body is None:
        return None
    return body.encode("utf-8", "surrogateescape") if isinstance(body, str) else from_json(body)


def _iso(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return text if re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text) else ""
