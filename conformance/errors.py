"""The exceptions of the suite: ours, the network's or the user's, never the gateway's.

What a gateway does wrong is a value (`conformance.model.Violation`). The tree::

    ConformanceError
    ├── UsageError          the user's mistake: options, files, environment (exit status 4)
    ├── PreflightFailure    nothing can be judged: target or configuration (exit status 6)
    ├── UnreadableFile      a file of ours that cannot be read back
    ├── ControlError        the gateway's control API did not do what was asked
    ├── LabError            the lab behind the gateway did not do what was asked
    └── ClientError         a real client is not there, or did not get as far as asking
"""

from __future__ import annotations

from pathlib import Path


class ConformanceError(Exception):
    """The root of the tree; its text is one line for the user."""


class UsageError(ConformanceError):
    """The command line, the environment or a profile is wrong."""


class PreflightFailure(ConformanceError):
    """The target cannot be judged at all.

    `cause` is `target` (unreachable, not a gateway) or `configuration` (key, model).
    `fix` says what to do about it.
    """

    def __init__(self, cause: str, found: str, fix: str) -> None:
        super().__init__(f"{found}; {fix}")
        self.cause = cause
        self.found = found
        self.fix = fix


class UnreadableFile(ConformanceError):
    """A file that the suite wrote, or was given, is not what it should be."""

    def __init__(self, path: Path, found: str, expected: str) -> None:
        super().__init__(f"{path}: found {found}, expected {expected}")
        self.path = path
        self.found = found
        self.expected = expected


class ControlError(ConformanceError):
    """A control adapter could not put a key into the wanted state."""


class LabError(ConformanceError):
    """The scripted upstream behind the gateway is not there, or does not take a script."""


class ClientError(ConformanceError):
    """A real client is not installed, or ended before it asked the gateway anything."""
