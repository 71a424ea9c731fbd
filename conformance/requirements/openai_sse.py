"""OAI-SSE: framing, `[DONE]`, and errors in mid-stream."""

from __future__ import annotations

from conformance import chat, sse
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Part, Violation
from conformance.registry import requirement
from conformance.shapes import mismatches

STREAM = Kind.OPENAI_STREAM
FRAMED = ("OAI-STREAM-027",)
READABLE = ("OAI-STREAM-027", "OAI-SSE-002", "OAI-STREAM-005")


def has_error(exchange: Exchange) -> bool:
    """Whether the stream holds something that means to be an error."""
    return any(map(means_an_error, exchange.events))


def means_an_error(event: sse.Event) -> bool:
    """Whether an event means to be an error, also where no client takes it for one."""
    is_bare = isinstance(event.object.get("message"), str) and "choices" not in event.object
    return event.name == "error" or bool(event.object.get("error")) or is_bare


@requirement("OAI-STREAM-027", on=STREAM, symptom="stream-unreadable", six="sse-order")
def a_stream_has_chunks(exchange: Exchange) -> Findings:
    """`stream: true` is answered with a stream of at least one chunk."""
    if not exchange.events:
        found = exchange.answer.media_type or "no content type"
        yield Violation("body", "server-sent events", f"none in {found}")
    elif not has_error(exchange) and not any(
        chunk.get("choices") for _, chunk in chat.chunks(exchange)
    ):
        yield Violation("events", "at least one chunk with a choice", "none")


@requirement(
    "OAI-HTTP-010",
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
    "OAI-SSE-001",
    on=STREAM,
    symptom="stream-cut",
    needs=FRAMED,
    six="sse-order",
    reads=(Part.FRAMING, Part.END),
)
def events_end_with_a_blank_line(exchange: Exchange) -> Findings:
    """Every event ends with a blank line, the last one too."""
    if exchange.blocks and not exchange.blocks[-1].terminated:
        last = exchange.blocks[-1].lines[-1]
        yield Violation("body", "a blank line at the end", f"it ends after {last.field}:")


@requirement("OAI-SSE-002", on=STREAM, symptom="stream-unreadable", needs=FRAMED, six="sse-order")
def data_is_one_object(exchange: Exchange) -> Findings:
    """The data of each event is one JSON object, or `[DONE]`."""
    for event in exchange.events:
        if event.data.strip() != sse.DONE and not isinstance(event.json, dict):
            yield Violation(
                f"events[{event.index}].data",
                "one JSON object",
                event.data[:80].strip() or "nothing",
            )


@requirement(
    "OAI-SSE-003",
    on=STREAM,
    symptom="stream-unreadable",
    needs=FRAMED,
    six="sse-order",
    reads=(Part.FRAMING,),
)
def no_event_without_data(exchange: Exchange) -> Findings:
    """No block is without `data:`, and none has an `id:`."""
    for number, block in enumerate(exchange.blocks):
        fields = [line.field for line in block.lines if line.field]
        if fields and "data" not in fields:
            expected = "data: in every block"
            yield Violation(f"blocks[{number}]", expected, f"only {', '.join(fields)}:")
        elif "id" in fields:
            yield Violation(f"blocks[{number}]", "no id: line", "one")


@requirement(
    "OAI-SSE-004", on=STREAM, symptom="stream-unreadable", needs=FRAMED, reads=(Part.FRAMING,)
)
def chunks_have_no_event_name(exchange: Exchange) -> Findings:
    """Chunks carry no `event:` line; `event: error` on an error is tolerated."""
    for event in exchange.events:
        if event.name not in ("message", "error"):
            yield Violation(f"events[{event.index}]", "no event: line", f"event: {event.name}")


@requirement(
    "OAI-SSE-006", on=STREAM, symptom="stream-unreadable", needs=FRAMED, reads=(Part.FRAMING,)
)
def lines_end_with_lf(exchange: Exchange) -> Findings:
    """Lines end with LF; CRLF throughout is legal, a mixture or a bare CR is not."""
    ends = {line.end for block in exchange.blocks for line in block.lines if line.end}
    if len(ends) > 1 or "\r" in ends:
        shown = ", ".join(sorted(repr(end) for end in ends))
        yield Violation("body", "LF, or CRLF throughout", shown)


@requirement(
    "OAI-SSE-007",
    on=STREAM,
    symptom="stream-cut",
    needs=FRAMED,
    six="sse-order",
    reads=(Part.FRAMING, Part.END),
)
def done_comes_last(exchange: Exchange) -> Findings:
    """The stream ends with one `[DONE]`, after every chunk."""
    if has_error(exchange):
        return
    found = [event.index for event in exchange.events if event.data.strip() == sse.DONE]
    if len(found) != 1:
        actual = f"{len(found)} among {len(exchange.events)} events"
        yield Violation("events", "one [DONE], last", actual)


@requirement(
    "OAI-SSE-008",
    on=STREAM,
    symptom="stream-lost-text",
    needs=FRAMED,
    six="sse-order",
    reads=(Part.FRAMING,),
)
def nothing_follows_done(exchange: Exchange) -> Findings:
    """Nothing but white space or comments follows `[DONE]`."""
    found = [event.index for event in exchange.events if event.data.strip() == sse.DONE]
    for event in exchange.events[found[0] + 1 :] if found else ():
        if event.data.strip() != sse.DONE:
            yield Violation(f"events[{event.index}]", "nothing after [DONE]", event.data[:80])


@requirement(
    "OAI-STREAM-025",
    on=STREAM,
    when=has_error,
    symptom="stream-cut",
    needs=("OAI-STREAM-027", "OAI-SSE-002"),
    needs_lab=True,
)
def stream_errors_are_recognisable(exchange: Exchange) -> Findings:
    """An error in mid-stream is a top-level `error` object with a message."""
    for event in exchange.events:
        if means_an_error(event):
            where = f"events[{event.index}].data"
            yield from mismatches(event.json, "OAI-STREAM-025", where)
