"""Verdicts in words, and the summary on the terminal."""

from __future__ import annotations

import pytest

from conformance.catalogue import catalogue
from conformance.model import Level, Outcome, Verdict, Violation
from conformance.registry import requirements
from conformance.summary import SIX, six_lines, write_summary
from conformance.wording import SHOWN, explained, shortened


def broken(id: str, places: int, outcome: Outcome = Outcome.FAIL) -> Verdict:
    """A verdict with so many violations."""
    violations = tuple(
        Violation(f"events[{n}]", f"expected {n}", f"actual {n}", None, f"made#{n}")
        for n in range(places)
    )
    return Verdict(id, Level.MUST, outcome, violations=violations)


def test_a_violation_is_explained_with_place_rule_and_source() -> None:
    assert explained(broken("ANT-STR-028", 1)).splitlines() == [
        f"ANT-STR-028 (MUST): {requirements()['ANT-STR-028'].title}",
        "  at made#0 events[0]",
        "    expected: expected 0",
        "    actual:   actual 0",
        f"  rule: {catalogue()['ANT-STR-028'].rule}",
        "  source: https://platform.claude.com/docs/en/build-with-claude/streaming",
    ]


@pytest.mark.parametrize(
    ("places", "shown", "more"),
    [
        pytest.param(0, 0, False, id="none"),
        pytest.param(SHOWN, 5, False, id="as many as are shown"),
        pytest.param(SHOWN + 1, 5, True, id="one more"),
    ],
)
def test_five_violations_are_spelled_out(places: int, shown: int, more: bool) -> None:
    text = explained(broken("ANT-STR-028", places))

    assert text.count("  at made#") == shown and ("and 1 more places" in text) is more


@pytest.mark.parametrize(
    ("verdict", "line"),
    [
        pytest.param(
            broken("A-1", 1),
            "A-1: made#0 events[0]: expected expected 0, found actual 0",
            id="one place",
        ),
        pytest.param(
            broken("A-1", 3),
            "A-1: made#0 events[0]: expected expected 0, found actual 0 (and 2 more)",
            id="three places",
        ),
        pytest.param(
            Verdict("A-1", Level.MUST, Outcome.NOT_RUN, "needs keys.capped"),
            "A-1: needs keys.capped",
            id="a reason",
        ),
        pytest.param(Verdict("A-1", Level.MUST, Outcome.PASS), "A-1: holds", id="neither"),
    ],
)
def test_a_verdict_is_shortened_to_a_line(verdict: Verdict, line: str) -> None:
    assert shortened(verdict) == line


def of_six(name: str) -> list[str]:
    """The ids of one documented assertion."""
    return [id for id, requirement in requirements().items() if requirement.six == name]


def verdict(id: str, outcome: Outcome, reason: str = "") -> Verdict:
    """A verdict of some outcome."""
    return Verdict(id, Level.MUST, outcome, reason)


def test_there_is_a_line_for_each_of_the_six() -> None:
    judged = [verdict(id, Outcome.PASS) for name in SIX for id in of_six(name)]

    assert [line.split()[:2] for line in six_lines(judged)] == [[name, "pass"] for name in SIX]


def test_the_worst_outcome_decides_a_line_and_is_named() -> None:
    first, second, *_ = of_six("bearer")
    judged = [verdict(first, Outcome.PASS), verdict(second, Outcome.FAIL)]

    assert f"{'bearer':<18} fail ({second})" in six_lines(judged)


def test_an_assertion_that_was_not_selected_says_so() -> None:
    assert six_lines([]) == [f"{name:<18} not selected" for name in SIX]


def summary(*judged: Verdict, smoke: bool = False) -> list[str]:
    """The lines of a summary."""
    lines: list[str] = []
    write_summary({v.requirement: v for v in judged}, smoke, lines.append)
    return lines


def test_the_summary_counts_by_area() -> None:
    found = summary(
        verdict("ANT-EP-001", Outcome.PASS),
        verdict("ANT-STR-028", Outcome.FAIL),
        verdict("GW-AUTH-006", Outcome.PASS),
    )

    assert found == ["anthropic  1 fail, 1 pass", "gateway    1 pass"]


def test_the_summary_spells_out_warnings() -> None:
    found = summary(broken("OAI-SSE-006", 1, Outcome.WARN))

    assert "warn OAI-SSE-006: made#0 events[0]: expected expected 0, found actual 0" in found


def test_the_summary_says_what_was_not_covered_and_why() -> None:
    found = summary(
        verdict("GW-CAP-001", Outcome.NOT_RUN, "needs keys.capped"),
        verdict("GW-CAP-003", Outcome.NOT_RUN, "needs keys.capped"),
        verdict("ANT-STR-030", Outcome.NOT_RUN, "nothing exercised it"),
    )

    assert found[-1] == "not covered, needs keys.capped: GW-CAP-001, GW-CAP-003"


@pytest.mark.parametrize("smoke", [True, False])
def test_the_six_are_shown_for_the_smoke_selection_only(smoke: bool) -> None:
    found = summary(verdict("ANT-EP-001", Outcome.PASS), smoke=smoke)

    assert any(line.startswith("non-stream") for line in found) is smoke
