"""OAI-HTTP, -CHAT, -PARAM: access and the plain answer of a chat completion."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from conformance import chat
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Level, Part, Recording, Violation
from conformance.registry import requirement
from conformance.requirements.anthropic import Seen, not_let_in, repeated, repeated_ids, unanswered
from conformance.shapes import mismatches

COMPLETION = Kind.OPENAI_COMPLETION
ANY = (Kind.OPENAI_COMPLETION, Kind.OPENAI_STREAM, Kind.OPENAI_ERROR)
ANSWERS = ("OAI-HTTP-001", "OAI-CHAT-018")
SHAPED = ("OAI-HTTP-001", "OAI-CHAT-018", "OAI-CHAT-005")

FINISH_REASONS = {"stop", "length", "tool_calls", "content_filter", "function_call"}


def has_usage(exchange: Exchange) -> bool:
    """Whether the answer carries a usage object."""
    return bool(chat.usages(exchange))


@requirement(
    "OAI-HTTP-001",
    on="openai-plain",
    symptom="no-answer",
    needs=("OAI-HTTP-002",),
    six="non-stream",
    judges_silence=True,
)
def plain_request_is_answered(recording: Recording) -> Findings:
    """A plain request to `/chat/completions` is answered with 200."""
    yield from unanswered(recording.last)


@requirement("OAI-HTTP-002", on="openai-plain", symptom="401", six="bearer", judges_silence=True)
def bearer_is_accepted(recording: Recording) -> Findings:
    """`Authorization: Bearer` with the key is accepted."""
    for exchange in recording.final:
        if exchange.request.header("authorization"):
            yield from not_let_in(exchange, "authorization")


@requirement(
    "OAI-HTTP-009",
    on=COMPLETION,
    symptom="answer-unreadable",
    needs=("OAI-HTTP-001",),
    six="non-stream",
    header="content-type",
)
def answers_are_json(exchange: Exchange) -> Findings:
    """Plain answers carry the content type `application/json`."""
    if exchange.answer.media_type != "application/json":
        found = exchange.answer.header("content-type") or "none"
        yield Violation("headers.content-type", "application/json", found)


@requirement(
    "OAI-HTTP-012",
    on=ANY,
    symptom="no-request-id",
    reads=(Part.IDS,),
    header="x-request-id",
)
def answers_carry_a_request_id(exchange: Exchange, seen: Seen) -> Findings:
    """Every answer, good or bad, carries an `x-request-id` of its own."""
    yield from repeated(exchange, "x-request-id", seen)


@requirement(
    "OAI-CHAT-018", on=COMPLETION, symptom="error-in-200", needs=("OAI-HTTP-001",), six="non-stream"
)
def no_error_inside_a_200(exchange: Exchange) -> Findings:
    """A 200 never holds an error, a web page, or nothing."""
    answer = exchange.answer
    if not answer.body.strip():
        yield Violation("body", "a chat completion", "an empty body")
    elif not isinstance(answer.json, dict):
        what = "HTML" if answer.is_html else answer.text[:80]
        yield Violation("body", "a chat completion", what)
    elif answer.object.get("error"):
        yield Violation("body.error", "none, or its own status", "an error in a 200")


@requirement(
    "OAI-CHAT-005", on=COMPLETION, symptom="answer-unreadable", needs=ANSWERS, six="non-stream"
)
def there_is_one_choice(exchange: Exchange) -> Findings:
    """`choices` is a list of objects, of one unless `n` asks for more."""
    yield from mismatches(exchange.answer.json, "OAI-CHAT-005")
    found = exchange.answer.object.get("choices")
    is_single = Part.REQUEST not in exchange.lost and exchange.request.json.get("n") in (None, 1)
    if is_single and isinstance(found, list) and len(found) > 1:
        yield Violation("body.choices", "one choice", str(len(found)))


@requirement(
    "OAI-CHAT-001", on=COMPLETION, symptom="answer-unreadable", needs=ANSWERS, six="non-stream"
)
def object_is_chat_completion(exchange: Exchange) -> Findings:
    """`object` is `chat.completion`."""
    yield from mismatches(exchange.answer.json, "OAI-CHAT-001")


@requirement(
    "OAI-CHAT-002",
    on=COMPLETION,
    symptom="answer-unreadable",
    needs=ANSWERS,
    six="non-stream",
    reads=(Part.IDS,),
)
def ids_are_texts_of_their_own(exchange: Exchange, seen: Seen) -> Findings:
    """`id` is a non-empty string, another in every answer."""
    yield from repeated_ids(exchange, "OAI-CHAT-002", seen)


@requirement(
    "OAI-CHAT-003", on=COMPLETION, symptom="answer-unreadable", needs=ANSWERS, six="non-stream"
)
def created_is_in_seconds(exchange: Exchange) -> Findings:
    """`created` is an integer in Unix seconds, within ten minutes of the `date` header."""
    yield from mismatches(exchange.answer.json, "OAI-CHAT-003")
    created = exchange.answer.object.get("created")
    if not isinstance(created, int | float):
        return
    if abs(created) > 10**11:
        yield Violation("body.created", "seconds", f"{created}, which are milliseconds")
        return
    sent = _sent(exchange)
    if sent and abs(created - sent.timestamp()) > timedelta(minutes=10).total_seconds():
        expected = f"within ten minutes of {sent:%Y-%m-%dT%H:%M:%SZ}"
        yield Violation("body.created", expected, str(created), Level.SHOULD)


def _sent(exchange: Exchange) -> datetime | None:
    """When the answer was made: its `date` header, else when the request was sent."""
    try:
        return parsedate_to_datetime(exchange.answer.header("date") or "").astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.fromisoformat(exchange.started_at) if exchange.started_at else None


@requirement(
    "OAI-CHAT-004", on=COMPLETION, symptom="answer-unreadable", needs=ANSWERS, six="non-stream"
)
def model_is_a_text(exchange: Exchange) -> Findings:
    """`model` is a non-empty string: the model asked for or its dated name."""
    yield from mismatches(exchange.answer.json, "OAI-CHAT-004")


@requirement(
    "OAI-CHAT-006", on=COMPLETION, symptom="answer-unreadable", needs=SHAPED, six="non-stream"
)
def choices_are_numbered(exchange: Exchange) -> Findings:
    """`choices[].index` counts from 0, each number once."""
    found = [choice.get("index") for choice in chat.choices(exchange)]
    wanted = list(range(len(found)))
    if found != wanted:
        same = sorted(map(str, found)) == list(map(str, wanted))
        level = Level.SHOULD if same else None
        yield Violation("body.choices[].index", str(wanted), json.dumps(found), level)


@requirement(
    "OAI-CHAT-007", on=COMPLETION, symptom="answer-unreadable", needs=SHAPED, six="non-stream"
)
def message_is_the_assistants(exchange: Exchange) -> Findings:
    """Each choice has a `message` with the role `assistant`."""
    for number, choice in enumerate(chat.choices(exchange)):
        if choice.get("finish_reason") != "content_filter":
            yield from mismatches(choice, "OAI-CHAT-007", f"body.choices[{number}]")


@requirement(
    "OAI-CHAT-008", on=COMPLETION, symptom="answer-unreadable", needs=SHAPED, six="non-stream"
)
def content_is_a_text_or_null(exchange: Exchange) -> Findings:
    """`message.content` is a string or null, and the key is there."""
    for number, choice in enumerate(chat.choices(exchange)):
        message, where = chat.message(choice), f"body.choices[{number}].message"
        if not isinstance(message.get("content"), str | None):
            actual = type(message["content"]).__name__
            yield Violation(f"{where}.content", "a string or null", actual)
        elif message and "content" not in message:
            yield Violation(where, "the key content", "absent", Level.SHOULD)


@requirement(
    "OAI-CHAT-009",
    on="openai-plain",
    symptom="no-answer",
    needs=(*SHAPED, "OAI-CHAT-007", "OAI-CHAT-008"),
    six="non-stream",
)
def there_is_an_answer(recording: Recording) -> Findings:
    """A plain question gets content, a refusal or a tool call."""
    exchange = recording.last
    for number, choice in enumerate(chat.choices(exchange)):
        message = chat.message(choice)
        said = any(message.get(key) for key in ("content", "refusal", "tool_calls"))
        if not said and choice.get("finish_reason") not in ("length", "content_filter"):
            where = f"body.choices[{number}].message"
            yield Violation(where, "content, refusal or tool_calls", "nothing", None, exchange.id)


@requirement("OAI-CHAT-011", on=COMPLETION, symptom="tool-loop", needs=SHAPED, six="non-stream")
def finish_reason_is_the_protocols_word(exchange: Exchange) -> Findings:
    """`finish_reason` is a word of the chat protocol, never null or an Anthropic value."""
    for where, reason in chat.finish_reasons(exchange):
        if not isinstance(reason, str) or reason not in FINISH_REASONS:
            expected = f"one of {', '.join(sorted(FINISH_REASONS))}"
            yield Violation(where, expected, json.dumps(reason))


@requirement(
    "OAI-CHAT-012",
    on=COMPLETION,
    symptom="answer-cut",
    needs=(*SHAPED, "OAI-CHAT-011"),
    six="non-stream",
)
def finish_reason_tells_the_truth(exchange: Exchange) -> Findings:
    """`finish_reason` `tool_calls` comes with a tool call."""
    for number, choice in enumerate(chat.choices(exchange)):
        calls = chat.message(choice).get("tool_calls")
        if choice.get("finish_reason") == "tool_calls" and not calls:
            where = f"body.choices[{number}].message.tool_calls"
            yield Violation(where, "a tool call, as finish_reason says", "none")


@requirement("OAI-CHAT-014", on=COMPLETION, symptom="wrong-bill", needs=ANSWERS, six="non-stream")
def usage_counts_tokens(exchange: Exchange) -> Findings:
    """`usage` has the three integer counts, above 0 where there is any output."""
    yield from mismatches(exchange.answer.json, "OAI-CHAT-014")
    for where, usage in chat.usages(exchange):
        said = chat.text(exchange) or chat.tool_calls(exchange)
        for name in ("prompt_tokens", "completion_tokens"):
            if said and usage.get(name) == 0:
                yield Violation(f"{where}.{name}", "above 0", "0")


@requirement(
    "OAI-CHAT-015",
    on=COMPLETION,
    when=has_usage,
    symptom="wrong-bill",
    needs=(*ANSWERS, "OAI-CHAT-014"),
    six="non-stream",
)
def usage_sums_up(exchange: Exchange) -> Findings:
    """`total_tokens` is `prompt_tokens` plus `completion_tokens`."""
    yield from wrong_sums(exchange)


def wrong_sums(exchange: Exchange) -> Findings:
    """Every usage whose total is not the sum of its parts."""
    for where, usage in chat.usages(exchange):
        parts = [usage.get("prompt_tokens"), usage.get("completion_tokens")]
        numbers = [part for part in parts if isinstance(part, int)]
        if len(numbers) == len(parts) and usage.get("total_tokens") != sum(numbers):
            expected = f"{numbers[0]} + {numbers[1]} = {sum(numbers)}"
            yield Violation(f"{where}.total_tokens", expected, str(usage.get("total_tokens")))


@requirement("OAI-CHAT-019", on=COMPLETION, symptom="tool-loop", needs=SHAPED)
def tool_calls_are_absent_without_calls(exchange: Exchange) -> Findings:
    """`message.tool_calls` is absent where there is no call."""
    for number, choice in enumerate(chat.choices(exchange)):
        message = chat.message(choice)
        if "tool_calls" in message and not message["tool_calls"]:
            where = f"body.choices[{number}].message.tool_calls"
            yield Violation(where, "absent", json.dumps(message["tool_calls"]))
