"""ANT-STR: order and shape of the events; the order is in `conformance.grammar`."""

from __future__ import annotations

import json

from conformance import messages
from conformance.grammar import breaches
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Inconclusive, Level, Part, Recording, Violation
from conformance.registry import requirement
from conformance.requirements.anthropic import OPENAI_REASONS, STOP_REASONS, UNSERVED
from conformance.requirements.anthropic_limits import has_counted
from conformance.requirements.anthropic_sse import FRAMED, NAMED, has_event
from conformance.shapes import mismatches, schema_mismatches

STREAM = Kind.ANTHROPIC_STREAM


def has_blocks(exchange: Exchange) -> bool:
    """Whether the stream starts a content block."""
    return any(True for _ in messages.block_starts(exchange))


def has_block_parts(exchange: Exchange) -> bool:
    """Whether the stream has deltas or stops of content blocks, started or not."""
    parts = ("content_block_delta", "content_block_stop")
    return any(event.type in parts for event in exchange.events)


def has_tool_use(exchange: Exchange) -> bool:
    """Whether the stream calls a tool."""
    return bool(messages.tool_uses(exchange))


@requirement(
    "ANT-STR-010",
    on=STREAM,
    when=has_blocks,
    symptom="stream-unreadable",
    needs=(*NAMED, "ANT-STR-018"),
)
def blocks_are_sequential(exchange: Exchange) -> Findings:
    """A content block is stopped before the next one starts."""
    yield from breaches(exchange, "ANT-STR-010")


@requirement("ANT-STR-011", on=STREAM, symptom="stream-unreadable", needs=NAMED, six="sse-order")
def message_start_comes_first(exchange: Exchange) -> Findings:
    """The first event is `message_start`, and there is one."""
    yield from breaches(exchange, "ANT-STR-011")


@requirement(
    "ANT-STR-012",
    on=STREAM,
    when=has_event("message_start"),
    symptom="stream-unreadable",
    needs=NAMED,
    six="sse-order",
)
def message_start_has_a_skeleton(exchange: Exchange) -> Findings:
    """`message_start` carries an empty Message with its usage."""
    for where, data in messages.events_of(exchange, "message_start"):
        yield from mismatches(data.get("message"), "ANT-STR-012", f"{where}.message")
        message = data.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        blocks = [block for block in content if isinstance(block, dict)] if content else []
        if any(block.get("type") != "tool_use" for block in blocks):
            yield Violation(f"{where}.message.content", "[]", "content before its events")
        if isinstance(message, dict) and "stop_sequence" not in message:
            yield Violation(f"{where}.message", "stop_sequence: null", "absent", Level.SHOULD)


@requirement(
    "ANT-STR-014",
    on=STREAM,
    when=has_blocks,
    symptom="stream-lost-text",
    needs=NAMED,
    six="sse-order",
)
def blocks_are_numbered(exchange: Exchange) -> Findings:
    """Content blocks are numbered 0, 1, 2, ... in the order of their start."""
    yield from breaches(exchange, "ANT-STR-014")


@requirement(
    "ANT-STR-015",
    on=STREAM,
    when=has_blocks,
    symptom="stream-unreadable",
    needs=NAMED,
    six="sse-order",
)
def block_starts_have_a_skeleton(exchange: Exchange) -> Findings:
    """`content_block_start` carries the skeleton of its block (`text: ""`, `input: {}`)."""
    for where, index, block in messages.block_starts(exchange):
        yield from mismatches(block, "ANT-STR-015", where)
        kinds = [d.get("type") for _, of, d in messages.deltas(exchange) if of == index]
        for key, delta in (("input", "input_json_delta"), ("text", "text_delta")):
            if block.get(key) and delta in kinds:
                yield Violation(f"{where}.{key}", f"empty beside {delta}", "filled already")


@requirement(
    "ANT-STR-016",
    on=STREAM,
    when=has_block_parts,
    symptom="stream-unreadable",
    needs=NAMED,
    six="sse-order",
)
def deltas_name_an_open_block(exchange: Exchange) -> Findings:
    """`content_block_delta` and `content_block_stop` name the index of an open block."""
    yield from breaches(exchange, "ANT-STR-016")


@requirement(
    "ANT-STR-017",
    on=STREAM,
    when=has_blocks,
    symptom="stream-lost-text",
    needs=NAMED,
    six="sse-order",
)
def deltas_fit_their_block(exchange: Exchange) -> Findings:
    """The type of each delta fits the type of its block."""
    yield from breaches(exchange, "ANT-STR-017")


@requirement(
    "ANT-STR-018",
    on=STREAM,
    when=has_blocks,
    symptom="tool-loop",
    needs=NAMED,
    six="sse-order",
    reads=(Part.END,),
)
def blocks_are_stopped(exchange: Exchange) -> Findings:
    """Every started block is stopped before the first `message_delta`."""
    yield from breaches(exchange, "ANT-STR-018")


@requirement(
    "ANT-STR-019",
    on=STREAM,
    when=has_event("content_block_delta"),
    symptom="stream-unreadable",
    needs=NAMED,
    six="sse-order",
)
def deltas_hold_texts(exchange: Exchange) -> Findings:
    """Each delta event has its `index`, and each delta its text as a string."""
    for where, data in messages.events_of(exchange, "content_block_delta"):
        yield from mismatches(data, "ANT-STR-019", where)
        delta = data.get("delta")
        if isinstance(delta, dict) and delta.get("text") == "":
            yield Violation(f"{where}.delta.text", "some text", "an empty one", Level.SHOULD)


@requirement(
    "ANT-STR-020",
    on=STREAM,
    when=has_tool_use,
    symptom="tool-loop",
    needs=(*NAMED, "ANT-STR-014", "ANT-STR-015", "ANT-STR-019"),
)
def tool_arguments_join_to_an_object(exchange: Exchange) -> Findings:
    """The `partial_json` of a tool block joins to nothing or to one JSON object."""
    if messages.stop(exchange).get("stop_reason") in (None, "max_tokens", "refusal"):
        return
    for call in messages.tool_uses(exchange):
        if not isinstance(_parsed(call.arguments), dict):
            yield Violation(call.where, "partial_json that joins to an object", call.arguments[:80])


@requirement(
    "ANT-STR-023",
    on=STREAM,
    when=has_event("message_stop"),
    symptom="tool-loop",
    needs=NAMED,
    six="sse-order",
)
def message_delta_says_why(exchange: Exchange) -> Findings:
    """A `message_delta` with a `stop_reason` of the protocol comes before `message_stop`."""
    yield from breaches(exchange, "ANT-STR-023")
    reason = messages.stop(exchange).get("stop_reason")
    if isinstance(reason, str) and reason in OPENAI_REASONS:
        expected = f"one of {', '.join(sorted(STOP_REASONS))}"
        yield Violation("events.message_delta.delta.stop_reason", expected, reason)


@requirement(
    "ANT-STR-027",
    on=STREAM,
    when=has_event("message_delta"),
    symptom="stream-unreadable",
    needs=NAMED,
)
def message_delta_has_both_keys(exchange: Exchange) -> Findings:
    """`message_delta.delta` has `stop_reason` and `stop_sequence`."""
    for where, data in messages.events_of(exchange, "message_delta"):
        delta = data.get("delta")
        keys = set(delta) if isinstance(delta, dict) else set()
        for key in sorted({"stop_reason", "stop_sequence"} - keys):
            yield Violation(f"{where}.delta", f"the key {key}", "absent")


@requirement(
    "ANT-STR-028", on=STREAM, symptom="stream-cut", needs=NAMED, six="sse-order", reads=(Part.END,)
)
def message_stop_comes_last(exchange: Exchange) -> Findings:
    """`message_stop` comes once, and last."""
    yield from breaches(exchange, "ANT-STR-028")


@requirement(
    "ANT-STR-030",
    on=STREAM,
    when=has_event("error"),
    symptom="stream-cut",
    needs=FRAMED,
    needs_lab=True,
)
def stream_errors_are_envelopes(exchange: Exchange) -> Findings:
    """A failure after the start is an `error` event with the envelope, and then the end."""
    for event in exchange.events:
        if event.type == "error":
            yield from mismatches(event.json, "ANT-STR-030", f"events[{event.index}].data")
    yield from breaches(exchange, "ANT-STR-030")


@requirement(
    "ANT-STR-031", on=STREAM, symptom="stream-cut", needs=NAMED, six="sse-order", reads=(Part.END,)
)
def streams_never_just_end(exchange: Exchange) -> Findings:
    """A stream ends with `message_stop` or an `error` event, never just so."""
    yield from breaches(exchange, "ANT-STR-031")


@requirement(
    "ANT-STR-034",
    on=("anthropic-tool-stream", "anthropic-max-tokens", "anthropic-stop-sequence"),
    symptom="tool-loop",
    needs=(
        "ANT-EP-001",
        *NAMED,
        "ANT-STR-004",
        "ANT-STR-011",
        "ANT-STR-014",
        "ANT-STR-015",
        "ANT-STR-016",
        "ANT-STR-017",
        "ANT-STR-018",
        "ANT-STR-019",
        "ANT-STR-020",
        "ANT-STR-023",
        "ANT-STR-031",
    ),
)
def streams_behave_like_plain_answers(recording: Recording) -> Findings:
    """A stream calls the forced tool, and stops for the reason, that a plain answer would."""
    streams = recording.served(streamed=True)
    if not streams:
        yield Inconclusive(UNSERVED)
    for exchange in streams:
        yield from _wrong_reasons(exchange, recording.scenario)
        if recording.scenario == "anthropic-tool-stream":
            yield from _wrong_calls(exchange)


_REASONS = {
    "anthropic-tool-stream": "tool_use",
    "anthropic-max-tokens": "max_tokens",
    "anthropic-stop-sequence": "stop_sequence",
}


def _wrong_reasons(exchange: Exchange, scenario: str) -> Findings:
    wanted, found = _REASONS[scenario], messages.stop(exchange).get("stop_reason")
    text = messages.text(exchange)
    asked = exchange.request.json.get("stop_sequences", [])
    if any(sequence in text for sequence in asked):
        yield Violation("events", f"text without {asked}", "it is there", exchange=exchange.id)
    elif asked and not has_counted(exchange, text, "stop_sequences"):
        yield Inconclusive("the model did not count up to the stop sequence")
    elif wanted == "max_tokens" and messages.ended_early(exchange):
        yield Inconclusive("the model stopped before its budget was used up")
    elif wanted == "tool_use" and found in ("max_tokens", "refusal"):
        yield Inconclusive("the budget was used up before the tool was called")
    elif found != wanted:
        where = "events.message_delta.delta.stop_reason"
        yield Violation(where, wanted, str(found), exchange=exchange.id)


def _wrong_calls(exchange: Exchange) -> Findings:
    if messages.stop(exchange).get("stop_reason") in ("max_tokens", "refusal"):
        return
    wanted = exchange.request.json["tool_choice"]["name"]
    calls = messages.tool_uses(exchange)
    names = [str(call.name) for call in calls]
    if set(names) != {wanted}:
        found = ", ".join(names) or "no tool_use block"
        yield Violation("events", f"tool_use of {wanted}", found, exchange=exchange.id)
    for call in calls:
        schema = messages.tool_schemas(exchange).get(str(call.name), {})
        yield from schema_mismatches(_parsed(call.arguments), schema, call.where)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
