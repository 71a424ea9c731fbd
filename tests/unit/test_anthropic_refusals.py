"""What the rules about refusals and their headers see, where no fault can show it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit_exchanges import ANTHROPIC_ERROR, MESSAGE, exchange, recording, response

from conformance.judge import Judge
from conformance.kinds import Kind
from conformance.model import Exchange, Failure, FailureKind, Outcome, Recording
from conformance.profile import load

GENERIC = load("generic")
PLAIN = recording("anthropic-plain", exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE, "plain#1"))
LIMIT = "anthropic-ratelimit-requests"


def outcome(id: str, found: Recording) -> Outcome:
    """The verdict of one requirement on one recording, beside a plain answer."""
    return Judge({one.scenario: one for one in (PLAIN, found)}, GENERIC).verdict(id).outcome


def limited(*headers: tuple[str, str], key: str = "valid") -> Recording:
    """A 429 with these headers."""
    body = {"type": "error", "error": {"type": "rate_limit_error", "message": "Too soon."}}
    made = exchange(Kind.ANTHROPIC_ERROR, body, status=429, headers=headers)
    return recording("stored", replace(made, credential=key))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("20", Outcome.PASS, id="seconds"),
        pytest.param("0.5", Outcome.PASS, id="half a second"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 GMT", Outcome.PASS, id="a date"),
        pytest.param("0", Outcome.WARN, id="none"),
        pytest.param("-1", Outcome.WARN, id="in the past"),
        pytest.param("1792569600", Outcome.WARN, id="an epoch time"),
        pytest.param("20000000", Outcome.WARN, id="milliseconds of hours"),
        pytest.param("20s", Outcome.WARN, id="with a unit"),
        pytest.param("", Outcome.WARN, id="nothing"),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, expected: Outcome) -> None:
    assert outcome("ANT-HDR-008", limited(("retry-after", value))) is expected


def test_a_429_without_retry_after_is_reported() -> None:
    assert outcome("ANT-HDR-008", limited()) is Outcome.WARN


def test_a_429_for_money_needs_no_retry_after() -> None:
    assert outcome("ANT-HDR-008", limited(key="capped")) is Outcome.NOT_RUN


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({"limit": "50", "remaining": "49"}, Outcome.PASS, id="numbers"),
        pytest.param({"reset": "2026-11-21T10:00:00Z"}, Outcome.PASS, id="a time"),
        pytest.param({"reset": "2026-11-21T10:00:00+02:00"}, Outcome.PASS, id="a time elsewhere"),
        pytest.param({"limit": "50", "remaining": "51"}, Outcome.FAIL, id="more left than allowed"),
        pytest.param({"limit": "-1"}, Outcome.FAIL, id="a negative number"),
        pytest.param({"remaining": "4.5"}, Outcome.FAIL, id="a fraction"),
        pytest.param({"limit": "50k"}, Outcome.FAIL, id="a number with a unit"),
        pytest.param({"reset": "12ms"}, Outcome.FAIL, id="a duration"),
        pytest.param({"reset": "2026-13-41T10:00:00Z"}, Outcome.FAIL, id="no day of any year"),
        pytest.param({"reset": "1792569600"}, Outcome.FAIL, id="an epoch time"),
    ],
)
def test_rate_limits_are_numbers_and_times(headers: dict[str, str], expected: Outcome) -> None:
    named = tuple((f"{LIMIT}-{what}", value) for what, value in headers.items())

    assert outcome("ANT-HDR-007", limited(*named)) is expected


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("Traceback (most recent call last):", id="python"),
        pytest.param('  File "/srv/app.py", line 7, in handle', id="a frame of python"),
        pytest.param("TypeError\n    at handle (/srv/app.js:7:1)", id="javascript"),
        pytest.param("panic\ngoroutine 7 [running]:", id="go"),
        pytest.param("https://upstream.example/v1?key=abc failed", id="a key in a query"),
        pytest.param("https://user:word@upstream.example failed", id="a password in an address"),
    ],
)
def test_insides_in_an_error_are_reported(message: str) -> None:
    body = ANTHROPIC_ERROR | {"error": {"type": "invalid_request_error", "message": message}}
    found = recording("stored", exchange(Kind.ANTHROPIC_ERROR, body, status=400))

    assert outcome("ANT-ERR-009", found) is Outcome.WARN


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("See https://docs.example/errors?page=2 for details.", id="an address"),
        pytest.param("messages.0.content: must be at least 1 character", id="a path"),
    ],
)
def test_an_ordinary_message_shows_no_insides(message: str) -> None:
    body = ANTHROPIC_ERROR | {"error": {"type": "invalid_request_error", "message": message}}
    found = recording("stored", exchange(Kind.ANTHROPIC_ERROR, body, status=400))

    assert outcome("ANT-ERR-009", found) is Outcome.PASS


def unanswered(kind: FailureKind) -> Exchange:
    """A request that got no answer."""
    asked = exchange(Kind.ANTHROPIC_ERROR, ANTHROPIC_ERROR)
    return replace(asked, response=None, failure=Failure(kind, "no answer"))


@pytest.mark.parametrize("kind", [FailureKind.RESET, FailureKind.TIMEOUT])
@pytest.mark.parametrize(
    ("scenario", "id", "expected"),
    [
        pytest.param("anthropic-val-053", "ANT-VAL-053", Outcome.WARN, id="too much"),
        pytest.param("anthropic-probes", "ANT-EP-012", Outcome.INFO, id="a probe"),
    ],
)
def test_no_answer_where_one_is_due_is_reported(
    scenario: str, id: str, expected: Outcome, kind: FailureKind
) -> None:
    assert outcome(id, recording(scenario, unanswered(kind))) is expected


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        pytest.param(b"<html>413</html>", "text/html", id="a web page"),
        pytest.param(b'{"message": "too big"}', "application/json", id="another envelope"),
    ],
)
def test_a_413_in_another_form_is_reported(body: bytes, media_type: str) -> None:
    asked = exchange(Kind.ANTHROPIC_ERROR, ANTHROPIC_ERROR)
    edge = replace(asked, response=response(body, 413, media_type))

    assert outcome("ANT-VAL-053", recording("anthropic-val-053", edge)) is Outcome.WARN
