"""What the subjects of one requirement amount to: findings are counted, the worst decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from conformance.model import (
    Finding,
    Inconclusive,
    Level,
    NotApplicable,
    Outcome,
    Verdict,
    Violation,
)

NOTHING = "nothing exercised it"

_OF_LEVEL = {Level.MUST: Outcome.FAIL, Level.SHOULD: Outcome.WARN, Level.MAY: Outcome.INFO}


@dataclass
class Tally:
    """What the subjects of one requirement amount to, taken one at a time.

    `sound` of them had no finding. `inconclusive` and `refused` are the first reasons of
    their kind, `unjudged` is why there was no subject.
    """

    violations: list[Violation] = field(default_factory=list)
    subjects: int = 0
    sound: int = 0
    inconclusive: str = ""
    refused: str = ""
    unjudged: str = NOTHING

    def add(self, findings: Iterable[Finding]) -> list[Violation]:
        """Count one subject; gives the violations among its findings."""
        found = list(findings)
        violations = [finding for finding in found if isinstance(finding, Violation)]
        self.subjects += 1
        self.sound += not found
        self.violations += violations
        for finding in found:
            if isinstance(finding, Inconclusive):
                self.inconclusive = self.inconclusive or finding.reason
            elif isinstance(finding, NotApplicable):
                self.refused = self.refused or finding.reason
        return violations

    def take(self, other: Tally) -> None:
        """Count the subjects of another set of recordings too."""
        self.violations += other.violations
        self.subjects += other.subjects
        self.sound += other.sound
        self.inconclusive = self.inconclusive or other.inconclusive
        self.refused = self.refused or other.refused

    def verdict(self, given: Verdict) -> Verdict:
        """The worst violation decides; without one a single sound subject is a pass."""
        violations = [_printable(_levelled(found, given.level)) for found in self.violations]
        if violations:
            worst_first = tuple(sorted(violations, key=_severity))
            outcome = _OF_LEVEL[worst_first[0].level or given.level]
            return replace(given, outcome=outcome, violations=worst_first)
        if self.sound:
            return replace(given, reason=f"held in {self.sound} of {self.subjects}")
        if self.inconclusive:
            return replace(given, outcome=Outcome.INCONCLUSIVE, reason=self.inconclusive)
        if self.subjects:
            return replace(given, outcome=Outcome.NOT_APPLICABLE, reason=self.refused)
        return replace(given, outcome=Outcome.NOT_RUN, reason=self.unjudged)


def _levelled(violation: Violation, level: Level) -> Violation:
    return replace(violation, level=violation.level or level)


def _printable(violation: Violation) -> Violation:
    """Half surrogates, which JSON can spell and UTF-8 cannot, as their codes; blanks as nothing."""
    shown = {
        name: getattr(violation, name).encode(errors="backslashreplace").decode()
        for name in ("where", "expected", "actual")
    }
    said = shown["actual"]
    return replace(violation, **shown | {"actual": said if said.strip() else "nothing"})


def _severity(violation: Violation) -> int:
    return list(Level).index(violation.level or Level.MUST)
