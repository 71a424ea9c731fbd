"""ANT-EP, -AUTH, -VER, -BETA: the endpoint asked in every legal way, and in some wrong ones."""

from __future__ import annotations

from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Inconclusive, NotApplicable, Recording, Violation
from conformance.registry import requirement
from conformance.shapes import matches

REFUSED = "request-refused"
ANSWERED = ("ANT-EP-001",)
ANSWERS = (Kind.ANTHROPIC_MESSAGE, Kind.ANTHROPIC_STREAM, Kind.ANTHROPIC_ERROR)
FIRST_VERSION, SECOND_VERSION = "2023-06-01", "2026-10-21"
FORBIDDEN = (401, 403)
ENDPOINTS = (
    "anthropic-plain",
    "anthropic-stream",
    "anthropic-forms",
    "anthropic-count",
    "anthropic-models",
    "anthropic-model",
)
"""Where every endpoint is called at the base URL, with and without a query."""


def unserved(exchange: Exchange, what: str) -> Findings:
    """A violation unless a question like the plain one, but for `what`, got an answer."""
    if exchange.status != 200:
        words = " ".join(exchange.answer.text.split())[:160]
        yield Violation("status", f"200 with {what}", f"{exchange.status}: {words}")


@requirement(
    "ANT-EP-002",
    on=("anthropic-forms", "anthropic-count"),
    feature="query",
    symptom=REFUSED,
    needs=ANSWERED,
)
def query_strings_do_not_matter(recording: Recording) -> Findings:
    """A query string on the path does not change what is answered."""
    if recording.scenario == "anthropic-forms":
        yield from unserved(recording.last, "?beta=true")
        return
    without, asked = recording.final[:2]
    if without.status != asked.status:
        expected = f"{without.status}, as without ?beta=true"
        yield Violation("status", expected, str(asked.status), exchange=asked.id)


@requirement("ANT-EP-003", on="anthropic-wrong-method", symptom="errors-unreadable")
def wrong_methods_get_an_error(recording: Recording) -> Findings:
    """`GET` on `/v1/messages` is refused with a 4xx in the error envelope."""
    yield from _refused_in_envelope(recording.last)


@requirement("ANT-EP-004", on="anthropic-unknown-path", symptom="errors-unreadable")
def unknown_paths_get_an_error(recording: Recording) -> Findings:
    """An unknown path is refused with 404 and `not_found_error` in the error envelope."""
    last = recording.last
    yield from _refused_in_envelope(last)
    if last.status != 404 and 400 <= last.status < 500:
        yield Violation("status", "404", str(last.status))
    elif matches(last.answer.json, "ANT-ERR-001"):
        found = last.answer.object["error"]["type"]
        if found != "not_found_error":
            yield Violation("body.error.type", "not_found_error", found)


def _refused_in_envelope(exchange: Exchange) -> Findings:
    if not 400 <= exchange.status < 500:
        yield Violation("status", "4xx", str(exchange.status))
    elif not matches(exchange.answer.json, "ANT-ERR-001"):
        shown = " ".join(exchange.answer.text.split())[:80] or "nothing"
        yield Violation("body", "the error envelope", shown)


@requirement("ANT-EP-006", on=ENDPOINTS, symptom=REFUSED, needs=("ANT-EP-001",))
def nothing_is_redirected(recording: Recording) -> Findings:
    """No endpoint below the configured base URL answers with a redirect."""
    for exchange in recording.final:
        if 300 <= exchange.status < 400:
            where = exchange.answer.header("location") or "nowhere"
            actual = f"{exchange.status} to {where}"
            yield Violation("status", "no redirect", actual, exchange=exchange.id)


@requirement("ANT-EP-007", on="anthropic-forms", feature="charset", symptom=REFUSED, needs=ANSWERED)
def charsets_are_accepted(recording: Recording) -> Findings:
    """The content type `application/json; charset=utf-8` is accepted."""
    yield from unserved(recording.last, "content-type: application/json; charset=utf-8")


@requirement(
    "ANT-EP-008",
    on=("anthropic-forms", "anthropic-stream"),
    feature="accept",
    symptom="stream-unreadable",
    needs=ANSWERED,
)
def the_body_alone_asks_for_streams(recording: Recording) -> Findings:
    """`stream` in the body alone decides between JSON and a stream, not `accept`."""
    last = recording.last
    expected = "text/event-stream" if last.request.wants_stream else "application/json"
    accepted = last.request.header("accept") or "anything"
    if last.status != 200:
        yield from unserved(last, f"accept: {accepted}")
    elif last.answer.media_type == "text/event-stream" and not last.request.wants_stream:
        yield Violation("headers.content-type", f"{expected}, as asked", "text/event-stream")
    elif last.answer.media_type == "application/json" and last.request.wants_stream:
        yield Violation("headers.content-type", f"{expected}, as asked", "application/json")


@requirement(
    "ANT-EP-009", on="anthropic-forms", feature="client headers", symptom=REFUSED, needs=ANSWERED
)
def unknown_headers_are_accepted(recording: Recording) -> Findings:
    """Request headers that the gateway does not know are accepted."""
    yield from unserved(recording.last, "the headers of SDKs, Claude Code and tracing")


@requirement("ANT-EP-010", on=ANSWERS, symptom="answer-unreadable", needs=("ANT-EP-001",))
def only_offered_encodings_are_used(exchange: Exchange) -> Findings:
    """An answer has no `content-encoding` that the client did not offer."""
    found = (exchange.answer.header("content-encoding") or "identity").strip().lower()
    offer = (exchange.request.header("accept-encoding") or "*").lower()
    offered = {part.partition(";")[0].strip() for part in offer.split(",")}
    if found != "identity" and not offered & {found, "*"}:
        yield Violation("headers.content-encoding", f"one of {offer}", found)


@requirement(
    "ANT-EP-011",
    on=("anthropic-forms", "anthropic-stream"),
    feature="escapes",
    symptom="stream-lost-text",
    needs=ANSWERED,
)
def unicode_survives(recording: Recording) -> Findings:
    r"""Emoji and CJK, also as `\u` escapes, are accepted and come back without U+FFFD."""
    last = recording.last
    if last.status != 200:
        yield from unserved(last, "emoji and CJK in the question")
    elif "\ufffd" in last.answer.text or "\\ufffd" in last.answer.text.lower():
        yield Violation("body", "no U+FFFD", "a replacement character")


@requirement(
    "ANT-EP-012",
    on="anthropic-probes",
    symptom="no-answer",
    judges_silence=True,
    needs=("ANT-EP-001",),
)
def probes_are_answered(recording: Recording) -> Findings:
    """Probes of the site (`HEAD /`, `HEAD /api/hello`) get some answer at once."""
    for exchange in recording.final:
        if exchange.response is None:
            detail = exchange.failure.detail if exchange.failure else "no answer"
            what = f"{exchange.request.method} {exchange.request.path or '/'}: {detail}"
            yield Violation("response", "any status", what, exchange=exchange.id)


@requirement(
    "ANT-AUTH-003", on="anthropic-forms", feature="both credentials", symptom="401", needs=ANSWERED
)
def both_credentials_are_accepted(recording: Recording) -> Findings:
    """The same key in `x-api-key` and as a Bearer token is accepted."""
    yield from unserved(recording.last, "the key in both headers")


@requirement(
    "ANT-AUTH-006",
    on=("anthropic-models", "anthropic-count", "anthropic-other-credential"),
    symptom="401",
    needs=("ANT-AUTH-001", "ANT-AUTH-002"),
)
def other_endpoints_accept_the_same_keys(recording: Recording) -> Findings:
    """`count_tokens` and `/v1/models` accept the credential headers of `/v1/messages`."""
    for exchange in recording.final:
        if exchange.status in FORBIDDEN:
            header = "x-api-key" if exchange.request.header("x-api-key") else "authorization"
            actual = f"{exchange.status} with the key in {header}"
            yield Violation("status", "an answer", actual, exchange=exchange.id)


@requirement(
    "ANT-VER-001",
    on=("anthropic-plain", "anthropic-other-version"),
    symptom=REFUSED,
)
def the_first_version_is_accepted(recording: Recording) -> Findings:
    """`anthropic-version: 2023-06-01` is accepted."""
    yield from _versioned(recording, FIRST_VERSION)


@requirement(
    "ANT-VER-002",
    on=("anthropic-plain", "anthropic-other-version"),
    symptom=REFUSED,
    needs=("ANT-EP-001",),
)
def the_second_version_is_accepted(recording: Recording) -> Findings:
    """`anthropic-version: 2026-10-21` is accepted where nothing removed is asked for."""
    yield from _versioned(recording, SECOND_VERSION)


def _versioned(recording: Recording, version: str) -> Findings:
    last = recording.last
    if last.request.header("anthropic-version") != version:
        yield NotApplicable(f"nothing was asked in version {version}")
    elif last.status in FORBIDDEN or last.status >= 500:
        yield Inconclusive(f"a {last.status} says nothing of the version")
    else:
        yield from unserved(last, f"anthropic-version: {version}")


@requirement(
    "ANT-VER-006",
    on="anthropic-sampling-removed",
    symptom="invalid-accepted",
    needs=("ANT-VER-002",),
)
def the_second_version_has_no_sampling(recording: Recording) -> Findings:
    """Under version 2026-10-21 `temperature`, `top_p` and `top_k` are refused with 400."""
    yield from _semantics(recording)


@requirement(
    "ANT-VER-007",
    on="anthropic-documents-restricted",
    symptom="invalid-accepted",
    needs=("ANT-VER-002",),
)
def the_second_version_restricts_documents(recording: Recording) -> Findings:
    """Under version 2026-10-21 assistants send no documents and users no citations."""
    yield from _semantics(recording)


def _semantics(recording: Recording) -> Findings:
    for exchange in recording.final:
        if exchange.status != 400:
            tolerated = ": the version's semantics are not applied"
            shown = f"{exchange.status}{tolerated if exchange.status < 300 else ''}"
            yield Violation("status", "400", shown, exchange=exchange.id)


@requirement("ANT-BETA-001", on="anthropic-forms", feature="betas", symptom=REFUSED, needs=ANSWERED)
def betas_are_accepted(recording: Recording) -> Findings:
    """Betas that the vendor knows, separated by commas, do not fail a request."""
    yield from unserved(recording.last, "anthropic-beta")
