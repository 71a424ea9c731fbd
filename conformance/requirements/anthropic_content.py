"""ANT-MSG, -BLK, -USE: what a Message may say beside its required core."""

from __future__ import annotations

import json
from dataclasses import replace

from conformance import messages
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Inconclusive, Level, Recording, Violation
from conformance.registry import requirement
from conformance.requirements.anthropic import SHAPED
from conformance.requirements.anthropic_sse import NAMED
from conformance.shapes import mismatches

MESSAGE = Kind.ANTHROPIC_MESSAGE
STREAM = Kind.ANTHROPIC_STREAM
COUNTED = (*SHAPED, "ANT-USE-001")
OPENAI_KEYS = ("choices", "object", "created")


def has_stop_details(exchange: Exchange) -> bool:
    """Whether the answer says more about why it stopped."""
    return "stop_details" in exchange.answer.object


def has_text(exchange: Exchange) -> bool:
    """Whether the answer has a text block."""
    return "text" in _types(exchange)


def has_thought_and_text(exchange: Exchange) -> bool:
    """Whether the answer has both thinking and text."""
    return {"thinking", "text"} <= set(_types(exchange))


def has_cache_creation(exchange: Exchange) -> bool:
    """Whether the usage splits what was written to the cache; server tools count otherwise."""
    usage = messages.usage(exchange)
    return isinstance(usage.get("cache_creation"), dict) and not usage.get("server_tool_use")


def _types(exchange: Exchange) -> list[str]:
    return [str(block.get("type")) for block in messages.content(exchange)]


@requirement(
    "ANT-MSG-012", on=MESSAGE, when=has_stop_details, symptom="answer-unreadable", needs=SHAPED
)
def stop_details_explain_refusals(exchange: Exchange) -> Findings:
    """`stop_details` is null unless the model refused; then it is an object of type `refusal`."""
    body = exchange.answer.object
    details = body["stop_details"]
    if body.get("stop_reason") == "refusal":
        yield from mismatches(details, "ANT-MSG-012", "body.stop_details")
    elif details is not None:
        yield Violation("body.stop_details", "null", json.dumps(details)[:120])


@requirement("ANT-MSG-014", on=MESSAGE, symptom="answer-unreadable", needs=SHAPED)
def messages_have_no_keys_of_openai(exchange: Exchange) -> Findings:
    """A Message has none of the keys `choices`, `object` and `created`."""
    for name in OPENAI_KEYS:
        if name in exchange.answer.object:
            yield Violation("body", f"no key {name}", f"{name} is there")


@requirement("ANT-BLK-005", on=MESSAGE, when=has_text, symptom="answer-unreadable", needs=SHAPED)
def citations_are_a_list(exchange: Exchange) -> Findings:
    """`citations` of a text block is absent or a list, never null."""
    for index, block in enumerate(messages.content(exchange)):
        if block.get("type") == "text" and not isinstance(block.get("citations", []), list):
            where = f"body.content[{index}].citations"
            yield Violation(where, "a list, or no key", json.dumps(block["citations"])[:120])


@requirement("ANT-BLK-006", on=MESSAGE, when=has_text, symptom="answer-unreadable", needs=SHAPED)
def no_empty_text_before_a_call(exchange: Exchange) -> Findings:
    """No empty text block stands in front of a `tool_use` block."""
    blocks = messages.content(exchange)
    for index, block in enumerate(blocks):
        if block.get("type") == "text" and block.get("text") == "":
            follows = blocks[index + 1].get("type") if index + 1 < len(blocks) else None
            level = None if index == 0 and follows == "tool_use" else Level.MAY
            yield Violation(f"body.content[{index}].text", "some text", "an empty one", level)


@requirement(
    "ANT-BLK-007",
    on=MESSAGE,
    when=has_thought_and_text,
    symptom="answer-unreadable",
    needs=SHAPED,
)
def thinking_precedes_the_text(exchange: Exchange) -> Findings:
    """Thinking comes before the text that it belongs to: the last block is no thinking."""
    types = _types(exchange)
    if types[-1] == "thinking":
        yield Violation("body.content", "thinking before the text", ", ".join(types))


@requirement("ANT-USE-004", on=MESSAGE, symptom="wrong-bill", needs=COUNTED)
def cache_counts_are_integers(exchange: Exchange) -> Findings:
    """The cache fields of `usage` are integers; null and absent are tolerated."""
    yield from mismatches(messages.usage(exchange), "ANT-USE-004", "body.usage")


@requirement(
    "ANT-USE-005",
    on=MESSAGE,
    when=has_cache_creation,
    symptom="wrong-bill",
    needs=(*COUNTED, "ANT-USE-004"),
)
def cache_creation_adds_up(exchange: Exchange) -> Findings:
    """What was written for 5 minutes and for an hour adds up to `cache_creation_input_tokens`."""
    usage = messages.usage(exchange)
    found = list(mismatches(usage["cache_creation"], "ANT-USE-005", "body.usage.cache_creation"))
    yield from found
    total = usage.get("cache_creation_input_tokens")
    if found or not isinstance(total, int):
        return
    split = usage["cache_creation"]
    written = split["ephemeral_5m_input_tokens"] + split["ephemeral_1h_input_tokens"]
    if written != total:
        where = "body.usage.cache_creation"
        yield Violation(where, f"parts that add up to {total}", f"{written} in all")


@requirement("ANT-USE-006", on=MESSAGE, symptom="wrong-bill", needs=COUNTED)
def further_counts_have_their_types(exchange: Exchange) -> Findings:
    """What else `usage` holds has its documented type, and thinking is part of the output."""
    # To have them is a MAY; what is there has to be readable.
    usage = messages.usage(exchange)
    for mismatch in mismatches(usage, "ANT-USE-006", "body.usage"):
        yield replace(mismatch, level=Level.SHOULD)
    details = usage.get("output_tokens_details")
    thought = details.get("thinking_tokens") if isinstance(details, dict) else None
    if isinstance(thought, int) and thought > usage["output_tokens"]:
        where = "body.usage.output_tokens_details.thinking_tokens"
        expected = f"at most {usage['output_tokens']}"
        yield Violation(where, expected, str(thought), Level.SHOULD)


ANSWER_WORDS = 100


@requirement(
    "ANT-USE-007",
    on="anthropic-long-stream",
    symptom="wrong-bill",
    needs=("ANT-EP-001", *NAMED, "ANT-STR-012", "ANT-STR-013", "ANT-STR-024", "ANT-STR-026"),
)
def counts_are_plausible(recording: Recording) -> Findings:
    """A question of 1,000 words counts hundreds of input tokens, its long answer as many."""
    streams = recording.served(streamed=True)
    if not streams:
        yield Inconclusive("the request was not answered with 200")
    for exchange in streams:
        read, written = messages.input_tokens(exchange), messages.usage(exchange)["output_tokens"]
        asked = len(str(exchange.request.json["messages"]).split())
        said = len(messages.text(exchange).split())
        if read < asked // 2:
            expected = f"some {asked} or more, for as many words"
            yield Violation("events.usage.input_tokens", expected, str(read), exchange=exchange.id)
        if said > ANSWER_WORDS and written < said // 2:
            expected = f"some {said} or more, for as many words"
            where = "events.message_delta.usage.output_tokens"
            yield Violation(where, expected, str(written), exchange=exchange.id)
