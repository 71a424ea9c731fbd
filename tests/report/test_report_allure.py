"""Allure results and Allure's report: what a case says, what stands beside, what is rendered."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report_pages import ASKED, HEADER, answered, page, recording, streamed, verdict

from conformance.__main__ import main
from conformance.model import Level, Outcome, Violation
from conformance.report import allure_folder, allure_page
from conformance.report.case import case, evidence
from conformance.report.symptoms import symptoms
from conformance.verdicts import Judged

BROKEN = verdict(
    "ANT-STR-014", Violation("events[1].data.index", "0", "1", exchange="anthropic-stream#1")
)
MADE = recording("anthropic-stream", streamed())


def _labels(found, name: str) -> list[str]:
    return [value for key, value in found.labels if key == name]


def test_a_case_is_filed_by_protocol_family_and_symptom() -> None:
    found = case(BROKEN)
    assert _labels(found, "epic") == ["Anthropic Messages"]
    assert _labels(found, "feature") == ["ANT-STR"]
    assert _labels(found, "story") == [symptoms()["stream-lost-text"].symptom]
    assert {"must", "stream"} <= set(_labels(found, "tag"))


@pytest.mark.parametrize(
    ("level", "severity"), [("must", "critical"), ("should", "normal"), ("may", "minor")]
)
def test_severity_is_the_level(level: str, severity: str) -> None:
    assert _labels(case(replace(BROKEN, level=Level(level))), "severity") == [severity]


@pytest.mark.parametrize(
    ("outcome", "flags", "status"),
    [
        ("fail", (), "failed"),
        ("fail", ("unscored",), "skipped"),
        ("inconclusive", (), "broken"),
        ("inconclusive", ("unscored",), "skipped"),
        ("warn", (), "passed"),
        ("info", (), "passed"),
        ("pass", ("flaky",), "passed"),
        ("pass", ("bad_baseline",), "failed"),
        ("known", (), "skipped"),
        ("not_run", (), "skipped"),
        ("not_applicable", (), "skipped"),
    ],
)
def test_the_status_follows_outcome_and_flags(outcome: str, flags: Any, status: str) -> None:
    assert case(replace(BROKEN, outcome=Outcome(outcome), flags=flags)).status == status


def test_a_case_links_to_the_sources_of_its_rule_and_to_issues() -> None:
    links = case(verdict("ANT-STR-031")).links
    assert {"link", "issue"} == {type for type, _, _ in links}
    assert all(url.startswith("https://") for _, url, _ in links)


def test_a_case_of_another_version_has_what_is_known() -> None:
    found = case(replace(BROKEN, requirement="ANT-GONE-001"))
    assert found.links == () and found.trace == "" and found.status == "failed"


def test_the_evidence_is_request_response_events_and_command() -> None:
    files = {file.name: file for file in evidence(MADE.exchanges[0])}
    assert files["request.http"].text.startswith("POST http://127.0.0.1:8080/api/v1/messages\n")
    assert files["response.http"].text.startswith("HTTP 200\ncontent-type: text/event-stream\n")
    rows = list(csv.DictReader(files["events.csv"].text.splitlines()))
    assert [row["event"] for row in rows] == ["ping", "content_block_start", "message_stop"]
    assert sum(float(row["gap ms"]) for row in rows) == float(rows[-1]["ms"]) == 900
    assert files["curl.sh"].text.startswith("curl ") and "$GATEWAY_API_KEY" in files["curl.sh"].text
    assert json.loads(files["anthropic-stream#1.json"].text)["id"] == "anthropic-stream#1"
    assert [file.media_type for file in files.values()] == [
        "text/plain",
        "text/plain",
        "text/csv",
        "text/plain",
        "application/json",
    ]


def test_a_plain_answer_has_no_events_and_no_answer_has_no_response() -> None:
    plain = recording("openai-plain", answered(b"{}")).exchanges[0]
    assert "events.csv" not in {file.name for file in evidence(plain)}
    names = {file.name for file in evidence(replace(plain, response=None))}
    assert names == {"request.http", "curl.sh", "openai-plain#1.json"}


def _written(folder: Path, *verdicts, **header) -> list[dict[str, Any]]:
    judged = Judged({**HEADER, **header}, {"models": {"openai": "m"}}, verdicts)
    allure_folder.write(folder, judged, {"anthropic-stream": MADE})
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*-result.json"))]


def test_every_attachment_of_a_result_is_written(tmp_path: Path) -> None:
    (result,) = _written(tmp_path, BROKEN)
    (step,) = result["steps"]
    assert step["name"] == "anthropic-stream#1"
    assert len({(tmp_path / file["source"]).read_text() for file in step["attachments"]}) == 5


def test_history_is_the_same_in_every_run_and_the_result_is_not(tmp_path: Path) -> None:
    (one,) = _written(tmp_path / "1", BROKEN)
    (two,) = _written(tmp_path / "2", replace(BROKEN, level=Level.SHOULD), started_at="2026-12-01")
    assert one["historyId"] == two["historyId"] and one["uuid"] != two["uuid"]
    assert all(parameter["excluded"] for parameter in one["parameters"])


def test_the_environment_names_target_and_version(tmp_path: Path) -> None:
    _written(tmp_path, BROKEN, target="http://h/a\nb")
    lines = (tmp_path / "environment.properties").read_text().splitlines()
    assert "Target = http://h/a b" in lines and "Suite.version = 2026.1.0" in lines
    assert "Model.openai = m" in lines
    assert all(re.match(r"\S+ = \S", line) for line in lines)


@pytest.mark.parametrize(
    ("environ", "name", "url"),
    [
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_RUN_ID": "9",
                "GITHUB_RUN_NUMBER": "7",
            },
            "GitHub Actions",
            "https://github.com/o/r/actions/runs/9",
        ),
        (
            {"GITLAB_CI": "true", "CI_PIPELINE_IID": "7", "CI_PIPELINE_URL": "https://g/p/9"},
            "GitLab CI",
            "https://g/p/9",
        ),
        (
            {"JENKINS_URL": "https://j", "BUILD_NUMBER": "7", "BUILD_URL": "https://j/7"},
            "Jenkins",
            "https://j/7",
        ),
    ],
    ids=["github", "gitlab", "jenkins"],
)
def test_the_executor_is_the_ci_that_ran_it(environ: dict[str, str], name: str, url: str) -> None:
    found = allure_folder.executor(environ)
    assert (found["name"], found["buildUrl"], found["buildOrder"]) == (name, url, 7)


def test_by_hand_the_executor_is_the_suite() -> None:
    assert allure_folder.executor({}) == {"name": "gateway-conformance", "type": "local"}


def _category(message: str, status: str) -> list[str]:
    return [
        row["name"]
        for row in allure_folder.categories()
        if status in row["matchedStatuses"] and re.fullmatch(row["messageRegex"], message)
    ]


@pytest.mark.parametrize("prefix", ["", "Skipped: ", "Failed: "])
def test_each_case_is_in_one_category(prefix: str) -> None:
    undecided = replace(BROKEN, violations=(), reason="429", outcome=Outcome.INCONCLUSIVE)
    skipped = replace(undecided, outcome=Outcome.NOT_RUN)
    assert _category(case(BROKEN).message, "failed") == [symptoms()["stream-lost-text"].symptom]
    assert _category(prefix + case(undecided).message, "broken") == ["Inconclusive"]
    assert _category(prefix + case(skipped).message, "skipped") == ["Not run"]
    known = case(replace(BROKEN, outcome=Outcome.KNOWN))
    assert _category(known.message, known.status) == ["Known failure"]


# ---------------------------------------------------------------------- rendered by Allure


FAKE = """#!/bin/sh
[ "$1" = --version ] && echo {version} && exit
while [ $# -gt 0 ]; do [ "$1" = --output ] && out=$2; results=$1; shift; done
[ {status} = 0 ] || {{ echo "no such plugin" >&2; exit {status}; }}
mkdir -p "$out" && ls "$results" > "$out/index.html"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with no allure command but what is put there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(allure_page.shutil, "which", lambda _: None)
    page(tmp_path / "run", [BROKEN], [MADE])
    return tmp_path


def _install(here: Path, version: str = "3.18.0", status: int = 0) -> None:
    command = here / "node_modules" / ".bin" / "allure"
    command.parent.mkdir(parents=True)
    command.write_text(FAKE.format(version=version, status=status))
    command.chmod(0o755)


def test_a_run_folder_is_rendered(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _install(here)
    assert main(["report", "--allure", "run"]) == 0
    assert capsys.readouterr().out.strip() == "run/allure-report/index.html"
    listed = (here / "run" / "allure-report" / "index.html").read_text()
    assert "categories.json" in listed and "-result.json" in listed


def test_a_folder_of_results_is_rendered_where_the_user_wants(here: Path) -> None:
    _install(here)
    _written(here / "results", BROKEN)
    assert main(["report", "--allure", "results", "-o", "out"]) == 0
    assert (here / "out" / "index.html").is_file()


@pytest.mark.parametrize(
    ("version", "status", "words"),
    [
        (None, 0, "found no allure command for run/allure-results; install it: npm install"),
        ("2.30.0", 0, "is version 2.30.0, expected 3: npm install"),
        ("3.18.0", 3, "failed with status 3: no such plugin"),
    ],
    ids=["none", "old", "broken"],
)
def test_without_a_usable_allure_one_line_says_what_to_do(
    here: Path, capsys: pytest.CaptureFixture[str], version: str, status: int, words: str
) -> None:
    if version:
        _install(here, version, status)
    assert main(["report", "--allure", "run"]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_an_output_without_allure_is_a_mistake(here: Path) -> None:
    assert main(["report", "run", "-o", "out"]) == 4


def test_the_rendered_page_reports_to_nobody() -> None:
    tracking = (
        '<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>\n'
        "    <script>\n        window.dataLayer = window.dataLayer || [];\n    </script>"
    )
    assert allure_page.private(f"<body>{tracking}<p>x</p></body>") == "<body><p>x</p></body>"


def test_results_hold_no_key_but_the_mark_of_one(tmp_path: Path) -> None:
    _written(tmp_path, BROKEN)
    assert "[key:valid:whole]" in dict(ASKED.headers)["x-api-key"]
    texts = [path.read_text() for path in tmp_path.iterdir()]
    assert any("[key:valid:whole]" in text for text in texts)
