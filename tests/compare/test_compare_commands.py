"""`gateway-conformance diff` and `matrix` as commands: output, files, exit statuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.catalogue import catalogue
from conformance.compare.runs import load, told_apart
from conformance.model import Outcome
from conformance.target import EMBEDDED
from tests.compare.compare_runs import (
    HEADER,
    answer,
    failing,
    recording,
    verdict,
    violation,
    write_run,
)

ID = "ANT-EP-001"
IDS = list(catalogue())


@pytest.fixture
def sound(tmp_path: Path) -> str:
    """A run in which the requirement holds."""
    return str(write_run(tmp_path / "sound", [verdict(ID)], [recording(answer())]))


@pytest.fixture
def broken(tmp_path: Path) -> str:
    """A run in which it fails."""
    return str(write_run(tmp_path / "broken", [failing(ID)], [recording(answer(status=500))]))


def test_diff_says_in_one_line_each_what_got_worse(
    sound: str, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", sound, broken]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "new failures (1)" in lines
    found = "pass -> fail: anthropic-plain#1 status: expected 200, found 500"
    assert f"  {ID}       must   {found}" in lines
    assert "  status: 200 -> 500, in anthropic-plain#1" in lines
    assert lines[-1] == "B is worse than A: 1 new failure"


def test_diff_is_quiet_about_equal_runs(sound: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", sound, sound]) == 0
    assert capsys.readouterr().out.splitlines()[2:] == [
        "",
        "Nothing got worse: the verdicts are the same",
    ]


def test_diff_tells_what_is_fixed(
    sound: str, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", broken, sound]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Nothing got worse: 1 fixed"


def test_diff_prints_one_json_object_with_the_documented_keys(
    sound: str, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", sound, broken, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["a", "b", "exit_status", "notes", "counts", "differences", "shapes"]
    assert found["a"]["counts"]["pass"] == 1 and found["b"]["truncated"] is False
    assert found["exit_status"] == 1 and found["counts"]["new_failure"] == 1
    difference = found["differences"][0]
    assert (difference["requirement"], difference["change"]) == (ID, "new_failure")
    assert difference["worse"] is True and difference["appeared"] == [["anthropic-plain", "status"]]
    assert difference["a"]["outcome"] == "pass" and difference["b"]["outcome"] == "fail"
    assert found["shapes"] == [
        {"scenario": "anthropic-plain", "exchange": 1, "where": "status", "a": "200", "b": "500"}
    ]


def test_diff_writes_a_page_and_keeps_json_alone_on_standard_output(
    sound: str, broken: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "new" / "diff.html"
    assert main(["diff", sound, broken, "--json", "--html", str(page)]) == 1
    written = capsys.readouterr()
    assert json.loads(written.out) and written.err.strip() == str(page)
    assert "B is worse than A" in page.read_text(encoding="utf-8")


def test_diff_cuts_long_sections_and_joins_equal_reasons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = write_run(tmp_path / "a", [verdict(id) for id in IDS[:60]])
    b = write_run(tmp_path / "b", [failing(id) for id in IDS[:30]])
    assert main(["diff", str(a), str(b)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "  and 10 more (--json and --html have all)" in lines
    assert sum("B has no verdict on it" in line for line in lines) == 1
    assert lines[-1] == "B is worse than A: 30 new failures, 30 lost checks"


def test_what_a_gateway_says_cannot_steer_the_terminal(
    sound: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = failing(ID, violation(actual="\x1b[31m\r\nall passed\u202e" + "x" * 500))
    b = write_run(tmp_path / "b", [evil])
    assert main(["diff", sound, str(b)]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\r" not in out and "\u202e" not in out
    assert max(map(len, out.splitlines())) <= 160


def test_a_truncated_run_leaves_the_comparison_open(
    sound: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = write_run(tmp_path / "cut", [], is_whole=False)
    assert main(["diff", sound, str(cut)]) == 7
    out = capsys.readouterr().out
    assert "note: B is truncated" in out and "not reached by the interrupted run (1)" in out
    assert "lost" not in out


def test_a_must_that_becomes_inconclusive_leaves_the_comparison_open(
    sound: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    b = write_run(tmp_path / "b", [verdict(ID, Outcome.INCONCLUSIVE, "429")])
    assert main(["diff", sound, str(b)]) == 7
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "Nothing seen got worse, but B could not decide 1 MUST that A decided"


@pytest.mark.parametrize("command", [["diff", "{sound}", "{bad}"], ["matrix", "{bad}"]])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(None, "No such file or directory", id="absent"),
        pytest.param("", "no header", id="empty"),
        pytest.param("{}\n", "no header", id="no-header"),
        pytest.param('{"type": "header", "format": 99}\n', "no header", id="another-format"),
        pytest.param(
            '{"type": "header", "format": 1}\n{"type": "verdict"}\n', "a verdict", id="half-verdict"
        ),
        pytest.param(b"\xff\xfe", "", id="no-text"),
    ],
)
def test_a_run_that_cannot_be_read_is_one_line_and_status_4(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    text: str | bytes | None,
    found: str,
) -> None:
    sound = write_run(tmp_path / "sound", [verdict(ID)])
    bad = tmp_path / "bad"
    if text is not None:
        bad.mkdir()
        (bad / "verdicts.jsonl").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main([word.format(sound=sound, bad=bad) for word in command]) == 4
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and found in error


def test_a_recording_that_cannot_be_read_is_said_and_the_rest_compared(
    sound: str, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(broken, "recordings", "openai-plain.json").write_text("{")
    assert main(["diff", sound, broken]) == 1
    assert (
        "note: B has a recording that cannot be read: openai-plain.json" in capsys.readouterr().out
    )


def test_matrix_writes_one_page_and_says_where(
    sound: str, broken: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert main(["matrix", sound, broken, "-o", str(page), "--name", "Old", "New"]) == 0
    assert capsys.readouterr().out.strip() == str(page)
    assert "<title>Conformance of Old and New</title>" in page.read_text(encoding="utf-8")


def test_matrix_writes_matrix_html_here_by_default(
    sound: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["matrix", sound]) == 0
    assert Path("matrix.html").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["--name", "one"], "found 1 names for 2 runs", id="too-few"),
        pytest.param(["--name", "one", "--name", "one"], "the same name twice", id="twice"),
        pytest.param(["-o", "."], "cannot be written (it is a folder)", id="folder"),
    ],
)
def test_matrix_refuses_what_makes_no_page(
    sound: str, broken: str, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["matrix", sound, broken, *options]) == 4
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["diff"], ["diff", "a"], ["matrix"], ["diff", "a", "b", "-x"]]
)
def test_wrong_usage_is_status_4(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)

    assert stopped.value.code == 4


@pytest.mark.parametrize(
    ("header", "name"),
    [
        pytest.param({"profile": "tokenhub"}, "tokenhub", id="profile"),
        pytest.param({"profile": "generic"}, "gateway.example", id="host"),
        pytest.param({"origin": EMBEDDED}, "reference gateway", id="embedded"),
        pytest.param(
            {"origin": EMBEDDED, "configuration": {"faults": ["f"]}},
            "reference gateway, f",
            id="fault",
        ),
    ],
)
def test_a_run_is_called_by_its_profile_or_host(
    tmp_path: Path, header: dict[str, object], name: str
) -> None:
    assert load(write_run(tmp_path / "a", [], header=header)).name == name


def test_runs_of_one_target_are_told_apart_by_time_and_then_by_number(tmp_path: Path) -> None:
    times = ["2026-11-21T10:00:00", "2026-11-22T10:00:00", "2026-11-22T10:00:00"]
    runs = [
        load(write_run(tmp_path / str(n), [], header={**HEADER, "started_at": time}))
        for n, time in enumerate(times)
    ]

    assert told_apart(runs) == [
        "gateway.example 2026-11-21 10:00:00",
        "gateway.example 2026-11-22 10:00:00 (1)",
        "gateway.example 2026-11-22 10:00:00 (2)",
    ]
