"""The embedded reference gateway: started as a process of its own, for one run."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from conformance.errors import UsageError
from conformance.secret import Secret

_START_S = 20.0
# Nobody is connected any more, so there is nothing that its grace period could serve.
_STOP_S = 1.0


@dataclass(frozen=True)
class Embedded:
    """Where the embedded gateway listens, and how to get in."""

    base_url: str
    key: Secret
    control_url: str
    control_token: Secret


@contextmanager
def started(faults: Sequence[str] = ()) -> Iterator[Embedded]:
    """The reference gateway on free loopback ports; it ends when its stdin closes.

    Raises UsageError where it does not start (an unknown fault, for instance).
    """
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "reference_gateway", "--exit-with-stdin"),
                *("--ready-file", str(ready)),
                *(part for fault in faults for part in ("--fault", fault)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield _read(ready, process)
        finally:
            _stop(process)


def _read(ready: Path, process: subprocess.Popen[str]) -> Embedded:
    until = monotonic() + _START_S
    while not ready.exists():
        if process.poll() is not None or monotonic() > until:
            words = process.stderr.read().strip() if process.poll() and process.stderr else ""
            raise UsageError(
                f"the embedded reference gateway did not start: {words or 'no reason'}"
            )
        sleep(0.02)
    found = json.loads(ready.read_text(encoding="utf-8"))
    return Embedded(
        base_url=found["base_url"],
        key=Secret(found["key"]),
        control_url=found["control_url"],
        control_token=Secret(found["control_token"]),
    )


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
