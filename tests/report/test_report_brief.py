"""`summary.md`: twenty lines that stand alone in a chat or a ticket."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from report_pages import HEADER, PREFLIGHT, answered, page, recording, verdict

from conformance.model import Outcome, Violation
from conformance.registry import requirements
from conformance.report import brief
from conformance.report.symptoms import symptoms


def _brief(folder: Path, *arguments, **options) -> str:
    page(folder, *arguments, **options)
    return (folder / brief.NAME).read_text(encoding="utf-8")


def test_a_red_run_says_what_who_where_and_how_to_see_it_again(tmp_path: Path) -> None:
    violation = Violation("status", "401", "200", exchange="anthropic-missing-key#1")
    text = _brief(
        tmp_path,
        [verdict("ANT-AUTH-004", violation), verdict("OAI-HTTP-003")],
        [recording("anthropic-missing-key", answered(b"{}"))],
    )
    assert text.startswith("**Truncated") is False and "2 MUST requirements fail" in text
    assert "- Outcomes: 2 fail" in text
    assert "ANT-AUTH-004 and 1 more, expected `401`, found `200`" in text
    assert "in `anthropic-missing-key#1`, request id `req_1`" in text
    assert f"Report: `{tmp_path / 'report.html'}`" in text
    again = next(line for line in text.splitlines() if line.startswith("- Run again: `"))
    words = shlex.split(again.removeprefix("- Run again: ").strip("`"))
    assert words[-2:] == ["-k", "ANT-AUTH-004 or OAI-HTTP-003"]


def test_the_cause_is_the_one_on_the_gateways_side() -> None:
    assert brief.cause(symptoms()["402"]).startswith("A key without money is still served")
    assert brief.cause(symptoms()["key-leak"]) == symptoms()["key-leak"].cause


def test_a_green_run_has_nothing_to_run_again(tmp_path: Path) -> None:
    text = _brief(tmp_path, [verdict("ANT-EP-001", outcome=Outcome.PASS)], [], exit_status=0)
    assert "Run again" not in text and "- Outcomes: 1 pass" in text


def test_it_never_has_more_than_twenty_lines(tmp_path: Path) -> None:
    text = _brief(tmp_path, [verdict(id) for id in requirements()], [])
    assert len(text.splitlines()) <= brief.LONGEST
    assert "more symptoms" in text and "-k" not in text


def test_flags_and_known_failures_are_counted(tmp_path: Path) -> None:
    flaky = replace(verdict("ANT-EP-001", outcome=Outcome.PASS), flags=("flaky",))
    known = verdict("ANT-STR-011", outcome=Outcome.KNOWN)
    assert "1 known, 1 pass, 1 flaky" in _brief(tmp_path, [flaky, known], [])


def test_a_preflight_failure_is_told_with_its_fix(tmp_path: Path) -> None:
    failure = {"cause": "configuration", "found": "no key", "fix": "set GATEWAY_API_KEY"}
    text = _brief(tmp_path, [], [], preflight={**PREFLIGHT, "failure": failure}, exit_status=6)
    assert "**Nothing was judged: no key**\nset GATEWAY\\_API\\_KEY\n" in text


@pytest.mark.parametrize("hostile", ["`rm`\n\n# big", "[x](http://evil)", "<img>", "@everyone |"])
def test_nothing_from_traffic_becomes_markup(tmp_path: Path, hostile: str) -> None:
    violation = Violation("status", "x", hostile, exchange="a#1")
    header = {**HEADER, "target": hostile}
    text = _brief(tmp_path, [verdict("ANT-AUTH-004", violation)], [], header=header)
    outside = "".join(part for n, part in enumerate(text.split("`")) if n % 2 == 0)
    assert text.count("`") % 2 == 0
    assert not any(mark in outside for mark in ("](", "<img", "@", "# big", "rm"))


def test_what_is_long_is_cut(tmp_path: Path) -> None:
    violation = Violation("status", "x", "y" * 5_000, exchange="a#1")
    assert len(_brief(tmp_path, [verdict("ANT-AUTH-004", violation)], [])) < 1_500
