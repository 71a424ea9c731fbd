"""OAI-STREAM, the usage: what a stream says it cost."""

from __future__ import annotations

from conformance import chat
from conformance.grammar import chat as order
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Level, Part, Violation
from conformance.registry import requirement
from conformance.requirements.openai import wrong_sums
from conformance.requirements.openai_sse import READABLE, has_error

STREAM = Kind.OPENAI_STREAM


def wants_usage(exchange: Exchange) -> bool:
    """Whether the request asked for usage."""
    return chat.wants_usage(exchange)


def wants_no_usage(exchange: Exchange) -> bool:
    """Whether the request did not ask for usage."""
    return not chat.wants_usage(exchange)


def has_usage(exchange: Exchange) -> bool:
    """Whether some chunk carries usage."""
    return bool(chat.usages(exchange))


@requirement(
    "OAI-STREAM-014",
    on=STREAM,
    when=wants_no_usage,
    symptom="wrong-bill",
    needs=READABLE,
    reads=(Part.REQUEST,),
)
def no_usage_unless_asked(exchange: Exchange) -> Findings:
    """Without `include_usage` no chunk has usage."""
    for where, _ in chat.usages(exchange):
        yield Violation(where, "absent, as it was not asked for", "an object")


@requirement(
    "OAI-STREAM-015",
    on=STREAM,
    when=wants_usage,
    symptom="wrong-bill",
    needs=READABLE,
    six="sse-order",
    reads=(Part.REQUEST,),
)
def usage_comes_once(exchange: Exchange) -> Findings:
    """With `include_usage` one chunk has usage."""
    found = chat.usages(exchange)
    if not has_error(exchange) and len(found) != 1:
        yield Violation("events[].data.usage", "in one chunk", f"in {len(found)} chunks")


@requirement(
    "OAI-STREAM-016",
    on=STREAM,
    when=lambda e: wants_usage(e) and has_usage(e),
    symptom="wrong-bill",
    needs=(*READABLE, "OAI-STREAM-015"),
)
def usage_comes_last(exchange: Exchange) -> Findings:
    """The usage comes after the last finish, in a chunk with empty `choices`."""
    chunks = [chunk for _, chunk in chat.chunks(exchange)]
    carrier = max(i for i, chunk in enumerate(chunks) if isinstance(chunk.get("usage"), dict))
    where = f"events[{chat.chunks(exchange)[carrier][0].index}].data"
    later = [c for chunk in chunks[carrier + 1 :] for c in order.choices(chunk)]
    if any(choice.get("finish_reason") for choice in later):
        yield Violation(f"{where}.usage", "after the last finish_reason", "before it")
    elif chunks[carrier].get("choices"):
        yield Violation(f"{where}.choices", "[] beside usage", "a choice", Level.SHOULD)


@requirement(
    "OAI-STREAM-018",
    on=STREAM,
    when=has_usage,
    symptom="wrong-bill",
    needs=(*READABLE, "OAI-STREAM-015"),
)
def stream_usage_sums_up(exchange: Exchange) -> Findings:
    """`total_tokens` in the stream is the sum of its parts."""
    yield from wrong_sums(exchange)
