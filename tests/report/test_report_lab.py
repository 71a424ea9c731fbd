"""What the lab saw is shown as evidence, told apart by its side and its provider."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from report_pages import ASKED, HEADER, answered, page, recording, text_of, verdict

from conformance.model import Exchange, Recording, Side, Violation
from conformance.registry import scenarios
from conformance.report.coverage import LeftOut, coverage
from conformance.verdicts import Judged

NAME = "lab-passage-anthropic-openai"
BEHIND = Exchange(
    f"{NAME}#2",
    replace(ASKED, url="http://127.0.0.1:9/openai-first/v1/chat/completions"),
    answered(b'{"a": 1}'),
    side=Side.UPSTREAM,
    provider="openai-first",
)


def both_sides() -> Recording:
    """A recording with an exchange of either side."""
    sent = recording(NAME, answered(b"{}")).exchanges
    return Recording(NAME, (*sent, BEHIND))


def test_an_exchange_of_the_lab_names_its_side_and_its_provider(tmp_path: Path) -> None:
    html = page(tmp_path, [], [both_sides()])

    assert "upstream, provider openai-first" in text_of(html)
    assert text_of(html).count("upstream, provider") == 2  # its line, and its table


@pytest.mark.parametrize(
    ("where", "line"),
    [("request.headers.x-api-key", "x-api-key"), ("request.body.content", "content")],
    ids=["a header", "a member of the body"],
)
def test_a_violation_is_marked_at_the_line_of_the_request_that_it_means(
    tmp_path: Path, where: str, line: str
) -> None:
    seen = Violation(where, "no credential of a client", "one", None, BEHIND.id)
    html = page(tmp_path, [verdict("GW-UP-006", seen)], [both_sides()])

    evidence = html[html.index('id="lab-passage-anthropic-openai-2"') :]
    said = evidence.index("no credential of a client")
    assert line in evidence[said - 400 : said] and '<div class="notice">' not in evidence[:said]


@pytest.mark.parametrize(
    ("violated", "shown"), [(True, 2), (False, 0)], ids=["with a violation", "without one"]
)
def test_of_what_was_provoked_both_sides_are_shown_where_something_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, violated: bool, shown: int
) -> None:
    faulty = replace(scenarios()[NAME], upstream="faulty")
    monkeypatch.setitem(scenarios(), NAME, faulty)  # type: ignore[arg-type]
    found = [verdict("GW-UP-006", Violation("status", "429", "500", None, f"{NAME}#1"))]
    html = page(tmp_path, found if violated else [], [both_sides()])

    assert html.count('<span class="id">') == shown


@pytest.mark.parametrize(
    ("lab", "is_left_out"), [("", True), ("http://127.0.0.1:9", False)], ids=["without", "with"]
)
def test_a_run_without_a_lab_says_what_it_left_out(lab: str, is_left_out: bool) -> None:
    judged = Judged({**HEADER, "lab": lab}, {}, (), {})
    words = [item for item in coverage(judged).left_out if item.what.startswith("the lab")]

    assert bool(words) is is_left_out
    assert all(isinstance(item, LeftOut) and item.line.startswith("--lab=URL") for item in words)
