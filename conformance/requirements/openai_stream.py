"""OAI-SSE and OAI-STREAM: framing and chunks; the order is in `conformance.grammar`."""

from __future__ import annotations

import json
from dataclasses import replace

from conformance import chat, grammar, sse
from conformance.model import Exchange, Findings, Kind, Level, Violation
from conformance.profile import Profile
from conformance.registry import requirement
from conformance.requirements.openai import FINISH_REASONS, wrong_sums
from conformance.shapes import mismatches

STREAM = Kind.OPENAI_STREAM
FRAMED = ("OAI-STREAM-027",)
READABLE = ("OAI-STREAM-027", "OAI-SSE-002", "OAI-STREAM-005")


def wants_usage(exchange: Exchange) -> bool:
    """Whether the request asked for usage."""
    return chat.wants_usage(exchange)


def wants_no_usage(exchange: Exchange) -> bool:
    """Whether the request did not ask for usage."""
    return not chat.wants_usage(exchange)


def has_usage(exchange: Exchange) -> bool:
    """Whether some chunk carries usage."""
    return bool(chat.usages(exchange))


def has_text(exchange: Exchange) -> bool:
    """Whether the stream carries text."""
    return bool(chat.text(exchange))


def has_error(exchange: Exchange) -> bool:
    """Whether the stream holds something that means to be an error."""
    return any("error" in event.object or event.name == "error" for event in exchange.events)


def is_finished(exchange: Exchange) -> bool:
    """Whether some choice has a finish_reason."""
    return bool(chat.finish_reasons(exchange))


def is_prelude(chunk: dict[str, object]) -> bool:
    """Whether a chunk is the prompt filter report that Azure sends first."""
    return chunk.get("choices") == [] and "prompt_filter_results" in chunk


@requirement("OAI-STREAM-027", on=STREAM, symptom="stream-unreadable", six="sse-order")
def a_stream_has_chunks(exchange: Exchange) -> Findings:
    """`stream: true` is answered with a stream of at least one chunk."""
    if not exchange.events:
        found = exchange.answer.media_type or "no content type"
        yield Violation("body", "server-sent events", f"none in {found}")
    elif not any(True for _ in chat.deltas(exchange)) and not has_error(exchange):
        if all("choices" in chunk and chunk["choices"] for _, chunk in chat.chunks(exchange)):
            yield Violation("events", "at least one chunk with a choice", "none")


@requirement("OAI-HTTP-010", on=STREAM, symptom="stream-unreadable", needs=FRAMED,
             six="sse-order")
def streams_say_so(exchange: Exchange) -> Findings:
    """Streams carry the content type `text/event-stream`."""
    if exchange.answer.media_type != "text/event-stream":
        found = exchange.answer.header("content-type") or "none"
        yield Violation("headers.content-type", "text/event-stream", found)


@requirement("OAI-SSE-001", on=STREAM, symptom="stream-cut", needs=FRAMED, six="sse-order")
def events_end_with_a_blank_line(exchange: Exchange) -> Findings:
    """Every event ends with a blank line, the last one too."""
    if exchange.blocks and not exchange.blocks[-1].terminated:
        last = exchange.blocks[-1].lines[-1]
        yield Violation("body", "a blank line at the end", f"it ends after {last.field}:")


@requirement("OAI-SSE-002", on=STREAM, symptom="stream-unreadable", needs=FRAMED,
             six="sse-order")
def data_is_one_object(exchange: Exchange) -> Findings:
    """The data of each event is one JSON object, or `[DONE]`."""
    for event in exchange.events:
        if event.data.strip() != sse.DONE and not isinstance(event.json, dict):
            yield Violation(f"events[{event.index}].data", "one JSON object", event.data[:80])


@requirement("OAI-SSE-003", on=STREAM, symptom="stream-unreadable", needs=FRAMED,
             six="sse-order")
def no_event_without_data(exchange: Exchange) -> Findings:
    """No block is without `data:`, and none has an `id:`."""
    for number, block in enumerate(exchange.blocks):
        fields = [line.field for line in block.lines if line.field]
        if fields and "data" not in fields:
            expected = "data: in every block"
            yield Violation(f"blocks[{number}]", expected, f"only {', '.join(fields)}:")
        elif "id" in fields:
            yield Violation(f"blocks[{number}]", "no id: line", "one")


@requirement("OAI-SSE-004", on=STREAM, symptom="stream-unreadable", needs=FRAMED)
def chunks_have_no_event_name(exchange: Exchange) -> Findings:
    """Chunks carry no `event:` line; `event: error` on an error is tolerated."""
    for event in exchange.events:
        if event.name not in ("message", "error"):
            yield Violation(f"events[{event.index}]", "no event: line", f"event: {event.name}")


@requirement("OAI-SSE-006", on=STREAM, symptom="stream-unreadable", needs=FRAMED)
def lines_end_with_lf(exchange: Exchange) -> Findings:
    """Lines end with LF; CRLF is legal, a mixture or a bare CR is not."""
    ends = {line.end for block in exchange.blocks for line in block.lines if line.end}
    if ends - {"\n"}:
        shown = ", ".join(sorted(repr(end) for end in ends))
        yield Violation("body", "LF line ends", shown)


@requirement("OAI-SSE-007", on=STREAM, symptom="stream-cut", needs=FRAMED, six="sse-order")
def done_comes_last(exchange: Exchange) -> Findings:
    """The stream ends with one `[DONE]`, after every chunk."""
    if has_error(exchange):
        return
    found = [event.index for event in exchange.events if event.data.strip() == sse.DONE]
    if len(found) != 1:
        actual = f"{len(found)} among {len(exchange.events)} events"
        yield Violation("events", "one [DONE], last", actual)


@requirement("OAI-SSE-008", on=STREAM, symptom="stream-lost-text", needs=FRAMED, six="sse-order")
def nothing_follows_done(exchange: Exchange) -> Findings:
    """Nothing but white space or comments follows `[DONE]`."""
    found = [event.index for event in exchange.events if event.data.strip() == sse.DONE]
    for event in exchange.events[found[0] + 1 :] if found else ():
        if event.data.strip() != sse.DONE:
            yield Violation(f"events[{event.index}]", "nothing after [DONE]", event.data[:80])


@requirement("OAI-STREAM-005", on=STREAM, symptom="stream-unreadable",
             needs=("OAI-STREAM-027", "OAI-SSE-002"), six="sse-order")
def every_chunk_has_choices(exchange: Exchange) -> Findings:
    """`choices` is a list in every chunk, empty or not."""
    for event, chunk in chat.chunks(exchange):
        yield from mismatches(chunk, "OAI-STREAM-005", f"events[{event.index}].data")


@requirement("OAI-STREAM-001", on=STREAM, symptom="stream-unreadable", needs=READABLE,
             six="sse-order")
def object_is_a_chunk(exchange: Exchange) -> Findings:
    """`object` is `chat.completion.chunk` in every chunk."""
    for event, chunk in chat.chunks(exchange):
        if not is_prelude(chunk):
            yield from mismatches(chunk, "OAI-STREAM-001", f"events[{event.index}].data")


@requirement("OAI-STREAM-002", on=STREAM, symptom="stream-unreadable", needs=READABLE,
             six="sse-order")
def one_id(exchange: Exchange) -> Findings:
    """Every chunk has the same non-empty `id`."""
    yield from _changes(exchange, "id")


@requirement("OAI-STREAM-003", on=STREAM, symptom="stream-unreadable", needs=READABLE)
def one_created(exchange: Exchange) -> Findings:
    """`created` is an integer in every chunk, the same in all."""
    for event, chunk in chat.chunks(exchange):
        if not is_prelude(chunk):
            yield from mismatches(chunk, "OAI-STREAM-003", f"events[{event.index}].data")
    found = {json.dumps(chunk.get("created")) for _, chunk in chat.chunks(exchange)}
    if len(found) > 1:
        shown = ", ".join(sorted(found)[:3])
        yield Violation("events[].data.created", "one value", shown, Level.SHOULD)


@requirement("OAI-STREAM-004", on=STREAM, symptom="stream-unreadable", needs=READABLE,
             six="sse-order")
def one_model(exchange: Exchange) -> Findings:
    """Every chunk has the same non-empty `model`."""
    yield from _changes(exchange, "model")


def _changes(exchange: Exchange, key: str) -> Findings:
    first = None
    for event, chunk in chat.chunks(exchange):
        if is_prelude(chunk):
            continue
        found, where = chunk.get(key), f"events[{event.index}].data.{key}"
        if not isinstance(found, str) or not found:
            yield Violation(where, "a non-empty string", json.dumps(found))
        elif first is not None and found != first:
            yield Violation(where, f"{first}, as before", found)
        first = first or found


@requirement("OAI-STREAM-006", on=STREAM, symptom="stream-unreadable", needs=READABLE,
             six="sse-order")
def choices_have_index_and_delta(exchange: Exchange) -> Findings:
    """Each choice has an integer `index` and an object `delta`."""
    for event, chunk in chat.chunks(exchange):
        for number, choice in enumerate(grammar.choices(chunk)):
            where = f"events[{event.index}].data.choices[{number}]"
            yield from mismatches(choice, "OAI-STREAM-006", where)


@requirement("OAI-STREAM-007", on=STREAM, when=is_finished, symptom="stream-unreadable",
             needs=(*READABLE, "OAI-STREAM-006"), six="sse-order")
def first_delta_has_the_role(exchange: Exchange) -> Findings:
    """The first delta of each choice carries `role: "assistant"`."""
    yield from grammar.breaches(exchange, "OAI-STREAM-007")


@requirement("OAI-STREAM-008", on=STREAM, symptom="stream-unreadable",
             needs=(*READABLE, "OAI-STREAM-006"))
def role_comes_once(exchange: Exchange) -> Findings:
    """Later deltas carry no `role`."""
    yield from grammar.breaches(exchange, "OAI-STREAM-008")


@requirement("OAI-STREAM-009", on=STREAM, when=has_text, symptom="stream-lost-text",
             needs=(*READABLE, "OAI-STREAM-006"), six="sse-order")
def content_is_an_increment(exchange: Exchange, profile: Profile) -> Findings:
    """`delta.content` is a string or null and adds to what came before."""
    parts: list[str] = []
    for where, choice, delta in chat.deltas(exchange):
        for found in mismatches(delta, "OAI-STREAM-009", where):
            # Mistral's reasoning models stream lists of parts: a SHOULD for vendors.
            yield replace(found, level=Level.SHOULD) if profile.kind == "vendor" else found
        if choice.get("index") == 0 and isinstance(delta.get("content"), str):
            parts.append(delta["content"])
    parts = [part for part in parts if part]
    pairs = list(zip(parts, parts[1:], strict=False))
    where = "events[].data.choices[0].delta.content"
    if len(parts) > 2 and all(len(b) > len(a) and b.startswith(a) for a, b in pairs):
        yield Violation(where, "increments", "each chunk repeats the text so far")
    elif len(parts) > 3 and parts[0::2] == parts[1::2]:
        yield Violation(where, "increments", "each chunk comes twice")


@requirement("OAI-STREAM-010", on=STREAM, symptom="stream-cut",
             needs=(*READABLE, "OAI-STREAM-006"), six="sse-order")
def one_finish_reason(exchange: Exchange) -> Findings:
    """Each choice gets one non-null `finish_reason`."""
    yield from grammar.breaches(exchange, "OAI-STREAM-010")


@requirement("OAI-STREAM-011", on=STREAM, when=is_finished, symptom="stream-lost-text",
             needs=(*READABLE, "OAI-STREAM-006"), six="sse-order")
def silence_after_the_finish(exchange: Exchange) -> Findings:
    """After its `finish_reason` a choice gets no content and no tool call."""
    yield from grammar.breaches(exchange, "OAI-STREAM-011")


@requirement("OAI-STREAM-013", on=STREAM, when=is_finished, symptom="tool-loop",
             needs=READABLE, six="sse-order")
def finish_reason_is_the_protocols_word(exchange: Exchange) -> Findings:
    """`finish_reason` is a word of the chat protocol and tells the truth."""
    for where, reason in chat.finish_reasons(exchange):
        if reason not in FINISH_REASONS:
            expected = f"one of {', '.join(sorted(FINISH_REASONS))}"
            yield Violation(where, expected, json.dumps(reason))
        elif reason == "tool_calls" and not chat.tool_calls(exchange):
            yield Violation(where, "stop, as no tool is called", reason)


@requirement("OAI-STREAM-014", on=STREAM, when=wants_no_usage, symptom="wrong-bill",
             needs=READABLE)
def no_usage_unless_asked(exchange: Exchange) -> Findings:
    """Without `include_usage` no chunk has usage."""
    for where, _ in chat.usages(exchange):
        yield Violation(where, "absent, as it was not asked for", "an object")


@requirement("OAI-STREAM-015", on=STREAM, when=wants_usage, symptom="wrong-bill",
             needs=READABLE, six="sse-order")
def usage_comes_once(exchange: Exchange) -> Findings:
    """With `include_usage` one chunk has usage."""
    found = chat.usages(exchange)
    if not has_error(exchange) and len(found) != 1:
        yield Violation("events[].data.usage", "in one chunk", f"in {len(found)} chunks")


@requirement("OAI-STREAM-016", on=STREAM, when=lambda e: wants_usage(e) and has_usage(e),
             symptom="wrong-bill", needs=(*READABLE, "OAI-STREAM-015"))
def usage_comes_last(exchange: Exchange) -> Findings:
    """The usage comes after the last finish, in a chunk with empty `choices`."""
    chunks = [chunk for _, chunk in chat.chunks(exchange)]
    carrier = max(i for i, chunk in enumerate(chunks) if isinstance(chunk.get("usage"), dict))
    where = f"events[{chat.chunks(exchange)[carrier][0].index}].data"
    later = [c for chunk in chunks[carrier + 1 :] for c in grammar.choices(chunk)]
    if any(choice.get("finish_reason") for choice in later):
        yield Violation(f"{where}.usage", "after the last finish_reason", "before it")
    elif chunks[carrier].get("choices"):
        yield Violation(f"{where}.choices", "[] beside usage", "a choice", Level.SHOULD)


@requirement("OAI-STREAM-018", on=STREAM, when=has_usage, symptom="wrong-bill",
             needs=(*READABLE, "OAI-STREAM-015"))
def stream_usage_sums_up(exchange: Exchange) -> Findings:
    """`total_tokens` in the stream is the sum of its parts."""
    yield from wrong_sums(exchange)


@requirement("OAI-STREAM-025", on=STREAM, when=has_error, symptom="stream-cut",
             needs=("OAI-STREAM-027", "OAI-SSE-002"), needs_lab=True)
def stream_errors_are_recognisable(exchange: Exchange) -> Findings:
    """An error in mid-stream is a top-level `error` object with a message."""
    for event in exchange.events:
        if "error" in event.object or event.name == "error":
            where = f"events[{event.index}].data"
            yield from mismatches(event.json, "OAI-STREAM-025", where)
