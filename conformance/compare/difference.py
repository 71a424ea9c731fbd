"""What became of each requirement from one run to another: pure, verdicts in, changes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from conformance.compare.runs import Run
from conformance.judge import BLOCKED
from conformance.model import Level, Outcome, Verdict
from conformance.ways import Way, way, ways
from conformance.wording import shortened

ABSENT = "absent"
"""Stands for the outcome of a requirement that a run has no verdict on."""


class Change(StrEnum):
    """What became of a requirement, most severe first."""

    NEW_FAILURE = "new_failure"
    CHANGED = "changed"
    LOST = "lost"
    NOT_REACHED = "not_reached"
    BLOCKED = "blocked"
    NEW_WARNING = "new_warning"
    OUTCOME = "outcome"
    LEVEL = "level"
    FIXED = "fixed"
    NEW = "new"


MEANINGS: Mapping[Change, str] = {
    Change.NEW_FAILURE: "New failures",
    Change.CHANGED: "Failing in another way",
    Change.LOST: "Lost checks",
    Change.NOT_REACHED: "Not reached by the interrupted run",
    Change.BLOCKED: "Blocked by a failure",
    Change.NEW_WARNING: "New warnings",
    Change.OUTCOME: "Other outcome",
    Change.LEVEL: "Other level",
    Change.FIXED: "Fixed",
    Change.NEW: "New checks",
}
"""What each change is called on terminal and page."""

_HOLDS_NOT = (Outcome.FAIL, Outcome.KNOWN, Outcome.WARN)
_RAN = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.WARN, Outcome.INFO, Outcome.KNOWN, Outcome.PASS)
_GONE = (Outcome.NOT_RUN, Outcome.NOT_APPLICABLE)
_ALWAYS_WORSE = (Change.NEW_FAILURE, Change.LOST, Change.BLOCKED)


@dataclass(frozen=True)
class Difference:
    """One requirement that the two runs disagree on; `a` or `b` is None where it is absent."""

    requirement: str
    change: Change
    a: Verdict | None
    b: Verdict | None

    @property
    def level(self) -> Level:
        """The level in the later run that has a verdict."""
        verdict = self.b or self.a
        assert verdict is not None
        return verdict.level

    @property
    def appeared(self) -> tuple[Way, ...]:
        """The ways of failing that only B has."""
        return tuple(sorted(ways(self.b) - ways(self.a)))

    @property
    def vanished(self) -> tuple[Way, ...]:
        """The ways of failing that only A has."""
        return tuple(sorted(ways(self.a) - ways(self.b)))

    @property
    def why(self) -> str:
        """One line: from which outcome to which, and what was found."""
        step = f"{outcome_of(self.a)} -> {outcome_of(self.b)}"
        if self.a and self.b and self.a.level is not self.b.level:
            step += f", {self.a.level} -> {self.b.level}"
        return f"{step}: {self.detail}" if self.detail else step

    @property
    def detail(self) -> str:
        """What B says beside its outcome: where it fails, or why it does not judge."""
        return _detail(self)

    def is_worse(self, fail_on: Level) -> bool:
        """Whether B is worse than A here; warnings count where `fail_on` is SHOULD."""
        if self.change is Change.NEW_WARNING:
            return fail_on is Level.SHOULD
        if self.change is Change.CHANGED:
            counts = outcome_of(self.b) == Outcome.FAIL or fail_on is Level.SHOULD
            return counts and bool(self.appeared)
        return self.change in _ALWAYS_WORSE

    @property
    def is_undecided(self) -> bool:
        """Whether B leaves open what A decided about a MUST."""
        if self.change is Change.NOT_REACHED:
            return True
        is_open = self.change is Change.OUTCOME and outcome_of(self.b) == Outcome.INCONCLUSIVE
        return is_open and self.level is Level.MUST


def differences(a: Run, b: Run) -> tuple[Difference, ...]:
    """Every requirement that the runs disagree on, the most severe first."""
    return tuple(sorted(_differences(a, b), key=_severity))


def outcome_of(verdict: Verdict | None) -> str:
    """The outcome, or ABSENT."""
    return str(verdict.outcome) if verdict else ABSENT


def _differences(a: Run, b: Run) -> Iterator[Difference]:
    for id in sorted({*a.verdicts, *b.verdicts}):
        before, after = a.verdicts.get(id), b.verdicts.get(id)
        change = _absent(before, b.is_whole) if after is None else _change(before, after)
        if change is not None:
            yield Difference(id, change, before, after)


def _absent(before: Verdict | None, is_whole: bool) -> Change:
    """What it means that B has no verdict: a run that was cut short has lost nothing."""
    if before is None or before.outcome not in _RAN:
        return Change.OUTCOME
    return Change.LOST if is_whole else Change.NOT_REACHED


def _change(before: Verdict | None, after: Verdict) -> Change | None:
    outcome = before.outcome if before else None
    if after.outcome is Outcome.FAIL and outcome is not Outcome.FAIL:
        fails_anew = outcome is not Outcome.KNOWN or ways(before) == ways(after)
        return Change.NEW_FAILURE if fails_anew else Change.CHANGED
    if after.outcome is Outcome.WARN and outcome not in _HOLDS_NOT:
        return Change.NEW_WARNING
    if before is None:
        return Change.NEW
    if before.outcome in _RAN and after.outcome in _GONE:
        return Change.BLOCKED if after.reason.startswith(BLOCKED) else Change.LOST
    return _step(before, after)


def _step(before: Verdict, after: Verdict) -> Change | None:
    """The change of a requirement that did not begin to fail and was not lost."""
    if before.outcome in _HOLDS_NOT and after.outcome is Outcome.PASS:
        return Change.FIXED
    if before.outcome is not after.outcome:
        return Change.OUTCOME
    if ways(before) != ways(after):
        return Change.CHANGED
    return Change.LEVEL if before.level is not after.level else None


def _severity(difference: Difference) -> tuple[int, int, str]:
    levels = list(Level)
    changes = list(Change)
    return (
        changes.index(difference.change),
        levels.index(difference.level),
        difference.requirement,
    )


def _detail(difference: Difference) -> str:
    """What the line says beside the outcomes."""
    if difference.change is Change.CHANGED:
        return _other_ways(difference)
    verdict = difference.b
    if verdict is None:
        return "B has no verdict on it"
    if verdict.outcome is Outcome.PASS:
        return ""
    return shortened(verdict).removeprefix(f"{verdict.requirement}: ")


def _other_ways(difference: Difference) -> str:
    assert difference.b is not None
    if difference.appeared:
        first = difference.appeared[0]
        found = next(v for v in difference.b.violations if way(v) == first)
        more = len(difference.appeared) - 1
        rest = f" (and {more} more ways)" if more else ""
        where = f"{found.exchange} {found.where}"
        return f"now at {where}: expected {found.expected}, found {found.actual}{rest}"
    gone = [f"{scenario} {where}" for scenario, where in difference.vanished]
    return f"no longer at {', '.join(gone)}"
