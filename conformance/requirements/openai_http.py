"""OAI-HTTP, and the paths and methods of OAI-VAL: chat completions as HTTP."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from conformance.kinds import Kind
from conformance.model import (
    Ended,
    Exchange,
    FailureKind,
    Findings,
    Level,
    Part,
    Recording,
    Violation,
)
from conformance.registry import requirement
from conformance.requirements.anthropic import unanswered
from conformance.shapes import mismatches

ANSWERS = tuple(kind for kind in Kind if kind.startswith("openai"))
PLAIN = ("OAI-HTTP-001",)
BOM = b"\xef\xbb\xbf"
_WHOLE = re.compile(r"-?\d+")
_RESET = re.compile(r"(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+|-?\d+(\.\d+)?")
_SECONDS = re.compile(r"\d+(\.\d+)?")
_LIMITS = re.compile(r"x-ratelimit-(limit|remaining|reset)-[\w-]+", re.I)
_OVERLOADED = {"service_unavailable_error", "server_is_overloaded", "overloaded_error"}
LIMITED = {"rate_limit_exceeded", "slow_down", "requests", "tokens", "rate_limit_error"}


@requirement(
    "OAI-HTTP-006",
    on="openai-forms",
    feature="client headers",
    symptom="no-answer",
    needs=PLAIN,
    judges_silence=True,
)
def headers_of_clients_are_ignored(recording: Recording) -> Findings:
    """The headers that SDKs and clients add to every request do not change the status."""
    yield from unanswered(recording.last)


@requirement(
    "OAI-HTTP-007", on="openai-organization", symptom="no-answer", needs=PLAIN, judges_silence=True
)
def organization_headers_do_no_harm(recording: Recording) -> Findings:
    """`OpenAI-Organization` and `-Project` are ignored, or refused with 401, 403 or 404."""
    last = recording.last
    if last.status not in (401, 403, 404):
        yield from unanswered(last)


@requirement(
    "OAI-HTTP-008",
    on="openai-forms",
    feature="charset",
    symptom="no-answer",
    needs=PLAIN,
    judges_silence=True,
)
def a_charset_is_accepted(recording: Recording) -> Findings:
    """The content type `application/json; charset=utf-8` is accepted."""
    yield from unanswered(recording.last)


@requirement(
    "OAI-HTTP-011",
    on=("openai-forms", "openai-stream"),
    feature="accept",
    symptom="stream-unreadable",
    needs=PLAIN,
)
def stream_decides_not_accept(recording: Recording) -> Findings:
    """`stream` decides whether the answer is a stream, whatever `Accept` says."""
    for exchange in recording.final:
        wanted = "text/event-stream" if exchange.is_streamed else "application/json"
        found = exchange.answer.media_type
        is_other_way = (found == "text/event-stream") is not exchange.is_streamed
        if exchange.status == 200 and is_other_way:
            yield Violation("headers.content-type", wanted, found or "none", exchange=exchange.id)
        elif exchange.status in (406, 415):
            yield Violation("status", "200", str(exchange.status), exchange=exchange.id)


@requirement("OAI-HTTP-013", on=ANSWERS, symptom="http-headers", needs=("OAI-HTTP-001",))
def processing_time_is_a_number(exchange: Exchange) -> Findings:
    """Where `openai-processing-ms` is sent, it is a whole number of milliseconds."""
    found = exchange.answer.header("openai-processing-ms")
    if found is not None and not (found.isascii() and found.isdigit()):
        yield Violation("headers.openai-processing-ms", "milliseconds", found)


@requirement("OAI-HTTP-014", on=ANSWERS, symptom="http-headers", needs=("OAI-HTTP-001",))
def rate_limit_headers_can_be_read(exchange: Exchange) -> Findings:
    """Where `x-ratelimit-*` is sent, counts are whole numbers and resets are durations."""
    for name, value in exchange.answer.headers:
        named = _LIMITS.fullmatch(name)
        if named is None:
            continue
        is_reset = named[1].lower() == "reset"
        if not (_RESET if is_reset else _WHOLE).fullmatch(value.strip()):
            expected = "a duration (6m0s) or seconds" if is_reset else "a whole number"
            yield Violation(f"headers.{name.lower()}", expected, value)


@requirement(
    "OAI-HTTP-015", on=ANSWERS, symptom="http-headers", expects_429=True, needs=("OAI-HTTP-001",)
)
def retry_after_can_be_read(exchange: Exchange) -> Findings:
    """Where `retry-after` is sent, it is seconds or a date, not negative."""
    answer = exchange.answer
    found, precise = answer.header("retry-after"), answer.header("retry-after-ms")
    if found is not None and not _SECONDS.fullmatch(found.strip()) and not _is_date(found):
        yield Violation(
            "headers.retry-after", "seconds or an HTTP date", found.strip() or "nothing"
        )
    if precise is not None and not _SECONDS.fullmatch(precise.strip()):
        yield Violation("headers.retry-after-ms", "milliseconds", precise)
    is_bare = found is None and precise is None and Part.HEADERS not in exchange.lost
    if is_bare and exchange.status in (429, 503) and error_words(exchange) & _PASSING:
        expected = "a time to wait, as the refusal will pass"
        yield Violation("headers.retry-after", expected, "absent", Level.SHOULD)


_PASSING = _OVERLOADED | LIMITED


def error_words(exchange: Exchange) -> set[str]:
    """The `type` and the `code` of an error; empty where it has no envelope."""
    error = exchange.answer.object.get("error")
    fields = error if isinstance(error, dict) else {}
    return {word for word in (fields.get("type"), fields.get("code")) if isinstance(word, str)}


def _is_date(value: str) -> bool:
    try:
        parsedate_to_datetime(value)
    except ValueError:
        return False
    return True


@requirement("OAI-HTTP-016", on=ANSWERS, symptom="http-headers", needs=("OAI-HTTP-001",))
def should_retry_is_true_or_false(exchange: Exchange) -> Findings:
    """Where `x-should-retry` is sent, it is exactly `true` or `false`."""
    found = exchange.answer.header("x-should-retry")
    if found not in (None, "true", "false"):
        yield Violation("headers.x-should-retry", "true or false", str(found))


@requirement("OAI-HTTP-017", on=ANSWERS, symptom="answer-unreadable", needs=("OAI-HTTP-001",))
def answers_are_compressed_by_consent(exchange: Exchange) -> Findings:
    """A `content-encoding` is one that the request's `accept-encoding` allows."""
    allowed = exchange.request.header("accept-encoding")
    used = exchange.answer.header("content-encoding") or "identity"
    if allowed is None:
        return
    accepted = {word.partition(";")[0].strip() for word in allowed.lower().split(",")}
    for coding in used.lower().split(","):
        used_coding = coding.strip()
        # A transfer coding in the wrong header: one vendor does it, and clients read over it.
        level = Level.SHOULD if used_coding == "chunked" else None
        if used_coding not in accepted | {"identity"} and "*" not in accepted:
            yield Violation("headers.content-encoding", f"one of {allowed}", used_coding, level)


@requirement(
    "OAI-HTTP-018",
    on="openai-connection",
    symptom="no-answer",
    judges_silence=True,
    needs=("OAI-HTTP-001",),
)
def a_connection_survives_a_refusal(recording: Recording) -> Findings:
    """After a 4xx the connection can be used again, and bodies are as long as they say."""
    for exchange in recording.exchanges:
        where = exchange.id
        if exchange.failure is not None and exchange.failure.kind in _BROKEN:
            yield Violation("response", "an answer", exchange.failure.detail, exchange=where)
        elif exchange.response is not None and exchange.response.ended is Ended.CUT:
            yield Violation("body", "as long as its headers say", "cut off", exchange=where)


_BROKEN = (FailureKind.MALFORMED, FailureKind.RESET)


@requirement(
    "OAI-HTTP-019",
    on=ANSWERS,
    symptom="answer-unreadable",
    reads=(Part.FRAMING,),
    needs=("OAI-HTTP-001",),
)
def answers_are_utf_8(exchange: Exchange) -> Findings:
    """Bodies are UTF-8 without a byte-order mark."""
    answer = exchange.answer
    if answer.body.startswith(BOM):
        yield Violation("body", "no byte-order mark", "a byte-order mark")
    try:
        answer.body.decode()
    except UnicodeDecodeError as error:
        if answer.ended is Ended.COMPLETE or error.reason != "unexpected end of data":
            yield Violation("body", "UTF-8", f"byte {error.start} is not")


@requirement(
    "OAI-HTTP-021",
    on="openai-forms",
    feature="query",
    symptom="no-answer",
    needs=PLAIN,
    judges_silence=True,
)
def unknown_query_parameters_are_ignored(recording: Recording) -> Findings:
    """A query parameter that the protocol does not know is ignored."""
    yield from unanswered(recording.last)


@requirement("OAI-VAL-051", on="openai-put", symptom="invalid-accepted", needs=PLAIN)
def other_methods_are_refused(recording: Recording) -> Findings:
    """PUT on `/chat/completions` is refused with 405, and `Allow` names what is allowed."""
    last = recording.last
    if not 400 <= last.status < 500:
        level = Level.MUST if last.status >= 500 else None
        yield Violation("status", "405", str(last.status), level)
    elif last.status != 405:
        yield Violation("status", "405", str(last.status), Level.SHOULD)
    elif not last.answer.header("allow"):
        yield Violation("headers.allow", "the methods that are allowed", "absent", Level.SHOULD)


@requirement("OAI-VAL-052", on="openai-unknown-path", symptom="errors-unreadable", needs=PLAIN)
def unknown_paths_are_404(recording: Recording) -> Findings:
    """A path that does not exist is answered with 404, in the envelope of every error."""
    last = recording.last
    if last.status != 404:
        level = Level.MUST if last.status >= 500 else None
        yield Violation("status", "404", str(last.status), level)
    elif last.answer.media_type != "application/json":
        found = last.answer.header("content-type") or "none"
        yield Violation("headers.content-type", "application/json", found)
    else:
        yield from mismatches(last.answer.json, "OAI-ERR-001")
