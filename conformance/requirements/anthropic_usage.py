"""ANT-STR, the usage: what a stream says it cost."""

from __future__ import annotations

from conformance import messages
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Violation
from conformance.registry import requirement
from conformance.requirements.anthropic_sse import NAMED, has_event
from conformance.shapes import mismatches

STREAM = Kind.ANTHROPIC_STREAM


@requirement(
    "ANT-STR-013",
    on=STREAM,
    when=has_event("message_start"),
    symptom="wrong-bill",
    needs=(*NAMED, "ANT-STR-012"),
    six="sse-order",
)
def message_start_counts_tokens(exchange: Exchange) -> Findings:
    """The usage in `message_start` has integer `input_tokens` and `output_tokens`."""
    for where, data in messages.events_of(exchange, "message_start"):
        usage = data.get("message", {}).get("usage")
        yield from mismatches(usage, "ANT-STR-013", f"{where}.message.usage")


@requirement(
    "ANT-STR-024",
    on=STREAM,
    when=has_event("message_delta"),
    symptom="wrong-bill",
    needs=NAMED,
    six="sse-order",
)
def message_delta_counts_output(exchange: Exchange) -> Findings:
    """`message_delta` carries usage with integer `output_tokens`."""
    for where, data in messages.events_of(exchange, "message_delta"):
        yield from mismatches(data.get("usage"), "ANT-STR-024", f"{where}.usage")


@requirement(
    "ANT-STR-025",
    on=STREAM,
    when=has_event("message_delta"),
    symptom="wrong-bill",
    needs=(*NAMED, "ANT-STR-012", "ANT-STR-013", "ANT-STR-024"),
    six="sse-order",
)
def usage_is_cumulative(exchange: Exchange) -> Findings:
    """The final `output_tokens` is above 0 and not below that of `message_start`."""
    starts = [data for _, data in messages.events_of(exchange, "message_start")]
    first = starts[0]["message"]["usage"]["output_tokens"] if starts else 0
    final = messages.usage(exchange)["output_tokens"]
    where = "events.message_delta.usage.output_tokens"
    if final < first:
        yield Violation(where, f"at least {first}, as in message_start", str(final))
    if final == 0 and messages.text(exchange):
        yield Violation(where, "above 0, as there is text", "0")


@requirement(
    "ANT-STR-026",
    on=STREAM,
    when=has_event("message_delta"),
    symptom="wrong-bill",
    needs=(*NAMED, "ANT-STR-012", "ANT-STR-013"),
)
def stream_counts_input(exchange: Exchange) -> Findings:
    """After the stream the input tokens are above 0, cache fields included."""
    if messages.input_tokens(exchange) == 0:
        yield Violation("events.usage.input_tokens", "above 0 in one of the two events", "0")
