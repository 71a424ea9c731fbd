"""A server as a process: its ready file, its end, and how it tells a user's mistake."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from reference_gateway.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

USAGE_ERROR_STATUS = 2
MAX_PORT = 65_535
STDIN = 0


def log_warnings() -> None:
    """Write warnings to stderr, and none of aiohttp's."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    # aiohttp's own messages may quote what a client sent.
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)


def reported(program: str, action: Callable[[], None]) -> int:
    """Do something; a user's mistake is one line, and the exit status."""
    try:
        action()
    except UsageError as error:
        sys.stderr.write(f"{program}: {error}\n")
        return USAGE_ERROR_STATUS
    return 0


def check_port(port: int) -> None:
    """Raise `UsageError` for what is no port."""
    if not 0 <= port <= MAX_PORT:
        raise UsageError(f"port {port} is not between 0 and {MAX_PORT}")


async def until_told(
    running: DataclassInstance, said: str, ready_file: Path | None, with_stdin: bool
) -> None:
    """Tell the starter that a server runs, then wait for a signal or the end of stdin.

    The ready file holds all of `running`; without one, stdout gets what is `said`.
    """
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if ready_file:
        write_ready_file(ready_file, running)
    else:
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()
    if with_stdin:
        _watch_stdin(loop, stopped)
    await stopped.wait()


def write_ready_file(path: Path, running: DataclassInstance) -> None:
    """Tell the starter where we are; readable by its owner only, and never half written."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(running), file)
        unfinished.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _watch_stdin(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    """Stop when stdin ends; a thread, because not every stdin can be polled."""

    def wait_for_end() -> None:
        with contextlib.suppress(OSError):  # A stdin that was never open has ended.
            while os.read(STDIN, 4096):
                pass
        loop.call_soon_threadsafe(stopped.set)

    threading.Thread(target=wait_for_end, daemon=True).start()
