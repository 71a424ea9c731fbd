"""Runs to make reports of, and what reads the pages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from conformance import archive, report
from conformance.model import (
    Chunk,
    Ended,
    Exchange,
    Level,
    Outcome,
    Recording,
    Request,
    Response,
    Verdict,
    Violation,
)
from conformance.verdicts import VerdictFile

HEADER = {
    "suite_version": "2026.1.0",
    "started_at": "2026-11-21T10:00:00+00:00",
    "profile": "generic",
    "kind": "gateway",
    "target": "http://127.0.0.1:8080/api",
    "origin": "--base-url",
    "planned": 3,
    "planned_exchanges": 2,
    "configuration": {"concurrency": 8},
}
PREFLIGHT = {
    "warnings": [],
    "roots": {"anthropic": "http://127.0.0.1:8080/api/v1"},
    "models": {},
    "requests": 2,
    "lost": "",
}
ASKED = Request(
    "POST",
    "http://127.0.0.1:8080/api/v1/messages",
    (("host", "127.0.0.1"), ("x-api-key", "[key:valid:whole]"), ("content-length", "9")),
    b'{"model": "m", "content": "it\'s $HOME, `id` and \\"quoted\\""}',
)
EVENTS = (
    ("ping", {"type": "ping"}),
    ("content_block_start", {"type": "content_block_start", "index": 1}),
    ("message_stop", {"type": "message_stop"}),
)


def answered(
    body: bytes, media_type: str = "application/json", at_s: tuple[float, ...] = (0.1,)
) -> Response:
    """A complete response whose body comes in equal parts at the given times."""
    size = -(-len(body) // len(at_s)) or 1
    chunks = [Chunk(at, body[n * size : (n + 1) * size]) for n, at in enumerate(at_s)]
    headers = (("content-type", media_type), ("request-id", "req_1"))
    return Response(200, headers, tuple(chunks), Ended.COMPLETE, 0.05, at_s[-1] + 0.1)


def streamed() -> Response:
    """A stream of EVENTS."""
    blocks = [f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in EVENTS]
    return answered("".join(blocks).encode(), "text/event-stream", (0.1, 0.2, 0.9))


def recording(scenario: str, response: Response | None, **changes: Any) -> Recording:
    """A recording of one exchange."""
    exchange = Exchange(f"{scenario}#1", ASKED, response, credential="valid")
    return Recording(scenario, (replace(exchange, **changes),))


def verdict(id: str, *violations: Violation, outcome: Outcome = Outcome.FAIL) -> Verdict:
    """A verdict on a MUST."""
    return Verdict(id, Level.MUST, outcome, "", (), violations)


def page(
    folder: Path,
    verdicts: list[Verdict],
    recordings: list[Recording],
    *,
    preflight: dict[str, Any] = PREFLIGHT,
    exit_status: int | None = 1,
    header: dict[str, Any] = HEADER,
) -> str:
    """The report of a run folder that the real writers filled; no exit status, no footer."""
    for each in recordings:
        archive.write(each, folder / "recordings")
    with VerdictFile(folder) as file:
        file.header(header)
        file.preflight(preflight)
        for each_verdict in verdicts:
            file.verdict(each_verdict)
        if exit_status is not None:
            file.footer({"exit_status": exit_status, "finished_at": "later", "requests": 2})
    return report.write(folder).read_text(encoding="utf-8")


class Tags(HTMLParser):
    """Collects start tags and ids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    @property
    def ids(self) -> list[str]:
        return [str(attrs["id"]) for _, attrs in self.tags if "id" in attrs]


def text_of(html: str) -> str:
    """The page without tags."""
    return unescape(re.sub(r"<[^>]*>", "", html))
