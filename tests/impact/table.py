"""The table of impacts while it grows, and the file that keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from conformance.clients.catalogue import Client
from conformance.impact import Impact, Impacts, Sighting
from reference_gateway.faults import FAULTS
from tests.faults.proof import needs_lab
from tests.impact import written
from tests.impact.cells import clients

FILE = Path(__file__).parents[2] / "reports" / "impact.toml"


def is_shown(slug: str) -> bool:
    """Whether the gateway alone shows a fault: some need the lab behind it."""
    return slug in FAULTS and not needs_lab([slug])


def kept(before: Impacts, chosen: Iterable[Client], is_anew: bool) -> Impacts:
    """What is kept: what was measured of the same versions, under faults that exist."""
    versions = {client.name: client.version for client in clients()}
    now = {client.name for client in chosen}
    stale = {n for n, v in before.versions.items() if versions.get(n) != v}
    stale |= now if is_anew else set()
    named = {n: v for n, v in versions.items() if n in now or n in set(before.versions) - stale}
    faults = {s: without(i, stale) for s, i in before.faults.items() if is_shown(s)}
    return Impacts(named, without(before.sound, stale), faults)


def without(impact: Impact, names: Iterable[str]) -> Impact:
    """What is known of a fault but for these clients."""
    gone = frozenset(names)
    return Impact(impact.unchanged - gone, tuple(s for s in impact.seen if s.client not in gone))


class Table:
    """The impacts while they grow."""

    def __init__(self, impacts: Impacts, is_written: bool) -> None:
        self.impacts = impacts
        self.is_written = is_written
        self.again: frozenset[str] = frozenset()

    def missing(self, slug: str, chosen: Iterable[Client]) -> list[Client]:
        """The clients that are to be measured under a fault."""
        known = self.impacts.faults.get(slug, Impact()).measured
        return [c for c in chosen if slug in self.again or c.name not in known]

    def add_sound(self, found: Sequence[Sighting]) -> None:
        """Take the errors that are right in the place of those of the same clients."""
        kept = without(self.impacts.sound, {sighting.client for sighting in found})
        self.impacts = replace(self.impacts, sound=Impact(seen=(*kept.seen, *found)))
        self._write()

    def add(self, slug: str, found: Impact) -> None:
        """Take what was found in the place of what was known of the same clients."""
        kept = without(self.impacts.faults.get(slug, Impact()), found.measured)
        whole = Impact(kept.unchanged | found.unchanged, (*kept.seen, *found.seen))
        faults = {**self.impacts.faults, slug: whole}
        self.impacts = replace(
            self.impacts, faults={slug: faults[slug] for slug in FAULTS if slug in faults}
        )
        self._write()

    def _write(self) -> None:
        if self.is_written:
            # Whoever reads it meanwhile finds all of it.
            growing = FILE.with_suffix(".part")
            growing.write_text(written.text(self.impacts), encoding="utf-8")
            growing.replace(FILE)
