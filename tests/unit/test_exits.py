"""The exit status of a run: the first rule that applies decides."""

from __future__ import annotations

import pytest

from conformance.exits import NOT_COVERED, Exit, exit_status, is_not_covered
from conformance.model import Level, Outcome, Verdict

CONFORMS, FAILED, INCOMPLETE = Exit.CONFORMS, Exit.FAILED, Exit.INCOMPLETE


def verdict(outcome: Outcome, level: Level = Level.MUST, reason: str = "") -> Verdict:
    """A verdict of some outcome."""
    return Verdict("ANT-EP-001", level, outcome, reason)


PASS = verdict(Outcome.PASS)
FAIL = verdict(Outcome.FAIL)
WARN = verdict(Outcome.WARN, Level.SHOULD)
INFO = verdict(Outcome.INFO, Level.MAY)
KNOWN = verdict(Outcome.KNOWN)
UNSURE = verdict(Outcome.INCONCLUSIVE, reason="network lost")
BLOCKED = verdict(Outcome.NOT_RUN, reason="blocked by OAI-HTTP-001")
IDLE = verdict(Outcome.NOT_RUN, reason="nothing exercised it")
KEYLESS = verdict(Outcome.NOT_RUN, reason="needs keys.capped")
UNFIT = verdict(Outcome.NOT_APPLICABLE, reason="the profile does not claim tools")


def should(given: Verdict) -> Verdict:
    """The same verdict on a SHOULD."""
    return verdict(given.outcome, Level.SHOULD, given.reason)


@pytest.mark.parametrize(
    ("judged", "fail_on", "complete", "status"),
    [
        pytest.param([PASS], "must", False, CONFORMS, id="a pass"),
        pytest.param([PASS, FAIL], "must", False, FAILED, id="one fail"),
        pytest.param([PASS, FAIL, UNSURE], "must", False, FAILED, id="fail before inconclusive"),
        pytest.param([PASS, WARN], "must", False, CONFORMS, id="a warning"),
        pytest.param([PASS, WARN], "should", False, FAILED, id="a warning that fails"),
        pytest.param([PASS, INFO], "should", False, CONFORMS, id="an info never fails"),
        pytest.param([PASS, KNOWN], "should", False, CONFORMS, id="a known failure"),
        pytest.param([PASS, UNSURE], "must", False, INCOMPLETE, id="a MUST inconclusive"),
        pytest.param([PASS, should(UNSURE)], "must", False, CONFORMS, id="a SHOULD inconclusive"),
        pytest.param([PASS, BLOCKED], "must", False, INCOMPLETE, id="a MUST blocked"),
        pytest.param([PASS, IDLE], "must", False, INCOMPLETE, id="a MUST nothing exercised"),
        pytest.param([PASS, should(IDLE)], "must", True, CONFORMS, id="a SHOULD not run"),
        pytest.param([PASS, KEYLESS], "must", False, CONFORMS, id="not covered"),
        pytest.param([PASS, KEYLESS], "must", True, INCOMPLETE, id="not covered, all required"),
        pytest.param([PASS, UNFIT], "must", True, CONFORMS, id="not applicable"),
        pytest.param([WARN], "must", False, CONFORMS, id="only a warning"),
        pytest.param([INFO], "must", False, CONFORMS, id="only an info"),
        pytest.param([], "must", False, INCOMPLETE, id="nothing judged"),
        pytest.param([KEYLESS, UNFIT], "must", False, INCOMPLETE, id="nothing decided"),
        pytest.param([should(UNSURE)], "must", False, INCOMPLETE, id="only inconclusive"),
    ],
)
def test_verdicts_amount_to_an_exit_status(
    judged: list[Verdict], fail_on: str, complete: bool, status: Exit
) -> None:
    assert exit_status(judged, Level(fail_on), complete) is status
    assert exit_status(reversed(judged), Level(fail_on), complete) is status


@pytest.mark.parametrize("reason", NOT_COVERED)
def test_what_the_profile_lacks_is_not_covered(reason: str) -> None:
    assert is_not_covered(verdict(Outcome.NOT_RUN, reason=f"{reason} and more"))
    assert not is_not_covered(verdict(Outcome.INCONCLUSIVE, reason=f"{reason} and more"))


@pytest.mark.parametrize(
    ("status", "number"),
    [(Exit.CONFORMS, 0), (Exit.FAILED, 1), (Exit.PREFLIGHT, 6), (Exit.INCOMPLETE, 7)],
)
def test_the_numbers_are_a_promise(status: Exit, number: int) -> None:
    assert int(status) == number
