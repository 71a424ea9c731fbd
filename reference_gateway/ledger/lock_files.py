"""Which processes that share a file are alive, told by locks that end with their process.

Each process that holds money keeps a lock on a small file of its own beside the ledger.
The system gives the lock back at the moment the process ends, however it ends, and never
before: a slow or stopped process is not taken for a dead one, and no clock is asked.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

_MARK = "-process-"


class LockFiles:
    """The locks beside one ledger file: our own, and those of others."""

    def __init__(self, ledger: str) -> None:
        self._ledger = Path(ledger)
        self._own: tuple[str, int] | None = None
        self._sweep()

    def own(self) -> str:
        """Our name, locked from the first time it is asked for."""
        while self._own is None:
            owner = secrets.token_hex(8)
            descriptor = os.open(self._path(owner), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # A process that started just then may have taken the file for a dead one's.
            if os.fstat(descriptor).st_nlink:
                self._own = owner, descriptor
            else:
                os.close(descriptor)
        return self._own[0]

    def is_free(self, owner: str) -> bool:
        """Whether nobody holds the lock any more."""
        with self._tried(owner) as is_locked:
            return not is_locked

    def close(self) -> None:
        """Give our lock back."""
        if self._own is not None:
            owner, descriptor = self._own
            self._path(owner).unlink(missing_ok=True)
            os.close(descriptor)
            self._own = None

    def _sweep(self) -> None:
        """Remove the files that killed processes left."""
        for path in self._ledger.parent.glob(f"{glob.escape(self._ledger.name)}{_MARK}*"):
            with self._tried(path.name.rpartition(_MARK)[2]) as is_locked:
                if not is_locked:
                    path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _tried(self, owner: str) -> Iterator[bool]:
        """Whether another process has that lock; where not, it is ours inside the block.

        A file that is not there was removed after its process had ended.
        """
        try:
            descriptor = os.open(self._path(owner), os.O_RDWR)
        except FileNotFoundError:
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield True
        else:
            yield False
        finally:
            os.close(descriptor)

    def _path(self, owner: str) -> Path:
        return self._ledger.with_name(f"{self._ledger.name}{_MARK}{owner}")
