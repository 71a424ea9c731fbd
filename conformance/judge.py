"""Requirement and recordings in, verdict out: pure, the same live, offline and in proofs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from conformance.catalogue import catalogue
from conformance.model import (
    Exchange,
    FailureKind,
    Finding,
    Inconclusive,
    Kind,
    Level,
    NotApplicable,
    Outcome,
    Protocol,
    Recording,
    Verdict,
    Violation,
)
from conformance.profile import Profile
from conformance.registry import RUN, Requirement, requirements

BLOCKED = "blocked by "
NOTHING = "nothing exercised it"
NEEDS_LAB = "needs lab: only a scripted upstream provokes it"

_OF_LEVEL = {Level.MUST: Outcome.FAIL, Level.SHOULD: Outcome.WARN, Level.MAY: Outcome.INFO}
_UNANSWERABLE = (FailureKind.TIMEOUT, FailureKind.MALFORMED)


class Judge:
    """Judges requirements over one set of recordings; each verdict is made once."""

    def __init__(self, recordings: Mapping[str, Recording], profile: Profile) -> None:
        self._recordings = recordings
        self._profile = profile
        self._verdicts: dict[str, Verdict] = {}

    def verdict(self, id: str) -> Verdict:
        """The verdict on one registered requirement."""
        if id not in self._verdicts:
            self._verdicts[id] = self._judged(requirements()[id])
        return self._verdicts[id]

    def verdicts(self, ids: Iterable[str]) -> dict[str, Verdict]:
        """The verdicts on some registered requirements, by id."""
        return {id: self.verdict(id) for id in ids}

    def _judged(self, requirement: Requirement) -> Verdict:
        level = catalogue()[requirement.id].level(self._profile.kind)
        given = Verdict(requirement.id, level, Outcome.PASS)
        inapplicable = self._inapplicable(requirement)
        if inapplicable:
            return replace(given, outcome=Outcome.NOT_APPLICABLE, reason=inapplicable)
        blocked = self._blocked(requirement)
        if blocked:
            return replace(given, outcome=Outcome.NOT_RUN, reason=blocked)
        subjects = list(self._subjects(requirement))
        if not subjects:
            reason = self._unexercised(requirement)
            return replace(given, outcome=Outcome.NOT_RUN, reason=reason)
        findings = [list(self._findings(requirement, subject)) for subject in subjects]
        return _summed(given, findings)

    def _inapplicable(self, requirement: Requirement) -> str:
        claimed = {str(protocol) for protocol in self._profile.endpoints}
        if requirement.area in set(Protocol) - claimed:
            return f"the profile {self._profile.name} does not claim {requirement.area}"
        capability = catalogue()[requirement.id].capability
        if capability and capability not in self._profile.capabilities:
            return f"the profile {self._profile.name} does not claim {capability}"
        return ""

    def _blocked(self, requirement: Requirement) -> str:
        """One root cause is one red: what builds on it is blocked by the root itself."""
        for need in requirement.needs:
            verdict = self.verdict(need)
            if verdict.outcome is Outcome.FAIL:
                return f"{BLOCKED}{need}"
            if verdict.reason.startswith(BLOCKED):
                return verdict.reason
        return ""

    def _subjects(self, requirement: Requirement) -> Iterator[Any]:
        if isinstance(requirement.on, Kind):
            yield from self._exchanges(requirement, requirement.on)
        elif requirement.on == RUN:
            yield self._recordings
        else:
            named = (self._recordings.get(name) for name in requirement.scenario_names)
            yield from (recording for recording in named if recording and recording.final)

    def _exchanges(self, requirement: Requirement, kind: Kind) -> Iterator[Exchange]:
        """Those of the kind that hold what the rule is about and whose needs are met."""
        unmet = {v.exchange for need in requirement.needs for v in self.verdict(need).violations}
        for recording in self._recordings.values():
            for exchange in recording.final:
                if exchange.kind is kind and exchange.id not in unmet:
                    if requirement.when is None or requirement.when(exchange):
                        yield exchange

    def _unexercised(self, requirement: Requirement) -> str:
        named = (self._recordings.get(name) for name in requirement.scenario_names)
        reasons = {r.not_recorded for r in named if r is not None and r.not_recorded}
        return "; ".join(sorted(reasons)) or (NEEDS_LAB if requirement.needs_lab else NOTHING)

    def _findings(self, requirement: Requirement, subject: Any) -> Iterator[Finding]:
        if isinstance(subject, Recording) and not requirement.judges_silence:
            silent = next((e for e in subject.final if e.response is None), None)
            if silent is not None:
                yield _unanswered(silent)
                return
        if isinstance(subject, Recording) and any(e.status == 429 for e in subject.final):
            yield Inconclusive("the target answered 429, after waiting as it asked")
            return
        for finding in requirement.find(subject, self._profile):
            yield _located(finding, subject)


def _unanswered(exchange: Exchange) -> Finding:
    """A request that hangs is a fault of the gateway; a lost network says nothing."""
    failure = exchange.failure
    detail = failure.detail if failure else "no answer"
    if failure and failure.kind in _UNANSWERABLE:
        return Violation("response", "an answer", detail, exchange=exchange.id)
    return Inconclusive(f"network lost: {detail}")


def _located(finding: Finding, subject: Any) -> Finding:
    """A violation that names no exchange is one of the subject's last exchange."""
    if not isinstance(finding, Violation) or finding.exchange:
        return finding
    if isinstance(subject, Exchange):
        return replace(finding, exchange=subject.id)
    return replace(finding, exchange=subject.last.id) if isinstance(subject, Recording) else finding


def _summed(given: Verdict, findings: list[list[Finding]]) -> Verdict:
    """The worst violation decides; without one a single sound subject is a pass."""
    violations = tuple(
        replace(finding, level=finding.level or given.level)
        for found in findings
        for finding in found
        if isinstance(finding, Violation)
    )
    if violations:
        worst = min((_OF_LEVEL[v.level or given.level] for v in violations), key=_rank)
        return replace(given, outcome=worst, violations=violations)
    if any(not found for found in findings):
        count = sum(not found for found in findings)
        return replace(given, reason=f"held in {count} of {len(findings)}")
    inconclusive = [f for found in findings for f in found if isinstance(f, Inconclusive)]
    if inconclusive:
        return replace(given, outcome=Outcome.INCONCLUSIVE, reason=inconclusive[0].reason)
    refused = [f for found in findings for f in found if isinstance(f, NotApplicable)]
    return replace(given, outcome=Outcome.NOT_APPLICABLE, reason=refused[0].reason)


def _rank(outcome: Outcome) -> int:
    return outcome.rank
