"""OAI-STREAM, the details: what the last deltas hold, choices, refusals, reasoning, padding."""

from __future__ import annotations

import json
from typing import Any

from conformance import chat
from conformance.grammar import chat as order
from conformance.kinds import Kind
from conformance.model import (
    Exchange,
    Findings,
    Inconclusive,
    Part,
    Recording,
    Violation,
)
from conformance.registry import requirement
from conformance.requirements.anthropic import UNSERVED
from conformance.requirements.openai_details import REASONING
from conformance.requirements.openai_limits import REASONED
from conformance.requirements.openai_sse import READABLE, has_error, means_an_error
from conformance.requirements.openai_stream import is_finished
from conformance.requirements.openai_usage import wants_usage

STREAM = Kind.OPENAI_STREAM
ORDERED = (*READABLE, "OAI-STREAM-006")
_SAID = ("content", "refusal", "tool_calls", "function_call")
_LONGEST_END_S = 5.0
"""How long the body may take to end after `[DONE]`."""


def wants_choices(exchange: Exchange) -> bool:
    """Whether the request asked for more than one choice."""
    wanted = exchange.request.json.get("n")
    return isinstance(wanted, int) and wanted > 1


def has_refusal(exchange: Exchange) -> bool:
    """Whether some delta refuses."""
    return any(delta.get("refusal") for _, _, delta in chat.deltas(exchange))


def has_reasoning(exchange: Exchange) -> bool:
    """Whether some delta shows reasoning."""
    return any(delta.get(key) for _, _, delta in chat.deltas(exchange) for key in REASONING)


def is_padded_or_wants_none(exchange: Exchange) -> bool:
    """Whether padding was declined, or came."""
    return _declines_padding(exchange) or any("obfuscation" in c for _, c in chat.chunks(exchange))


def _declines_padding(exchange: Exchange) -> bool:
    options = chat.object_in(exchange.request.json, "stream_options")
    return options.get("include_obfuscation") is False


@requirement(
    "OAI-SSE-009",
    on=STREAM,
    symptom="stream-buffered",
    needs=("OAI-STREAM-027", "OAI-SSE-007"),
    reads=(Part.FRAMING, Part.END, Part.TIMES),
)
def the_body_ends_after_done(exchange: Exchange) -> Findings:
    """The body ends within five seconds after `[DONE]`."""
    done = next((event for event in exchange.events if event.data.strip() == "[DONE]"), None)
    if done is None:
        return
    took_s = exchange.answer.ended_at_s - done.at_s
    if exchange.answer.ended in ("silent", "overdue") or took_s > _LONGEST_END_S:
        expected = f"the end within {_LONGEST_END_S:g} s after [DONE]"
        yield Violation("body", expected, f"open for {took_s:.1f} s")


@requirement(
    "OAI-STREAM-012", on=STREAM, when=is_finished, symptom="stream-lost-text", needs=ORDERED
)
def finishing_delta_is_empty(exchange: Exchange) -> Findings:
    """The delta that comes with the `finish_reason` is empty."""
    for where, choice, delta in chat.deltas(exchange):
        said = [key for key in _SAID if delta.get(key)]
        if choice.get("finish_reason") and said:
            yield Violation(f"{where}.{said[0]}", "absent", json.dumps(delta[said[0]])[:80])


@requirement(
    "OAI-STREAM-017",
    on=STREAM,
    when=wants_usage,
    symptom="wrong-bill",
    needs=READABLE,
    reads=(Part.REQUEST,),
)
def other_chunks_have_usage_null(exchange: Exchange) -> Findings:
    """With `include_usage` every chunk has the key `usage`, null in all but one."""
    bare = [event for event, chunk in chat.chunks(exchange) if "usage" not in chunk]
    if bare:
        where = f"events[{bare[0].index}].data"
        yield Violation(where, "the key usage, null", f"absent in {len(bare)} chunks")


@requirement(
    "OAI-STREAM-019",
    on=STREAM,
    when=wants_choices,
    symptom="stream-lost-text",
    needs=(*ORDERED, "OAI-STREAM-007", "OAI-STREAM-010"),
    reads=(Part.REQUEST,),
)
def each_choice_is_whole(exchange: Exchange) -> Findings:
    """With `n` above 1 each index has its own text and its own `finish_reason`."""
    texts, finished = dict[Any, str](), set[Any]()
    for _, choice, delta in chat.deltas(exchange):
        index = choice.get("index")
        said = "".join(str(delta[key]) for key in _SAID if delta.get(key))
        texts[index] = texts.get(index, "") + said
        finished |= {index} if choice.get("finish_reason") else set()
    for index, text in texts.items():
        if not text:
            yield Violation("events[].data.choices", f"a text of choice {index}", "none")
        elif index not in finished:
            yield Violation("events[].data.choices", f"an end of choice {index}", "none")
    wanted = set(range(exchange.request.json["n"]))
    if len(texts) == len(wanted) and set(texts) != wanted:
        found = ", ".join(map(str, texts))
        yield Violation("events[].data.choices[].index", f"0 to {len(wanted) - 1}", found)


@requirement(
    "OAI-STREAM-020",
    on=STREAM,
    when=is_padded_or_wants_none,
    symptom="stream-lost-text",
    needs=READABLE,
)
def padding_is_a_text_and_can_be_declined(exchange: Exchange) -> Findings:
    """`obfuscation` is a string beside the choices, and absent where it was declined."""
    for event, chunk in chat.chunks(exchange):
        if "obfuscation" not in chunk:
            continue
        where, found = f"events[{event.index}].data.obfuscation", chunk["obfuscation"]
        if not isinstance(found, str | None):
            yield Violation(where, "a string", type(found).__name__)
        elif found and _declines_padding(exchange):
            yield Violation(where, "absent, as it was declined", f"{len(found)} characters")


@requirement(
    "OAI-STREAM-021",
    on=STREAM,
    when=has_refusal,
    symptom="stream-lost-text",
    needs=ORDERED,
    needs_lab=True,
)
def a_refusal_is_all_there_is(exchange: Exchange) -> Findings:
    """A streamed refusal is made of strings, without content, and ends with `stop`."""
    for where, choice, delta in chat.deltas(exchange):
        if not isinstance(delta.get("refusal"), str | None):
            yield Violation(f"{where}.refusal", "a string", type(delta["refusal"]).__name__)
        if delta.get("content"):
            yield Violation(f"{where}.content", "null beside a refusal", "a text")
        if choice.get("finish_reason") not in (None, "stop"):
            place = where.removesuffix(".delta")
            yield Violation(f"{place}.finish_reason", "stop", json.dumps(choice["finish_reason"]))


@requirement(
    "OAI-STREAM-022",
    on=STREAM,
    when=has_reasoning,
    symptom="stream-lost-text",
    needs=ORDERED,
)
def reasoning_comes_first(exchange: Exchange) -> Findings:
    """Reasoning deltas are strings, and come before the content."""
    begun: set[Any] = set()
    for where, choice, delta in chat.deltas(exchange):
        for key in REASONING:
            if not isinstance(delta.get(key), str | None):
                yield Violation(f"{where}.{key}", "a string or null", type(delta[key]).__name__)
            elif delta.get(key) and choice.get("index") in begun:
                yield Violation(f"{where}.{key}", "before the content", "after it")
        if delta.get("content"):
            begun.add(choice.get("index"))


@requirement("OAI-STREAM-024", on=STREAM, symptom="stream-unreadable", needs=READABLE)
def only_usage_comes_without_choices(exchange: Exchange) -> Findings:
    """No chunk but the one with the usage has empty `choices`."""
    for event, chunk in chat.chunks(exchange):
        if chunk.get("choices") == [] and not isinstance(chunk.get("usage"), dict):
            yield Violation(f"events[{event.index}].data.choices", "a choice, or usage", "neither")


@requirement(
    "OAI-STREAM-026",
    on=STREAM,
    when=has_error,
    symptom="stream-cut",
    needs=("OAI-STREAM-027", "OAI-SSE-002", "OAI-STREAM-025"),
    needs_lab=True,
)
def a_broken_answer_never_looks_finished(exchange: Exchange) -> Findings:
    """No chunk follows the error in a stream that broke."""
    failed = False
    for event in exchange.events:
        if failed and any(order.choices(event.object)):
            yield Violation(f"events[{event.index}].data", "nothing after the error", "a chunk")
        failed = failed or means_an_error(event)


@requirement(
    "OAI-STREAM-028",
    on=("openai-length", "openai-stop", "openai-json-schema"),
    symptom="answer-cut",
    needs=(*REASONED, "OAI-PARAM-006"),
)
def streams_end_as_plain_answers_do(recording: Recording) -> Findings:
    """The same question ends for the same reason with and without `stream`."""
    plain, streamed = recording.served(streamed=False), recording.served(streamed=True)
    if not plain or not streamed:
        yield Inconclusive(UNSERVED)
        return
    wanted = {str(reason) for _, reason in chat.finish_reasons(plain[-1])}
    for where, reason in chat.finish_reasons(streamed[-1]):
        if str(reason) not in wanted:
            expected = f"{', '.join(sorted(wanted))}, as in the plain answer"
            yield Violation(where, expected, json.dumps(reason), exchange=streamed[-1].id)
