"""Editions: frozen sets of requirements; what is newer is shown and does not decide."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files

import pytest

from conformance import editions
from conformance.editions import Edition
from conformance.errors import UsageError
from conformance.exits import Exit, exit_status, is_excused
from conformance.gate import Gate
from conformance.model import Level, Outcome, Verdict, Violation
from conformance.registry import requirements

OLD = Verdict("ANT-EP-001", Level.MUST, Outcome.PASS)
BROKEN = (Violation("status", "200", "500", Level.MUST, "openai-plain#1"),)


def newer(outcome: Outcome) -> Verdict:
    """A verdict on a requirement that the edition does not have."""
    gate = Gate(date(2026, 1, 1), None, Edition("1.1", frozenset({OLD.requirement})))
    violations = BROKEN if outcome in (Outcome.FAIL, Outcome.WARN) else ()
    return gate.passed(Verdict("OAI-SSE-007", Level.MUST, outcome, "", (), violations))


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_is_newer_does_not_decide(outcome: Outcome) -> None:
    assert newer(outcome).flags == ("unscored",)
    assert exit_status([OLD, newer(outcome)], Level.SHOULD, True, True) is Exit.CONFORMS


@pytest.mark.parametrize(
    ("root", "status"), [("OAI-SSE-007", Exit.CONFORMS), ("OAI-SSE-001", Exit.INCOMPLETE)]
)
def test_what_only_a_newer_one_blocks_does_not_decide(root: str, status: Exit) -> None:
    blocked = Verdict("OAI-SSE-009", Level.MUST, Outcome.NOT_RUN, f"blocked by {root}")
    assert exit_status([OLD, blocked, newer(Outcome.FAIL)]) is status


@pytest.mark.parametrize(
    ("outcome", "fail_on", "excused"),
    [
        (Outcome.FAIL, Level.MUST, True),
        (Outcome.WARN, Level.MUST, False),
        (Outcome.WARN, Level.SHOULD, True),
        (Outcome.PASS, Level.SHOULD, False),
    ],
)
def test_only_what_would_fail_is_excused(outcome: Outcome, fail_on: Level, excused: bool) -> None:
    assert is_excused(newer(outcome), fail_on) is excused


def test_a_run_of_nothing_but_newer_ones_decides_nothing() -> None:
    assert exit_status([newer(Outcome.PASS)]) is Exit.INCOMPLETE


def test_what_the_edition_has_is_scored() -> None:
    gate = Gate(date(2026, 1, 1), None, Edition("1.1", frozenset({OLD.requirement})))
    assert gate.passed(OLD) == OLD


@pytest.mark.parametrize("name", editions.names())
def test_every_requirement_of_an_edition_still_has_a_check(name: str) -> None:
    listed = tomllib.loads((files("conformance.editions") / f"{name}.toml").read_text())
    ids = listed["requirements"]
    assert listed["edition"] == name and ids == sorted(set(ids))
    assert set(ids) <= set(requirements())


def test_the_file_of_an_edition_is_what_the_command_prints() -> None:
    text = editions.frozen("2027.1", ["B-2", "A-1"], date(2027, 1, 2))
    assert tomllib.loads(text) == {
        "edition": "2027.1",
        "frozen": date(2027, 1, 2),
        "requirements": ["A-1", "B-2"],
    }


def test_an_unknown_edition_is_told_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"found '1999', expected one of 2026\.1"):
        editions.load("1999")
