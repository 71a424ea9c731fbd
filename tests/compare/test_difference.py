"""What became of each requirement between two runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.compare.comparison import Comparison, compared
from conformance.compare.difference import Change
from conformance.compare.runs import load
from conformance.exits import Exit
from conformance.model import Level, Outcome, Verdict
from conformance.ways import way
from tests.compare.compare_runs import failing, verdict, violation, warned, write_run

ID = "ANT-EP-001"
NOT_RUN = verdict(ID, Outcome.NOT_RUN, "needs keys.capped")
INAPPLICABLE = verdict(ID, Outcome.NOT_APPLICABLE, "does not claim anthropic")
BLOCKED = verdict(ID, Outcome.NOT_RUN, "blocked by ANT-VAL-000")
UNDECIDED = verdict(ID, Outcome.INCONCLUSIVE, "the target answered 429")
KNOWN = Verdict(ID, Level.MUST, Outcome.KNOWN, "#1", (), (violation(),))
ELSEWHERE = failing(ID, violation("body.type"))


def comparison(
    folder: Path,
    before: Verdict | None,
    after: Verdict | None,
    fail_on: Level = Level.MUST,
    is_whole: bool = True,
) -> Comparison:
    """The comparison of two runs of one or no verdict each."""
    a = write_run(folder / "a", [before] if before else [])
    b = write_run(folder / "b", [after] if after else [], is_whole=is_whole)
    return compared(load(a), load(b), fail_on)


@pytest.mark.parametrize(
    ("before", "after", "change", "status"),
    [
        pytest.param(verdict(ID), failing(ID), Change.NEW_FAILURE, 1, id="pass-fail"),
        pytest.param(None, failing(ID), Change.NEW_FAILURE, 1, id="absent-fail"),
        pytest.param(NOT_RUN, failing(ID), Change.NEW_FAILURE, 1, id="not-run-fail"),
        pytest.param(warned(ID), failing(ID), Change.NEW_FAILURE, 1, id="warn-fail"),
        pytest.param(KNOWN, failing(ID), Change.NEW_FAILURE, 1, id="known-fail-the-same-way"),
        pytest.param(KNOWN, ELSEWHERE, Change.CHANGED, 1, id="known-fail-another-way"),
        pytest.param(failing(ID), ELSEWHERE, Change.CHANGED, 1, id="fail-another-way"),
        pytest.param(verdict(ID), None, Change.LOST, 1, id="pass-absent"),
        pytest.param(failing(ID), NOT_RUN, Change.LOST, 1, id="fail-not-run"),
        pytest.param(verdict(ID), INAPPLICABLE, Change.LOST, 1, id="pass-not-applicable"),
        pytest.param(verdict(ID), BLOCKED, Change.BLOCKED, 1, id="pass-blocked"),
        pytest.param(verdict(ID), warned(ID), Change.NEW_WARNING, 0, id="pass-warn"),
        pytest.param(verdict(ID), UNDECIDED, Change.OUTCOME, 7, id="pass-inconclusive"),
        pytest.param(failing(ID), warned(ID), Change.OUTCOME, 0, id="fail-warn"),
        pytest.param(failing(ID), KNOWN, Change.OUTCOME, 0, id="fail-known"),
        pytest.param(NOT_RUN, verdict(ID), Change.OUTCOME, 0, id="not-run-pass"),
        pytest.param(NOT_RUN, None, Change.OUTCOME, 0, id="not-run-absent"),
        pytest.param(failing(ID), verdict(ID), Change.FIXED, 0, id="fail-pass"),
        pytest.param(warned(ID), verdict(ID), Change.FIXED, 0, id="warn-pass"),
        pytest.param(None, verdict(ID), Change.NEW, 0, id="absent-pass"),
        pytest.param(
            verdict(ID), verdict(ID, level=Level.SHOULD), Change.LEVEL, 0, id="must-should"
        ),
    ],
)
def test_a_change_is_named_and_decides_the_exit_status(
    tmp_path: Path, before: Verdict | None, after: Verdict | None, change: Change, status: int
) -> None:
    found = comparison(tmp_path, before, after)

    assert [difference.change for difference in found.differences] == [change]
    assert found.exit_status == status


@pytest.mark.parametrize(
    "same", [verdict(ID), failing(ID), NOT_RUN, UNDECIDED, KNOWN], ids=lambda v: v.outcome
)
def test_the_same_verdict_is_no_difference(tmp_path: Path, same: Verdict) -> None:
    found = comparison(tmp_path, same, same)

    assert found.differences == () and found.exit_status is Exit.CONFORMS


def test_values_ids_and_indices_are_no_other_way_to_fail(tmp_path: Path) -> None:
    before = failing(ID, violation("events[3].data", "openai-stream#1", "stop"))
    after = failing(ID, violation("events[17].data", "openai-stream#2", "length"))

    assert comparison(tmp_path, before, after).differences == ()


def test_a_way_is_the_scenario_and_the_location_without_indices() -> None:
    assert way(violation("events[3].choices[0].delta", "openai-stream#12")) == (
        "openai-stream",
        "events[].choices[].delta",
    )


def test_failing_in_fewer_ways_is_a_change_but_not_worse(tmp_path: Path) -> None:
    found = comparison(
        tmp_path, failing(ID, violation("a"), violation("b")), failing(ID, violation("a"))
    )

    assert [d.change for d in found.differences] == [Change.CHANGED]
    assert found.differences[0].vanished == (("anthropic-plain", "b"),)
    assert found.differences[0].why == "fail -> fail: no longer at anthropic-plain b"
    assert found.exit_status is Exit.CONFORMS


def test_a_change_says_where_the_failure_is_new(tmp_path: Path) -> None:
    found = comparison(tmp_path, failing(ID), failing(ID, violation(), violation("body.type")))

    assert "now at anthropic-plain#1 body.type: expected 200, found 500" in found.differences[0].why


def test_another_level_is_said_beside_the_outcome(tmp_path: Path) -> None:
    found = comparison(tmp_path, verdict(ID), verdict(ID, level=Level.SHOULD))

    assert found.differences[0].why == "pass -> pass, must -> should"


def test_what_the_baseline_knows_by_now_is_not_worse(tmp_path: Path) -> None:
    found = comparison(tmp_path, verdict(ID), KNOWN)

    assert [d.change for d in found.differences] == [Change.OUTCOME]
    assert found.exit_status is Exit.CONFORMS


def test_a_new_warning_is_worse_only_on_demand(tmp_path: Path) -> None:
    found = comparison(tmp_path, verdict(ID), warned(ID), Level.SHOULD)

    assert found.exit_status is Exit.FAILED


def test_a_should_that_becomes_inconclusive_leaves_nothing_open(tmp_path: Path) -> None:
    before = verdict(ID, level=Level.SHOULD)
    after = verdict(ID, Outcome.INCONCLUSIVE, "429", Level.SHOULD)

    assert comparison(tmp_path, before, after).exit_status is Exit.CONFORMS


def test_what_a_truncated_run_lacks_is_not_reached_and_not_lost(tmp_path: Path) -> None:
    found = comparison(tmp_path, verdict(ID), None, is_whole=False)

    assert [d.change for d in found.differences] == [Change.NOT_REACHED]
    assert "B is truncated: its file has no footer and holds 0 of 3 verdicts" in found.notes[1]


def test_a_truncated_run_is_never_simply_not_worse(tmp_path: Path) -> None:
    found = comparison(tmp_path, verdict(ID), verdict(ID), is_whole=False)

    assert found.differences == () and found.exit_status is Exit.INCOMPLETE


def test_a_failure_in_a_truncated_run_is_worse(tmp_path: Path) -> None:
    found = comparison(tmp_path, verdict(ID), failing(ID), is_whole=False)

    assert found.exit_status is Exit.FAILED


def test_a_run_that_lost_lines_counts_as_truncated(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", [verdict(ID), verdict("ANT-EP-005")])
    file = folder / "verdicts.jsonl"
    lines = file.read_text().split("\n")
    file.write_text("\n".join([*lines[:2], lines[2][:20], *lines[3:]]))

    assert not load(folder).is_whole


def test_the_most_severe_comes_first(tmp_path: Path) -> None:
    a = write_run(
        tmp_path / "a",
        [
            failing("ANT-EP-001"),
            verdict("ANT-EP-005"),
            verdict("ANT-ERR-001"),
            warned("ANT-HDR-001"),
        ],
    )
    b = write_run(
        tmp_path / "b", [verdict("ANT-EP-001"), failing("ANT-ERR-001"), verdict("ANT-HDR-001")]
    )
    found = compared(load(a), load(b)).differences

    assert [d.requirement for d in found] == [
        "ANT-ERR-001",
        "ANT-EP-005",
        "ANT-EP-001",
        "ANT-HDR-001",
    ]


def test_notes_name_what_makes_the_runs_less_comparable(tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", [verdict(ID)])
    other = {"suite_version": "2027.1.0", "configuration": {"concurrency": 8, "smoke": True}}
    failure = {"failure": {"found": "connection refused", "fix": "start it"}, "lost": "3 in a row"}
    b = write_run(tmp_path / "b", [verdict(ID)], header=other, preflight=failure)
    notes = compared(load(a), load(b)).notes

    assert "the suite version differs: 2026.1.0 in A, 2027.1.0 in B" in notes
    assert "the configurations differ: smoke" in notes
    assert "B judged nothing: connection refused" in notes
    assert "B broke off: 3 in a row" in notes
    assert "A has no recordings: the shapes of its answers are not compared" in notes
