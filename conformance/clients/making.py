"""Makes the environment of a client: a process for each step, and its log."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from conformance.clients import registries
from conformance.clients.registries import Bundle
from conformance.errors import ConformanceError

LONGEST_S = 900.0


class InstallError(ConformanceError):
    """A client cannot be had here; the text says what to do, and where the log is."""


def make(bundle: Bundle, folder: Path, *, log: Path, node: Path | None = None) -> None:
    """Install the bundle into an empty folder; raises InstallError where a step fails.

    npm and the scripts of its packages run on `node`, for some ask for the one that they
    will run on later.
    """
    log.parent.mkdir(exist_ok=True)
    log.write_bytes(b"")
    registries.prepare(bundle, folder)
    for command in registries.commands(bundle, folder):
        failure = _failure(command, folder, log, _environment(node))
        if failure:
            again = f"`gateway-conformance clients install {bundle.name}` again"
            raise InstallError(f"{bundle.name}: not installed: {failure}; see {log}, then {again}")


def _environment(node: Path | None) -> Mapping[str, str]:
    if node is None:
        return os.environ
    path = os.pathsep.join(filter(None, (str(node.parent), os.environ.get("PATH"))))
    return {**os.environ, "PATH": path}


def _failure(
    command: Sequence[str], folder: Path, log: Path, environment: Mapping[str, str]
) -> str:
    """Why a step failed, or nothing; it is ended whole where it takes too long, or we end."""
    with log.open("ab") as output:
        output.write(f"$ {' '.join(command)}\n".encode())
        output.flush()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        status = process.wait(LONGEST_S)
    except subprocess.TimeoutExpired:
        return f"{Path(command[0]).name} took longer than {LONGEST_S:.0f} s"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return f"{Path(command[0]).name} ended with {status}" if status else ""
