"""Flakiness in the open: what passed only because a request was sent again.

A 5xx or a lost network before any answer is tried again. Where the later try was
answered, every verdict that rests on that answer and holds says so. A 429 is no
flakiness: the gateway asked to come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from conformance.flags import Flag
from conformance.judge import Judge
from conformance.model import Exchange, Outcome, Recording, Verdict

_HOLDS = (Outcome.PASS, Outcome.INFO)


def recovered(recordings: Mapping[str, Recording]) -> dict[str, str]:
    """The exchanges that an earlier try did not get, by id, with both tries in words."""
    found: dict[str, str] = {}
    for recording in recordings.values():
        for number, exchange in enumerate(recording.exchanges, 1):
            answered = _answered(exchange, recording.exchanges[number:])
            if answered is not None:
                found.setdefault(answered.id, f"{_said(exchange)}, then {_said(answered)}")
    return found


def flagged(verdict: Verdict, judge: Judge, found: Mapping[str, str]) -> Verdict:
    """The verdict, flagged where it holds and rests on such an exchange."""
    if not found or verdict.outcome not in _HOLDS:
        return verdict
    rests_on = (id for subject in judge.subjects(verdict.requirement) for id in _ids(subject))
    tries = sorted({found[id] for id in rests_on if id in found})
    if not tries:
        return verdict
    reason = "; ".join((*filter(None, [verdict.reason]), f"flaky: {'; '.join(tries)}"))
    return replace(verdict, reason=reason, flags=(*verdict.flags, str(Flag.FLAKY)))


def _answered(tried: Exchange, later: Iterable[Exchange]) -> Exchange | None:
    """The answer to the same request after a try that failed; None where there is none."""
    if not tried.superseded or not (tried.failure or tried.status >= 500):
        return None
    again = (e for e in later if not e.superseded and _asked(e) == _asked(tried))
    last = next(again, None)
    return last if last is not None and 0 < last.status < 500 else None


def _asked(exchange: Exchange) -> tuple[str, str, bytes, str]:
    request = exchange.request
    return request.method, request.url, request.body, exchange.credential


def _said(exchange: Exchange) -> str:
    found = exchange.failure.kind if exchange.failure else exchange.status
    return f"{exchange.id} got {found}"


def _ids(subject: Any) -> Iterable[str]:
    if isinstance(subject, Exchange):
        return [subject.id]
    recordings = [subject] if isinstance(subject, Recording) else subject.values()
    return [exchange.id for recording in recordings for exchange in recording.final]
