"""ANT-STR, the framing: events that every client can read at all."""

from __future__ import annotations

from conformance import sse
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Part, Violation
from conformance.registry import When, requirement

STREAM = Kind.ANTHROPIC_STREAM
FRAMED = ("ANT-STR-001",)
NAMED = ("ANT-STR-001", "ANT-STR-002", "ANT-STR-003")


def has_event(type: str) -> When:
    """A test for streams that hold an event of this type or name."""
    return lambda exchange: any(type in (e.type, e.name) for e in exchange.events)


@requirement("ANT-STR-001", on=STREAM, symptom="stream-unreadable", six="sse-order")
def a_stream_is_a_stream(exchange: Exchange) -> Findings:
    """`stream: true` is answered with server-sent events."""
    if not exchange.events:
        found = exchange.answer.media_type or "no content type"
        yield Violation("body", "server-sent events", f"none in {found}")


@requirement(
    "ANT-HDR-002",
    on=STREAM,
    symptom="stream-unreadable",
    needs=FRAMED,
    six="sse-order",
    reads=(Part.FRAMING,),
    header="content-type",
)
def streams_say_so(exchange: Exchange) -> Findings:
    """Streams carry the content type `text/event-stream`."""
    if exchange.answer.media_type != "text/event-stream":
        found = exchange.answer.header("content-type") or "none"
        yield Violation("headers.content-type", "text/event-stream", found)


@requirement(
    "ANT-STR-002",
    on=STREAM,
    symptom="stream-unreadable",
    needs=FRAMED,
    six="sse-order",
    reads=(Part.FRAMING,),
)
def events_are_named(exchange: Exchange) -> Findings:
    """Every event of the protocol has an `event:` line."""
    for index, block in enumerate(b for b in exchange.blocks if b.values("data")):
        data = "\n".join(block.values("data"))
        if not block.values("event") and data != sse.DONE:
            yield Violation(f"events[{index}]", "an event: line", "data: only")


@requirement(
    "ANT-STR-003",
    on=STREAM,
    symptom="stream-unreadable",
    needs=("ANT-STR-001", "ANT-STR-002"),
    six="sse-order",
    reads=(Part.FRAMING,),
)
def names_equal_types(exchange: Exchange) -> Findings:
    """The name of each event equals the `type` in its data."""
    for event in exchange.events:
        if isinstance(event.json, dict) and event.type != event.name:
            expected = f"type {event.name}, as its event: line says"
            yield Violation(f"events[{event.index}].data.type", expected, event.type or "none")


@requirement("ANT-STR-004", on=STREAM, symptom="stream-unreadable", needs=FRAMED, six="sse-order")
def data_is_one_object(exchange: Exchange) -> Findings:
    """The data of each event is one JSON object; there is no `[DONE]`."""
    for event in exchange.events:
        if not isinstance(event.json, dict):
            yield Violation(
                f"events[{event.index}].data",
                "one JSON object",
                event.data[:80].strip() or "nothing",
            )


@requirement(
    "ANT-STR-005",
    on=STREAM,
    symptom="stream-unreadable",
    needs=FRAMED,
    six="sse-order",
    reads=(Part.FRAMING, Part.END),
)
def events_end_with_a_blank_line(exchange: Exchange) -> Findings:
    """Lines end with LF or CRLF, every event with a blank line, the last one too."""
    ends = {line.end for block in exchange.blocks for line in block.lines if line.end}
    if "\r" in ends:
        yield Violation("body", "LF or CRLF line ends", "a bare CR")
    if exchange.blocks and not exchange.blocks[-1].terminated:
        last = exchange.blocks[-1].lines[-1]
        yield Violation("body", "a blank line at the end", f"it ends after {last.field}:")
    if exchange.answer.body[:3] == b"\xef\xbb\xbf":
        yield Violation("body", "UTF-8 without byte-order mark", "a byte-order mark")
    try:
        exchange.answer.body.decode("utf-8")
    except UnicodeDecodeError as error:
        yield Violation(f"body byte {error.start}", "UTF-8", "bytes that are not")


@requirement(
    "ANT-STR-029",
    on=STREAM,
    symptom="stream-unreadable",
    needs=("ANT-STR-001", "ANT-STR-002"),
    reads=(Part.FRAMING,),
)
def pings_are_pings(exchange: Exchange) -> Findings:
    """A ping, which no stream needs, is `event: ping` with `{"type":"ping"}`."""
    for event in exchange.events:
        if "ping" in (event.name, event.type) and event.name != event.type:
            yield Violation(f"events[{event.index}]", "event: ping", f"event: {event.name}")
