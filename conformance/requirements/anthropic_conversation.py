"""ANT-CONV, -CACHE: instructions, memory, parameters and the cache."""

from __future__ import annotations

import json

from conformance import messages
from conformance.features import refusals, refused
from conformance.model import Findings, Inconclusive, Level, Recording, Violation
from conformance.registry import requirement
from conformance.requirements.anthropic import SHAPED, UNSERVED
from conformance.shapes import schema_mismatches

CODEWORD = "4711"
ORDERED = "BLUE"
PREFILL = "The answer is ("
BASIC = (*SHAPED, "ANT-CONV-001")


@requirement(
    "ANT-CONV-002",
    on=("anthropic-system-string", "anthropic-memory"),
    symptom="feature-refused",
    needs=BASIC,
)
def system_prompts_are_taken(recording: Recording) -> Findings:
    """A system prompt is accepted as a string and as blocks, and it is obeyed."""
    last = recording.last
    if last.status != 200:
        yield refused(last, f"system as {type(last.request.json['system']).__name__}")
    elif recording.scenario == "anthropic-system-string" and ORDERED not in messages.text(last):
        text = messages.text(last)[:120]
        yield Violation("body.content", f"the word {ORDERED}", text, Level.SHOULD, last.id)


@requirement(
    "ANT-CONV-003", on="anthropic-memory", symptom="feature-dropped", needs=(*BASIC, "ANT-CONV-002")
)
def the_history_is_used(recording: Recording) -> Findings:
    """What was told two turns ago is known."""
    last = recording.last
    if last.status != 200:
        yield refused(last, "a conversation of three turns")
    elif CODEWORD not in messages.text(last):
        text = messages.text(last)[:120]
        yield Violation("body.content", "the codeword", text, Level.SHOULD, last.id)


@requirement(
    "ANT-CONV-005", on="anthropic-history", symptom="tool-loop", needs=(*SHAPED, "ANT-TOOL-007")
)
def answers_can_be_sent_back(recording: Recording) -> Findings:
    """The content of an answer, text and a call, is accepted as one turn of the assistant."""
    yield from refusals(recording, "text before the echoed call")


@requirement("ANT-CONV-006", on="anthropic-mid-system", symptom="feature-refused", needs=SHAPED)
def system_messages_are_taken(recording: Recording) -> Findings:
    """A message of the role `system` after a turn of the user is accepted."""
    if recording.last.status != 200:
        yield refused(recording.last, "a system message at the end")


@requirement("ANT-CONV-011", on="anthropic-sampling", symptom="feature-refused", needs=SHAPED)
def sampling_is_accepted(recording: Recording) -> Findings:
    """`temperature`, `top_p` and `top_k` are accepted, one at a time."""
    for exchange in recording.final:
        name = next(n for n in ("temperature", "top_p", "top_k") if n in exchange.request.json)
        if exchange.status != 200:
            yield refused(exchange, name)


@requirement("ANT-CONV-012", on="anthropic-stop-sequence", symptom="feature-refused", needs=SHAPED)
def several_stop_sequences_are_accepted(recording: Recording) -> Findings:
    """Several stop sequences are accepted at once."""
    for exchange in recording.final:
        if exchange.status != 200:
            count = len(exchange.request.json["stop_sequences"])
            yield refused(exchange, f"{count} stop sequences")


@requirement("ANT-CONV-013", on="anthropic-service-tier", symptom="feature-refused", needs=SHAPED)
def service_tiers_are_accepted(recording: Recording) -> Findings:
    """The tiers `auto` and `standard_only` are accepted, and the usage says which it was."""
    for exchange in recording.final:
        if exchange.status != 200:
            yield refused(exchange, f"service_tier {exchange.request.json['service_tier']}")
        elif messages.usage(exchange).get("service_tier") not in ("standard", "priority", "batch"):
            actual = json.dumps(messages.usage(exchange).get("service_tier"))
            where = "body.usage.service_tier"
            yield Violation(where, "standard, priority or batch", actual, exchange=exchange.id)


@requirement("ANT-CONV-014", on="anthropic-prefill", symptom="feature-dropped", needs=BASIC)
def prefilled_answers_go_on(recording: Recording) -> Findings:
    """An answer whose beginning is given goes on from there and does not repeat it."""
    last = recording.last
    if last.status != 200:
        yield refused(last, "an answer whose beginning is given")
    elif PREFILL in messages.text(last):
        text = messages.text(last)[:120]
        yield Violation("body.content", "what follows the given beginning", text, exchange=last.id)


@requirement("ANT-CONV-015", on="anthropic-structured", symptom="feature-dropped", needs=SHAPED)
def answers_fit_their_schema(recording: Recording) -> Findings:
    """With `output_config.format` the text is JSON that fits the schema."""
    last = recording.last
    if last.status != 200:
        yield refused(last, "output_config.format")
    elif messages.stop(last).get("stop_reason") in ("max_tokens", "refusal"):
        yield Inconclusive("the answer was cut")
    else:
        schema = last.request.json["output_config"]["format"]["schema"]
        yield from _unfit(messages.text(last), schema)


def _unfit(text: str, schema: object) -> Findings:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        yield Violation("body.content", "a text that is JSON", text[:120])
        return
    yield from schema_mismatches(value, schema, "body.content")


@requirement(
    "ANT-CACHE-002",
    on="anthropic-cache",
    symptom="wrong-bill",
    needs=(*SHAPED, "ANT-USE-001", "ANT-USE-004"),
)
def the_cache_is_written_and_read(recording: Recording) -> Findings:
    """A long prefix is written to the cache, and the same request reads it from there."""
    first, second = recording.final[0], recording.last
    served = recording.served(streamed=False)
    if len(served) < 2:
        yield Inconclusive(UNSERVED)
        return
    for exchange, name in ((first, "creation"), (second, "read")):
        field = f"cache_{name}_input_tokens"
        if not messages.usage(exchange).get(field):
            actual = json.dumps(messages.usage(exchange).get(field))
            yield Violation(f"body.usage.{field}", "above 0", actual, exchange=exchange.id)


@requirement(
    "ANT-CACHE-003",
    on="anthropic-claude-code",
    symptom="feature-refused",
    needs=("ANT-EP-002", "ANT-EP-009", "ANT-AUTH-002", "ANT-TOOL-007"),
)
def caching_can_be_automatic(recording: Recording) -> Findings:
    """`cache_control` on the whole body is accepted."""
    yield from refusals(recording, "cache_control")
