"""A server of ours in a process of its own: ready when it says so, gone with its stdin."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from conformance.errors import UsageError

_START_S = 20.0
# Nobody is connected any more, so there is nothing that a grace period could serve.
_STOP_S = 1.0


@dataclass(frozen=True)
class Child:
    """A server that accepts connections, and what it said of itself."""

    said: Mapping[str, str]
    process: subprocess.Popen[str]


@contextmanager
def started(what: str, module: str, *arguments: str) -> Iterator[Child]:
    """A module of ours as a server; it ends with the block, and when this process dies.

    Raises UsageError, in which `what` names it, where it does not start.
    """
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", module, "--exit-with-stdin"),
                *("--ready-file", str(ready), *arguments),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield Child(_read(what, ready, process), process)
        finally:
            _stop(process)


def _read(what: str, ready: Path, process: subprocess.Popen[str]) -> Mapping[str, str]:
    until = monotonic() + _START_S
    while not ready.exists():
        if process.poll() is not None or monotonic() > until:
            words = process.stderr.read().strip() if process.poll() and process.stderr else ""
            raise UsageError(f"{what} did not start: {words or 'no reason'}")
        sleep(0.02)
    found: Mapping[str, str] = json.loads(ready.read_text(encoding="utf-8"))
    return found


def _stop(process: subprocess.Popen[str]) -> None:
    """End the process by closing its stdin, and by force where that does not help."""
    for pipe in (process.stdin, process.stderr):
        if pipe:
            pipe.close()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
