"""How fast recorded traffic is judged, and in how much memory: `python benchmarks/offline.py`.

Judges exchange lines made from the golden recordings, once in streams and plain answers
as a capture has them. The baseline, reading the same lines with `json` alone, runs in
the same process on the same file, so that the ratio holds on any machine. Memory is
measured at a tenth of the file and at all of it: the difference must not grow with it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

from conformance import archive, imports, profile
from conformance.imports import Foreign
from conformance.model import Exchange
from conformance.offline import Bench

GOLDEN = Path(__file__).parents[1] / "tests" / "offline" / "golden"


def lines(count: int) -> Iterator[str]:
    """So many exchange lines; every answer has an id of its own."""
    recordings = archive.read_all(GOLDEN).values()
    every = [exchange for recording in recordings for exchange in recording.final]
    for number, exchange in zip(range(count), cycle(every), strict=False):
        yield _line(exchange, number)


def _line(exchange: Exchange, number: int) -> str:
    request, answer = exchange.request, exchange.answer
    mark = f"{number:08}"
    body = answer.text
    for old in ("msg_", "chatcmpl-", "req_"):
        body = body.replace(old, f"{old}{mark}")
    headers = [
        [n, v.replace("req_", f"req_{mark}") if n.endswith("request-id") else v]
        for n, v in answer.headers
    ]
    return json.dumps(
        {
            "id": mark,
            "request": {
                "method": request.method,
                "url": request.url,
                "headers": request.headers,
                "body": request.json,
            },
            "response": {"status": answer.status, "headers": headers, "body": body},
        }
    )


def parse(path: Path) -> int:
    """The baseline: every line parsed, and the JSON of every body and event in it."""
    count = 0
    with path.open("rb") as file:
        for line in file:
            body = json.loads(line)["response"]["body"]
            if body.startswith("{"):
                json.loads(body)
            else:
                for event in body.split("\n"):
                    if event.startswith("data: {"):
                        json.loads(event[6:])
            count += 1
    return count


def judge(path: Path) -> int:
    """Everything that `judge` does but the report."""
    bench = Bench(profile.load("generic"))
    (source,) = imports.sources([path])
    for found in imports.read(source):
        assert isinstance(found, Foreign)
        bench.hear(found)
    broken = [v for v in bench.verdicts().values() if v.outcome in ("fail", "warn")]
    assert not broken, f"the golden set broke {broken[0]}"
    return bench.exchanges


def seconds(work: Callable[[Path], int], path: Path) -> float:
    """How long one pass over a file takes."""
    started = time.perf_counter()
    work(path)
    return time.perf_counter() - started


def peak_mib(path: Path) -> float:
    """The most memory that judging a file holds at once, as Python allocates it."""
    tracemalloc.start()
    judge(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 2**20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        whole, tenth = Path(folder) / "whole.jsonl", Path(folder) / "tenth.jsonl"
        whole.write_text("\n".join(lines(arguments.count)), encoding="utf-8")
        tenth.write_text("\n".join(lines(arguments.count // 10)), encoding="utf-8")
        judge(tenth)  # schemas compiled, modules loaded
        rounds = [(seconds(parse, whole), seconds(judge, whole)) for _ in range(arguments.rounds)]
        parsed, judged = min(rounds, key=lambda pair: pair[1])
        small, large = peak_mib(tenth), peak_mib(whole)
    out = sys.stdout.write
    out(f"{arguments.count} exchanges, best of {arguments.rounds} paired rounds\n")
    out(f"judged   {arguments.count / judged:>9,.0f} exchanges/s\n")
    out(f"parsed   {arguments.count / parsed:>9,.0f} exchanges/s (json alone)\n")
    out(f"ratio    {judged / parsed:>9.1f} times the baseline\n")
    tenth_count = arguments.count // 10
    out(f"memory   {small:>9.2f} MiB at {tenth_count}, {large:.2f} MiB at {arguments.count}\n")


if __name__ == "__main__":
    main()
