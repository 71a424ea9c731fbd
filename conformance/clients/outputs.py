"""The outputs of a process: read while it runs, kept as far as there is room."""

from __future__ import annotations

import os
import selectors
import subprocess
from threading import Event
from time import monotonic

LONGEST = 256 * 1024
"""How many bytes of each output are kept from its start, and as many from its end."""

_LOOK_AGAIN_S = 0.05
_PIECE = 65_536
_MOST_LEFT_IN_A_PIPE = 1 << 20


class Excerpt:
    """Bytes of which at most `limit` from the start, and as many from the end, are kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._first = bytearray()
        self._last = bytearray()
        self._left_out = 0

    def add(self, data: bytes) -> None:
        """Take what came next."""
        room = self._limit - len(self._first)
        self._first += data[:room]
        self._last += data[room:]
        surplus = max(0, len(self._last) - self._limit)
        del self._last[:surplus]
        self._left_out += surplus

    @property
    def text(self) -> str:
        """What is kept; a line between the parts says how much is not."""
        gap = f"\n[{self._left_out} bytes left out]\n" if self._left_out else ""
        return (self._first + gap.encode() + self._last).decode(errors="replace")


class Outputs:
    """Both outputs of a process, read while it runs, so that it never waits for us."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        assert process.stderr
        self._process = process
        self._excerpts = (Excerpt(LONGEST), Excerpt(LONGEST))
        self._selector = selectors.DefaultSelector()
        for pipe, excerpt in zip((process.stdout, process.stderr), self._excerpts, strict=True):
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, selectors.EVENT_READ, excerpt)

    def __enter__(self) -> Outputs:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()

    @property
    def texts(self) -> tuple[str, str]:
        """What is kept of the standard output and of the errors."""
        stdout, stderr = self._excerpts
        return stdout.text, stderr.text

    def read_until_end(self, until: float, stopped: Event) -> bool:
        """Read while the process runs; whether it ended by itself, before its time was over."""
        while self._process.poll() is None:
            if monotonic() >= until or stopped.is_set():
                return False
            self._read(min(_LOOK_AGAIN_S, max(0.0, until - monotonic())))
        return True

    def read_what_is_left(self) -> None:
        """Read what the pipes still hold; no more, for who else may hold their other ends."""
        for _ in range(_MOST_LEFT_IN_A_PIPE // _PIECE):
            if not self._read(0):
                return

    def _read(self, patience_s: float) -> bool:
        ready = self._selector.select(patience_s)
        for key, _ in ready:
            piece = os.read(key.fd, _PIECE)
            key.data.add(piece)
            if not piece:
                self._selector.unregister(key.fileobj)
        return bool(ready)
