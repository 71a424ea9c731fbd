"""ANT-MSG, the limits: token budgets and stop sequences in the plain answer."""

from __future__ import annotations

import json

from conformance import messages
from conformance.model import Exchange, Findings, Inconclusive, Level, Recording, Violation
from conformance.registry import requirement
from conformance.requirements.anthropic import SHAPED, UNSERVED


@requirement("ANT-MSG-010", on="anthropic-max-tokens", symptom="answer-cut", needs=SHAPED)
def budget_is_kept_and_said(recording: Recording) -> Findings:
    """An answer cut by `max_tokens` says `max_tokens` and stays within the budget."""
    answers = recording.served(streamed=False)
    if not answers:
        yield Inconclusive(UNSERVED)
    for exchange in answers:
        budget = exchange.request.json["max_tokens"]
        reason = messages.stop(exchange).get("stop_reason")
        tokens = messages.usage(exchange).get("output_tokens")
        if messages.ended_early(exchange):
            yield Inconclusive("the model stopped before its budget was used up")
        elif reason != "max_tokens":
            yield Violation("body.stop_reason", "max_tokens", str(reason), exchange=exchange.id)
        if isinstance(tokens, int) and tokens > budget:
            level = Level.SHOULD if tokens <= budget * 1.1 else None
            where = "body.usage.output_tokens"
            yield Violation(where, f"at most {budget}", str(tokens), level, exchange.id)


@requirement("ANT-MSG-011", on="anthropic-stop-sequence", symptom="answer-cut", needs=SHAPED)
def stop_sequences_stop(recording: Recording) -> Findings:
    """A stop sequence ends the answer, is named, and is not part of the text."""
    answers = recording.served(streamed=False)
    if not answers:
        yield Inconclusive(UNSERVED)
    for exchange in answers:
        asked, text = exchange.request.json["stop_sequences"], messages.text(exchange)
        stop = messages.stop(exchange)
        if any(sequence in text for sequence in asked):
            where = "body.content"
            yield Violation(where, f"text without {asked}", "it is there", exchange=exchange.id)
        elif not has_counted(exchange, text, "stop_sequences"):
            yield Inconclusive("the model did not count up to the stop sequence")
        elif stop.get("stop_reason") != "stop_sequence":
            actual = str(stop.get("stop_reason"))
            yield Violation("body.stop_reason", "stop_sequence", actual, exchange=exchange.id)
        elif stop.get("stop_sequence") not in asked:
            actual = json.dumps(stop.get("stop_sequence"))
            yield Violation("body.stop_sequence", f"one of {asked}", actual, exchange=exchange.id)


def has_counted(exchange: Exchange, text: str, field: str) -> bool:
    """Whether a count got as far as the number before its stop text."""
    asked = exchange.request.json.get(field, [])
    return any(str(int(stop) - 1) in text for stop in asked if str(stop).isdigit())
