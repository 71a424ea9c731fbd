"""A client runs in a sandbox: an empty environment, a home of its own, a limit on everything.

The process gets no variable of ours, nothing on its standard input, and a session of its
own. When it has ended or its time is over, all that it started is ended with it: its
process group, and processes that left the group, which are known by a variable that they
inherit (where the system shows the variables of processes, as Linux does).

What it asks of other hosts over HTTP goes to a proxy that does not exist, so it fails at
once. That stops telemetry, update checks and downloads of all that heeds the usual proxy
variables. It does not stop a program that ignores them, nor look-ups of names, nor what is
no HTTP: this keeps well-meant programs quiet, it is no wall against hostile ones.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic

from conformance.clients import processes
from conformance.clients.outputs import Outputs

MARKER = "GATEWAY_CONFORMANCE_SANDBOX"
"""The variable by which everything that a client started is found again."""

PROGRAM_NOT_FOUND = 127
"""The exit status of a program that cannot be started, as shells say it."""

_SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")


@dataclass(frozen=True)
class Finished:
    """How a client ended; `exit_status` is negative for the signal that ended it."""

    exit_status: int
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool


async def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    home: Path,
    cap_s: float,
    path: Sequence[Path] = (),
    folder: Path | None = None,
    grace_s: float = 2.0,
) -> Finished:
    """Run a client to its end, or to its cap; nothing that it started is left.

    `path` stands before the system's folders, `folder` is where it starts (else its home).
    What is left at the end gets `grace_s` to heed SIGTERM before SIGKILL.
    """
    stopped = Event()
    with nowhere() as proxy:
        given = {**environment(home, path, proxy), **env}
        task = _Task(command, given, folder or home, cap_s, grace_s, stopped)
        # A thread of its own: those of the loop are few, and look up names.
        thread = ThreadPoolExecutor(max_workers=1)
        running = asyncio.get_running_loop().run_in_executor(thread, _run, task)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            # No client outlives the run that it belongs to.
            stopped.set()
            await asyncio.wait([running])
            raise
        finally:
            thread.shutdown(wait=False)


@dataclass(frozen=True)
class _Task:
    """What is to be run; `stopped` is set where nobody wants it any more."""

    command: Sequence[str]
    env: Mapping[str, str]
    folder: Path
    cap_s: float
    grace_s: float
    stopped: Event


def _run(task: _Task) -> Finished:
    marker = secrets.token_hex(16)
    started = monotonic()
    try:
        process = subprocess.Popen(
            task.command,
            env={**task.env, MARKER: marker},
            cwd=task.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return Finished(PROGRAM_NOT_FOUND, "", f"{task.command[0]}: {error.strerror}", 0.0, False)
    with process, Outputs(process) as outputs:
        try:
            timed_out = not outputs.read_until_end(started + task.cap_s, task.stopped)
            seconds = monotonic() - started
        finally:
            processes.end(process.pid, f"{MARKER}={marker}", task.grace_s)
        status = process.wait()
        outputs.read_what_is_left()
    stdout, stderr = outputs.texts
    return Finished(status, stdout, stderr, seconds, timed_out)


def environment(home: Path, path: Sequence[Path], proxy: str) -> dict[str, str]:
    """All that a client is given; short, for a socket's name below TMPDIR has little room."""
    temporary = home / "tmp"
    temporary.mkdir(exist_ok=True)
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    here = "127.0.0.1,localhost,::1"
    return {
        "PATH": os.pathsep.join([*map(str, path), *_SYSTEM_PATH]),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        **dict.fromkeys([*proxies, *map(str.lower, proxies)], proxy),
        **{"NO_PROXY": here, "no_proxy": here},
    }


@contextmanager
def nowhere() -> Iterator[str]:
    """The address of a proxy where nothing listens, and nothing else can while it is held."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
