"""Recordings on disk: one JSON file per scenario, written whole or not at all.

A body is text where it is UTF-8, else base64; `chunks` are (arrival in seconds, end
offset in bytes), so the joined body stands in the file once and stays readable.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.errors import UnreadableFile
from conformance.kinds import Kind
from conformance.model import (
    Chunk,
    Ended,
    Exchange,
    Failure,
    FailureKind,
    Headers,
    Part,
    Recording,
    Request,
    Response,
    Side,
)

FORMAT = 1
"""Raised when the layout of the files changes."""


def write(recording: Recording, folder: Path) -> Path:
    """Put a recording (already redacted) into a folder; an earlier one is replaced."""
    path = folder / f"{recording.scenario}.json"
    write_whole(path, json.dumps(_recording(recording), ensure_ascii=False, indent=1))
    return path


def write_whole(path: Path, text: str) -> None:
    """Write a file so that an interruption leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(text, encoding="utf-8", errors="surrogateescape")
    draft.replace(path)


def read(path: Path) -> Recording:
    """The recording in a file; raises UnreadableFile."""
    expected = "a recording"
    try:
        table = json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
        if table["format"] != FORMAT:
            raise UnreadableFile(path, f"format {table['format']}", f"format {FORMAT}")
        return _from(table)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableFile(path, f"{type(error).__name__}: {error}", expected) from error


def _in_order(folder: Path) -> list[Path]:
    """The plain traffic first: it shows a fault more simply than the lab's and the clients'."""
    return sorted(folder.glob("*.json"), key=lambda path: (_is_staged(path.name), path.name))


def _is_staged(name: str) -> bool:
    return name.startswith(("lab-", "client-"))


def read_all(folder: Path) -> dict[str, Recording]:
    """Every recording in a folder, by scenario."""
    found = (read(path) for path in _in_order(folder))
    return {recording.scenario: recording for recording in found}


def read_readable(folder: Path) -> tuple[dict[str, Recording], tuple[str, ...]]:
    """Every recording that can be read, and what is wrong with the others."""
    found: dict[str, Recording] = {}
    wrong: list[str] = []
    for path in _in_order(folder):
        try:
            recording = read(path)
        except UnreadableFile as error:
            wrong.append(f"{path.name}: {error.found}")
        else:
            found[recording.scenario] = recording
    return found, tuple(wrong)


def _recording(recording: Recording) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "scenario": recording.scenario,
        "not_recorded": recording.not_recorded,
        "facts": dict(recording.facts),
        "exchanges": [exchange_to_json(exchange) for exchange in recording.exchanges],
    }


def exchange_to_json(exchange: Exchange) -> dict[str, Any]:
    """An exchange as plain JSON values, as it stands in the file."""
    failure = exchange.failure
    return {
        "id": exchange.id,
        "side": exchange.side,
        **({"provider": exchange.provider} if exchange.is_upstream else {}),
        "credential": exchange.credential,
        "superseded": exchange.superseded,
        "started_at": exchange.started_at,
        "request": {
            "method": exchange.request.method,
            "url": exchange.request.url,
            "headers": exchange.request.headers,
            "body": _body(exchange.request.body),
        },
        "response": _response(exchange.response) if exchange.response else None,
        "failure": {"kind": failure.kind, "detail": failure.detail} if failure else None,
        **_foreign(exchange),
    }


def _foreign(exchange: Exchange) -> dict[str, Any]:
    """What only traffic recorded elsewhere has."""
    if exchange.recognised is None:
        return {}
    return {"recognised": exchange.recognised, "lost": sorted(exchange.lost)}


def _response(response: Response) -> dict[str, Any]:
    ends: list[tuple[float, int]] = []
    end = 0
    for chunk in response.chunks:
        end += len(chunk.data)
        ends.append((chunk.at_s, end))
    return {
        "status": response.status,
        "headers": response.headers,
        "headers_at_s": response.headers_at_s,
        "ended_at_s": response.ended_at_s,
        "ended": response.ended,
        "body": _body(response.body),
        "chunks": ends,
    }


def _body(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode("ascii")}


def _from(table: Mapping[str, Any]) -> Recording:
    return Recording(
        scenario=table["scenario"],
        exchanges=tuple(_exchange_from(row) for row in table["exchanges"]),
        facts=table["facts"],
        not_recorded=table["not_recorded"],
    )


def _exchange_from(row: Mapping[str, Any]) -> Exchange:
    request, failure = row["request"], row["failure"]
    return Exchange(
        id=row["id"],
        request=Request(
            request["method"],
            request["url"],
            _headers_from(request["headers"]),
            _body_from(request["body"]),
        ),
        response=_response_from(row["response"]) if row["response"] else None,
        failure=Failure(FailureKind(failure["kind"]), failure["detail"]) if failure else None,
        started_at=row["started_at"],
        credential=row["credential"],
        superseded=row["superseded"],
        side=Side(row["side"]),
        provider=row.get("provider", ""),
        recognised=Kind(row["recognised"]) if "recognised" in row else None,
        lost=frozenset(Part(part) for part in row.get("lost", ())),
    )


def _response_from(row: Mapping[str, Any]) -> Response:
    body = _body_from(row["body"])
    chunks: list[Chunk] = []
    start = 0
    for at_s, end in row["chunks"]:
        chunks.append(Chunk(at_s, body[start:end]))
        start = end
    return Response(
        status=row["status"],
        headers=_headers_from(row["headers"]),
        chunks=tuple(chunks),
        ended=Ended(row["ended"]),
        headers_at_s=row["headers_at_s"],
        ended_at_s=row["ended_at_s"],
    )


def _headers_from(rows: list[list[str]]) -> Headers:
    return tuple((name, value) for name, value in rows)


def _body_from(row: Mapping[str, str]) -> bytes:
    return (
        base64.b64decode(row["base64"], validate=True) if "base64" in row else row["text"].encode()
    )
