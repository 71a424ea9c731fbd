"""The order of events in a stream: one transition table per protocol.

Nothing else in the suite knows the order. A walker steps through the events and
reports every breach with the id of the requirement that it breaks; the
requirements pick out their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.grammar import chat, messages
from conformance.model import Exchange, Protocol, Violation

_WALKERS = {Protocol.ANTHROPIC: messages.walk, Protocol.OPENAI: chat.walk}


def breaches(exchange: Exchange, requirement: str) -> Iterator[Violation]:
    """The places where the order of a stream breaks one requirement."""
    walk = _WALKERS[exchange.protocol or Protocol.OPENAI]
    for breach in walk(exchange.events):
        if breach.requirement == requirement:
            yield breach.violation
