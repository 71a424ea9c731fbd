"""Two runs compared: verdicts, shapes, and what must be known to read the comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance import verdicts
from conformance.compare.difference import Change, Difference, differences
from conformance.compare.runs import Run
from conformance.compare.shape import ShapeChange, shape_changes
from conformance.exits import Exit
from conformance.model import Level, Verdict

_HEADER = {
    "suite_version": "suite version",
    "profile": "profile",
    "kind": "kind of target",
}


@dataclass(frozen=True)
class Comparison:
    """What differs between run A and run B; B is judged by A."""

    a: Run
    b: Run
    differences: tuple[Difference, ...]
    shapes: tuple[ShapeChange, ...]
    notes: tuple[str, ...]
    fail_on: Level = Level.MUST

    @property
    def worse(self) -> tuple[Difference, ...]:
        """The differences that make B worse than A."""
        return tuple(d for d in self.differences if d.is_worse(self.fail_on))

    @property
    def undecided(self) -> tuple[Difference, ...]:
        """What B leaves open although A decided it."""
        return tuple(d for d in self.differences if d.is_undecided)

    @property
    def exit_status(self) -> Exit:
        """0: nothing got worse; 1: something did; 7: B leaves open whether it did."""
        if self.worse:
            return Exit.FAILED
        return Exit.INCOMPLETE if self.undecided or not self.b.is_whole else Exit.CONFORMS

    @property
    def counts(self) -> Mapping[Change, int]:
        """How many differences there are of each change, most severe first."""
        found = Counter(difference.change for difference in self.differences)
        return {change: found[change] for change in Change}

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain JSON values; `gateway-conformance diff --help` has the keys."""
        return {
            "a": _run(self.a),
            "b": _run(self.b),
            "exit_status": int(self.exit_status),
            "notes": list(self.notes),
            "counts": {str(change): count for change, count in self.counts.items()},
            "differences": [self._difference(difference) for difference in self.differences],
            "shapes": [vars(change) for change in self.shapes],
        }

    def _difference(self, difference: Difference) -> dict[str, Any]:
        return {
            "requirement": difference.requirement,
            "change": str(difference.change),
            "level": str(difference.level),
            "worse": difference.is_worse(self.fail_on),
            "why": difference.why,
            "appeared": [list(way) for way in difference.appeared],
            "vanished": [list(way) for way in difference.vanished],
            "a": _verdict(difference.a),
            "b": _verdict(difference.b),
        }


def compared(a: Run, b: Run, fail_on: Level = Level.MUST) -> Comparison:
    """Run B compared with run A."""
    return Comparison(
        a=a,
        b=b,
        differences=differences(a, b),
        shapes=shape_changes(a.recordings, b.recordings),
        notes=(*_about("A", a), *_about("B", b), *_unlike(a, b)),
        fail_on=fail_on,
    )


def _about(label: str, run: Run) -> Iterator[str]:
    """What is missing in a run."""
    failure = run.judged.preflight.get("failure")
    if failure:
        yield f"{label} judged nothing: {failure['found']}"
    if not run.is_whole:
        planned = run.said("planned") or "?"
        cause = "has no footer" if run.judged.is_truncated else "lacks lines"
        yield (
            f"{label} is truncated: its file {cause} and holds {len(run.verdicts)} of "
            f"{planned} verdicts; what is missing is not compared, run it again"
        )
    if run.judged.preflight.get("lost"):
        yield f"{label} broke off: {run.judged.preflight['lost']}"
    for text in run.unreadable:
        yield f"{label} has a recording that cannot be read: {text}"
    if not run.recordings:
        yield f"{label} has no recordings: the shapes of its answers are not compared"


def _unlike(a: Run, b: Run) -> Iterator[str]:
    """What makes the runs less comparable than they look."""
    for field, name in _HEADER.items():
        said = [run.said(field) or "none" for run in (a, b)]
        if said[0] != said[1]:
            yield f"the {name} differs: {said[0]} in A, {said[1]} in B"
    ours, theirs = (run.judged.header.get("configuration") or {} for run in (a, b))
    unlike = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
    if unlike:
        yield f"the configurations differ: {', '.join(unlike)}"
    if a.recordings and b.recordings:
        yield from _only("A", a, b)
        yield from _only("B", b, a)


def _only(label: str, run: Run, other: Run) -> Iterator[str]:
    names = sorted({*run.recordings} - {*other.recordings})
    if names:
        yield f"scenarios only in {label}: {', '.join(names)}"


def _run(run: Run) -> dict[str, Any]:
    return {
        "name": run.name,
        "folder": run.folder.name,
        **{
            field: run.said(field)
            for field in ("target", "profile", "kind", "suite_version", "started_at")
        },
        "truncated": not run.is_whole,
        "counts": verdicts.counts(run.verdicts.values()),
    }


def _verdict(verdict: Verdict | None) -> dict[str, Any] | None:
    return verdicts.to_json(verdict) if verdict else None
