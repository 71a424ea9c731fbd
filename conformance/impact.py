"""What real clients did under each fault of the reference gateway, as it was measured.

Read from `reports/impact.toml`. What was not measured is not there, and says nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any


class Effect(StrEnum):
    """What a fault does to a client, the worst last; `none` is the right result."""

    NONE = "none"
    REPEATED = "repeated"
    ERROR = "error"
    HANG = "hang"
    LOOP = "loop"
    SILENT = "silent"

    @property
    def rank(self) -> int:
        """How bad it is: what nobody notices is the worst."""
        return list(Effect).index(self)


@dataclass(frozen=True)
class Sighting:
    """What one client did with one task under one fault.

    `words` are the client's own of an error, or what is wrong with a result. `requests` is
    how many it made, where these are more than without the fault.
    """

    client: str
    protocol: str
    task: str
    effect: Effect
    words: str = ""
    requests: int = 0


@dataclass(frozen=True)
class Impact:
    """What is known of one fault.

    `unchanged` are clients that were not run, because nothing that they are sent differs.
    """

    unchanged: frozenset[str] = frozenset()
    seen: tuple[Sighting, ...] = ()

    @property
    def measured(self) -> frozenset[str]:
        """The clients that are known under this fault."""
        return self.unchanged | {sighting.client for sighting in self.seen}


@dataclass(frozen=True)
class Impacts:
    """All that was measured: the version of each client, what it did by fault.

    `sound` is what it does without a fault where an error is the right end.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    sound: Impact = Impact()
    faults: Mapping[str, Impact] = field(default_factory=dict)

    def under(self, slugs: Iterable[str]) -> tuple[Sighting, ...]:
        """What was seen under any of these faults."""
        return tuple(s for slug in slugs if slug in self.faults for s in self.faults[slug].seen)


ALL = "all"
"""Stands in the file for every client that has a version there."""


@cache
def impacts() -> Impacts:
    """What was measured for this version of the suite."""
    return read((files("conformance.reports") / "impact.toml").read_text(encoding="utf-8"))


def read(text: str) -> Impacts:
    """The impacts in a file's text."""
    table = tomllib.loads(text)
    versions: dict[str, str] = table.get("versions", {})
    found = {slug: _impact(entry, versions) for slug, entry in table.get("faults", {}).items()}
    return Impacts(versions, _impact(table.get("sound", {}), versions), found)


def _impact(entry: Mapping[str, Any], versions: Mapping[str, str]) -> Impact:
    named = entry.get("unchanged", [])
    unchanged = frozenset(versions if named == ALL else named)
    return Impact(unchanged, tuple(s for row in entry.get("seen", []) for s in _sightings(row)))


def _sightings(row: Mapping[str, Any]) -> Iterable[Sighting]:
    protocol, *tasks = row["on"].split()
    more = (Effect(row["effect"]), row.get("words", ""), row.get("requests", 0))
    return [Sighting(name, protocol, task, *more) for name in row["clients"] for task in tasks]
