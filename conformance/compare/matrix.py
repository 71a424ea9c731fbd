"""Many runs as a table: requirements by gateway, grouped by area and level. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from conformance.compare.runs import Run
from conformance.model import Level, Outcome, Verdict
from conformance.report.findings import title
from conformance.report.place import anchor
from conformance.report.summary import AREAS, area_of

HAS_EVIDENCE = (Outcome.FAIL, Outcome.WARN, Outcome.INFO, Outcome.KNOWN)
"""The outcomes with violations to show."""


@dataclass(frozen=True)
class Cell:
    """What one run says of one requirement; `verdict` is None where it says nothing.

    `number` is that of the run, from 1; `id` the anchor of its evidence in the page.
    """

    number: int
    run: Run
    verdict: Verdict | None
    id: str

    @property
    def outcome(self) -> str:
        """The outcome, empty where there is none."""
        return str(self.verdict.outcome) if self.verdict else ""

    @property
    def has_evidence(self) -> bool:
        """Whether there is a violation to look at."""
        return self.verdict is not None and self.verdict.outcome in HAS_EVIDENCE

    @property
    def reason(self) -> str:
        """Why there is no judgement; empty where there is one."""
        if self.verdict is None:
            return "no verdict in this run" if self.run.is_whole else "the run was cut short"
        return "" if self.has_evidence or self.outcome == Outcome.PASS else self.verdict.reason


@dataclass(frozen=True)
class Row:
    """One requirement over all runs."""

    requirement: str
    title: str
    level: Level
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        """Whether the runs that have a verdict disagree."""
        return len({cell.outcome for cell in self.cells if cell.verdict}) > 1

    @property
    def fails(self) -> bool:
        """Whether some run breaks the requirement, be it known to its baseline or not."""
        return any(cell.outcome in (Outcome.FAIL, Outcome.KNOWN) for cell in self.cells)


@dataclass(frozen=True)
class Group:
    """The requirements of one area and level."""

    area: str
    level: Level
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Column:
    """One run: the counts of its outcomes; `missing` are requirements it says nothing of."""

    number: int
    run: Run
    counts: Mapping[Outcome, int]
    missing: int


@dataclass(frozen=True)
class Matrix:
    """Requirements by run."""

    columns: tuple[Column, ...]
    groups: tuple[Group, ...]

    @property
    def rows(self) -> Iterator[Row]:
        """Every row in the order of the page."""
        return (row for group in self.groups for row in group.rows)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes that some run has, worst first."""
        return tuple(o for o in Outcome if any(column.counts[o] for column in self.columns))


def matrix(runs: Iterable[Run]) -> Matrix:
    """The matrix of these runs, in their order."""
    given = list(runs)
    rows = [_row(id, given) for id in sorted({id for run in given for id in run.verdicts})]
    return Matrix(tuple(_columns(given, len(rows))), tuple(_groups(rows)))


def _columns(runs: list[Run], planned: int) -> Iterator[Column]:
    for number, run in enumerate(runs, 1):
        counts = Counter(verdict.outcome for verdict in run.verdicts.values())
        yield Column(number, run, counts, planned - len(run.verdicts))


def _row(id: str, runs: list[Run]) -> Row:
    cells = tuple(
        Cell(number, run, run.verdicts.get(id), anchor(f"run{number} {id}"))
        for number, run in enumerate(runs, 1)
    )
    levels = {cell.verdict.level for cell in cells if cell.verdict}
    return Row(id, title(id), min(levels, key=list(Level).index), cells)


def _groups(rows: list[Row]) -> Iterator[Group]:
    """The rows by area and level, in the order of the report; unknown areas last."""
    areas = dict.fromkeys([*AREAS.values(), *(area_of(row.requirement) for row in rows)])
    for area in areas:
        for level in Level:
            found = (r for r in rows if area_of(r.requirement) == area and r.level is level)
            group = Group(area, level, tuple(found))
            if group.rows:
                yield group
