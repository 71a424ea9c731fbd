"""OAI-COMP: legacy completions, plain and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator

from conformance import sse
from conformance.grammar import chat as order
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Part, Recording, Violation
from conformance.registry import requirement
from conformance.shapes import mismatches

PLAIN = Kind.OPENAI_TEXT_COMPLETION
STREAM = Kind.OPENAI_TEXT_STREAM


@requirement(
    "OAI-COMP-001",
    on=(PLAIN, "openai-completions"),
    symptom="answer-unreadable",
    needs=("OAI-HTTP-001",),
)
def a_completion_has_text(subject: Exchange | Recording) -> Findings:
    """A legacy completion has `text_completion` choices with text, and usage."""
    if isinstance(subject, Recording):
        yield from unserved(subject)
        return
    yield from mismatches(subject.answer.json, "OAI-COMP-001")


def unserved(recording: Recording) -> Iterator[Violation]:
    """The valid requests of a recording that were not answered with 200."""
    for exchange in recording.final:
        if exchange.status != 200:
            words = " ".join(exchange.answer.text.split())[:160]
            actual = f"{exchange.status}: {words}"
            yield Violation("status", "200 for a valid request", actual, exchange=exchange.id)


@requirement(
    "OAI-COMP-002",
    on=STREAM,
    symptom="stream-unreadable",
    needs=("OAI-HTTP-001", "OAI-COMP-001"),
    reads=(Part.FRAMING, Part.END),
)
def a_streamed_completion_keeps_its_shape(exchange: Exchange) -> Findings:
    """A streamed completion has `text_completion` chunks with text, one end, and `[DONE]`."""
    chunks = list(order.chunks(exchange.events))
    for event, chunk in chunks:
        yield from mismatches(chunk, "OAI-COMP-002", f"events[{event.index}].data")
    ends = [
        choice["finish_reason"]
        for _, chunk in chunks
        for choice in order.choices(chunk)
        if choice.get("finish_reason") is not None
    ]
    if order.has_error(exchange.events):
        return
    if len(ends) != (exchange.request.json.get("n") or 1):
        yield Violation("events", "one finish_reason for each choice", json.dumps(ends))
    done = [event.index for event in exchange.events if event.data.strip() == sse.DONE]
    if done != [len(exchange.events) - 1]:
        actual = f"{len(done)} among {len(exchange.events)} events"
        yield Violation("events", "one [DONE], last", actual)


@requirement(
    "OAI-COMP-003",
    on="openai-completions-chat-model",
    symptom="model-not-supported",
    needs=("OAI-COMP-001", "OAI-VAL-007"),
)
def a_chat_model_is_refused(recording: Recording) -> Findings:
    """A chat model asked for a legacy completion is refused with 404 or 400."""
    last = recording.last
    if last.status not in (400, 404):
        served = ": the request was served" if last.status < 300 else ""
        yield Violation("status", "404 or 400", f"{last.status}{served}", exchange=last.id)
