"""OAI-CHAT, the details of an answer: refusals, usage details, reasoning, clean JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from conformance import chat
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Part, Violation
from conformance.registry import requirement
from conformance.requirements.openai import ANSWERS, SHAPED, has_usage

COMPLETION = Kind.OPENAI_COMPLETION
STREAM = Kind.OPENAI_STREAM
REASONING = ("reasoning_content", "reasoning")
_DETAILS = (
    ("prompt_tokens_details", "cached_tokens", "prompt_tokens"),
    ("completion_tokens_details", "reasoning_tokens", "completion_tokens"),
)
_SHORTEST_REPEAT = 20
"""Characters of reasoning that no answer holds by chance."""


def wants_no_logprobs(exchange: Exchange) -> bool:
    """Whether the request did not ask for likelihoods."""
    return not exchange.request.json.get("logprobs")


def has_reasoning(exchange: Exchange) -> bool:
    """Whether some choice of a plain answer shows its reasoning."""
    return any(chat.message(c).get(k) for c in chat.choices(exchange) for k in REASONING)


@requirement(
    "OAI-CHAT-010",
    on=COMPLETION,
    symptom="answer-unreadable",
    needs=(*SHAPED, "OAI-CHAT-007", "OAI-CHAT-011"),
)
def refusal_is_null_or_all_there_is(exchange: Exchange) -> Findings:
    """`message.refusal` is there: null, or a string that stands for the content."""
    for number, choice in enumerate(chat.choices(exchange)):
        message, where = chat.message(choice), f"body.choices[{number}].message"
        refusal = message.get("refusal")
        if message and "refusal" not in message:
            yield Violation(where, "the key refusal", "absent")
        elif not isinstance(refusal, str | None):
            yield Violation(f"{where}.refusal", "a string or null", type(refusal).__name__)
        elif refusal and message.get("content"):
            yield Violation(f"{where}.content", "null beside a refusal", "a text")
        elif refusal and choice.get("finish_reason") != "stop":
            actual = json.dumps(choice.get("finish_reason"))
            yield Violation(f"body.choices[{number}].finish_reason", "stop", actual)


@requirement(
    "OAI-CHAT-013",
    on=COMPLETION,
    when=wants_no_logprobs,
    symptom="answer-unreadable",
    needs=SHAPED,
    reads=(Part.REQUEST,),
)
def no_logprobs_unless_asked(exchange: Exchange) -> Findings:
    """`logprobs` is null or absent where the request did not ask for it."""
    for number, choice in enumerate(chat.choices(exchange)):
        if choice.get("logprobs") is not None:
            actual = type(choice["logprobs"]).__name__
            yield Violation(f"body.choices[{number}].logprobs", "null or absent", actual)


@requirement(
    "OAI-CHAT-016",
    on=(COMPLETION, STREAM),
    when=has_usage,
    symptom="wrong-bill",
    needs=("OAI-CHAT-018", "OAI-CHAT-014"),
)
def usage_details_are_parts(exchange: Exchange) -> Findings:
    """Usage details are null, or counts that are no more than what they are part of."""
    for where, usage in chat.usages(exchange):
        for details, part, whole in _DETAILS:
            found, place = usage.get(details), f"{where}.{details}"
            if not isinstance(found, dict | None):
                yield Violation(place, "an object or null", type(found).__name__)
                continue
            yield from _uncountable(found or {}, place)
            parts, total = (found or {}).get(part), usage.get(whole)
            if isinstance(parts, int) and isinstance(total, int) and parts > total:
                yield Violation(f"{place}.{part}", f"at most {whole}, {total}", str(parts))


def _uncountable(details: dict[str, Any], where: str) -> Findings:
    """The counts that are no counts; null says nothing."""
    for name, value in details.items():
        is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        if name.endswith("_tokens") and value is not None and not is_count:
            yield Violation(f"{where}.{name}", "an integer of at least 0", json.dumps(value))


@requirement(
    "OAI-CHAT-020",
    on=COMPLETION,
    when=has_reasoning,
    symptom="stream-lost-text",
    needs=(*SHAPED, "OAI-CHAT-007", "OAI-CHAT-008"),
)
def reasoning_stands_apart(exchange: Exchange) -> Findings:
    """Reasoning that is shown is a string beside the content, and is not repeated in it."""
    for number, choice in enumerate(chat.choices(exchange)):
        message = chat.message(choice)
        for key in REASONING:
            found, where = message.get(key), f"body.choices[{number}].message.{key}"
            if not isinstance(found, str | None):
                yield Violation(where, "a string or null", type(found).__name__)
            elif found and len(found) >= _SHORTEST_REPEAT and found in str(message.get("content")):
                yield Violation(where, "reasoning apart from the content", "it is in the content")


@requirement("OAI-CHAT-022", on=COMPLETION, symptom="answer-unreadable", needs=ANSWERS)
def the_json_is_clean(exchange: Exchange) -> Findings:
    """The JSON has no NaN, no key twice, no half surrogate and no replaced character."""
    for problem in _problems(exchange.answer.body):
        yield Violation("body", "clean JSON", problem)
    if "\ufffd" in chat.text(exchange) and b"\xef\xbf\xbd" not in exchange.request.body:
        yield Violation("body.choices[].message.content", "whole characters", "U+FFFD")


def _problems(body: bytes) -> list[str]:
    """What is unclean in a JSON text; each problem once."""
    found: dict[str, None] = {}

    def number(word: str) -> None:
        found[f"{word}, which is no JSON"] = None

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        found.update(dict.fromkeys(f"{n} twice in an object" for n in names if names.count(n) > 1))
        return dict(pairs)

    value = json.loads(body, parse_constant=number, object_pairs_hook=members)
    if any(_is_half(text) for text in _texts(value)):
        found["half a surrogate pair"] = None
    return list(found)


def _is_half(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, child in value.items():
            yield name
            yield from _texts(child)
    elif isinstance(value, list):
        for child in value:
            yield from _texts(child)
