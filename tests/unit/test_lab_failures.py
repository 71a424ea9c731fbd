"""Judging failures that the lab played: what no fault of the reference gateway shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from unit_exchanges import ANTHROPIC_ERROR, MESSAGE, exchange

from conformance.kinds import Kind
from conformance.model import (
    Exchange,
    Failure,
    FailureKind,
    Inconclusive,
    Level,
    Recording,
    Side,
    Violation,
)
from conformance.nonces import FIRST, SECOND
from conformance.provoked import provoked
from conformance.registry import requirements
from conformance.scenarios.lab_provoked import OFTEN

MARKS = ("[[lab:0000000000000001]]", "[[lab:0000000000000002]]")
OUTAGE = ANTHROPIC_ERROR | {"error": {"type": "api_error", "message": "It failed."}}


def client(status: int = 200, body: Any = MESSAGE, mark: str = MARKS[0], id: str = "x#1") -> Any:
    """What the client saw of a plain question with this mark."""
    kind = Kind.ANTHROPIC_MESSAGE if status == 200 else Kind.ANTHROPIC_ERROR
    asked = [{"role": "user", "content": f"Say hello. {mark}"}]
    return exchange(kind, body, id, status=status, messages=asked)


def lab(
    provider: str, mark: str = MARKS[0], status: int = 500, id: str = "x#2", **body: Any
) -> Any:
    """What the lab got with this mark, and what it answered."""
    asked = [{"role": "user", "content": f"Say hello. {mark}"}]
    found = exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE, id, status=status, messages=asked, **body)
    return replace(found, side=Side.UPSTREAM, provider=provider)


def played(variant: str | Mapping[str, str], *exchanges: Exchange) -> Recording:
    """A recording whose first exchange met this failure."""
    named = {exchanges[0].id: variant} if isinstance(variant, str) else variant
    return Recording("x", exchanges, {"variants": named})


def found(id: str, recording: Recording) -> list[Any]:
    """What a rule finds in a recording."""
    return list(requirements()[id].find(recording, None))


def places(id: str, recording: Recording) -> list[tuple[str, Level | None]]:
    """Where the violations are that a rule finds, and how binding they are."""
    return [(v.where, v.level) for v in found(id, recording) if isinstance(v, Violation)]


def said(text: str) -> dict[str, Any]:
    """A message with this text."""
    return MESSAGE | {"content": [{"type": "text", "text": text}]}


def silent(mark: str = MARKS[0]) -> Exchange:
    """A question whose connection was closed without any answer."""
    lost = Failure(FailureKind.RESET, "closed")
    return replace(client(mark=mark), response=None, failure=lost)


def test_requests_at_once_are_told_apart_by_their_marks() -> None:
    both = played(
        {"x#1": "silence", "x#2": "silence"},
        client(504, OUTAGE),
        client(504, OUTAGE, MARKS[1], "x#2"),
        lab("first", MARKS[1], id="x#3"),
        lab("first", MARKS[0], id="x#4"),
    )

    assert [[e.id for e in one.upstream] for one in provoked(both)] == [["x#4"], ["x#3"]]


@pytest.mark.parametrize("id", ["GW-UP-004", "GW-UP-009", "GW-UP-012", "GW-UP-017"])
def test_what_the_gateway_refuses_itself_proves_nothing(id: str) -> None:
    [finding] = found(id, played("400", client(401, ANTHROPIC_ERROR)))

    assert isinstance(finding, Inconclusive)


@pytest.mark.parametrize(
    ("id", "variant"), [("GW-UP-008", "truncated JSON"), ("GW-UP-010", "reset")]
)
def test_a_failure_that_is_no_answer_at_all_is_reported(id: str, variant: str) -> None:
    [violation] = found(id, played(variant, silent(), lab("anthropic")))

    assert (violation.where, violation.actual) == ("status", "no answer (reset)")


def test_where_nobody_listens_the_lab_need_not_see_who_gives_up() -> None:
    assert places("GW-UP-001", played("refused", client(502, OUTAGE))) == [("status", None)]
    assert places("GW-UP-010", played("none", client(502, OUTAGE))) == []


def test_a_model_that_is_not_there_proves_nothing_about_fallback() -> None:
    [finding] = found("GW-UP-001", played("refused", client(404, ANTHROPIC_ERROR)))

    assert isinstance(finding, Inconclusive)


@pytest.mark.parametrize(
    ("tries", "expected"),
    [(3, []), (4, [("requests", Level.SHOULD)]), (11, [("requests", None)])],
    ids=["three", "four to one provider", "eleven"],
)
def test_tries_of_what_fails_are_counted(tries: int, expected: list[Any]) -> None:
    sent = [lab("first", id=f"x#{number + 2}") for number in range(tries)]

    assert places("GW-UP-012", played("500", client(502, OUTAGE), *sent)) == expected


def test_who_tries_until_it_works_is_judged_by_its_tries_alone() -> None:
    sent = [lab("first", id=f"x#{number + 2}") for number in range(OFTEN + 1)]
    recording = played("reset", client(), *sent)

    assert places("GW-UP-009", recording) == []
    assert places("GW-UP-012", recording) == [("requests", None)]


@pytest.mark.parametrize(
    ("provider", "level"), [("first", None), ("second", Level.SHOULD)], ids=["the same", "another"]
)
def test_a_400_is_sent_once(provider: str, level: Level | None) -> None:
    sent = lab("first", status=400), lab(provider, status=400, id="x#3")

    assert places("GW-UP-012", played("400", client(400), *sent)) == [("requests", level)]


def test_who_held_back_the_first_words_may_replace_them() -> None:
    assert places("GW-UP-002", played("cut", client(body=said(SECOND)), lab("first"))) == []


def test_words_of_two_providers_are_reported_where_the_second_begins() -> None:
    begun = "".join(FIRST[:3])
    mixed = played("cut", client(body=said(begun + SECOND)), lab("first"))
    [violation] = found("GW-UP-002", mixed)

    assert violation.actual.startswith(f"at {len(begun)}: 'The heron")


def test_what_another_provider_was_not_asked_is_named() -> None:
    attempts = lab("first", temperature=0.25), lab("second", id="x#3", status=200, temperature=1)
    [violation] = found("GW-UP-013", played("500", client(), *attempts))

    assert (violation.where, violation.exchange) == ("request.body.temperature", "x#3")


def test_who_takes_over_may_be_asked_for_more_and_by_another_name() -> None:
    second = lab("second", id="x#3", status=200, model="other", seed=1)

    assert found("GW-UP-013", played("500", client(), lab("first"), second)) == []


def test_a_provider_that_was_out_before_is_not_put_down_to_one_failure() -> None:
    names = {"x#1": "good", "x#3": "good", "x#5": "good"}
    answers = [client(503, OUTAGE, id=id) for id in names]
    [finding] = found("GW-UP-015", played(names, *answers, lab("first")))

    assert isinstance(finding, Inconclusive)


def test_an_answer_after_a_second_try_is_no_silence() -> None:
    tries = lab("first"), lab("first", id="x#3", status=200)

    assert places("GW-UP-011", played("silence", client(), *tries)) == []
    assert places("GW-UP-011", played("silence", client(), tries[0])) == [("status", None)]


def test_a_provider_that_was_never_limited_cannot_come_back() -> None:
    names = {"x#1": "limited", "x#3": "later"}
    recording = played(names, client(), lab("second", status=200), client(id="x#3"))

    assert isinstance(found("GW-UP-016", recording)[0], Inconclusive)
