"""GW-SSE-001 and -004, GW-SAFE-004: streams flow, and nobody sees what is another's."""

from __future__ import annotations

import json

from conformance import chat, messages
from conformance.kinds import Protocol
from conformance.model import Exchange, Findings, Inconclusive, Recording, Violation
from conformance.registry import requirement
from conformance.requirements.anthropic import UNSERVED

MIN_DELTAS = 8
"""With fewer pieces a whole answer in one read proves nothing."""

TELLING_S = 1.0
"""A model that nobody slows down may be a scripted or a cached one: it answers at once."""

SHORTEST_SPREAD_S = 0.01
"""Pieces that a model produced one after the other cannot be closer together than this."""


@requirement(
    "GW-SSE-001",
    on=("anthropic-slow-stream", "openai-slow-stream"),
    symptom="stream-buffered",
    needs=("ANT-STR-001", "OAI-STREAM-027"),
    facts=("jitter_s",),
)
def events_are_passed_on_as_they_come(recording: Recording) -> Findings:
    """The pieces of a slow answer arrive spread over time, not all at its end.

    The spread is compared with the longest delay of the recorder itself in that time.
    """
    if not recording.served(streamed=True):
        yield Inconclusive(UNSERVED)
        return
    exchange = recording.last
    times = _times(exchange)
    if len(times) < MIN_DELTAS:
        yield Inconclusive(f"the answer came in {len(times)} pieces, too few to see it flow")
        return
    spread_s = times[-1] - times[0]
    wanted_s = max(SHORTEST_SPREAD_S, float(recording.facts["jitter_s"]))
    if spread_s >= wanted_s:
        return
    took_s = exchange.answer.ended_at_s
    if not recording.facts.get("is_slowed") and took_s < TELLING_S:
        yield Inconclusive(f"the whole answer took {took_s:.2f} s, too little to see it flow")
    else:
        expected = f"arrivals spread over more than {wanted_s * 1000:.0f} ms"
        within = f"{len(times)} pieces within {spread_s * 1000:.1f} ms"
        yield Violation("events", expected, f"{within}, {times[0]:.2f} s after the request")


def _times(exchange: Exchange) -> list[float]:
    """When each piece of content arrived."""
    if exchange.protocol is Protocol.ANTHROPIC:
        return [e.at_s for e in exchange.events if e.type == "content_block_delta"]
    return [event.at_s for event, chunk in chat.chunks(exchange) if chunk.get("choices")]


@requirement(
    "GW-SSE-004",
    on=("anthropic-streams-at-once", "openai-streams-at-once"),
    symptom="crossed-streams",
    needs=("ANT-STR-001", "OAI-STREAM-027"),
    facts=("words",),
)
def streams_never_mix(recording: Recording) -> Findings:
    """Streams at the same time carry each its own words and its own id."""
    streams = recording.served(streamed=True)
    if len(streams) < len(recording.final):
        yield Inconclusive(UNSERVED)
        return
    words = [str(word) for word in recording.facts["words"]]
    answers = {exchange.id: _text(exchange) for exchange in streams}
    for exchange in streams:
        asked = json.dumps(exchange.request.json)
        strange = [w for w in words if w not in asked and w in answers[exchange.id]]
        if strange:
            actual = f"{', '.join(strange)}, which another stream was asked for"
            yield Violation("events", "the words of its own question", actual, exchange=exchange.id)
    yield from _shared_ids(streams)
    if not any(word in text for word in words for text in answers.values()):
        yield Inconclusive("the model repeated none of the words")


def _shared_ids(streams: tuple[Exchange, ...]) -> Findings:
    seen: dict[str, str] = {}
    for exchange in streams:
        for id in _ids(exchange):
            first = seen.setdefault(id, exchange.id)
            if first != exchange.id:
                actual = f"{id}, which is the id of {first} too"
                yield Violation("events", "an id of its own", actual, exchange=exchange.id)


def _ids(exchange: Exchange) -> set[str]:
    """The ids that the events of a stream carry."""
    if exchange.protocol is Protocol.ANTHROPIC:
        starts = [data.get("message") for _, data in messages.events_of(exchange, "message_start")]
        return {str(start["id"]) for start in starts if isinstance(start, dict) and start.get("id")}
    return {str(chunk["id"]) for _, chunk in chat.chunks(exchange) if chunk.get("id")}


def _text(exchange: Exchange) -> str:
    read = messages.text if exchange.protocol is Protocol.ANTHROPIC else chat.text
    return read(exchange)


@requirement(
    "GW-SAFE-004",
    on="tenants-at-once",
    symptom="crossed-streams",
    needs=("ANT-EP-001",),
    facts=("words",),
)
def tenants_never_see_each_other(recording: Recording) -> Findings:
    """No answer, stream or error of one tenant holds what is another's, nor its request id."""
    words: dict[str, str] = recording.facts["words"]
    seen: dict[str, str] = {}
    for exchange in recording.final:
        own = words[exchange.credential]
        texts = [exchange.answer.text, *(value for _, value in exchange.answer.headers)]
        if exchange.is_streamed:
            texts.append(_text(exchange))
        for role, word in words.items():
            if word != own and any(word in text for text in texts):
                actual = f"{word}, which {role} sent"
                yield Violation("answer", "nothing of another tenant", actual, exchange=exchange.id)
        for name in ("request-id", "x-request-id"):
            id = exchange.answer.header(name)
            if id and seen.setdefault(id, exchange.id) != exchange.id:
                actual = f"{id}, as in {seen[id]}"
                yield Violation(f"headers.{name}", "an id of its own", actual, exchange=exchange.id)
