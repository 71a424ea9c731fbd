"""ANT-EP, -AUTH, -HDR, -MSG, -BLK, -USE: access and the plain answer."""

from __future__ import annotations

import json

from conformance import messages
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Inconclusive, Level, Part, Recording, Violation
from conformance.registry import requirement
from conformance.shapes import mismatches

Seen = dict[str, str]
"""What a rule that compares keeps of a run: a value, and the exchange that had it."""

MESSAGE = Kind.ANTHROPIC_MESSAGE
ANY = (Kind.ANTHROPIC_MESSAGE, Kind.ANTHROPIC_STREAM, Kind.ANTHROPIC_ERROR)
ANSWERS = ("ANT-EP-001", "ANT-MSG-015")
SHAPED = ("ANT-EP-001", "ANT-MSG-015", "ANT-MSG-001", "ANT-MSG-006")

STOP_REASONS = {
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
}
OPENAI_REASONS = {"stop", "length", "tool_calls", "content_filter", "function_call"}


UNSERVED = "the request was not answered with 200"


def has_content(exchange: Exchange) -> bool:
    """Whether the answer has at least one content block."""
    return bool(messages.content(exchange))


def is_metered(exchange: Exchange) -> bool:
    """Whether the usage is all of it: calls from inside a container report 0 tokens."""
    return not exchange.answer.object.get("container")


def is_metered_content(exchange: Exchange) -> bool:
    """Whether there is content whose tokens must be counted."""
    return has_content(exchange) and is_metered(exchange)


@requirement(
    "ANT-EP-001",
    on="anthropic-plain",
    symptom="no-answer",
    six="non-stream",
    judges_silence=True,
)
def plain_request_is_answered(recording: Recording) -> Findings:
    """A plain request to `/v1/messages` is answered with 200."""
    yield from unanswered(recording.last)


def unanswered(last: Exchange) -> Findings:
    """A violation unless a plain request got a 200; silence and 5xx are no excuse."""
    if last.response is None:
        detail = last.failure.detail if last.failure else ""
        yield Violation("response", "status 200", f"no response: {detail}", exchange=last.id)
    elif last.status != 200 or not last.response.object:
        words = " ".join(last.response.text.split())[:160]
        actual = f"{last.status}: {words}" if words else f"{last.status} without a body"
        yield Violation("response", "status 200 and an answer in JSON", actual, exchange=last.id)


@requirement(
    "ANT-AUTH-001", on="anthropic-plain", symptom="401", six="non-stream", judges_silence=True
)
def x_api_key_is_accepted(recording: Recording) -> Findings:
    """`/v1/messages` accepts the key in `x-api-key`."""
    yield from _refusals(recording, "x-api-key")


@requirement(
    "ANT-AUTH-002", on="anthropic-stream-bearer", symptom="401", six="bearer", judges_silence=True
)
def bearer_is_accepted(recording: Recording) -> Findings:
    """`/v1/messages` accepts the same key as `Authorization: Bearer`."""
    yield from _refusals(recording, "authorization")


def _refusals(recording: Recording, header: str) -> Findings:
    asked = [exchange for exchange in recording.final if exchange.request.header(header)]
    for exchange in asked:
        yield from not_let_in(exchange, header)
    if not asked:
        yield Inconclusive(f"no request with {header} was sent")


def not_let_in(exchange: Exchange, header: str) -> Findings:
    """A violation where the key was refused; a 5xx or an empty 200 says nothing of it."""
    if exchange.status in (401, 403):
        actual = f"{exchange.status} with the key in {header}"
        yield Violation("status", "200", actual, exchange=exchange.id)
    elif exchange.response is None:
        yield Inconclusive("no answer says nothing of the key")
    elif exchange.status >= 500 or not exchange.answer.body.strip(b" \r\n{}"):
        yield Inconclusive(f"a {exchange.status} without an answer says nothing of the key")


@requirement(
    "ANT-HDR-001",
    on=MESSAGE,
    symptom="answer-unreadable",
    needs=("ANT-EP-001",),
    header="content-type",
)
def answers_are_json(exchange: Exchange) -> Findings:
    """Plain answers carry the content type `application/json`."""
    if exchange.answer.media_type != "application/json":
        found = exchange.answer.header("content-type") or "none"
        yield Violation("headers.content-type", "application/json", found)


@requirement(
    "ANT-HDR-003",
    on=ANY,
    symptom="no-request-id",
    reads=(Part.IDS,),
    header="request-id",
)
def answers_carry_a_request_id(exchange: Exchange, seen: Seen) -> Findings:
    """Every answer, good or bad, carries a `request-id` of its own."""
    yield from repeated(exchange, "request-id", seen)


def repeated(exchange: Exchange, header: str, seen: Seen) -> Findings:
    """A violation where this header is missing, or has the value of an earlier answer."""
    id = exchange.answer.header(header)
    if not id:
        yield Violation(f"headers.{header}", "a non-empty id", "none")
    elif id in seen:
        yield Violation(f"headers.{header}", "an id of its own", f"{id}, as in {seen[id]}")
    else:
        seen[id] = exchange.id


@requirement(
    "ANT-MSG-015", on=MESSAGE, symptom="error-in-200", needs=("ANT-EP-001",), six="non-stream"
)
def no_error_inside_a_200(exchange: Exchange) -> Findings:
    """A 200 never holds an error, a web page, or nothing."""
    answer = exchange.answer
    if not answer.body.strip():
        yield Violation("body", "a Message", "an empty body")
    elif answer.is_html:
        yield Violation("body", "a Message", "HTML")
    elif answer.object.get("type") == "error" or answer.object.get("error"):
        yield Violation("body", "a Message, or an error with its own status", "an error in a 200")


@requirement(
    "ANT-MSG-001", on=MESSAGE, symptom="answer-unreadable", needs=ANSWERS, six="non-stream"
)
def message_has_its_keys(exchange: Exchange) -> Findings:
    """A Message has `id`, `type`, `role`, `model`, `content`, `stop_reason` and `usage`."""
    yield from mismatches(exchange.answer.json, "ANT-MSG-001")


@requirement("ANT-MSG-002", on=MESSAGE, symptom="answer-unreadable", needs=SHAPED, six="non-stream")
def type_is_message(exchange: Exchange) -> Findings:
    """`type` is `message`."""
    yield from mismatches(exchange.answer.json, "ANT-MSG-002")


@requirement("ANT-MSG-003", on=MESSAGE, symptom="answer-unreadable", needs=SHAPED, six="non-stream")
def role_is_assistant(exchange: Exchange) -> Findings:
    """`role` is `assistant`."""
    yield from mismatches(exchange.answer.json, "ANT-MSG-003")


@requirement(
    "ANT-MSG-004",
    on=MESSAGE,
    symptom="answer-unreadable",
    needs=SHAPED,
    six="non-stream",
    reads=(Part.IDS,),
)
def ids_are_texts_of_their_own(exchange: Exchange, seen: Seen) -> Findings:
    """`id` is a non-empty string, another in every answer; it starts with `msg_`."""
    yield from repeated_ids(exchange, "ANT-MSG-004", seen)
    id = exchange.answer.object.get("id")
    if isinstance(id, str) and id and not id.startswith("msg_"):
        yield Violation("body.id", "the prefix msg_", id[:12], Level.SHOULD)


def repeated_ids(exchange: Exchange, requirement: str, seen: Seen) -> Findings:
    """A violation where the `id` has not the shape, or is that of an earlier answer."""
    yield from mismatches(exchange.answer.json, requirement)
    id = str(exchange.answer.object.get("id"))
    if id in seen:
        yield Violation("body.id", "an id of its own", f"{id}, as in {seen[id]}")
    seen.setdefault(id, exchange.id)


@requirement("ANT-MSG-005", on=MESSAGE, symptom="answer-unreadable", needs=SHAPED, six="non-stream")
def model_is_a_text(exchange: Exchange) -> Findings:
    """`model` is a non-empty string; it need not be the one asked for."""
    yield from mismatches(exchange.answer.json, "ANT-MSG-005")


@requirement(
    "ANT-MSG-006",
    on=MESSAGE,
    symptom="answer-unreadable",
    needs=("ANT-EP-001", "ANT-MSG-015", "ANT-MSG-001"),
    six="non-stream",
)
def content_is_a_list_of_blocks(exchange: Exchange) -> Findings:
    """`content` is a list of objects, each with a string `type`."""
    yield from mismatches(exchange.answer.json, "ANT-MSG-006")


@requirement("ANT-MSG-007", on=MESSAGE, symptom="tool-loop", needs=SHAPED, six="non-stream")
def stop_reason_is_the_protocols_word(exchange: Exchange) -> Findings:
    """`stop_reason` is a word of the Messages protocol, never null or an OpenAI value."""
    reason = exchange.answer.object.get("stop_reason")
    expected = f"one of {', '.join(sorted(STOP_REASONS))}"
    if not isinstance(reason, str) or not reason or reason in OPENAI_REASONS:
        yield Violation("body.stop_reason", expected, json.dumps(reason))
    elif reason not in STOP_REASONS:
        yield Violation("body.stop_reason", expected, reason, Level.MAY)


@requirement("ANT-MSG-008", on=MESSAGE, symptom="answer-cut", needs=SHAPED, six="non-stream")
def stop_sequence_is_null_without_one(exchange: Exchange) -> Findings:
    """`stop_sequence` is null unless `stop_reason` is `stop_sequence`."""
    body = exchange.answer.object
    if "stop_sequence" not in body:
        yield Violation("body", "the key stop_sequence", "absent", Level.SHOULD)
    elif body["stop_sequence"] is not None and body.get("stop_reason") != "stop_sequence":
        yield Violation("body.stop_sequence", "null", json.dumps(body["stop_sequence"]))


@requirement(
    "ANT-BLK-001",
    on=MESSAGE,
    when=has_content,
    symptom="answer-unreadable",
    needs=SHAPED,
    six="non-stream",
)
def blocks_have_their_keys(exchange: Exchange) -> Findings:
    """Every content block of a known type has its required keys with their types."""
    for index, block in enumerate(messages.content(exchange)):
        yield from mismatches(block, "ANT-BLK-001", f"body.content[{index}]")


@requirement("ANT-USE-001", on=MESSAGE, symptom="wrong-bill", needs=SHAPED, six="non-stream")
def usage_counts_tokens(exchange: Exchange) -> Findings:
    """`usage` has the integers `input_tokens` and `output_tokens`, not below 0."""
    yield from mismatches(exchange.answer.object.get("usage"), "ANT-USE-001", "body.usage")


@requirement(
    "ANT-USE-002",
    on=MESSAGE,
    when=is_metered_content,
    symptom="wrong-bill",
    needs=(*SHAPED, "ANT-USE-001"),
    six="non-stream",
)
def output_is_counted(exchange: Exchange) -> Findings:
    """`output_tokens` is above 0 where there is content."""
    if messages.usage(exchange).get("output_tokens") == 0:
        yield Violation("body.usage.output_tokens", "above 0", "0")


@requirement(
    "ANT-USE-003",
    on=MESSAGE,
    when=is_metered,
    symptom="wrong-bill",
    needs=(*SHAPED, "ANT-USE-001"),
    six="non-stream",
)
def input_is_counted(exchange: Exchange) -> Findings:
    """The total input, cache fields included, is above 0."""
    if messages.input_tokens(exchange) == 0:
        yield Violation("body.usage.input_tokens", "above 0, cache fields included", "0")
