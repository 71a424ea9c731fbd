"""The part of an exchange that shows one violation, small enough to stand in a table's page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from conformance.compare.runs import Run
from conformance.model import Verdict, Violation
from conformance.report.evidence import HeaderRow, Panel, marks_of, panels
from conformance.report.listing import Segment
from conformance.report.timeline import Row, Timeline

_LINES_AROUND = 6
_ROWS_AROUND = 2
_ROWS_UNMARKED = 8
_HEADERS = ("content-type", "request-id", "x-request-id", "retry-after", "content-length")


@dataclass(frozen=True)
class Excerpt:
    """One verdict of one run with its first violation; `panel` is None where no exchange is.

    `id` is unique in the page and prefixes every anchor inside.
    """

    id: str
    verdict: Verdict
    violation: Violation | None
    panel: Panel | None

    @property
    def others(self) -> int:
        """How many violations the verdict has beside the one that is shown."""
        return max(0, len(self.verdict.violations) - 1)


def excerpt(run: Run, verdict: Verdict, id: str) -> Excerpt:
    """The evidence for a verdict: its first violation, or its first with an exchange."""
    shown = (v for v in verdict.violations if v.exchange in run.exchanges)
    first = next(shown, next(iter(verdict.violations), None))
    return Excerpt(id, verdict, first, _panel(run, verdict, first, id) if first else None)


def counterpart(run: Run, other: Excerpt, id: str) -> Panel | None:
    """The same part of the same exchange in a run that has nothing against it."""
    if other.violation is None:
        return None
    stream = other.panel.timeline if other.panel else None
    near = frozenset(row.index for row in stream.rows if row.marks) if stream else frozenset()
    return _shown(run, other.violation.exchange, id, (), near)


def _panel(run: Run, verdict: Verdict, violation: Violation, id: str) -> Panel | None:
    located = replace(violation, exchange=_unique(id, violation.exchange))
    return _shown(run, violation.exchange, id, (replace(verdict, violations=(located,)),))


def _shown(
    run: Run,
    exchange: str,
    id: str,
    verdicts: tuple[Verdict, ...],
    near: frozenset[int | None] = frozenset(),
) -> Panel | None:
    """The exchange under an id that no other excerpt of the page has."""
    if exchange not in run.exchanges:
        return None
    recording, found = run.exchanges[exchange]
    alone = replace(recording, exchanges=(replace(found, id=_unique(id, exchange)),), facts={})
    panel = next(panels(alone, "", marks_of(verdicts)))
    return replace(
        panel,
        exchange=found,
        headers=_headers(panel),
        body=tuple(_shortened(panel.body)),
        request_body=tuple(_shortened(panel.request_body)),
        timeline=_around(panel.timeline, near) if panel.timeline else None,
    )


def _unique(id: str, exchange: str) -> str:
    return f"{id} {exchange}"


def _headers(panel: Panel) -> tuple[HeaderRow, ...]:
    return tuple(row for row in panel.headers if row.marks or row.name.lower() in _HEADERS)


def _shortened(segments: tuple[Segment, ...]) -> Iterator[Segment]:
    """The marked lines with a few around them."""
    for segment in segments:
        lines = segment.text.split("\n")
        left_out = len(lines) - 2 * _LINES_AROUND
        if segment.marks or segment.left_out or left_out <= 1:
            yield segment
        else:
            yield Segment("\n".join(lines[:_LINES_AROUND]))
            yield Segment(left_out=left_out)
            yield Segment("\n".join(lines[-_LINES_AROUND:]))


def _around(timeline: Timeline, near: frozenset[int | None]) -> Timeline:
    """The marked events, or those near, with a few around; else the first ones and the end."""
    rows = timeline.rows
    wanted = (bool(row.marks) or (row.index in near and not row.left_out) for row in rows)
    marked = [number for number, is_wanted in enumerate(wanted) if is_wanted]
    kept = {n for m in marked for n in range(m - _ROWS_AROUND, m + _ROWS_AROUND + 1)}
    if not marked:
        kept = {*range(_ROWS_UNMARKED), len(rows) - 1}
    return replace(timeline, rows=tuple(_gaps(rows, kept)))


def _gaps(rows: tuple[Row, ...], kept: set[int]) -> Iterator[Row]:
    left_out = 0
    for number, row in enumerate(rows):
        if number not in kept:
            left_out += row.left_out or 1
            continue
        if left_out:
            yield Row(left_out=left_out)
            left_out = 0
        yield row
    if left_out:
        yield Row(left_out=left_out)
