"""The attempts at one request side by side: what was tried again, and what came then.

A superseded exchange is evidence only; the last attempt is the one that was judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.flags import Flag
from conformance.model import Exchange, Recording, Verdict
from conformance.report.place import anchor

FLAGS = {
    str(Flag.FLAKY): "It holds on an answer that an earlier try did not get.",
    str(Flag.UNSCORED): "Newer than the edition of this run: it does not decide.",
    str(Flag.BAD_BASELINE): "Its baseline entry does not fit, which fails the run.",
    str(Flag.EXPECTED): "Not run, as the baseline says.",
    str(Flag.UNEXPECTED): "The baseline says otherwise of whether it is run.",
}
"""What the flags of a verdict say to a reader."""


@dataclass(frozen=True)
class Attempt:
    """One exchange as the table of attempts shows it; `url` leads to its evidence."""

    exchange: str
    url: str
    started_at: str
    status: str
    ended: str
    duration_ms: float | None
    events: int
    request_id: str
    is_judged: bool


def needs_a_look(verdict: Verdict) -> bool:
    """Whether a verdict is shown in full although it breaks nothing."""
    return bool({Flag.FLAKY, Flag.BAD_BASELINE} & set(verdict.flags))


def attempts(recordings: Iterable[Recording], exchanges: Iterable[str]) -> tuple[Attempt, ...]:
    """The attempts at these exchanges, in order; none where nothing was tried again."""
    wanted = set(exchanges)
    found: dict[str, Exchange] = {}
    for recording in recordings:
        for group in tried_again(recording.exchanges):
            if wanted & {exchange.id for exchange in group}:
                found |= {exchange.id: exchange for exchange in group}
    return tuple(map(_attempt, found.values()))


def tried_again(exchanges: Sequence[Exchange]) -> list[tuple[Exchange, ...]]:
    """The attempts at one request in groups of two or more: the superseded, then the judged."""
    waiting: dict[object, list[Exchange]] = {}
    groups: list[tuple[Exchange, ...]] = []
    for exchange in exchanges:
        sent = exchange.request
        same = waiting.setdefault((sent.method, sent.url, sent.body, exchange.credential), [])
        same.append(exchange)
        if not exchange.superseded:
            groups += [tuple(same)] if len(same) > 1 else []
            same.clear()
    return groups


def _attempt(exchange: Exchange) -> Attempt:
    response = exchange.response
    failure = f"no response ({exchange.failure.kind})" if exchange.failure else "no response"
    return Attempt(
        exchange=exchange.id,
        url=f"#{anchor(exchange.id)}",
        started_at=exchange.started_at,
        status=str(response.status) if response else "none",
        ended=str(response.ended) if response else failure,
        duration_ms=response.ended_at_s * 1000 if response else None,
        events=len(exchange.events) if exchange.is_streamed else 0,
        request_id=request_id(exchange),
        is_judged=not exchange.superseded,
    )


def request_id(exchange: Exchange) -> str:
    """The gateway's id for an exchange; empty where it gave none."""
    if exchange.response is None:
        return ""
    named = (exchange.response.header(name) for name in ("request-id", "x-request-id"))
    return next((id for id in named if id), "")


def by_exchange(recordings: Mapping[str, Recording]) -> dict[str, Exchange]:
    """Every exchange by its id."""
    return {e.id: e for recording in recordings.values() for e in recording.exchanges}
