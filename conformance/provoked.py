"""Requests that met a failure which was played on purpose, and what came of each.

What belongs together is told by the mark of the script that stands in both requests, so
that requests at once do not mix.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from conformance import chat, messages
from conformance.kinds import Protocol
from conformance.model import Exchange, Findings, Inconclusive, Level, Recording, Violation
from conformance.passages import UNSEEN
from conformance.scenarios.lab_provoked import OFTEN, UNREACHABLE
from conformance.shapes import matches
from conformance.sse import Event

_MARK = re.compile(rb"\[\[lab:([0-9a-f]{16})\]\]")
_SHOWN = 160


@dataclass(frozen=True)
class Provoked:
    """A client's request, the failure that it met, and what the lab got for it."""

    variant: str
    client: Exchange
    upstream: tuple[Exchange, ...]

    @property
    def said(self) -> str:
        """What the client got, in a few words."""
        if self.client.response is None:
            failure = self.client.failure
            return f"no answer ({failure.kind if failure else 'nothing'})"
        words = " ".join(self.client.answer.text.split())
        return f"{self.client.status}: {words[:_SHOWN] or 'an empty body'}"

    @property
    def is_unreachable(self) -> bool:
        """Whether the gateway failed where nobody could be connected to."""
        return self.variant in UNREACHABLE and not 400 <= self.client.status < 500

    @property
    def is_served(self) -> bool:
        """Whether the client was told 2xx."""
        return 200 <= self.client.status < 300

    @property
    def text(self) -> str:
        """The words of the answer."""
        reader = messages if self.client.protocol is Protocol.ANTHROPIC else chat
        return reader.text(self.client) if self.client.response else ""

    @property
    def error_event(self) -> Event | None:
        """The first event of a stream that tells of an error."""
        events = self.client.events if self.client.is_streamed else ()
        return next((e for e in events if e.type == "error" or e.object.get("error")), None)

    @property
    def begins_with_error(self) -> bool:
        """Whether a stream tells of an error, and of nothing that the model said."""
        return self.is_served and self.error_event is not None and not self.text

    @property
    def ends(self) -> int:
        """How often a stream says that the answer is complete; 1 for a plain answer."""
        if not self.client.is_streamed:
            return 1
        last = "message_stop" if self.client.protocol is Protocol.ANTHROPIC else "[DONE]"
        return sum(last in (event.type, event.data) for event in self.client.events)

    @property
    def has_envelope(self) -> bool:
        """Whether the client got JSON in its own protocol's envelope, with a message."""
        found = self.client.answer.json
        if self.client.answer.media_type != "application/json":
            return False
        if self.client.protocol is Protocol.ANTHROPIC:
            return matches(found, "ANT-ERR-001")
        return matches(found, "OAI-ERR-001") and matches(found["error"], "OAI-ERR-002")

    def violation(
        self, where: str, expected: str, actual: str = "", level: Level | None = None
    ) -> Violation:
        """What is wrong with the client's answer; by default with all that it says."""
        met = f" (the upstream's failure: {self.variant})"
        return Violation(where, expected + met, actual or self.said, level, self.client.id)


def provoked(recording: Recording, *variants: str, endless: bool = False) -> list[Provoked]:
    """The requests that met one of these failures, or any.

    One of which the lab saw nothing was refused by the gateway itself, unless its failure is
    that nobody can be reached.

    One that was tried until the lab had no failure left was answered in the end: how often
    it was tried is a matter of its own, and only who asks for `endless` gets it.
    """
    names = recording.facts.get("variants", {})
    found = [
        Provoked(names[client.id], client, tuple(_behind(recording, client)))
        for client in recording.final
        if client.id in names and (not variants or names[client.id] in variants)
    ]
    met = (one for one in found if one.upstream or one.is_unreachable)
    return [one for one in met if endless or len(one.upstream) <= OFTEN]


def unseen(recording: Recording) -> Findings:
    """Inconclusive where no failure was met: the gateway refused everything by itself."""
    if not provoked(recording, endless=True):
        yield Inconclusive(UNSEEN)


def _behind(recording: Recording, client: Exchange) -> Iterator[Exchange]:
    marks = set(_MARK.findall(client.request.body))
    for exchange in recording.upstream:
        if marks.intersection(_MARK.findall(exchange.request.body)):
            yield exchange
