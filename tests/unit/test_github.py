"""What GitHub Actions is told, and that nothing from the traffic can speak to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import github
from conformance.model import Level, Outcome, Verdict, Violation
from conformance.wording import explained

INSIDE = {"GITHUB_ACTIONS": "true"}


def failing(id: str = "OAI-CHAT-015", actual: str = "19") -> Verdict:
    """A failing verdict."""
    violation = Violation("usage.total_tokens", "9", actual, Level.MUST, "openai-plain#1")
    return Verdict(id, Level.MUST, Outcome.FAIL, "", (), (violation,))


def told(*verdicts: Verdict, failure: str = "", **environ: str) -> list[str]:
    """The lines that are printed."""
    lines: list[str] = []
    github.tell(verdicts, failure, "# Summary", environ, lines.append)
    return lines


def test_a_failure_is_an_error_with_its_requirement_as_title() -> None:
    assert told(failing(), **INSIDE) == [
        "::error title=OAI-CHAT-015 (MUST)::openai-plain#1 usage.total_tokens: expected 9, found 19"
    ]


def test_outside_of_actions_nothing_is_said(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    assert not told(failing(), GITHUB_STEP_SUMMARY=str(path))
    assert not path.exists()


def test_a_text_from_the_gateway_cannot_start_a_command() -> None:
    hostile = "x\n::add-mask::y\r\n::stop-commands::z%0A::error::50%"
    line = told(failing(actual=hostile), **INSIDE)[0]
    assert "\n" not in line and "\r" not in line
    assert line.endswith("50%25") and "%250A" in line
    lines = explained(failing(actual=hostile)).splitlines()
    assert not [text for text in lines if text.lstrip().startswith("::")]


def test_a_title_escapes_what_would_end_it() -> None:
    assert github._error("a:b,c%", "x") == "::error title=a%3Ab%2Cc%25::x"


@pytest.mark.parametrize(("count", "lines"), [(10, 10), (11, 10), (40, 10), (1, 1)])
def test_no_more_is_said_than_github_shows(count: int, lines: int) -> None:
    found = told(*(failing(f"OAI-CHAT-{number:03}") for number in range(count)), **INSIDE)
    assert len(found) == lines
    assert ("more; see the report" in found[-1]) is (count > 10)
    if count > 10:
        assert f"::{count - 9} more" in found[-1]


def test_why_nothing_was_judged_is_an_error_too() -> None:
    assert told(failure="no key", **INSIDE) == ["::error title=Nothing was judged::no key"]


def test_the_summary_is_added_to_that_of_the_step(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    path.write_text("before\n")
    told(**INSIDE, GITHUB_STEP_SUMMARY=str(path))
    assert path.read_text() == "before\n# Summary\n\n"
