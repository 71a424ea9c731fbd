"""Requirement and recordings in, verdict out: pure, the same live, offline and in proofs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import filter as filter_names
from typing import Any

from conformance.catalogue import catalogue
from conformance.features import showing
from conformance.kinds import Protocol
from conformance.model import (
    Exchange,
    FailureKind,
    Finding,
    Inconclusive,
    Level,
    NotApplicable,
    Outcome,
    Recording,
    Verdict,
    Violation,
)
from conformance.profile import Profile
from conformance.registry import Requirement, requirements, scenarios, serving
from conformance.tally import NOTHING, Tally

BLOCKED = "blocked by "
NEEDS_LAB = "needs lab: only a scripted upstream provokes it"

_REFUSING = ("unsupported_parameter", "unsupported_value", "unknown_parameter")
_UNANSWERABLE = (FailureKind.TIMEOUT, FailureKind.MALFORMED)


class Judge:
    """Judges requirements over one set of recordings; each verdict is made once."""

    def __init__(self, recordings: Mapping[str, Recording], profile: Profile) -> None:
        self._recordings = recordings
        self._profile = profile
        self._tallies: dict[str, Tally] = {}
        self._verdicts: dict[str, Verdict] = {}

    def verdict(self, id: str) -> Verdict:
        """The verdict on one registered requirement."""
        if id not in self._verdicts:
            given = undecided(requirements()[id], self._profile)
            decided = given.outcome is Outcome.NOT_APPLICABLE
            self._verdicts[id] = given if decided else self.tally(id).verdict(given)
        return self._verdicts[id]

    def tally(self, id: str) -> Tally:
        """What the subjects of one registered requirement amount to."""
        if id not in self._tallies:
            self._tallies[id] = self._tallied(requirements()[id])
        return self._tallies[id]

    def verdicts(self, ids: Iterable[str]) -> dict[str, Verdict]:
        """The verdicts on some registered requirements, by id."""
        return {id: self.verdict(id) for id in ids}

    def subjects(self, id: str) -> Iterator[Any]:
        """What the verdict on one registered requirement rests on."""
        return self._subjects(requirements()[id])

    def _tallied(self, requirement: Requirement) -> Tally:
        blocked = self._blocked(requirement)
        if blocked:
            return Tally(unjudged=blocked)
        tally, seen = Tally(), dict[str, str]()
        for subject in self._subjects(requirement):
            tally.add(self._findings(requirement, subject, seen))
        if not tally.subjects:
            tally.unjudged = self._unexercised(requirement)
        return tally

    def _blocked(self, requirement: Requirement) -> str:
        """One root cause is one red: what builds on it is blocked by the root itself.

        A rule about both protocols is blocked where all of its subjects are, or where what
        it needs is of both too.
        """
        roots = self._roots(requirement)
        open_to = {_protocol_of(name) for name in requirement.scenario_names} - set(roots)
        is_shared = requirement.area == "gateway" and bool(requirement.scenario_names)
        if is_shared and open_to and "gateway" not in roots:
            return ""
        return next((f"{BLOCKED}{root}" for root in roots.values()), "")

    def _roots(self, requirement: Requirement) -> dict[str, str]:
        """The failed needs of a requirement, or what blocks these, by area."""
        roots: dict[str, str] = {}
        for need in requirement.needs:
            verdict = self.verdict(need)
            if self._leaves_open(need, requirement):
                continue
            if verdict.outcome is Outcome.FAIL:
                roots.setdefault(requirements()[need].area, need)
            elif verdict.reason.startswith(BLOCKED):
                root = verdict.reason.removeprefix(BLOCKED)
                roots.setdefault(requirements()[need].area, root)
        return roots

    def _leaves_open(self, need: str, requirement: Requirement) -> bool:
        """Whether a need is broken in some directions through the gateway only, not in all."""
        unserved = self._unserved((need,))
        return bool(unserved) and "" not in unserved and not _directions(requirement) <= unserved

    def _unserved(self, needs: Iterable[str]) -> set[str]:
        """The directions through the gateway in which some need is broken; "" for elsewhere."""
        found = (violation for need in needs for violation in self.verdict(need).violations)
        broken = (v.exchange for v in found if v.level is not Level.MAY)
        return {_direction_of(exchange.partition("#")[0]) for exchange in broken}

    def _subjects(self, requirement: Requirement) -> Iterator[Any]:
        yield from self._exchanges(requirement)
        if requirement.is_about_the_run:
            yield self._recordings
        blocked, unserved = self._roots(requirement), self._unserved(requirement.needs)
        for name in requirement.scenario_names:
            recording = self._recordings.get(name)
            is_whole = recording is not None and not recording.not_recorded
            if not recording or not is_whole or not recording.final:
                continue
            has_facts = recording.facts.keys() >= set(requirement.facts)
            if _direction_of(name) in unserved - {""}:
                continue
            if has_facts and _protocol_of(name) not in blocked:
                yield showing(recording, requirement.feature)

    def _exchanges(self, requirement: Requirement) -> Iterator[Exchange]:
        """Those of its kinds that hold what the rule is about and whose needs are met."""
        unmet = {
            violation.exchange
            for need in requirement.needs
            for violation in self.verdict(need).violations
            if violation.level is not Level.MAY
        }
        for recording in self._recordings.values():
            if _is_judged_by_name(recording.scenario):
                continue  # It breaks rules on purpose; its own requirements judge it.
            for exchange in recording.final:
                if exchange.id not in unmet and requirement.can_judge(exchange):
                    yield exchange

    def _unexercised(self, requirement: Requirement) -> str:
        """Why there is no subject: what its scenarios lacked, where none of them was recorded."""
        names = serving(requirement)
        # What some of its scenarios can do without is not what it lacks.
        without = [name for name in names if scenarios()[name].lab_is_optional]
        found = [self._recordings.get(name) for name in without or names]
        recorded = [recording for recording in found if recording is not None]
        reasons = {recording.not_recorded for recording in recorded}
        if requirement.kinds and "" in reasons:
            reasons = set()
        return "; ".join(sorted(reasons - {""})) or (
            NEEDS_LAB if requirement.needs_lab else NOTHING
        )

    def _findings(
        self, requirement: Requirement, subject: Any, seen: dict[str, str]
    ) -> Iterator[Finding]:
        if isinstance(subject, Recording) and not requirement.judges_silence:
            silent = next((e for e in subject.final if e.response is None), None)
            if silent is not None:
                yield _unanswered(silent)
                return
            broken = next(filter(None, map(_broken, subject.final)), None)
            known = scenarios().get(subject.scenario)
            if broken is not None and known is not None and known.expects_success:
                yield broken
                return
        for exchange in subject.final if isinstance(subject, Recording) else ():
            refused = refused_parameter(exchange, self._profile)
            if refused:
                yield NotApplicable(f"the target refuses the optional parameter {refused}")
                return
        limited = isinstance(subject, Recording) and any(e.status == 429 for e in subject.final)
        if limited and not requirement.expects_429:
            yield Inconclusive("the target answered 429, after waiting as it asked")
            return
        for finding in requirement.find(subject, self._profile, seen):
            yield located(finding, subject)


def undecided(requirement: Requirement, profile: Profile) -> Verdict:
    """A verdict before any traffic is seen: not applicable, or open (a pass)."""
    level = catalogue()[requirement.id].level(profile.kind)
    reason = _inapplicable(requirement, profile)
    outcome = Outcome.NOT_APPLICABLE if reason else Outcome.PASS
    return Verdict(requirement.id, level, outcome, reason)


def _inapplicable(requirement: Requirement, profile: Profile) -> str:
    claimed = {str(protocol) for protocol in profile.endpoints}
    if requirement.area in set(Protocol) - claimed:
        return f"the profile {profile.name} does not claim {requirement.area}"
    capability = catalogue()[requirement.id].capability
    if capability and not filter_names(profile.capabilities, capability):
        return f"the profile {profile.name} does not claim {capability}"
    return _unclaimed(requirement, profile)


def _unclaimed(requirement: Requirement, profile: Profile) -> str:
    """Why none of the scenarios that a rule is about may be sent; empty where one may."""
    named = [scenarios()[name] for name in requirement.scenario_names]
    if requirement.kinds or requirement.is_about_the_run or not named or requirement.needs_lab:
        return ""
    unspoken = [scenario.protocols - set(profile.endpoints) for scenario in named]
    if all(unspoken):
        asked = " or ".join(sorted({str(protocol) for one in unspoken for protocol in one}))
        return f"it is asked on {asked}, which the profile {profile.name} does not claim"
    if any(profile.claims(scenario.capabilities) for scenario in named):
        return ""
    missing = sorted(set(named[0].capabilities) - profile.capabilities)
    return f"the profile {profile.name} does not claim {', '.join(missing)}"


def refused_parameter(exchange: Exchange, profile: Profile) -> str:
    """The optional parameter of its scenario that a 400 or 422 names; empty for none.

    Refusing an optional parameter is not failing it, unless the profile claims it.
    """
    known = scenarios().get(exchange.id.partition("#")[0])
    if known is None or exchange.status not in (400, 422):
        return ""
    words = exchange.answer.text
    named = (name for name in known.optional if re.search(rf"\b{re.escape(name)}\b", words))
    refused = next(named, "")
    if not refused and known.optional and any(code in words for code in _REFUSING):
        refused = known.optional[0]
    return "" if refused in profile.capabilities else refused


def _is_judged_by_name(scenario: str) -> bool:
    known = scenarios().get(scenario)
    return known is not None and known.is_judged_by_name


def _direction_of(scenario: str) -> str:
    known = scenarios().get(scenario)
    return known.direction if known else ""


def _directions(requirement: Requirement) -> set[str]:
    return {_direction_of(name) for name in requirement.scenario_names}


def _protocol_of(scenario: str) -> str:
    return str(scenarios()[scenario].protocol)


def _broken(exchange: Exchange) -> Violation | None:
    """What is wrong where a valid request meets a 5xx, or an error inside its stream."""
    if exchange.status >= 500:
        words = " ".join(exchange.answer.text.split())[:160]
        actual = f"{exchange.status}: {words}"
        return Violation("status", "an answer to a valid request", actual, exchange=exchange.id)
    for event in exchange.events if exchange.is_streamed else ():
        if event.type == "error" or event.object.get("error"):
            where = f"events[{event.index}]"
            actual = f"an error: {event.data[:160]}"
            return Violation(where, "an answer to a valid request", actual, exchange=exchange.id)
    return None


def _unanswered(exchange: Exchange) -> Finding:
    """A request that hangs is a fault of the gateway; a lost network says nothing."""
    failure = exchange.failure
    detail = failure.detail if failure else "no answer"
    if failure and failure.kind in _UNANSWERABLE:
        return Violation("response", "an answer", detail, exchange=exchange.id)
    return Inconclusive(f"network lost: {detail}")


def located(finding: Finding, subject: Any) -> Finding:
    """A violation that names no exchange is one of the subject's last exchange."""
    if not isinstance(finding, Violation) or finding.exchange:
        return finding
    if isinstance(subject, Exchange):
        return replace(finding, exchange=subject.id)
    return replace(finding, exchange=subject.last.id) if isinstance(subject, Recording) else finding
