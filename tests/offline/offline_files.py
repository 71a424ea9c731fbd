"""The golden recordings in every format that can be judged, written by hand here."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import yaml
import zstandard

from conformance import archive
from conformance.hearing import Hearing, hear
from conformance.model import Exchange

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
RECORDED = HERE / "recorded"


def golden() -> list[Exchange]:
    """The exchanges of the golden recordings, in order."""
    recordings = archive.read_all(GOLDEN).values()
    return [exchange for recording in recordings for exchange in recording.final]


def of(id: str) -> Exchange:
    """One golden exchange."""
    return next(exchange for exchange in golden() if exchange.id == id)


def line(exchange: Exchange, **more: Any) -> dict[str, Any]:
    """An exchange line."""
    request, answer = exchange.request, exchange.answer
    return {
        "id": exchange.id,
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": [list(pair) for pair in request.headers],
            "body": request.json,
        },
        "response": {
            "status": answer.status,
            "headers": [list(pair) for pair in answer.headers],
            "body": answer.text,
        },
        **more,
    }


def write_lines(path: Path, rows: list[Any]) -> Path:
    """A file of exchange lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def lines_file(folder: Path) -> Path:
    """Exchange lines."""
    return write_lines(folder / "lines.jsonl", [line(exchange) for exchange in golden()])


def har_file(folder: Path, in_base64: bool = False) -> Path:
    """A HAR as browsers write it."""
    entries = [_entry(exchange, in_base64) for exchange in golden()]
    path = folder / "traffic.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}), encoding="utf-8")
    return path


def _entry(exchange: Exchange, in_base64: bool) -> dict[str, Any]:
    request, answer = exchange.request, exchange.answer
    content = {"size": len(answer.body), "mimeType": answer.media_type, "text": answer.text}
    if in_base64:
        content |= {"text": base64.b64encode(answer.body).decode(), "encoding": "base64"}
    return {
        "startedDateTime": exchange.started_at,
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": [{"name": name, "value": value} for name, value in request.headers],
            "postData": {"mimeType": "application/json", "text": request.body.decode()},
        },
        "response": {
            "status": answer.status,
            "headers": [{"name": name, "value": value} for name, value in answer.headers],
            "content": content,
        },
    }


def vcrpy_file(folder: Path, as_json: bool = False, encode: str = "") -> Path:
    """A cassette of vcrpy, with bodies as the wire had them where `encode` says so."""
    whole = {"version": 1, "interactions": [_interaction(e, encode) for e in golden()]}
    path = folder / ("cassette.json" if as_json else "cassette.yaml")
    path.write_text(json.dumps(whole) if as_json else yaml.dump(whole), encoding="utf-8")
    return path


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def _interaction(exchange: Exchange, encode: str) -> dict[str, Any]:
    request, answer = exchange.request, exchange.answer
    headers = {name: [value] for name, value in answer.headers}
    asked = {name: [value] for name, value in request.headers}
    body: Any = answer.text
    if encode:
        asked["accept-encoding"] = [encode]
        headers["content-encoding"] = [encode]
        body = ENCODINGS[encode](answer.body)
    return {
        "request": {
            "method": request.method,
            "uri": request.url,
            "headers": asked,
            "body": request.body.decode(),
        },
        "response": {
            "status": {"code": answer.status, "message": "OK"},
            "headers": headers,
            "body": {"string": body},
        },
    }


def parsed_file(folder: Path) -> Path:
    """A cassette whose plain bodies were recorded parsed."""
    path = vcrpy_file(folder)
    whole = yaml.safe_load(path.read_text(encoding="utf-8"))
    for interaction in whole["interactions"]:
        for side in (interaction["request"], interaction["response"]):
            body = side.pop("body")
            text = body["string"] if isinstance(body, dict) else body
            parsed = {"parsed_body": json.loads(text)} if text[0] == "{" else {"body": body}
            side.update(parsed)
    path.write_text(yaml.dump(whole), encoding="utf-8")
    return path


def go_file(folder: Path) -> Path:
    """A cassette of go-vcr."""
    interactions = [
        {
            "id": number,
            "request": {
                "method": "POST",
                "url": e.request.url,
                "body": e.request.body.decode(),
                "headers": {name: [value] for name, value in e.request.headers},
            },
            "response": {
                "headers": {name: [value] for name, value in e.answer.headers},
                "body": e.answer.text,
                "status": f"{e.status} OK",
                "code": e.status,
            },
        }
        for number, e in enumerate(golden())
    ]
    path = folder / "go.yaml"
    path.write_text(f"---\n{yaml.dump({'version': 2, 'interactions': interactions})}", "utf-8")
    return path


def with_mark(path: Path) -> Path:
    """The file behind a byte-order mark."""
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    return path


def ruby_file(folder: Path) -> Path:
    """A cassette of Ruby VCR."""
    interactions = [
        {
            "request": {
                "method": "post",
                "uri": e.request.url,
                "body": {"encoding": "UTF-8", "string": e.request.body.decode()},
                "headers": {name: [value] for name, value in e.request.headers},
            },
            "response": {
                "status": {"code": e.status, "message": "OK"},
                "headers": {name: [value] for name, value in e.answer.headers},
                "body": {"encoding": "UTF-8", "base64_string": base64.b64encode(e.answer.body)},
            },
            "recorded_at": "Tue, 01 Sep 2026 10:00:00 GMT",
        }
        for e in golden()
    ]
    text = yaml.dump({"http_interactions": interactions, "recorded_with": "VCR 6.2.0"})
    path = folder / "ruby.yml"
    path.write_text(f"---\n{text.replace('!!binary', '!binary')}", encoding="utf-8")
    return path


def curl_file(folder: Path, verbose: bool) -> Path:
    """What curl prints of every exchange, one after the other."""
    path = folder / "curl.txt"
    shown = (_curl(exchange, verbose) for exchange in golden())
    path.write_bytes(b"".join(piece for pieces in shown for piece in pieces))
    return path


def _curl(exchange: Exchange, verbose: bool) -> Iterator[bytes]:
    request, answer = exchange.request, exchange.answer
    sent, received = (b"> ", b"< ") if verbose else (b"", b"")
    if verbose:
        yield b"*   Trying 127.0.0.1:8080...\n* Connected to gateway (127.0.0.1) port 8080\n"
        yield sent + f"{request.method} {request.path} HTTP/1.1\r\n".encode()
        for name, value in (("Host", "gateway"), *request.headers):
            yield sent + f"{name}: {value}\r\n".encode()
        yield b"> \r\n* upload completely sent off\n"
    yield received + f"HTTP/1.1 {answer.status} OK\r\n".encode()
    for name, value in answer.headers:
        yield received + f"{name}: {value}\r\n".encode()
    yield received + b"\r\n"
    if verbose:
        yield b"{ [512 bytes data]\r\n"
    yield answer.body
    if verbose:
        yield b"* Connection #0 to host gateway left intact\n"


def heard(*paths: Path, kind: str = "") -> Hearing:
    """Some files judged with the profile of the gateway that the golden set is of."""
    return hear(paths, "reference", kind, lambda line: None)


def outcomes(hearing: Hearing) -> dict[str, str]:
    """The outcome of each requirement that was decided."""
    verdicts = hearing.verdicts.values()
    return {v.requirement: str(v.outcome) for v in verdicts if v.outcome != "not_run"}
