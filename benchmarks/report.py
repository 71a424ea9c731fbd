"""How fast a large report is made and opened: `python benchmarks/report.py`.

Makes the report of 600 verdicts (a tenth of them failing) over 300 exchanges (half of them
streams), and opens it in headless Chromium where that and playwright are installed. The
baselines hold on any machine: writing is compared with reading the same recordings,
opening with an empty page in the same browser.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path

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
from conformance.registry import requirements
from conformance.verdicts import VerdictFile

EVENTS = 60
READY = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def fill(folder: Path, verdicts: int, exchanges: int) -> None:
    """Write a run folder of the wanted size."""
    for number in range(exchanges):
        archive.write(_recording(number), folder / "recordings")
    with VerdictFile(folder) as file:
        file.header({"target": "http://127.0.0.1:8080", "profile": "generic", "planned": verdicts})
        file.preflight({"warnings": [], "roots": {}, "models": {}, "requests": exchanges})
        for number, id in zip(range(verdicts), cycle(requirements()), strict=False):
            file.verdict(_verdict(f"{id}{number // len(requirements()) or ''}", number, exchanges))
        file.footer({"exit_status": 1})


def _recording(number: int) -> Recording:
    name = f"scenario-{number}"
    body = json.dumps({"model": "m", "stream": True, "messages": [{"content": "x" * 200}]})
    request = Request("POST", "http://127.0.0.1:8080/v1/messages", (("a", "b"),), body.encode())
    return Recording(name, (Exchange(f"{name}#1", request, _answer(number)),))


def _answer(number: int) -> Response:
    headers = (("content-type", "text/event-stream" if number % 2 else "application/json"),)
    data = json.dumps({"type": "content_block_delta", "index": 0, "delta": {"text": "word " * 8}})
    event = f"event: content_block_delta\ndata: {data}\n\n".encode()
    chunks = (
        [Chunk(n / EVENTS, event) for n in range(EVENTS)]
        if number % 2
        else [
            Chunk(0.1, json.dumps({"content": [{"type": "text", "text": "word " * 300}]}).encode())
        ]
    )
    return Response(200, headers, tuple(chunks), Ended.COMPLETE, 0.05, 1.1)


def _verdict(id: str, number: int, exchanges: int) -> Verdict:
    if number % 10:
        return Verdict(id, Level.MUST, Outcome.PASS, "held in 9 of 9")
    streams = [f"scenario-{(number + 2 * n + 1) % exchanges | 1}#1" for n in range(5)]
    found = [Violation("events[7].data.index", "0", "1", exchange=name) for name in streams]
    return Verdict(id, Level.MUST, Outcome.FAIL, "", (), tuple(found))


def seconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def opening_s(page: Path, rounds: int) -> tuple[float, float]:
    """The best times until an empty page and this one are loaded."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where it is installed

    empty = page.with_name("empty.html")
    empty.write_text("<!doctype html><title>empty</title>", encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        times: dict[Path, list[float]] = {empty: [], page: []}
        for path in [*times] * rounds:
            tab = browser.new_page()
            tab.goto(path.as_uri(), wait_until="load")
            tab.wait_for_function(f"{READY} > 0")
            times[path].append(tab.evaluate(READY) / 1000)
            tab.close()
        browser.close()
    return min(times[empty]), min(times[page])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdicts", type=int, default=600)
    parser.add_argument("--exchanges", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    out = sys.stdout.write
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        fill(folder, arguments.verdicts, arguments.exchanges)
        report.write(folder)  # templates compiled, tables read
        rounds = range(arguments.rounds)
        read = min(seconds(lambda: archive.read_all(folder / "recordings")) for _ in rounds)
        made = min(seconds(lambda: report.write(folder)) for _ in rounds)
        page = folder / report.NAME
        out(f"{arguments.verdicts} verdicts, {arguments.exchanges} exchanges, best of rounds\n")
        out(f"size   {page.stat().st_size / 2**20:>7.2f} MiB\n")
        out(f"made   {made:>7.2f} s, {made / read:.0f} times reading the recordings\n")
        if shutil.which("chromium") and find_spec("playwright"):
            empty, opened = opening_s(page, arguments.rounds)
            out(f"opened {opened:>7.2f} s, {opened / empty:.0f} times an empty page\n")
        else:
            out("opened: needs playwright and chromium\n")


if __name__ == "__main__":
    main()
