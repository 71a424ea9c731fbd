"""OAI-PARAM, the limits: token budgets and stop texts, streamed or not."""

from __future__ import annotations

import json

from conformance import chat
from conformance.model import (
    Exchange,
    Finding,
    Findings,
    Inconclusive,
    NotApplicable,
    Recording,
    Violation,
)
from conformance.registry import requirement
from conformance.requirements.anthropic import UNSERVED
from conformance.requirements.openai import SHAPED

_LAST_NUMBER = "9"
REASONED = (
    *SHAPED,
    "OAI-CHAT-011",
    "OAI-CHAT-012",
    "OAI-STREAM-027",
    "OAI-STREAM-010",
    "OAI-STREAM-013",
)


@requirement("OAI-PARAM-006", on="openai-length", symptom="answer-cut", needs=REASONED)
def budget_is_kept_and_said(recording: Recording) -> Findings:
    """An answer cut by its budget says `length` and stays within it, streamed or not."""
    answers = (*recording.served(streamed=False), *recording.served(streamed=True))
    if not answers:
        yield Inconclusive(UNSERVED)
    for exchange in answers:
        budget = chat.budget(exchange) or 0
        tokens = max((t for _, u in chat.usages(exchange) if (t := _output(u))), default=budget)
        for where, reason in chat.finish_reasons(exchange):
            if reason == "stop" and tokens < budget:
                yield Inconclusive("the model stopped before its budget was used up")
            elif reason != "length":
                yield Violation(where, "length", json.dumps(reason), exchange=exchange.id)
        if tokens > budget:
            where = "usage.completion_tokens"
            yield Violation(where, f"at most {budget}", str(tokens), exchange=exchange.id)


@requirement("OAI-PARAM-008", on="openai-stop", symptom="answer-cut", needs=REASONED)
def stop_texts_stop(recording: Recording) -> Findings:
    """A stop text ends the answer with `stop` and is not part of it, streamed or not."""
    answers = (*recording.served(streamed=False), *recording.served(streamed=True))
    if not answers:
        yield refused_parameter(recording.last, "stop")
    for exchange in answers:
        asked, text = _stops(exchange), chat.text(exchange)
        if any(stop in text for stop in asked):
            where = "events" if exchange.is_streamed else "body.choices[0].message.content"
            yield Violation(where, f"text without {asked}", "it is there", exchange=exchange.id)
        elif not any(_has_counted_to(stop, text) for stop in asked):
            yield Inconclusive("the model did not count up to the stop text")
            continue
        for place, reason in chat.finish_reasons(exchange):
            if reason != "stop":
                yield Violation(place, "stop", json.dumps(reason), exchange=exchange.id)


def _stops(exchange: Exchange) -> list[str]:
    asked = exchange.request.json["stop"]
    return [asked] if isinstance(asked, str) else list(asked)


def _has_counted_to(stop: str, text: str) -> bool:
    """Whether a count came up to the first number of a stop text, and not to its end."""
    before = str(int(stop.split(maxsplit=1)[0]) - 1)
    return before in text and _LAST_NUMBER not in text


def _output(usage: dict[str, object]) -> int:
    tokens = usage.get("completion_tokens")
    return tokens if isinstance(tokens, int) else 0


def refused_parameter(exchange: Exchange, name: str) -> Finding:
    """Refusing an optional parameter by name is not failing it (rule R4 of the page)."""
    if exchange.status in (400, 422) and name in exchange.answer.text:
        return NotApplicable(f"the target refuses {name}")
    return Inconclusive(UNSERVED)
