"""Run folders to compare: made by hand with the real writers, or recorded in process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance import archive
from conformance.connection import Deadlines
from conformance.control.reference import ReferenceControl
from conformance.judge import Judge
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
from conformance.plan import plan
from conformance.registry import requirements
from conformance.run import Conditions, record
from conformance.secret import Secret
from conformance.target import EMBEDDED, Wish, resolve
from conformance.verdicts import VerdictFile
from reference_gateway.app import serve
from reference_gateway.config import Config

HEADER: dict[str, Any] = {
    "suite_version": "2026.1.0",
    "started_at": "2026-11-21T10:00:00+00:00",
    "profile": "generic",
    "kind": "gateway",
    "target": "https://gateway.example/api",
    "origin": "--base-url",
    "planned": 3,
    "planned_exchanges": 2,
    "configuration": {"concurrency": 8},
}
PREFLIGHT: dict[str, Any] = {"warnings": [], "roots": {}, "models": {}, "requests": 2, "lost": ""}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "content": [{"type": "text", "text": "Hello"}],
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
JSON = (("Content-Type", "application/json"), ("Request-Id", "req_1"), ("Date", "today"))
SSE = (("Content-Type", "text/event-stream"), ("Request-Id", "req_1"))


def violation(
    where: str = "status", exchange: str = "anthropic-plain#1", actual: str = "500"
) -> Violation:
    """One way to be wrong."""
    return Violation(where, "200", actual, Level.MUST, exchange)


def failing(id: str, *violations: Violation) -> Verdict:
    """A MUST that is broken."""
    return Verdict(id, Level.MUST, Outcome.FAIL, "", (), violations or (violation(),))


def verdict(
    id: str, outcome: Outcome = Outcome.PASS, reason: str = "", level: Level = Level.MUST
) -> Verdict:
    """A verdict without violations; a pass has the reason that the judge gives it."""
    return Verdict(id, level, outcome, reason or ("held in 1 of 1" if outcome == "pass" else ""))


def warned(id: str, *violations: Violation) -> Verdict:
    """A SHOULD that is broken."""
    return Verdict(id, Level.SHOULD, Outcome.WARN, "", (), violations or (violation(),))


def answer(
    body: Any = MESSAGE, headers: tuple[tuple[str, str], ...] = JSON, status: int = 200
) -> Response:
    """A complete answer: JSON, or the bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, headers, (Chunk(0.1, data),), Ended.COMPLETE, 0.05, 0.2)


def streamed(*events: Mapping[str, Any]) -> Response:
    """A stream of Anthropic's events."""
    blocks = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
    return answer("".join(blocks).encode(), SSE)


def recording(response: Response | None, scenario: str = "anthropic-plain") -> Recording:
    """A recording of one exchange."""
    body = json.dumps({"model": "m", "stream": bool(response and response.media_type == SSE[0][1])})
    request = Request(
        "POST",
        "https://gateway.example/api/v1/messages",
        (("x-api-key", "[key:valid:whole]"),),
        body.encode(),
    )
    return Recording(scenario, (Exchange(f"{scenario}#1", request, response, credential="valid"),))


def write_run(
    folder: Path,
    verdicts: Iterable[Verdict],
    recordings: Iterable[Recording] = (),
    *,
    header: Mapping[str, Any] | None = None,
    preflight: Mapping[str, Any] | None = None,
    is_whole: bool = True,
) -> Path:
    """A run folder as a run leaves it; without a footer where it was interrupted."""
    for each in recordings:
        archive.write(each, folder / "recordings")
    with VerdictFile(folder) as file:
        file.header({**HEADER, **(header or {})})
        file.preflight({**PREFLIGHT, **(preflight or {})})
        for each_verdict in verdicts:
            file.verdict(each_verdict)
        if is_whole:
            file.footer({"exit_status": 0, "finished_at": "later", "requests": 2})
    return folder


def record_run(folder: Path, *faults: str) -> Path:
    """A real run against the reference gateway, served in this process."""
    return asyncio.run(_recorded(folder, faults))


async def _recorded(folder: Path, faults: tuple[str, ...]) -> Path:
    ids = list(requirements())
    async with serve(Config(faults=faults)) as gateway:
        target = resolve(Wish(), {}).started(f"{gateway.base_url}/api", Secret(gateway.key))
        control = ReferenceControl(gateway.control_url, Secret(gateway.control_token))
        conditions = Conditions(folder / "recordings", Deadlines(5, 5, 10), 8, lambda *_: None)
        recorded = await record(target, plan(ids, target.profile), control, conditions)
    judged = Judge(recorded.recordings, target.profile).verdicts(ids)
    header = {
        "planned": len(ids),
        "profile": "reference",
        "origin": EMBEDDED,
        "target": gateway.base_url,
        "configuration": {"faults": list(faults)},
    }
    return write_run(folder, judged.values(), header=header)


def exchange_of(found: Recording, **changes: Any) -> Recording:
    """The recording with its one exchange changed."""
    return replace(found, exchanges=(replace(found.exchanges[0], **changes),))
