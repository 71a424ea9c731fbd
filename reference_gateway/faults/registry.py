"""The catalogue of faults: each makes the gateway wrong in exactly one way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from reference_gateway.errors import UsageError
from reference_gateway.seams import Seams

T = TypeVar("T")
Install = Callable[[Seams], Seams]


@dataclass(frozen=True)
class Fault:
    """A named defect: where it was seen, and which requirements have to notice it."""

    slug: str
    kills: tuple[str, ...]
    origin: str
    summary: str
    install: Install


FAULTS: dict[str, Fault] = {}


def fault(
    slug: str, seam: Callable[[T], Install], *, kills: tuple[str, ...], origin: str
) -> Callable[[T], T]:
    """Register the decorated function as a fault at that seam; its docstring says what is wrong."""

    def register(function: T) -> T:
        if slug in FAULTS:
            raise ValueError(f"two faults are named {slug}")
        summary = (function.__doc__ or "").strip().splitlines()[0]
        FAULTS[slug] = Fault(slug, kills, origin, summary, seam(function))
        return function

    return register


def install(slugs: tuple[str, ...], seams: Seams) -> Seams:
    """The seams with these faults put in; raises `UsageError` for a slug that is not known."""
    for slug in slugs:
        if slug not in FAULTS:
            raise UsageError(f"unknown fault {slug!r}; --list-faults shows all")
        seams = FAULTS[slug].install(seams)
    return seams
