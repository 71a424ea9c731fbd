"""What the lab was told to answer, beside what the client got of it, in either protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance import chat, messages
from conformance.kinds import Protocol
from conformance.model import Exchange, Findings, Inconclusive, Recording, Violation
from conformance.requirements.lab_passage import UNSEEN

_SHOWN = 24
"""How many characters around a difference are quoted."""


@dataclass(frozen=True)
class Told:
    """One answer of the lab as it was meant, and what the client got; `asked` were the requests."""

    said: Mapping[str, Any]
    exchange: Exchange
    asked: tuple[Exchange, ...]

    @property
    def is_anthropic(self) -> bool:
        """Whether the client speaks Anthropic's protocol."""
        return self.exchange.protocol is Protocol.ANTHROPIC

    @property
    def is_same(self) -> bool:
        """Whether the upstream speaks the client's protocol."""
        return all(one.protocol is self.exchange.protocol for one in self.asked)

    @property
    def how(self) -> str:
        """What is special about this answer, for a reader."""
        manner = "streamed" if self.said["streamed"] else "plain"
        return f"{self.said['variant']}, {manner}"

    @property
    def text(self) -> str:
        """The text that the client got."""
        read = messages.text if self.is_anthropic else chat.text
        return read(self.exchange)

    @property
    def told_text(self) -> str:
        """The text that the lab was told to say, over all parts."""
        parts = self.said.get("parts", (self.said,))
        return "".join(part.get("text", "") for part in parts)

    @property
    def stop(self) -> Any:
        """Why it ended, in the client's words; None where nothing says so."""
        if self.is_anthropic:
            return messages.stop(self.exchange).get("stop_reason")
        found = [reason for _, reason in chat.finish_reasons(self.exchange)]
        return found[-1] if found else None

    def violation(self, where: str, expected: str, actual: str, **more: Any) -> Violation:
        """A violation of this answer, which says what is special about it."""
        return Violation(
            where, f"{expected} ({self.how})", actual, exchange=self.exchange.id, **more
        )


def answers(recording: Recording) -> Iterator[Told]:
    """The answers that a recording compares, each with what it was told to be."""
    meant = {said["exchange"]: said for said in recording.facts["told"]}
    asked: list[Exchange] = []
    last: Exchange | None = None
    for exchange in (*recording.exchanges, None):
        if exchange is not None and exchange.is_upstream:
            asked.append(exchange)
        elif exchange is None or exchange.id in meant:
            if last is not None:
                yield Told(meant[last.id], last, tuple(asked))
            last, asked = exchange, []


def served(recording: Recording) -> Iterator[Told]:
    """The answers that came, so that they can be compared."""
    yield from (told for told in answers(recording) if _problem(told) is None)


def unserved(recording: Recording) -> Findings:
    """What is to be said of the answers that did not come."""
    found = [problem for told in answers(recording) if (problem := _problem(told))]
    yield from found if recording.upstream else [Inconclusive(UNSEEN)]


def _problem(told: Told) -> Violation | Inconclusive | None:
    is_as_asked = all(one.is_streamed == told.said["streamed"] for one in told.asked)
    if told.said["raw"] and not is_as_asked:
        return Inconclusive("the upstream was asked for another form of answer")
    return unanswered(told) or (None if told.asked else Inconclusive(UNSEEN))


def unanswered(told: Told) -> Violation | None:
    """What is wrong where a sound answer of the upstream does not become an answer."""
    exchange = told.exchange
    if exchange.response is None:
        detail = exchange.failure.detail if exchange.failure else "none"
        return told.violation("response", "an answer", detail)
    if not 200 <= exchange.status < 300:
        words = " ".join(exchange.answer.text.split())[:160]
        return told.violation("status", "200", f"{exchange.status}: {words}")
    for event in exchange.events if exchange.is_streamed else ():
        if event.type == "error" or event.object.get("error"):
            actual = f"an error: {event.data[:160]}"
            return told.violation(f"events[{event.index}]", "an answer", actual)
    return None


def differences(told: Told, where: str, expected: str, actual: str) -> Findings:
    """A violation where two texts differ, with the characters around the first difference."""
    if expected == actual:
        return
    pairs = zip(expected, actual, strict=False)
    shared = min(len(expected), len(actual))
    place = next((at for at, (one, other) in enumerate(pairs) if one != other), shared)
    start = max(0, place - _SHOWN // 3)
    quoted = [repr(text[start : place + _SHOWN]) for text in (expected, actual)]
    yield told.violation(where, f"{quoted[0]} at character {place}", quoted[1])
