"""Judges traffic that was recorded elsewhere: the same requirements, nothing is sent.

Foreign exchanges are judged one at a time and forgotten, so memory does not grow with
their number. An exchange that breaks a need is no subject of what builds on it; it says
nothing about the others of a capture, unlike in a run of ours, where every exchange
comes from one gateway and a failed need blocks what builds on it altogether.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from conformance.imports import Foreign, Run
from conformance.judge import BLOCKED, NEEDS_LAB, Judge, located, undecided
from conformance.kinds import Kind
from conformance.model import Exchange, Outcome, Part, Verdict
from conformance.profile import Profile
from conformance.registry import Requirement, requirements
from conformance.tally import NOTHING, Tally

NO_PROBE = "needs a probe that was not sent"
NO_SUBJECT = "needs a probe: no recorded exchange shows it"
MOOT = "needs a probe: what could show it breaks "
NOT_KEPT = "needs a probe: the recording has not kept its "


WINDOW = 4096
"""An id is compared with so many before it: memory must not grow with a capture."""

SCOPES = 64


class _Window(dict[str, str]):
    """A dictionary that forgets its oldest entries."""

    def __setitem__(self, key: str, value: str) -> None:
        super().__setitem__(key, value)
        if len(self) > WINDOW:
            del self[next(iter(self))]

    def setdefault(self, key: str, default: str = "") -> str:
        if key not in self:
            self[key] = default
        return self[key]


@dataclass
class _Scope:
    """What was recorded together: answers seen, and what each comparing rule keeps."""

    answers: _Window = field(default_factory=_Window)
    seen: dict[str, _Window] = field(default_factory=dict)


class Bench:
    """Hears exchanges and runs, and gives the verdict on each requirement at the end."""

    def __init__(self, profile: Profile) -> None:
        self.exchanges = 0
        self.kinds: dict[Kind, int] = {}
        self._profile = profile
        self._tallies: dict[str, Tally] = {}
        self._scopes: dict[str, _Scope] = {}
        self._open = {
            id: given
            for id, requirement in requirements().items()
            if (given := undecided(requirement, profile)).outcome is Outcome.PASS
        }

    def next_input(self) -> None:
        """What follows was recorded apart from what was heard so far."""
        self._scopes = {}

    def hear_run(self, run: Run) -> set[str]:
        """Judge a run of ours, its probes included; gives the exchanges that broke a rule."""
        judge, broken = Judge(run.recordings, self._profile), set[str]()
        for recording in run.recordings.values():
            for exchange in recording.sent:
                self._count(exchange)
        for id in self._open:
            tally = judge.tally(id)
            self._tally(id).take(tally)
            if tally.unjudged != NOTHING and not tally.subjects:
                self._tally(id).unjudged = tally.unjudged
            broken |= {violation.exchange for violation in tally.violations}
        return broken

    def hear(self, found: Foreign) -> bool:
        """Judge one foreign exchange; whether it broke a rule."""
        exchange, scope = found.exchange, self._scope(found.scope)
        self._count(exchange)
        is_known = exchange.response is not None and _is_known(exchange, scope)
        unmet: dict[str, str] = {}
        for requirement in _of_kind(exchange.kind):
            if requirement.id not in self._open or (is_known and requirement.compares):
                continue
            root = next((unmet[need] for need in requirement.needs if need in unmet), "")
            if root:
                unmet[requirement.id] = root
                self._tally(requirement.id).unjudged = f"{BLOCKED}{root}"
            elif not requirement.can_judge(exchange):
                self._note_loss(requirement, exchange)
            elif self._breaks(requirement, exchange, scope):
                unmet[requirement.id] = requirement.id
        return bool(unmet)

    def _breaks(self, requirement: Requirement, exchange: Exchange, scope: _Scope) -> bool:
        seen = scope.seen.setdefault(requirement.id, _Window()) if requirement.compares else None
        findings = requirement.find(exchange, self._profile, seen)
        tally = self._tally(requirement.id)
        return bool(tally.add(located(finding, exchange) for finding in findings))

    def verdicts(self, ids: Iterable[str] | None = None) -> dict[str, Verdict]:
        """The verdicts on some requirements, or on all, by id."""
        wanted = requirements() if ids is None else ids
        return {id: self._verdict(requirements()[id]) for id in wanted}

    def _verdict(self, requirement: Requirement) -> Verdict:
        if requirement.id not in self._open:
            return undecided(requirement, self._profile)
        verdict = self._tally(requirement.id).verdict(self._open[requirement.id])
        if verdict.reason in (NOTHING, NEEDS_LAB) and verdict.outcome is Outcome.NOT_RUN:
            reason = NO_SUBJECT if requirement.kinds else NO_PROBE
            return replace(verdict, reason=reason)
        root = verdict.reason.removeprefix(BLOCKED)
        if root in self._open and self._verdict(requirements()[root]).outcome is not Outcome.FAIL:
            # The root is no MUST here, so what builds on it is moot and not in doubt.
            return replace(verdict, reason=f"{MOOT}{root}")
        return verdict

    def _scope(self, name: str) -> _Scope:
        """The scope of this name; the oldest is forgotten where there are too many."""
        scope = self._scopes.pop(name, None) or _Scope()
        self._scopes[name] = scope
        if len(self._scopes) > SCOPES:
            del self._scopes[next(iter(self._scopes))]
        return scope

    def _tally(self, id: str) -> Tally:
        return self._tallies.setdefault(id, Tally())

    def _count(self, exchange: Exchange) -> None:
        self.exchanges += 1
        self.kinds[exchange.kind] = self.kinds.get(exchange.kind, 0) + 1

    def _note_loss(self, requirement: Requirement, exchange: Exchange) -> None:
        tally, gone = self._tally(requirement.id), sorted(requirement.reads & exchange.lost)
        if requirement.header and Part.HEADERS in exchange.lost and not gone:
            gone = [Part.HEADERS] if exchange.answer.header(requirement.header) is None else []
        if gone and tally.unjudged == NOTHING:
            tally.unjudged = f"{NOT_KEPT}{gone[0]}"


def _is_known(exchange: Exchange, scope: _Scope) -> bool:
    """Whether the same answer to the same request came before: one recording, kept twice."""
    digest = hashlib.blake2b(exchange.request.body, digest_size=16)
    digest.update(exchange.answer.body)
    answer = digest.hexdigest()
    is_known = answer in scope.answers
    scope.answers[answer] = exchange.id
    return is_known


@cache
def _of_kind(kind: Kind) -> tuple[Requirement, ...]:
    """The requirements about one kind of exchange, each after what it needs."""
    chosen = {id: r for id, r in requirements().items() if kind in r.kinds}
    return tuple(chosen[id] for id in _ordered(chosen))


def _ordered(chosen: Mapping[str, Requirement]) -> Iterator[str]:
    done: set[str] = set()

    def visit(id: str) -> Iterator[str]:
        if id in chosen and id not in done:
            done.add(id)
            for need in chosen[id].needs:
                yield from visit(need)
            yield id

    for id in chosen:
        yield from visit(id)
