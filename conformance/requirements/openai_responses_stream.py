"""OAI-RESP, the stream: names, numbers, order, and that the pieces are the whole."""

from __future__ import annotations

import json
from collections.abc import Iterator

from conformance import responses
from conformance.grammar import breaches
from conformance.grammar import responses as order
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Level, Part, Violation
from conformance.profile import Profile
from conformance.registry import requirement
from conformance.shapes import mismatches

STREAM = Kind.OPENAI_RESPONSE_STREAM
ANSWERED = ("OAI-HTTP-001", "OAI-RESP-001")
ORDERED = (*ANSWERED, "OAI-RESP-006")
SHAPED = (*ORDERED, "OAI-RESP-002")
_WHOLE = {
    "response.output_text.done": ("output_text", "text"),
    "response.refusal.done": ("refusal", "refusal"),
    "response.function_call_arguments.done": ("function_call_arguments", "arguments"),
}
"""The events that repeat what was said in pieces: the kind of the pieces, and the field."""


def has_error(exchange: Exchange) -> bool:
    """Whether the stream failed half-way."""
    return order.has_error(exchange.events)


@requirement(
    "OAI-RESP-005",
    on=STREAM,
    symptom="stream-unreadable",
    needs=ANSWERED,
    reads=(Part.FRAMING,),
)
def events_are_named_and_numbered(exchange: Exchange, profile: Profile) -> Findings:
    """Each event is named by its type and numbered, one more than the one before."""
    # OpenRouter names no event: a MAY for vendors.
    level = Level.MAY if profile.kind == "vendor" else None
    last = None
    for event in responses.events(exchange):
        where = f"events[{event.index}]"
        if not event.type:
            yield Violation(f"{where}.data", "an object with a type", event.data[:80])
            continue
        if event.name != event.type:
            yield Violation(where, f"event: {event.type}", f"event: {event.name}", level)
        number = event.object.get("sequence_number")
        expected = "0" if last is None else str(last + 1)
        if not isinstance(number, int) or (number not in (0, 1) if last is None else False):
            yield Violation(f"{where}.data.sequence_number", expected, json.dumps(number))
        elif last is not None and number != last + 1:
            yield Violation(f"{where}.data.sequence_number", expected, str(number))
        last = number if isinstance(number, int) else last


@requirement(
    "OAI-RESP-006",
    on=STREAM,
    symptom="stream-unreadable",
    needs=ANSWERED,
    reads=(Part.END,),
)
def events_come_in_order(exchange: Exchange) -> Findings:
    """A response is created, its items opened, filled and closed one by one, and it ends once."""
    yield from breaches(exchange, "OAI-RESP-006")


@requirement("OAI-RESP-007", on=STREAM, symptom="stream-lost-text", needs=SHAPED)
def the_pieces_are_the_whole(exchange: Exchange) -> Findings:
    """Texts and arguments are whole in their last event and in the finished response."""
    for event in responses.events(exchange):
        if event.type in _WHOLE:
            kind, field = _WHOLE[event.type]
            said = responses.joined(exchange, kind).get(responses.place(event), "")
            found = event.object.get(field)
            yield from _differs(f"events[{event.index}].data.{field}", said, found)
    yield from _lost(exchange)


def _lost(exchange: Exchange) -> Findings:
    """What was streamed and is not in the finished response, or the other way round."""
    where, last = responses.final(exchange) or ("events", {})
    if last.get("status") == "failed" or has_error(exchange):
        return  # What was said before it failed need not be told again.
    items = responses.items(exchange)
    texts = [text for item in items if item.type == "message" for text in item.texts]
    calls = [item.fields.get("arguments") for item in items if item.type == "function_call"]
    for kind, found in (("output_text", texts), ("function_call_arguments", calls)):
        said = list(responses.joined(exchange, kind).values())
        whole = [text for text in found if text]
        if [text for text in said if text] != whole:
            yield from _differs(f"{where}.output", json.dumps(said), json.dumps(whole))


def _differs(where: str, said: str, found: object) -> Iterator[Violation]:
    if found != said:
        actual = found if isinstance(found, str) else json.dumps(found)
        yield Violation(where, f"what the deltas said: {said[:60]}", actual[:80])


@requirement("OAI-RESP-008", on=STREAM, symptom="wrong-bill", needs=ORDERED)
def one_id_and_a_usage(exchange: Exchange) -> Findings:
    """The response keeps its `id` through the stream, and its last event has the usage."""
    first = None
    for event, found in responses.lifecycle(exchange):
        where = f"events[{event.index}].data.response"
        if first is not None and found.get("id") != first:
            yield Violation(f"{where}.id", f"{first}, as before", json.dumps(found.get("id")))
        first = first or found.get("id")
    where, last = responses.final(exchange) or ("", {})
    if last.get("status") in ("completed", "incomplete"):
        yield from mismatches(last, "OAI-RESP-008", where)


@requirement(
    "OAI-RESP-010",
    on=STREAM,
    when=has_error,
    symptom="stream-cut",
    needs=("OAI-HTTP-001",),
    needs_lab=True,
)
def a_failure_is_told(exchange: Exchange) -> Findings:
    """A stream that fails says so in an error event, and ends with `response.failed`."""
    for event in exchange.events:
        if order.symbol(event) != "error":
            continue
        nested, where = event.object.get("error"), f"events[{event.index}].data"
        if not event.type:
            yield Violation(f"{where}.type", "error", "absent")
        yield from mismatches(
            nested if isinstance(nested, dict) else event.object, "OAI-ERR-002", where
        )
    yield from breaches(exchange, "OAI-RESP-010")
