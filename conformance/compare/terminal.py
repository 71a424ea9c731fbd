"""A comparison on the terminal: what is worse first, one line for each difference."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from conformance import verdicts
from conformance.compare.comparison import Comparison
from conformance.compare.difference import MEANINGS, Change, Difference
from conformance.compare.runs import Run
from conformance.compare.shape import ShapeChange
from conformance.exits import Exit
from conformance.report.listing import visible

MOST_LINES = 20
"""Lines of one section; the JSON and the page have all of them."""

_WIDTH = 160
_GROUPED = (Change.LOST, Change.NOT_REACHED, Change.BLOCKED, Change.FIXED, Change.NEW)


def lines(comparison: Comparison) -> Iterator[str]:
    """The comparison, line by line; what came from traffic is made visible and cut."""
    for label, run in (("A", comparison.a), ("B", comparison.b)):
        yield _line(f"{label}  {_run(run)}")
    yield from (_line(f"note: {note}") for note in comparison.notes)
    for change, count in comparison.counts.items():
        if count:
            yield ""
            yield f"{MEANINGS[change].lower()} ({count})"
            found = [d for d in comparison.differences if d.change is change]
            yield from _cut(list(_grouped(found) if change in _GROUPED else map(_one, found)))
    yield from _shapes(comparison.shapes)
    yield ""
    yield sentence(comparison)


def sentence(comparison: Comparison) -> str:
    """The comparison in one sentence."""
    status = comparison.exit_status
    if status is Exit.FAILED:
        found = Counter(difference.change for difference in comparison.worse)
        told = [_counted(change, found[change]) for change in Change if found[change]]
        return f"B is worse than A: {', '.join(told)}"
    if status is Exit.INCOMPLETE:
        return f"Nothing seen got worse, but {_left_open(comparison)}"
    fixed = comparison.counts[Change.FIXED]
    if comparison.differences:
        return f"Nothing got worse{f': {fixed} fixed' if fixed else ''}"
    return "Nothing got worse: the verdicts are the same"


def places(found: Iterable[ShapeChange]) -> dict[tuple[str, str, str], list[str]]:
    """The exchanges that differ in one and the same way, by (place, in A, in B)."""
    same: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for change in found:
        name = f"{change.scenario}#{change.exchange}" if change.exchange else change.scenario
        same[change.where, change.a, change.b].append(name)
    return same


_ONE_AND_MANY = {
    Change.NEW_FAILURE: ("1 new failure", "{} new failures"),
    Change.CHANGED: ("1 fails in another way", "{} fail in another way"),
    Change.LOST: ("1 lost check", "{} lost checks"),
    Change.BLOCKED: ("1 check blocked", "{} checks blocked"),
    Change.NEW_WARNING: ("1 new warning", "{} new warnings"),
}


def _counted(change: Change, count: int) -> str:
    one, many = _ONE_AND_MANY[change]
    return one if count == 1 else many.format(count)


def _left_open(comparison: Comparison) -> str:
    if not comparison.b.is_whole:
        return "B is truncated: run it again"
    count = len(comparison.undecided)
    return f"B could not decide {count} MUST{'' if count == 1 else 's'} that A decided"


def _run(run: Run) -> str:
    found = verdicts.counts(run.verdicts.values())
    counts = ", ".join(f"{count} {outcome}" for outcome, count in found.items() if count)
    parts = [run.name, run.said("target"), run.said("started_at")[:19], counts or "no verdicts"]
    return "  ".join(part for part in parts if part)


def _one(difference: Difference) -> str:
    return f"  {difference.requirement:<16} {difference.level:<6} {difference.why}"


def _grouped(found: Iterable[Difference]) -> Iterator[str]:
    """The requirements with one and the same reason on one line."""
    same: dict[str, list[str]] = defaultdict(list)
    for difference in found:
        same[difference.why].append(difference.requirement)
    for why, ids in same.items():
        shown = ", ".join(ids[:5])
        rest = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
        yield f"  {shown}{rest}: {why}"


def _shapes(found: Iterable[ShapeChange]) -> Iterator[str]:
    same = places(found)
    if same:
        yield ""
        yield f"shapes of answers ({len(same)})"
    yield from _cut([_shape(*said, names) for said, names in same.items()])


def _shape(where: str, a: str, b: str, names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"  {where}: {a} -> {b}, in {names[0]}{more}"


def _cut(given: list[str]) -> Iterator[str]:
    yield from map(_line, given[:MOST_LINES])
    if len(given) > MOST_LINES:
        yield f"  and {len(given) - MOST_LINES} more (--json and --html have all)"


def _line(text: str) -> str:
    shown = visible(re.sub(r"[\n\t]+", " ", text))
    return shown if len(shown) <= _WIDTH else f"{shown[: _WIDTH - 3]}..."
