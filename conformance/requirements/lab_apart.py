"""GW-UP-042 and -043: every question is asked, and each for one client only."""

from __future__ import annotations

from collections.abc import Mapping

from conformance import chat, messages
from conformance.directions import names, same
from conformance.kinds import Protocol
from conformance.model import Exchange, Findings, Inconclusive, Recording, Violation
from conformance.passages import UNSEEN, passages
from conformance.registry import requirement
from conformance.requirements.lab_passage import SERVED


@requirement(
    "GW-UP-042",
    on=same("again"),
    symptom="answer-repeated",
    needs=(SERVED,),
)
def each_question_is_asked(recording: Recording) -> Findings:
    """The same request sent twice goes upstream twice; what was cut is never served again."""
    for passage in passages(recording):
        if passage.upstream:
            continue  # It was asked, whatever became of the answer.
        if not 200 <= passage.client.status < 300:
            yield Inconclusive("not every request was served")
        else:
            said = _text(passage.client)[:60]
            actual = f"nothing upstream, and {said!r} for the client"
            yield Violation("request", "a request upstream", actual, exchange=passage.client.id)


@requirement(
    "GW-UP-043",
    on=(*(f"lab-apart-{protocol}" for protocol in Protocol), *names("left")),
    symptom="crossed-streams",
    needs=(SERVED,),
    judges_silence=True,
    facts=("marks",),
)
def conversations_are_apart(recording: Recording) -> Findings:
    """Each request upstream carries one client's conversation, and nothing of another's."""
    marks: Mapping[str, str] = recording.facts["marks"]
    if not recording.upstream:
        yield Inconclusive(UNSEEN)
    for exchange in recording.upstream:
        sent = _words(exchange)
        found = [name for name, mark in marks.items() if mark in sent]
        if len(found) > 1:
            actual = f"words of {len(found)} conversations: {', '.join(found)}"
            expected = "those of one conversation"
            yield Violation("request.body", expected, actual, exchange=exchange.id)


def _words(exchange: Exchange) -> str:
    """All that a request says, its header fields too."""
    body = exchange.request.body.decode("utf-8", errors="replace")
    return " ".join([body, *(value for _, value in exchange.request.headers)])


def _text(exchange: Exchange) -> str:
    read = messages.text if exchange.protocol is Protocol.ANTHROPIC else chat.text
    return read(exchange)
