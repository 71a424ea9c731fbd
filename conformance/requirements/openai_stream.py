"""OAI-STREAM: the chunks of a stream; their order is in `conformance.grammar`."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

from conformance import chat
from conformance.grammar import breaches
from conformance.grammar import chat as order
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Level, Part, Violation
from conformance.profile import Profile
from conformance.registry import requirement
from conformance.requirements.openai import FINISH_REASONS
from conformance.requirements.openai_sse import READABLE
from conformance.shapes import mismatches

STREAM = Kind.OPENAI_STREAM


def has_text(exchange: Exchange) -> bool:
    """Whether the stream carries text."""
    return bool(chat.text(exchange))


def is_finished(exchange: Exchange) -> bool:
    """Whether some choice has a finish_reason."""
    return bool(chat.finish_reasons(exchange))


def is_prelude(chunk: dict[str, object]) -> bool:
    """Whether a chunk is the prompt filter report that Azure sends first."""
    return chunk.get("choices") == [] and "prompt_filter_results" in chunk


@requirement(
    "OAI-STREAM-005",
    on=STREAM,
    symptom="stream-unreadable",
    needs=("OAI-STREAM-027", "OAI-SSE-002"),
    six="sse-order",
)
def every_chunk_has_choices(exchange: Exchange) -> Findings:
    """`choices` is a list in every chunk, empty or not."""
    for event, chunk in chat.chunks(exchange):
        yield from mismatches(chunk, "OAI-STREAM-005", f"events[{event.index}].data")


@requirement(
    "OAI-STREAM-001", on=STREAM, symptom="stream-unreadable", needs=READABLE, six="sse-order"
)
def object_is_a_chunk(exchange: Exchange) -> Findings:
    """`object` is `chat.completion.chunk` in every chunk."""
    for event, chunk in chat.chunks(exchange):
        if not is_prelude(chunk):
            yield from mismatches(chunk, "OAI-STREAM-001", f"events[{event.index}].data")


@requirement(
    "OAI-STREAM-002", on=STREAM, symptom="stream-unreadable", needs=READABLE, six="sse-order"
)
def one_id(exchange: Exchange) -> Findings:
    """Every chunk has the same non-empty `id`."""
    yield from _changes(exchange, "id")


@requirement("OAI-STREAM-003", on=STREAM, symptom="stream-unreadable", needs=READABLE)
def one_created(exchange: Exchange) -> Findings:
    """`created` is an integer in every chunk, the same in all."""
    for event, chunk in chat.chunks(exchange):
        if not is_prelude(chunk):
            yield from mismatches(chunk, "OAI-STREAM-003", f"events[{event.index}].data")
    chunks = [chunk for _, chunk in chat.chunks(exchange) if not is_prelude(chunk)]
    found = {json.dumps(chunk.get("created")) for chunk in chunks}
    if len(found) > 1:
        shown = ", ".join(sorted(found)[:3])
        yield Violation("events[].data.created", "one value", shown, Level.SHOULD)


@requirement(
    "OAI-STREAM-004", on=STREAM, symptom="stream-unreadable", needs=READABLE, six="sse-order"
)
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


@requirement(
    "OAI-STREAM-006", on=STREAM, symptom="stream-unreadable", needs=READABLE, six="sse-order"
)
def choices_have_index_and_delta(exchange: Exchange) -> Findings:
    """Each choice has an integer `index` and an object `delta`."""
    for event, chunk in chat.chunks(exchange):
        for number, choice in enumerate(order.choices(chunk)):
            where = f"events[{event.index}].data.choices[{number}]"
            yield from mismatches(choice, "OAI-STREAM-006", where)


@requirement(
    "OAI-STREAM-007",
    on=STREAM,
    when=is_finished,
    symptom="stream-unreadable",
    needs=(*READABLE, "OAI-STREAM-006"),
    six="sse-order",
)
def first_delta_has_the_role(exchange: Exchange) -> Findings:
    """The first delta of each choice carries `role: "assistant"`."""
    yield from breaches(exchange, "OAI-STREAM-007")
    for where, _, delta in chat.deltas(exchange):
        if delta.get("role") not in (None, "", "assistant"):
            yield Violation(f"{where}.role", "assistant", json.dumps(delta["role"]))


@requirement(
    "OAI-STREAM-008", on=STREAM, symptom="stream-unreadable", needs=(*READABLE, "OAI-STREAM-006")
)
def role_comes_once(exchange: Exchange) -> Findings:
    """Later deltas carry no `role`."""
    yield from breaches(exchange, "OAI-STREAM-008")


@requirement(
    "OAI-STREAM-009",
    on=STREAM,
    when=has_text,
    symptom="stream-lost-text",
    needs=(*READABLE, "OAI-STREAM-006"),
    six="sse-order",
)
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
    pairs = list(pairwise(parts))
    where = "events[].data.choices[0].delta.content"
    if len(parts) > 2 and all(len(b) > len(a) and b.startswith(a) for a, b in pairs):
        yield Violation(where, "increments", "each chunk repeats the text so far")
    elif len(set(parts)) > 2 and parts[0::2] == parts[1::2]:
        yield Violation(where, "increments", "each chunk comes twice")


@requirement(
    "OAI-STREAM-010",
    on=STREAM,
    symptom="stream-cut",
    needs=(*READABLE, "OAI-STREAM-006"),
    six="sse-order",
    reads=(Part.END,),
)
def one_finish_reason(exchange: Exchange) -> Findings:
    """Each choice gets one non-null `finish_reason`."""
    yield from breaches(exchange, "OAI-STREAM-010")


@requirement(
    "OAI-STREAM-011",
    on=STREAM,
    when=is_finished,
    symptom="stream-lost-text",
    needs=(*READABLE, "OAI-STREAM-006"),
    six="sse-order",
)
def silence_after_the_finish(exchange: Exchange) -> Findings:
    """After its `finish_reason` a choice gets no content and no tool call."""
    yield from breaches(exchange, "OAI-STREAM-011")


@requirement(
    "OAI-STREAM-013",
    on=STREAM,
    when=is_finished,
    symptom="tool-loop",
    needs=READABLE,
    six="sse-order",
)
def finish_reason_is_the_protocols_word(exchange: Exchange) -> Findings:
    """`finish_reason` is a word of the chat protocol and tells the truth."""
    for where, reason in chat.finish_reasons(exchange):
        if not isinstance(reason, str) or reason not in FINISH_REASONS:
            expected = f"one of {', '.join(sorted(FINISH_REASONS))}"
            yield Violation(where, expected, json.dumps(reason))
        elif reason == "tool_calls" and not chat.tool_calls(exchange):
            yield Violation(where, "stop, as no tool is called", reason)
