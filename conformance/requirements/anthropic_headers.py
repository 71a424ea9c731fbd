"""ANT-HDR and -ERR: what answers and refusals carry beside their content."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Violation
from conformance.registry import requirement

ERROR = Kind.ANTHROPIC_ERROR
ANSWERS = (Kind.ANTHROPIC_MESSAGE, Kind.ANTHROPIC_STREAM, Kind.ANTHROPIC_ERROR)
SPENT = ("capped", "broke")
"""Roles of keys whose 429 is about money: no waiting helps."""

_LIMIT = re.compile(r"anthropic-(?:ratelimit|priority)-.*?-?(limit|remaining|reset)$", re.I)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.I)
_SECONDS = re.compile(r"\d+(\.\d+)?")
LONGEST_S = 7 * 24 * 3600
"""More seconds than this are milliseconds, or the time of day since 1970."""

_INSIDES = re.compile(
    r"Traceback \(most recent call last\)"
    r'|File "[^"]+", line \d+'
    r"|\n\s+at \S.*:\d+"
    r"|goroutine \d+ \["
    r"|https?://\S+[?&](?:api[_-]?key|key|token|access_token)=\S+"
    r"|https?://[^/\s:@]+:[^/\s@]+@",
    re.I,
)


def limit_headers(exchange: Exchange) -> list[tuple[str, str, str]]:
    """The rate limit headers of an answer: which of the three, its whole name, its value."""
    found = ((_LIMIT.fullmatch(name), name, value) for name, value in exchange.answer.headers)
    return [(match[1].lower(), name.lower(), value) for match, name, value in found if match]


def has_limits(exchange: Exchange) -> bool:
    """Whether the answer says anything of rate limits."""
    return exchange.response is not None and bool(limit_headers(exchange))


def has_request_ids(exchange: Exchange) -> bool:
    """Whether both header and body of an error have a request id."""
    return bool(exchange.answer.header("request-id") and exchange.answer.object.get("request_id"))


def has_headers(exchange: Exchange) -> bool:
    """Whether there are headers to look at: advice that is never given is no wrong advice."""
    return exchange.response is not None and bool(exchange.answer.headers)


def is_limited(exchange: Exchange) -> bool:
    """Whether a request came too soon; a 429 for money is another matter."""
    return exchange.status == 429 and exchange.credential not in SPENT


@requirement(
    "ANT-HDR-004", on=ERROR, when=has_request_ids, symptom="no-request-id", header="request-id"
)
def request_ids_agree(exchange: Exchange) -> Findings:
    """The `request-id` of an error's header is the `request_id` of its body."""
    header, body = exchange.answer.header("request-id"), exchange.answer.object["request_id"]
    if header != body:
        yield Violation("body.request_id", str(header), str(body))


@requirement(
    "ANT-HDR-007", on=ANSWERS, when=has_limits, symptom="limits-unreadable", needs_lab=True
)
def rate_limits_are_well_formed(exchange: Exchange) -> Findings:
    """Rate limit headers, where present, are whole numbers and RFC 3339 times."""
    found = {name: value for _, name, value in limit_headers(exchange)}
    for what, name, value in limit_headers(exchange):
        if what == "reset" and not _is_time(value):
            yield Violation(f"headers.{name}", "an RFC 3339 time", value)
        elif what != "reset" and not value.strip().isdecimal():
            yield Violation(f"headers.{name}", "a whole number", value)
        elif what == "remaining":
            limit = found.get(f"{name.removesuffix('remaining')}limit", value)
            if limit.strip().isdecimal() and int(value) > int(limit):
                yield Violation(f"headers.{name}", f"at most the limit, {limit}", value)


def _is_time(text: str) -> bool:
    return bool(_RFC_3339.fullmatch(text.strip())) and _parses(datetime.fromisoformat, text.strip())


def _parses(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


@requirement(
    "ANT-HDR-008",
    on=ERROR,
    when=is_limited,
    symptom="limits-unreadable",
    expects_429=True,
    needs_lab=True,
)
def limited_requests_are_told_when(exchange: Exchange) -> Findings:
    """A 429 carries `retry-after`: seconds above 0, or an HTTP date."""
    value = (exchange.answer.header("retry-after") or "").strip()
    expected = "seconds above 0, or an HTTP date"
    if _SECONDS.fullmatch(value):
        if not 0 < float(value) <= LONGEST_S:
            yield Violation("headers.retry-after", expected, value)
    elif not _parses(parsedate_to_datetime, value):
        yield Violation("headers.retry-after", expected, value or "absent")


@requirement(
    "ANT-HDR-009", on=ANSWERS, when=has_headers, symptom="limits-unreadable", needs=("ANT-EP-001",)
)
def retry_advice_is_true_or_false(exchange: Exchange) -> Findings:
    """`x-should-retry`, where present, is `true` or `false`."""
    value = exchange.answer.header("x-should-retry")
    if value not in (None, "true", "false"):
        yield Violation("headers.x-should-retry", "true or false", repr(value))


@requirement("ANT-ERR-002", on=ERROR, symptom="no-request-id", needs=("ANT-ERR-005", "ANT-ERR-001"))
def errors_name_their_request(exchange: Exchange) -> Findings:
    """An error's body has `request_id`, a text (null where nobody was identified)."""
    found = exchange.answer.object
    if "request_id" not in found:
        yield Violation("body", "the key request_id", "absent")
    elif not isinstance(found["request_id"], str | None):
        yield Violation("body.request_id", "a text", repr(found["request_id"]))


@requirement("ANT-ERR-009", on=ERROR, symptom="key-leak")
def errors_show_no_insides(exchange: Exchange) -> Findings:
    """Errors show no stack trace and no URL with a key."""
    error = exchange.answer.object.get("error")
    message = error.get("message") if isinstance(error, dict) else None
    text = message if isinstance(message, str) else exchange.answer.text
    found = _INSIDES.search(text)
    if found:
        place = "body.error.message" if text is message else "body"
        yield Violation(place, "no insides of the gateway", found[0].split("?")[0][:80])
