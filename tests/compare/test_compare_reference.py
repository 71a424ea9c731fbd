"""Real runs of the reference gateway compared: sound, and wrong in one way each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance import report
from conformance.__main__ import main
from conformance.compare.matrix import matrix
from conformance.compare.runs import Run, load
from conformance.registry import requirements
from tests.compare.compare_pages import Page
from tests.compare.compare_runs import record_run

FAULTS = {
    "index": "anthropic-stream-index-from-one",
    "done": "openai-stream-without-done",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three runs: `sound`, `index` and `done`."""
    folder = tmp_path_factory.mktemp("runs")
    record_run(folder / "sound")
    for name, fault in FAULTS.items():
        record_run(folder / name, fault)
    return folder


def diffed(runs: Path, a: str, b: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """The comparison of two runs as JSON."""
    status = main(["diff", str(runs / a), str(runs / b), "--json"])
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    assert found["exit_status"] == status
    return found


def changes(found: dict[str, object]) -> dict[str, str]:
    """What became of which requirement."""
    rows = found["differences"]
    assert isinstance(rows, list)
    return {row["requirement"]: row["change"] for row in rows}


def test_two_sound_runs_do_not_differ_in_verdict_or_shape(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record_run(runs / "again")
    found = diffed(runs, "sound", "again", capsys)

    assert found["differences"] == [] and found["shapes"] == [] and found["exit_status"] == 0


def test_a_fault_is_a_new_failure_and_blocks_what_needs_it(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = diffed(runs, "sound", "index", capsys)
    told = changes(found)

    assert [id for id, change in told.items() if change == "new_failure"] == ["ANT-STR-014"]
    assert set(told.values()) <= {"new_failure", "blocked"}
    assert found["exit_status"] == 1


def test_one_fault_for_another_is_one_fixed_and_one_new(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = changes(diffed(runs, "index", "done", capsys))

    assert told["ANT-STR-014"] == "fixed" and told["OAI-SSE-007"] == "new_failure"


def test_the_shapes_tell_what_the_fault_leaves_out(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes = diffed(runs, "sound", "done", capsys)["shapes"]
    assert isinstance(shapes, list) and shapes

    assert {row["where"] for row in shapes} == {"events"}
    assert all("[DONE]" in row["a"] and "[DONE]" not in row["b"] for row in shapes)


def test_the_matrix_of_the_three_shows_both_faults_with_evidence(runs: Path) -> None:
    for name in ("sound", *FAULTS):
        report.write(runs / name)
    page = runs / "matrix.html"
    folders = [str(runs / name) for name in ("sound", "index", "done")]
    assert main(["matrix", *folders, "-o", str(page), "--name", "Sound", "Index", "Done"]) == 0
    found = Page(page.read_text(encoding="utf-8"))

    assert not found.dead_links and not found.double_ids
    assert {"run2-ANT-STR-014", "run3-OAI-SSE-007"} <= set(found.values("id"))
    assert "index/report.html#ANT-STR-014" in found.values("href")
    assert "Conformance of Sound, Index and Done" in found.text


def test_the_matrix_has_every_requirement_once(runs: Path) -> None:
    made = matrix(_loaded(runs))

    assert sorted(row.requirement for row in made.rows) == sorted(requirements())
    assert {row.requirement for row in made.rows if row.fails} == {"ANT-STR-014", "OAI-SSE-007"}


def test_no_key_is_in_a_page(runs: Path) -> None:
    folders = [str(runs / name) for name in ("sound", "index")]
    assert main(["matrix", *folders, "-o", str(runs / "m.html")]) == 0
    assert main(["diff", *folders, "--html", str(runs / "d.html")]) == 1

    for name in ("m.html", "d.html"):
        assert "th-" not in Page((runs / name).read_text(encoding="utf-8")).text


def _loaded(runs: Path) -> list[Run]:
    return [load(runs / name) for name in ("sound", *FAULTS)]
