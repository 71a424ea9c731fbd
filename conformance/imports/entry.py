"""One exchange as a format tells it, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.model import Headers, Part, Recording


@dataclass(frozen=True)
class Raw:
    """An exchange before it is understood.

    A body is None where it was not recorded, a status 0 where nothing came back. `id`
    is the format's own, `scope` what was recorded together with it: ids are compared
    inside a scope only.
    """

    method: str = ""
    url: str = ""
    request_headers: Headers = ()
    request_body: bytes | None = None
    status: int = 0
    headers: Headers = ()
    body: bytes | None = None
    id: str = ""
    started_at: str = ""
    scope: str = ""
    lost: frozenset[Part] = frozenset()


@dataclass(frozen=True)
class Unread:
    """A place in an input that could not be read; what stands around it still counts."""

    where: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}, expected {self.expected}"


@dataclass(frozen=True)
class Run:
    """Recordings of our own: a run folder, or a part of one, with the probes it sent."""

    recordings: dict[str, Recording]


class Unreadable(ValueError):
    """A piece of an input is not what it should be; becomes an `Unread` with its place."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}, expected {expected}")
        self.found = found
        self.expected = expected
