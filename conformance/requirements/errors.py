"""Refusals on both protocols: status, envelope, and no stream where there is an error."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.kinds import Kind, Protocol
from conformance.model import Exchange, Findings, Level, Recording, Violation
from conformance.profile import Expectation, Profile
from conformance.registry import requirement
from conformance.shapes import matches, mismatches

ANTHROPIC = Kind.ANTHROPIC_ERROR
OPENAI = Kind.OPENAI_ERROR

TYPES: dict[int, set[str]] = {
    400: {"invalid_request_error"},
    401: {"authentication_error"},
    402: {"billing_error"},
    403: {"permission_error"},
    404: {"not_found_error"},
    409: {"conflict_error", "invalid_request_error"},
    413: {"request_too_large"},
    429: {"rate_limit_error"},
    500: {"api_error"},
    503: {"api_error", "overloaded_error"},
    504: {"timeout_error"},
    529: {"overloaded_error"},
}
"""The `error.type` of each status (section 5.1 of the Anthropic page)."""


@requirement(
    "ANT-ERR-005",
    on=ANTHROPIC,
    symptom="errors-unreadable",
    six="auth-errors",
    header="content-type",
)
def anthropic_errors_are_json(exchange: Exchange) -> Findings:
    """Every error is JSON with the content type `application/json`."""
    answer = exchange.answer
    if answer.media_type != "application/json":
        found = answer.header("content-type") or "none"
        yield Violation("headers.content-type", "application/json", found)
    elif not isinstance(answer.json, dict):
        yield Violation("body", "a JSON object", answer.text[:80].strip() or "nothing")


@requirement(
    "ANT-ERR-001",
    on=ANTHROPIC,
    symptom="errors-unreadable",
    needs=("ANT-ERR-005",),
    six="auth-errors",
)
def anthropic_errors_have_the_envelope(exchange: Exchange) -> Findings:
    """Every error is `{"type":"error","error":{"type","message"}}`."""
    # At the vendor the edge answers what is too large, and leaves out the outer type.
    outer = {"type": "error"} if exchange.status == 413 else {}
    yield from mismatches({**outer, **exchange.answer.json}, "ANT-ERR-001")


@requirement(
    "ANT-ERR-003",
    on=ANTHROPIC,
    symptom="errors-unreadable",
    needs=("ANT-ERR-005", "ANT-ERR-001"),
    six="auth-errors",
)
def anthropic_error_types_fit_the_status(exchange: Exchange, profile: Profile) -> Findings:
    """`error.type` is the one of the HTTP status."""
    status, found = exchange.status, exchange.answer.object["error"]["type"]
    allowed = TYPES.get(status, set()) | _of_profile(status, profile)
    if status in TYPES and found not in allowed:
        expected = f"{' or '.join(sorted(allowed))}, as the status is {status}"
        yield Violation("body.error.type", expected, found.strip() or "a blank text")


def _of_profile(status: int, profile: Profile) -> set[str]:
    """What the profile says of this status; it beats the page (rule R10)."""
    found = (e.anthropic_types for e in profile.expect.values() if status in e.statuses)
    return set().union(*found) if status != 401 else set()


@requirement("ANT-AUTH-004", on="anthropic-no-key", symptom="401")
def anthropic_without_key_is_401(recording: Recording) -> Findings:
    """A request without a credential is answered with 401."""
    yield from unauthorised(recording)


@requirement("ANT-AUTH-005", on="anthropic-wrong-key", symptom="401", six="auth-errors")
def anthropic_wrong_key_is_401(recording: Recording) -> Findings:
    """A request with a key that was never issued is answered with 401."""
    yield from unauthorised(recording)


@requirement("OAI-HTTP-003", on="openai-no-key", symptom="401")
def openai_without_key_is_401(recording: Recording, profile: Profile) -> Findings:
    """A request without a credential is answered with 401."""
    yield from _unauthorised_vendor(recording, profile)


@requirement("OAI-HTTP-004", on="openai-wrong-key", symptom="401", six="auth-errors")
def openai_wrong_key_is_401(recording: Recording) -> Findings:
    """A request with a key that was never issued is answered with 401."""
    yield from unauthorised(recording)
    answer = recording.last.answer
    error = answer.object.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if recording.last.status == 401 and code != "invalid_api_key":
        yield Violation("body.error.code", "invalid_api_key", str(code), Level.SHOULD)


def unauthorised(recording: Recording) -> Iterator[Violation]:
    """A violation unless the last answer is a 401."""
    last = recording.last
    if last.status != 401:
        actual = f"{last.status}: the request was served" if last.status < 300 else str(last.status)
        yield Violation("status", "401", actual, exchange=last.id)


def _unauthorised_vendor(recording: Recording, profile: Profile) -> Findings:
    """For a vendor any 4xx will do, and 401 is a SHOULD."""
    tolerated = profile.kind == "vendor" and 400 <= recording.last.status < 500
    for violation in unauthorised(recording):
        level = Level.SHOULD if tolerated else None
        yield Violation(
            violation.where, violation.expected, violation.actual, level, violation.exchange
        )


@requirement(
    "ANT-EP-005",
    on="anthropic-unknown-model",
    symptom="model-not-supported",
    needs=("ANT-EP-001",),
    six="unsupported-model",
)
def anthropic_unknown_model_is_refused(recording: Recording, profile: Profile) -> Findings:
    """A request for an unknown model is refused with the status that the profile names."""
    yield from refused(recording.last, profile.expect["unknown_model"])


@requirement(
    "OAI-VAL-007",
    on="openai-unknown-model",
    symptom="model-not-supported",
    needs=("OAI-HTTP-001",),
    six="unsupported-model",
)
def openai_unknown_model_is_refused(recording: Recording, profile: Profile) -> Findings:
    """A request for an unknown model is refused with the status that the profile names."""
    yield from refused(recording.last, profile.expect["unknown_model"])
    error = recording.last.answer.object.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if recording.last.status >= 400 and code != "model_not_found":
        yield Violation("body.error.code", "model_not_found", str(code), Level.SHOULD)


def refused(exchange: Exchange, expected: Expectation) -> Findings:
    """A violation unless the status is an expected one; which of several is reported."""
    wanted = " or ".join(map(str, sorted(expected.statuses)))
    if exchange.status not in expected.statuses:
        served = ": the request was served" if 200 <= exchange.status < 300 else ""
        yield Violation("status", wanted, f"{exchange.status}{served}", exchange=exchange.id)
        return
    if exchange.protocol is Protocol.ANTHROPIC and matches(exchange.answer.json, "ANT-ERR-001"):
        found = exchange.answer.object["error"]["type"]
        if expected.anthropic_types and found not in expected.anthropic_types:
            types = " or ".join(sorted(expected.anthropic_types))
            yield Violation("body.error.type", types, found, exchange=exchange.id)
    if len(expected.statuses) > 1:
        actual = str(exchange.status)
        yield Violation("status", f"any of {wanted}", actual, Level.MAY, exchange.id)


@requirement(
    "ANT-STR-032",
    on=("anthropic-wrong-key-stream", "anthropic-unknown-model-stream", "anthropic-invalid-stream"),
    symptom="error-in-200",
    needs=("ANT-AUTH-005", "ANT-EP-005"),
)
def anthropic_errors_before_a_stream_are_json(recording: Recording) -> Findings:
    """An error known before generation keeps its status and is JSON, also with `stream: true`."""
    yield from not_streamed(recording.last)


@requirement(
    "OAI-SSE-010",
    on=("openai-wrong-key-stream", "openai-unknown-model-stream", "openai-invalid-stream"),
    symptom="error-in-200",
    needs=("OAI-HTTP-004", "OAI-VAL-007"),
)
def openai_errors_before_a_stream_are_json(recording: Recording) -> Findings:
    """An error known before generation keeps its status and is JSON, also with `stream: true`."""
    yield from not_streamed(recording.last)


def not_streamed(exchange: Exchange) -> Findings:
    """A violation unless the answer is a 4xx or 5xx with a JSON body."""
    answer = exchange.answer
    if exchange.status < 400:
        what = answer.media_type or "no content type"
        yield Violation("status", "4xx", f"{exchange.status} with {what}", exchange=exchange.id)
    elif answer.media_type == "text/event-stream" or answer.text.startswith(("data:", "event:")):
        yield Violation("body", "JSON", "server-sent events", exchange=exchange.id)


@requirement(
    "OAI-ERR-005", on=OPENAI, symptom="errors-unreadable", six="auth-errors", header="content-type"
)
def openai_errors_are_json(exchange: Exchange) -> Findings:
    """Every error carries the content type `application/json`."""
    if exchange.answer.media_type != "application/json":
        found = exchange.answer.header("content-type") or "none"
        yield Violation("headers.content-type", "application/json", found)


@requirement(
    "OAI-ERR-001",
    on=OPENAI,
    symptom="errors-unreadable",
    needs=("OAI-ERR-005",),
    six="auth-errors",
)
def openai_errors_have_the_envelope(exchange: Exchange) -> Findings:
    """Every error is a JSON object with an `error` object."""
    yield from mismatches(exchange.answer.json, "OAI-ERR-001")


@requirement(
    "OAI-ERR-002",
    on=OPENAI,
    symptom="errors-unreadable",
    needs=("OAI-ERR-005", "OAI-ERR-001"),
    six="auth-errors",
)
def openai_errors_have_a_message(exchange: Exchange) -> Findings:
    """`error.message` is a non-empty string."""
    yield from mismatches(exchange.answer.object["error"], "OAI-ERR-002", "body.error")


@requirement(
    "OAI-ERR-003",
    on=OPENAI,
    symptom="errors-unreadable",
    needs=("OAI-ERR-005", "OAI-ERR-001"),
    six="auth-errors",
)
def openai_errors_have_a_type(exchange: Exchange, profile: Profile) -> Findings:
    """`error.type` is a non-empty string, no printed null, and fits a refused request."""
    error = exchange.answer.object["error"]
    yield from mismatches(error, "OAI-ERR-003", "body.error")
    if exchange.status == 400 and profile.kind == "gateway" and isinstance(error.get("type"), str):
        expected, found = "invalid_request_error", error["type"]
        if found != expected:
            yield Violation("body.error.type", expected, found or "an empty text", Level.SHOULD)


@requirement(
    "OAI-ERR-004",
    on=OPENAI,
    symptom="errors-unreadable",
    needs=("OAI-ERR-005", "OAI-ERR-001"),
    six="auth-errors",
)
def openai_errors_have_param_and_code(exchange: Exchange) -> Findings:
    """`error.param` and `error.code` are there, a string or null, and no printed null."""
    error = exchange.answer.object["error"]
    for key in ("param", "code"):
        where = f"body.error.{key}"
        if key not in error:
            yield Violation("body.error", f"the key {key}", "absent", Level.SHOULD)
        elif error[key] in ("None", "null"):
            yield Violation(where, "null", f'the text "{error[key]}"')
        elif not isinstance(error[key], str | None):
            yield Violation(where, "a string or null", repr(error[key]), Level.SHOULD)


@requirement(
    "OAI-ERR-007",
    on=("openai-wrong-key", "openai-no-key", "openai-unknown-model", "openai-invalid"),
    symptom="no-answer",
    needs=("OAI-HTTP-001", "OAI-HTTP-003", "OAI-HTTP-004", "OAI-VAL-007"),
    six="auth-errors",
)
def clients_faults_are_4xx(recording: Recording) -> Findings:
    """A client's fault is answered with a 4xx, never with a 5xx or a 200."""
    last = recording.last
    if not 400 <= last.status < 500:
        expected = "the 4xx of the client's fault"
        yield Violation("status", expected, str(last.status), exchange=last.id)
