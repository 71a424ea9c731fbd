"""The gate: baseline and edition in whole runs, and what CI systems read of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from jsonschema import Draft202012Validator
from process_run import ROOT, Run, environment, run

from conformance.flags import Flag

_FAULTS = ("--fault=openai-stream-without-done", "--fault=openai-usage-total-mismatch")
_BROKEN = {"OAI-SSE-007", "OAI-CHAT-015"}
_SCHEMA = json.loads((ROOT / "schemas" / "verdicts.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """A whole run that writes a baseline."""
    place = tmp_path_factory.mktemp("baseline")
    path = place / "known.toml"
    return run(place, *_FAULTS, f"--baseline={path}", "--update-baseline"), path


@pytest.fixture(scope="module")
def mixed(known: tuple[Run, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """A run with workers: a known failure, an expired, a stale and a new one."""
    place = tmp_path_factory.mktemp("mixed")
    text = known[1].read_text().replace("[known.OAI-SSE-007]", "[known.OAI-SSE-008]")
    path = place / "known.toml"
    path.write_text(text.replace("total_tokens", "other"))
    found = run(
        place,
        *(*_FAULTS, "--fault=anthropic-stream-event-name-differs", f"--baseline={path}"),
        *("-k", "OAI-SSE or OAI-CHAT-01 or ANT-STR"),
        *("-n", "2", f"--junitxml={place / 'junit.xml'}"),
        env={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(place / "step.md")},
    )
    return found, place


def test_a_run_that_writes_its_baseline_is_green(known: tuple[Run, Path]) -> None:
    found, path = known
    assert found.status == 0
    assert {id for id, outcome in found.outcomes.items() if outcome == "known"} == _BROKEN
    assert f"baseline: {path}: 2 known" in found.output


def test_known_failures_are_red_under_runxfail(suite, known: tuple[Run, Path]) -> None:
    found = suite(*_FAULTS, f"--baseline={known[1]}", "-k", " or ".join(_BROKEN), "--runxfail")
    assert found.status == 1 and set(found.outcomes.values()) == {"known"}


def test_a_baseline_entry_that_is_wrong_is_red(mixed: tuple[Run, Path]) -> None:
    found, _ = mixed
    flagged = {id for id, v in found.verdicts.items() if Flag.BAD_BASELINE in v.flags}
    assert flagged == {"OAI-CHAT-015", "OAI-SSE-008"}
    assert found.outcomes["OAI-SSE-008"] == "pass" and found.status == 1


def test_junit_says_what_the_verdicts_say(mixed: tuple[Run, Path]) -> None:
    found, place = mixed
    cases = list(ET.parse(place / "junit.xml").iter("testcase"))
    shown = {
        kind: {case.get("name") for case in cases if case.find(kind) is not None}
        for kind in ("failure", "error", "skipped")
    }
    bad = {id for id, v in found.verdicts.items() if Flag.BAD_BASELINE in v.flags}
    said = found.outcomes.items()
    assert shown["failure"] == found.failing | bad >= {"OAI-SSE-007", "OAI-SSE-008"}
    assert shown["error"] == {id for id, outcome in said if outcome == "inconclusive"}
    quiet = {"not_run", "not_applicable", "known"}
    assert shown["skipped"] == {id for id, outcome in said if outcome in quiet}
    assert len(cases) == len(found.verdicts)


def test_github_gets_annotations_and_a_summary(mixed: tuple[Run, Path]) -> None:
    found, place = mixed
    lines = [line for line in found.output.splitlines() if line.startswith("::error ")]
    assert 3 < len(lines) <= 10
    assert any(line.startswith("::error title=OAI-SSE-007 (MUST)::openai-") for line in lines)
    assert (place / "step.md").read_text().strip()


def test_what_a_newer_requirement_says_does_not_decide(tmp_path: Path) -> None:
    found = run(
        tmp_path,
        *(*_FAULTS, "-p", "older_edition", "--edition=2026.1", "-k", "OAI-SSE-00"),
        f"--junitxml={tmp_path / 'junit.xml'}",
        env={"PYTHONPATH": str(Path(__file__).parent)},
    )
    assert found.status == 0 and found.judged.header["edition"] == "2026.1"
    assert found.failing == {"OAI-SSE-007"}
    assert found.verdicts["OAI-SSE-007"].flags == (Flag.UNSCORED,)
    assert "newer than the edition, does not decide: OAI-SSE-007 (fail)" in found.output
    assert not list(ET.parse(tmp_path / "junit.xml").iter("failure"))


_MISTAKES = {
    "update of a part": (
        ("--baseline=known.toml", "--update-baseline", "-k", "OAI-SSE"),
        "are not selected",
    ),
}


@pytest.mark.parametrize(("options", "words"), _MISTAKES.values(), ids=_MISTAKES)
def test_a_mistake_is_one_line_and_status_4(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        check=False,
        **_how(tmp_path),
    )
    told = [line for line in ended.stdout.splitlines() if words in line]
    assert ended.returncode == 4 and len(told) == 1, ended.stdout
    assert not list(tmp_path.iterdir())


def test_a_rehearsal_sends_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--dry-run"],
        check=False,
        **_how(tmp_path),
    )
    assert ended.returncode == 0, ended.stdout
    assert "requests, at most" in ended.stdout and "nothing was sent" in ended.stdout
    assert "recording:" not in ended.stdout


@pytest.mark.parametrize("run", ["known", "mixed"])
def test_every_line_of_the_verdicts_follows_the_schema(
    run: str, request: pytest.FixtureRequest
) -> None:
    found: Run = request.getfixturevalue(run)[0]
    lines = (found.folder / "verdicts.jsonl").read_text().splitlines()
    validator = Draft202012Validator(_SCHEMA)
    for line in lines:
        validator.validate(json.loads(line))
    assert len(lines) == len(found.verdicts) + 3


def test_the_judge_command_takes_a_baseline_too(tmp_path: Path, known: tuple[Run, Path]) -> None:
    command = [sys.executable, "-m", "conformance", "judge", str(known[0].folder), "--no-report"]
    plain = subprocess.run(command, check=False, **_how(tmp_path))
    held = subprocess.run([*command, f"--baseline={known[1]}"], check=False, **_how(tmp_path))
    assert (plain.returncode, held.returncode) == (1, 0), held.stdout
    assert "known OAI-SSE-007: TODO" in held.stdout


def test_the_action_passes_its_inputs_on_unread(tmp_path: Path) -> None:
    (tmp_path / "gateway-conformance" / "bin").mkdir(parents=True)
    command = tmp_path / "gateway-conformance" / "bin" / "gateway-conformance"
    command.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$RUNNER_TEMP/said"\nexit 7\n')
    command.chmod(0o755)
    ended = _action(
        tmp_path,
        INPUT_BASE_URL="http://x/$(touch hacked)",
        INPUT_PROFILE="`touch hacked`",
        INPUT_ARGS="--include=slow\n\n-k\nOAI-SSE or ANT; touch hacked",
    )
    said = (tmp_path / "said").read_text().splitlines()
    assert ended.returncode == 7 and not (tmp_path / "hacked").exists()
    assert said[3:] == [
        "--base-url=http://x/$(touch hacked)",
        "--profile=`touch hacked`",
        "--include=slow",
        "-k",
        "OAI-SSE or ANT; touch hacked",
    ]
    assert "exit-status=7" in (tmp_path / "output").read_text().splitlines()


def _action(place: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The judging step of the action, as a runner starts it."""
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    step: dict[str, Any] = next(step for step in steps if step.get("id") == "judge")
    given = {name: inputs.get(name, "") for name in step["env"]}
    env = {"RUNNER_TEMP": str(place), "GITHUB_OUTPUT": str(place / "output"), **given}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        check=False,
        **{**_how(place), "env": environment(**env), "cwd": place},
    )


def _how(place: Path) -> dict[str, Any]:
    return {
        "cwd": ROOT,
        "env": environment(),
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "text": True,
        "timeout": 60,
    }
