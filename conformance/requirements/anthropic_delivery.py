"""ANT-STR: how a stream is delivered, and the events that only some streams have."""

from __future__ import annotations

from conformance import messages
from conformance.grammar.messages import MESSAGE_EVENTS
from conformance.kinds import Kind
from conformance.model import (
    Ended,
    Exchange,
    Findings,
    Inconclusive,
    Level,
    Part,
    Recording,
    Violation,
)
from conformance.registry import requirement
from conformance.requirements.anthropic_sse import NAMED, has_event
from conformance.shapes import mismatches

STREAM = Kind.ANTHROPIC_STREAM
ENDING_S = 5.0
SLOW_S = 1.0
MIN_READS = 3
MIN_TOKENS = 300
LATEST_SHARE = 0.8


@requirement("ANT-STR-007", on="anthropic-long-stream", symptom="stream-buffered", needs=(*NAMED,))
def events_come_as_they_are_produced(recording: Recording) -> Findings:
    """A long answer arrives in at least 3 reads, and begins long before it is complete."""
    for exchange in recording.served(streamed=True):
        tokens = messages.usage(exchange).get("output_tokens")
        times = [e.at_s for e in exchange.events if e.type == "content_block_delta"]
        if not isinstance(tokens, int) or tokens < MIN_TOKENS or not times:
            yield Inconclusive("the answer was too short to see it stream")
            continue
        reads, end_s = len(set(times)), exchange.answer.ended_at_s
        if reads < MIN_READS:
            actual = f"{len(times)} deltas in {reads}"
            yield Violation(
                "events", f"at least {MIN_READS} reads", actual, Level.SHOULD, exchange.id
            )
        elif end_s > SLOW_S and times[0] > LATEST_SHARE * end_s:
            expected = f"the first delta before {LATEST_SHARE:.0%} of {end_s:.1f} s"
            yield Violation(
                "events", expected, f"after {times[0]:.1f} s", Level.SHOULD, exchange.id
            )
    if not recording.served(streamed=True):
        yield Inconclusive("the request was not answered with 200")


def is_ended(exchange: Exchange) -> bool:
    """Whether the stream got as far as its last event, with times that are real."""
    return any(event.type in ("message_stop", "error") for event in exchange.events)


@requirement(
    "ANT-STR-009",
    on=STREAM,
    when=is_ended,
    symptom="stream-cut",
    needs=NAMED,
    reads=(Part.END, Part.TIMES),
)
def bodies_end_with_their_stream(exchange: Exchange) -> Findings:
    """The HTTP body ends within 5 s after `message_stop` or `error`."""
    last = next(e for e in exchange.events if e.type in ("message_stop", "error"))
    late_s = exchange.answer.ended_at_s - last.at_s
    if exchange.answer.ended is Ended.SILENT or late_s > ENDING_S:
        yield Violation("body", f"its end within {ENDING_S:g} s of {last.type}", f"{late_s:.1f} s")


def has_thinking(exchange: Exchange) -> bool:
    """Whether the stream has a thinking block that was not cut at the budget."""
    started = (block.get("type") for _, _, block in messages.block_starts(exchange))
    return "thinking" in started and messages.stop(exchange).get("stop_reason") != "max_tokens"


@requirement(
    "ANT-STR-022",
    on=STREAM,
    when=has_thinking,
    symptom="tool-loop",
    needs=(*NAMED, "ANT-STR-014", "ANT-STR-016", "ANT-STR-017"),
)
def thinking_ends_with_its_signature(exchange: Exchange) -> Findings:
    """A thinking block has one `signature_delta`, as its last delta."""
    for where, index, block in messages.block_starts(exchange):
        if block.get("type") != "thinking":
            continue
        kinds = [str(d.get("type")) for _, of, d in messages.deltas(exchange) if of == index]
        if kinds.count("signature_delta") != 1 or kinds[-1] != "signature_delta":
            found = ", ".join(dict.fromkeys(kinds)) or "no delta"
            count = kinds.count("signature_delta")
            expected = "one signature_delta, as the last delta"
            yield Violation(where, expected, f"{count} of them among {found}")


def cites(exchange: Exchange) -> bool:
    """Whether the stream cites."""
    return any(d.get("type") == "citations_delta" for _, _, d in messages.deltas(exchange))


@requirement("ANT-STR-035", on=STREAM, when=cites, symptom="stream-unreadable", needs=NAMED)
def citations_say_where_from(exchange: Exchange) -> Findings:
    """A `citations_delta` has a citation of a known type with its `cited_text`."""
    for where, _, delta in messages.deltas(exchange):
        if delta.get("type") == "citations_delta":
            yield from mismatches(delta.get("citation"), "ANT-STR-035", f"{where}.citation")


@requirement(
    "ANT-STR-036",
    on=STREAM,
    when=has_event("message_start"),
    symptom="stream-unreadable",
    needs=NAMED,
)
def no_events_are_invented(exchange: Exchange) -> Findings:
    """A stream has no events but those of the protocol."""
    seen: dict[str, int] = {}
    for event in exchange.events:
        if event.type and event.type not in MESSAGE_EVENTS | {"ping"}:
            seen.setdefault(event.type, event.index)
    for type, index in seen.items():
        yield Violation(f"events[{index}]", "an event of the protocol", type)
