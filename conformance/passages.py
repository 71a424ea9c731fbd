"""A request on both sides of a gateway: what its client asked, and what went upstream for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.asked import Asked, asked_of
from conformance.asked.differences import Difference
from conformance.kinds import Protocol
from conformance.model import (
    Exchange,
    Finding,
    Findings,
    Inconclusive,
    Level,
    NotApplicable,
    Recording,
    Violation,
)

UNSEEN = "nothing of it reached the lab"
_UNADMITTED = (401, 402, 403)
_BUDGETS = ("max_tokens", "max_completion_tokens")


@dataclass(frozen=True)
class Passage:
    """One request of a client, and the attempts that the gateway made upstream for it."""

    client: Exchange
    upstream: tuple[Exchange, ...]

    @property
    def sent(self) -> Exchange:
        """The attempt that counts, the last one; only where there is one."""
        return self.upstream[-1]

    @property
    def asked(self) -> Asked:
        """What the client asked for."""
        return asked_of(self.client)

    @property
    def got(self) -> Asked:
        """What the upstream was asked for."""
        return asked_of(self.sent)

    @property
    def is_translated(self) -> bool:
        """Whether the upstream speaks another protocol than the client."""
        return self.client.protocol is not self.sent.protocol

    @property
    def is_onto_anthropic(self) -> bool:
        """Whether the upstream speaks the Messages protocol."""
        return self.sent.protocol is Protocol.ANTHROPIC

    def violation(self, difference: Difference, level: Level | None = None) -> Violation:
        """What differs in the body that went upstream."""
        where = f"request.body.{difference.where}"
        return Violation(where, difference.expected, difference.actual, level, self.sent.id)


Compare = Callable[[Passage], Iterator[Finding]]


def passages(recording: Recording) -> list[Passage]:
    """The passages of a recording: each client's exchange with what came upstream after it."""
    found: list[Passage] = []
    for exchange in recording.exchanges:
        if not exchange.is_upstream:
            if found and _is_asked_again(found[-1], exchange):
                found.pop()
            found.append(Passage(exchange, ()))
        elif found:
            found[-1] = Passage(found[-1].client, (*found[-1].upstream, exchange))
    return found


def compared(recording: Recording, compare: Compare, *, may_be_refused: bool = False) -> Findings:
    """What a comparison finds in the passages that were answered.

    A refusal is a violation, unless the rule allows it: one that says what it refuses loses
    nothing in silence.
    """
    found = passages(recording)
    refused = [passage for passage in found if _is_refused(passage.client)]
    for passage in found:
        if passage not in refused:
            yield from _judged(passage, compare)
        elif not may_be_refused:
            yield _unserved(passage.client)
    if refused and may_be_refused and len(refused) == len(found):
        yield NotApplicable(f"refused: {_words(refused[0].client)}")


def _judged(passage: Passage, compare: Compare) -> Iterator[Finding]:
    status = passage.client.status
    if status in _UNADMITTED:
        yield Inconclusive("nobody was let in")
    elif not 200 <= status < 300:
        yield _unserved(passage.client)
    elif not passage.upstream:
        yield Inconclusive(UNSEEN)
    elif not passage.client.request.json or not passage.sent.request.json:
        yield Inconclusive("a body that cannot be read: redaction took something out of it")
    else:
        yield from compare(passage)


def _is_refused(exchange: Exchange) -> bool:
    return 400 <= exchange.status < 500 and exchange.status not in (*_UNADMITTED, 429)


def _unserved(exchange: Exchange) -> Violation:
    actual = f"{exchange.status}: {_words(exchange)}"
    return Violation("status", "an answer to a valid request", actual, exchange=exchange.id)


def _words(exchange: Exchange) -> str:
    return " ".join(exchange.answer.text.split())[:160]


def _is_asked_again(before: Passage, exchange: Exchange) -> bool:
    """Whether it is the same request with the other name of the budget, or a retry."""
    if before.client.superseded:
        return True
    if before.upstream or not _is_refused(before.client):
        return False
    same = _without_budget(before.client.request.json) == _without_budget(exchange.request.json)
    return same and before.client.request.body != exchange.request.body


def _without_budget(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _BUDGETS}
