"""The order of events in a stream: one transition table per kind of stream.

Nothing else in the suite knows the order. A walker steps through the events and
reports every breach with the id of the requirement that it breaks; the
requirements pick out their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.grammar import chat, messages, responses
from conformance.grammar.breach import Breach
from conformance.kinds import Kind
from conformance.model import Exchange, Violation

_WALKERS = {
    Kind.ANTHROPIC_STREAM: messages.walk,
    Kind.OPENAI_STREAM: chat.walk,
    Kind.OPENAI_RESPONSE_STREAM: responses.walk,
}


def breaches(exchange: Exchange, requirement: str) -> Iterator[Violation]:
    """The places where the order of a stream breaks one requirement."""
    for breach in _walked(exchange):
        if breach.requirement == requirement:
            yield breach.violation


def _walked(exchange: Exchange) -> tuple[Breach, ...]:
    """Every breach of a stream; each stream is walked once."""
    if "breaches" not in exchange.worked_out:
        walk = _WALKERS[exchange.kind]
        exchange.worked_out["breaches"] = tuple(walk(exchange.events))
    found: tuple[Breach, ...] = exchange.worked_out["breaches"]
    return found
