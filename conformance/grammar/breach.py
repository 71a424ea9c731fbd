"""A breach: a violation in the order of a stream, and the requirement that it breaks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from conformance.model import Level, Violation
from conformance.sse import Event


@dataclass(frozen=True)
class Breach:
    """A violation together with the requirement that it breaks."""

    requirement: str
    violation: Violation


def at(event: Event, expected: str, actual: str, level: Level | None = None) -> Violation:
    """A violation at one event of a stream."""
    return Violation(f"events[{event.index}]", expected, actual, level)


def key(index: Any) -> Any:
    """An index as a dictionary key, whatever JSON value it is."""
    return index if isinstance(index, int) else json.dumps(index)
