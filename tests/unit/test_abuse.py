"""The corpus of bad requests, and the rules about what a gateway does with them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from unit_exchanges import MESSAGE, exchange, recording, response

from conformance.judge import Judge
from conformance.kinds import Kind
from conformance.model import Ended, Exchange, Failure, FailureKind, Outcome, Recording
from conformance.profile import load
from conformance.scenarios.abuse_corpus import Bad, corpus

SOUND = {"model": "m", "max_tokens": 16, "messages": [{"role": "user", "content": "Hi."}]}
ERROR: dict[str, Any] = {
    "type": "error",
    "error": {"type": "invalid_request_error", "message": "no"},
    "request_id": "req_1",
}
CORPUS = list(corpus(SOUND, 7))


def test_the_same_seed_makes_the_same_requests() -> None:
    assert list(corpus(SOUND, 7)) == CORPUS


def test_another_seed_changes_the_mutations_alone() -> None:
    changed = [a.name for a, b in zip(CORPUS, corpus(SOUND, 8), strict=True) if a.body != b.body]

    assert changed and all(name.startswith("mutation") for name in changed)


def test_every_request_has_a_name_of_its_own() -> None:
    assert len({bad.name for bad in CORPUS}) == len(CORPUS) > 300


def test_a_sound_request_is_not_changed() -> None:
    before = json.dumps(SOUND)
    list(corpus(SOUND, 1))

    assert json.dumps(SOUND) == before


def test_no_header_line_holds_a_line_end_unless_it_says_so() -> None:
    odd = {"header: Upgrade", "header: a bare CR", "header: a folded line"}

    def is_clean(bad: Bad) -> bool:
        return not any(b"\r" in line or b"\n" in line for line in bad.lines or ())

    assert {bad.name for bad in CORPUS if not is_clean(bad)} <= odd


def refused(id: str, body: Any = ERROR, status: int = 400, **headers: str) -> Exchange:
    """A bad request and what it got."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    asked = exchange(Kind.ANTHROPIC_ERROR, ERROR, id, status=400)
    answered = response(text, status)
    return replace(asked, response=replace(answered, headers=(*answered.headers, *headers.items())))


SERVED = exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE, "anthropic-abuse#9")
ONE = "anthropic-abuse#1"


def lost(kind: FailureKind) -> Exchange:
    """A bad request that got no answer."""
    return replace(refused(ONE), response=None, failure=Failure(kind, "no answer"))


def abused(*exchanges: Exchange, no_http: bool = False) -> Recording:
    """A recording of one bad request and what was sent after it."""
    facts = {"sent": {ONE: "a bad one"}, "no_http": [ONE] if no_http else [], "seed": 7}
    return replace(recording("anthropic-abuse", *exchanges), facts=facts)


def outcome(id: str, made: Recording) -> Outcome:
    """The verdict on one requirement over one recording."""
    return Judge({made.scenario: made}, load("reference")).verdict(id).outcome


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param(abused(refused(ONE), SERVED), Outcome.PASS, id="refused"),
        pytest.param(abused(replace(SERVED, id=ONE), SERVED), Outcome.PASS, id="served"),
        pytest.param(abused(refused(ONE, status=500), SERVED), Outcome.FAIL, id="a 500"),
        pytest.param(abused(lost(FailureKind.RESET), SERVED), Outcome.FAIL, id="a reset"),
        pytest.param(
            abused(lost(FailureKind.RESET), SERVED, no_http=True), Outcome.PASS, id="no HTTP, reset"
        ),
        pytest.param(
            abused(lost(FailureKind.TIMEOUT), SERVED, no_http=True), Outcome.FAIL, id="a hang"
        ),
        pytest.param(
            abused(refused(ONE), refused("anthropic-abuse#9")), Outcome.FAIL, id="sound one refused"
        ),
    ],
)
def test_a_bad_request_is_survived(made: Recording, expected: Outcome) -> None:
    assert outcome("GW-SAFE-001", made) is expected


@pytest.mark.parametrize(
    ("stalled", "expected"),
    [
        pytest.param(refused(ONE, status=408), Outcome.PASS, id="refused"),
        pytest.param(lost(FailureKind.RESET), Outcome.PASS, id="closed"),
        pytest.param(lost(FailureKind.TIMEOUT), Outcome.WARN, id="waited for"),
        pytest.param(refused(ONE, status=500), Outcome.FAIL, id="a 500"),
    ],
)
def test_a_body_that_stalls_is_not_waited_for_without_end(
    stalled: Exchange, expected: Outcome
) -> None:
    made = replace(abused(stalled, SERVED, no_http=True), scenario="anthropic-stalled-body")

    assert outcome("GW-SAFE-001", made) is expected


def test_an_answer_that_falls_silent_is_reported() -> None:
    answered = refused(ONE)
    assert answered.response is not None
    silent = replace(answered, response=replace(answered.response, ended=Ended.SILENT))

    assert outcome("GW-SAFE-001", abused(silent, SERVED)) is Outcome.FAIL


@pytest.mark.parametrize(
    "told",
    [
        pytest.param("Traceback (most recent call last):", id="a traceback"),
        pytest.param("at /usr/lib/relay/parser.py", id="a path"),
        pytest.param("OPENAI_API_KEY is not set", id="a variable"),
        pytest.param("connect to 192.168.3.4:8080 failed", id="an address"),
        pytest.param("postgres://relay@db", id="a database"),
        pytest.param("[key:valid:whole]", id="the key"),
    ],
)
@pytest.mark.parametrize("place", ["body", "header"])
def test_the_inside_is_not_shown(told: str, place: str) -> None:
    body = ERROR | {"error": ERROR["error"] | {"message": told if place == "body" else "no"}}
    shown = refused(ONE, body, **({"x-why": told} if place == "header" else {}))

    assert outcome("GW-SAFE-002", abused(shown, SERVED)) is Outcome.FAIL


@pytest.mark.parametrize(
    ("body", "no_http", "expected"),
    [
        pytest.param(ERROR, False, Outcome.PASS, id="the envelope"),
        pytest.param(b"<html></html>", False, Outcome.FAIL, id="HTML"),
        pytest.param(b"", False, Outcome.FAIL, id="nothing"),
        pytest.param(b"Bad Request", True, Outcome.PASS, id="no HTTP, plain text"),
    ],
)
def test_errors_are_in_the_envelope(body: Any, no_http: bool, expected: Outcome) -> None:
    assert outcome("GW-SAFE-002", abused(refused(ONE, body), SERVED, no_http=no_http)) is expected


TOO_LARGE = ERROR | {"error": {"type": "request_too_large", "message": "no"}}


@pytest.mark.parametrize(
    ("large", "expected"),
    [
        pytest.param(refused("x#1", TOO_LARGE, 413), Outcome.PASS, id="413"),
        pytest.param(refused("x#1", ERROR, 413), Outcome.FAIL, id="413 of another type"),
        pytest.param(refused("x#1"), Outcome.WARN, id="400"),
        pytest.param(refused("x#1", status=500), Outcome.FAIL, id="500"),
        pytest.param(lost(FailureKind.RESET), Outcome.FAIL, id="a reset"),
        pytest.param(replace(SERVED, id="x#1"), Outcome.INCONCLUSIVE, id="served"),
    ],
)
def test_a_body_over_the_limit_is_refused(large: Exchange, expected: Outcome) -> None:
    assert outcome("GW-SAFE-003", recording("anthropic-val-053", large, SERVED)) is expected


def test_after_it_a_sound_request_is_served() -> None:
    made = recording("anthropic-val-053", refused("x#1", TOO_LARGE, 413), refused("x#2"))

    assert outcome("GW-SAFE-003", made) is Outcome.FAIL


def test_hostile_traffic_is_judged_by_its_own_requirements_alone() -> None:
    made = abused(refused(ONE, b"<html></html>"), SERVED)

    assert outcome("ANT-ERR-005", made) is Outcome.NOT_RUN
