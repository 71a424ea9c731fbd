"""Ends everything that a process started, daemons that left its group among it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

_PROC = Path("/proc")
_LOOK_AGAIN_S = 0.02
_KILLED_S = 5.0
"""How long a killed process may take to be gone, on a machine that is busy."""


def end(group: int, mark: str, grace_s: float) -> None:
    """End what is of the process group, or has the mark (`NAME=value`) in its environment.

    All get SIGTERM, and SIGKILL where they are still there after `grace_s`. Where the system
    shows no environments (there is no /proc), only the group is ended.
    """
    if not _PROC.is_dir():
        _end_group(group, grace_s)
        return
    told: set[int] = set()

    def ask(pid: int) -> None:
        # Once: a second SIGTERM makes some programs give up tidying up.
        if pid not in told:
            told.add(pid)
            _signal(pid, signal.SIGTERM)

    _until_gone(group, mark, grace_s, ask)
    _until_gone(group, mark, _KILLED_S, lambda pid: _signal(pid, signal.SIGKILL))


def living(group: int, mark: str) -> tuple[int, ...]:
    """The processes of the group, and those that have the mark; what is dead is not among it."""
    return tuple(pid for pid in _pids() if _is_ours(pid, group, mark.encode()))


def _until_gone(group: int, mark: str, seconds: float, tell: Callable[[int], None]) -> None:
    until = monotonic() + seconds
    # Looked for each time anew: what is told to end may start others first.
    while left := living(group, mark):
        for pid in left:
            tell(pid)
        if monotonic() >= until:
            return
        sleep(_LOOK_AGAIN_S)


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())


def _is_ours(pid: int, group: int, mark: bytes) -> bool:
    try:
        # The name in parentheses may itself hold spaces and parentheses.
        state, _, its_group = (_PROC / f"{pid}/stat").read_bytes().rpartition(b") ")[2].split()[:3]
        if state in (b"Z", b"X"):
            return False
        return int(its_group) == group or mark in _environment(pid)
    except (FileNotFoundError, ProcessLookupError):
        return False


def _environment(pid: int) -> list[bytes]:
    try:
        return (_PROC / f"{pid}/environ").read_bytes().split(b"\0")
    except PermissionError:
        return []  # another user's


def _end_group(group: int, grace_s: float) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGTERM)
        sleep(grace_s)
        os.killpg(group, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
