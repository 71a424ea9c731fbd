"""OAI-PARAM: parameters that are accepted, and what shows where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance import chat
from conformance.kinds import Kind
from conformance.model import (
    Exchange,
    Findings,
    Inconclusive,
    Level,
    NotApplicable,
    Part,
    Recording,
    Violation,
)
from conformance.nonces import COLOUR, JOINED, SEPARATED
from conformance.registry import requirement
from conformance.requirements import openai_details, openai_stream_details
from conformance.requirements.anthropic import UNSERVED, Seen
from conformance.requirements.openai import SHAPED
from conformance.requirements.openai_histories import SPOKEN, not_accepted, unheard
from conformance.requirements.openai_limits import REASONED
from conformance.requirements.openai_sse import READABLE

COMPLETION = Kind.OPENAI_COMPLETION
STREAM = Kind.OPENAI_STREAM
NEUTRAL = ("temperature", "top_p")
HARMLESS = (
    *("seed", "user", "metadata", "store", "safety_identifier", "prompt_cache_key"),
    "service_tier",
)
EFFORT = ("reasoning_effort", "verbosity")
_WORDED = (
    *("model", "messages", "tools", "tool_choice", "functions", "function_call"),
    *("response_format", "reasoning_effort", "verbosity"),
)
_TWICE = 1.5
"""A prompt that is counted once more has half as many tokens again, at the least."""


def refused(recording: Recording) -> Iterator[Exchange]:
    """The exchanges whose body was refused, with whatever status of a client's fault."""
    yield from (exchange for exchange in recording.final if 400 <= exchange.status < 500)


def names(exchange: Exchange, parameters: tuple[str, ...]) -> list[str]:
    """The parameters that a refusal names."""
    return [name for name in parameters if re.search(rf"\b{name}\b", exchange.answer.text)]


def counts_its_prompt(exchange: Exchange) -> bool:
    """Whether the usage says how many tokens the prompt has."""
    usages = [usage for _, usage in chat.usages(exchange)]
    return bool(usages) and isinstance(usages[-1].get("prompt_tokens"), int)


def shows_reasoning(exchange: Exchange) -> bool:
    """Whether the answer shows reasoning, and says what it used."""
    shown = openai_stream_details if exchange.is_streamed else openai_details
    return shown.has_reasoning(exchange) and bool(chat.usages(exchange))


@requirement("OAI-PARAM-005", on="openai-image", symptom="feature-dropped", needs=SPOKEN)
def the_model_sees_the_picture(recording: Recording) -> Findings:
    """The colour of a picture in a data URI is named."""
    answers = recording.served(streamed=False)
    if answers:
        yield from unheard(answers, COLOUR, "the picture", None)
    else:
        yield from not_accepted(recording, "a picture in a data URI")


@requirement(
    "OAI-PARAM-007",
    on="openai-old-budget",
    symptom="answer-cut",
    needs=(*REASONED, "OAI-PARAM-006"),
)
def the_old_name_of_the_budget_works(recording: Recording) -> Findings:
    """`max_tokens` is understood as `max_completion_tokens` is."""
    exchange = recording.last
    if exchange.status != 200:
        yield from not_accepted(recording, "max_tokens")
        return
    budget = exchange.request.json["max_tokens"]
    for where, usage in chat.usages(exchange):
        tokens = usage.get("completion_tokens")
        if isinstance(tokens, int) and tokens > budget:
            yield Violation(f"{where}.completion_tokens", f"at most {budget}", str(tokens))


@requirement(
    "OAI-PARAM-009",
    on="openai-n",
    symptom="feature-dropped",
    needs=(*SPOKEN, "OAI-CHAT-006", "OAI-CHAT-014", *READABLE, "OAI-STREAM-006", "OAI-STREAM-009"),
)
def as_many_choices_as_asked(recording: Recording) -> Findings:
    """`n` gives `n` choices, whose prompt is counted once and whose answers are all counted."""
    answers = [exchange for exchange in recording.final if 200 <= exchange.status < 300]
    several = [exchange for exchange in answers if "n" in exchange.request.json]
    if not several:
        yield NotApplicable("the target refuses n")
    for exchange in several:
        wanted, found = exchange.request.json["n"], _choices(exchange)
        if found != wanted:
            where = "events[].data.choices" if exchange.is_streamed else "body.choices"
            yield Violation(where, f"{wanted} choices", str(found), exchange=exchange.id)
            return
    for single in answers[len(several) :]:
        for exchange in several:
            yield from _counted_wrong(exchange, single)


def _choices(exchange: Exchange) -> int:
    if not exchange.is_streamed:
        return len(chat.choices(exchange))
    return len({repr(choice.get("index")) for _, choice, _ in chat.deltas(exchange)})


def _counted_wrong(several: Exchange, single: Exchange) -> Findings:
    """What the usage of several choices says too often, or leaves out."""
    place = "events[].data.usage" if several.is_streamed else "body.usage"
    once, again = _tokens(single, "prompt_tokens"), _tokens(several, "prompt_tokens")
    if again > once * _TWICE:
        expected = f"{once}, as with one choice"
        yield Violation(f"{place}.prompt_tokens", expected, str(again), exchange=several.id)
    # A token hardly ever holds more than a word.
    words, counted = len(chat.text(several).split()), _tokens(several, "completion_tokens")
    if chat.usages(several) and counted < words:
        expected = f"at least the {words} words of all choices"
        yield Violation(f"{place}.completion_tokens", expected, str(counted), exchange=several.id)


def _tokens(exchange: Exchange, name: str) -> int:
    found = next((usage.get(name) for _, usage in chat.usages(exchange)), 0)
    return found if isinstance(found, int) else 0


def _has_reasoned(exchange: Exchange) -> bool:
    details = [chat.object_in(u, "completion_tokens_details") for _, u in chat.usages(exchange)]
    return any(found.get("reasoning_tokens") for found in details)


@requirement("OAI-PARAM-010", on="openai-accepted", symptom="feature-refused", needs=SHAPED)
def harmless_parameters_are_accepted(recording: Recording) -> Findings:
    """Parameters without a visible effect are accepted, alone or together."""
    for exchange in refused(recording):
        found = names(exchange, HARMLESS)
        if found:
            expected = f"200 with {found[0]}"
            yield Violation("status", expected, str(exchange.status), exchange=exchange.id)
        elif not names(exchange, NEUTRAL + EFFORT):
            expected = "200, or the name of the parameter that is refused"
            yield Violation("body.error", expected, "no name", exchange=exchange.id)


@requirement(
    "OAI-PARAM-015",
    on=("openai-accepted", "openai-old-budget"),
    symptom="feature-refused",
    needs=SHAPED,
)
def neutral_sampling_is_accepted(recording: Recording) -> Findings:
    """`temperature: 1` and `top_p: 1` are accepted; 0 is accepted or refused by its name."""
    is_neutral = recording.scenario == "openai-accepted"
    for exchange in refused(recording) if is_neutral else ():
        alone = set(exchange.request.json) <= {"model", "messages", "max_tokens", *NEUTRAL} | {
            "max_completion_tokens"
        }
        found = names(exchange, NEUTRAL)
        if found or alone:
            expected = f"200 with {found[0] if found else ' and '.join(NEUTRAL)}: 1"
            yield Violation("status", expected, str(exchange.status), exchange=exchange.id)
    if not is_neutral and recording.last.status != 200:
        yield Inconclusive("refused, whether for its temperature cannot be told")


@requirement(
    "OAI-PARAM-016",
    on=(COMPLETION, STREAM),
    when=shows_reasoning,
    symptom="wrong-bill",
    needs=("OAI-CHAT-018", "OAI-CHAT-014", "OAI-STREAM-027"),
)
def reasoning_is_counted(exchange: Exchange) -> Findings:
    """Where reasoning is shown, its tokens are in the usage."""
    if not _has_reasoned(exchange):
        where, _ = chat.usages(exchange)[-1]
        where += ".completion_tokens_details.reasoning_tokens"
        yield Violation(where, "above 0, as reasoning is shown", "0 or absent")


@requirement(
    "OAI-PARAM-017",
    on=("openai-stream", "openai-unpadded"),
    symptom="feature-refused",
    needs=("OAI-HTTP-001",),
)
def stream_options_are_accepted(recording: Recording) -> Findings:
    """`stream_options` are accepted: `include_usage`, and `include_obfuscation`."""
    last = recording.last
    if last.status in (400, 422):
        level = Level.SHOULD if recording.scenario == "openai-unpadded" else None
        yield from not_accepted(recording, "stream_options", level)
    elif last.status != 200:
        yield Inconclusive(UNSERVED)


@requirement(
    "OAI-PARAM-018",
    on=(COMPLETION, STREAM),
    when=counts_its_prompt,
    symptom="wrong-bill",
    needs=("OAI-CHAT-018", "OAI-CHAT-014", "OAI-STREAM-027", "OAI-STREAM-014"),
    reads=(Part.REQUEST,),
)
def the_same_prompt_counts_the_same(exchange: Exchange, seen: Seen) -> Findings:
    """The same prompt has the same `prompt_tokens`, with and without `stream`."""
    where, usage = chat.usages(exchange)[-1]
    found, prompt = str(usage["prompt_tokens"]), _prompt(exchange)
    before, _, name = seen.setdefault(prompt, f"{found} {exchange.id}").partition(" ")
    if found != before:
        yield Violation(f"{where}.prompt_tokens", f"{before}, as in {name}", found)


def _prompt(exchange: Exchange) -> str:
    """Everything in a request that the model reads."""
    asked: dict[str, Any] = exchange.request.json
    return repr([(name, asked.get(name)) for name in _WORDED])


@requirement(
    "OAI-PARAM-019",
    on="openai-stream-without-usage",
    symptom="stream-lost-text",
    needs=READABLE,
)
def unicode_survives(recording: Recording) -> Findings:
    """Joiners and line separators come back as they were sent."""
    text = chat.text(recording.last)
    left, separator, right = SEPARATED
    if not any(piece in text for piece in (*JOINED, separator)) and left not in text:
        yield Inconclusive("the model did not repeat the text")
    for piece in JOINED:
        apart = piece.replace("\u200d", "")
        if piece not in text and apart in text:
            yield Violation("events", piece, f"{apart}, without its joiners")
    if left + right in text:
        yield Violation("events", "a line separator between two words", "nothing")
