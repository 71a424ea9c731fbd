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
    Level,
    NotApplicable,
    Outcome,
    Protocol,
    Recording,
    Verdict,
    Violation,
)
from conformance.profile import Profile
from conformance.registry import Requirement, requirements, scenarios

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
        """One root cause is one red: what builds on it is blocked by the root itself.

        A rule about both protocols is blocked where all of its subjects are.
        """
        roots = self._roots(requirement)
        open_to = {_protocol_of(name) for name in requirement.scenario_names} - set(roots)
        if requirement.area == "gateway" and requirement.scenario_names and open_to:
            return ""
        return next((f"{BLOCKED}{root}" for root in roots.values()), "")

    def _roots(self, requirement: Requirement) -> dict[str, str]:
        """The failed needs of a requirement, or what blocks these, by area."""
        roots: dict[str, str] = {}
        for need in requirement.needs:
            verdict = self.verdict(need)
            if verdict.outcome is Outcome.FAIL:
                roots.setdefault(requirements()[need].area, need)
            elif verdict.reason.startswith(BLOCKED):
                root = verdict.reason.removeprefix(BLOCKED)
                roots.setdefault(requirements()[need].area, root)
        return roots

    def _subjects(self, requirement: Requirement) -> Iterator[Any]:
        exchanges = list(self._exchanges(requirement))
        if requirement.together:
            yield from [exchanges] if exchanges else []
        else:
            yield from exchanges
        if requirement.is_about_the_run:
            yield self._recordings
        blocked = self._roots(requirement)
        for name in requirement.scenario_names:
            recording = self._recordings.get(name)
            if recording and recording.final and _protocol_of(name) not in blocked:
                yield recording

    def _exchanges(self, requirement: Requirement) -> Iterator[Exchange]:
        """Those of its kinds that hold what the rule is about and whose needs are met."""
        unmet = {v.exchange for need in requirement.needs for v in self.verdict(need).violations}
        for recording in self._recordings.values():
            for exchange in recording.final:
                is_of_kind = exchange.kind in requirement.kinds and exchange.id not in unmet
                if is_of_kind and (requirement.when is None or requirement.when(exchange)):
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
        limited = isinstance(subject, Recording) and any(e.status == 429 for e in subject.final)
        if limited and not requirement.expects_429:
            yield Inconclusive("the target answered 429, after waiting as it asked")
            return
        for finding in requirement.find(subject, self._profile):
            yield _located(finding, subject)


def _protocol_of(scenario: str) -> str:
    return str(scenarios()[scenario].protocol)


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
        worst_first = tuple(sorted(violations, key=_severity))
        outcome = _OF_LEVEL[worst_first[0].level or given.level]
        return replace(given, outcome=outcome, violations=worst_first)
    if any(not found for found in findings):
        count = sum(not found for found in findings)
        return replace(given, reason=f"held in {count} of {len(findings)}")
    inconclusive = [f for found in findings for f in found if isinstance(f, Inconclusive)]
    if inconclusive:
        return replace(given, outcome=Outcome.INCONCLUSIVE, reason=inconclusive[0].reason)
    refused = [f for found in findings for f in found if isinstance(f, NotApplicable)]
    return replace(given, outcome=Outcome.NOT_APPLICABLE, reason=refused[0].reason)


def _severity(violation: Violation) -> int:
    return list(Level).index(violation.level or Level.MUST)
