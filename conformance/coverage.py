"""What the suite does about every id of the catalogue, as rows and as a page.

The faults come from `requirements/kills.toml`, which is written from the faults of the
reference gateway: the suite itself knows nothing of that gateway.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.catalogue import Entry, catalogue, excluded, kills, source_url
from conformance.kinds import Kind
from conformance.registry import CLIENTS, RUN, Requirement, requirements, scenarios, serving

_HEAD = """# Coverage

Every id of the catalogue: how binding it is, what it rests on, which scenarios show it, and
which faults of the reference gateway break it. An id without a check says why.

Written by `python -m tests.faults.generated`.

| id | level | what is true | source | shown by | caught faults, or why there is no check |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Row:
    """One id; without a check it has the reason of its exclusion and no scenarios."""

    entry: Entry
    requirement: Requirement | None
    faults: tuple[str, ...]
    reason: str

    @property
    def title(self) -> str:
        """What is true of a sound gateway: the check's own words, or the page's rule."""
        return self.requirement.title if self.requirement else self.entry.rule

    @property
    def source(self) -> str:
        """A public address that the id rests on; empty where there is none."""
        return source_url(self.entry)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The scenarios that give it its subjects."""
        return tuple(sorted(serving(self.requirement))) if self.requirement else ()


def rows() -> Iterator[Row]:
    """A row for each id of the catalogue, in page order."""
    for id, entry in catalogue().items():
        yield Row(entry, requirements().get(id), kills().get(id, ()), excluded().get(id, ""))


def page() -> str:
    """The rows as a table in Markdown."""
    return _HEAD + "".join(f"| {' | '.join(map(_cell, _cells(row)))} |\n" for row in rows())


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.entry.id,
        _levels(row.entry),
        row.title,
        f"[source]({row.source})" if row.source else "",
        _shown_by(row),
        ", ".join(row.faults) or row.reason or _without_fault(row),
    )


def _without_fault(row: Row) -> str:
    if row.requirement is None:
        return "none"
    if row.requirement.page == CLIENTS:
        return "none: the proof runs no client ([kill matrix](kill-matrix.md))"
    return "none: needs a scripted upstream (lab)" if row.requirement.needs_lab else "none"


def _cell(text: str) -> str:
    # A bar ends a cell, wherever it stands, and some rules quote one.
    return text.replace("|", "\\|")


def _levels(entry: Entry) -> str:
    gateway, vendor = entry.level("gateway"), entry.level("vendor")
    return str(gateway) if gateway == vendor else f"{gateway}, vendor {vendor}"


def _shown_by(row: Row) -> str:
    if row.requirement is None:
        return ""
    return ", ".join(map(_subject, row.requirement.on))


def _subject(subject: Kind | str) -> str:
    if not isinstance(subject, Kind):
        return "the whole run" if subject == RUN else subject
    count = sum(subject in scenario.yields for scenario in scenarios().values())
    return f"every {subject} ({count} scenarios)"
