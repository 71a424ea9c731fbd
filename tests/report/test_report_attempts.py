"""What is known, flaky or unscored is shown as such, both attempts side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from report_pages import ASKED, answered, page, text_of, verdict

from conformance.model import (
    Exchange,
    Failure,
    FailureKind,
    Outcome,
    Recording,
    Response,
    Violation,
)
from conformance.report.attempts import attempts, tried_again
from conformance.report.summary import banner
from conformance.verdicts import Judged

NAME = "anthropic-plain"


def exchange(number: int, response: Response | None, *, superseded: bool = False) -> Exchange:
    """One attempt at the same request."""
    failure = None if response else Failure(FailureKind.RESET, "reset")
    return Exchange(f"{NAME}#{number}", ASKED, response, failure, superseded=superseded)


LOST = exchange(1, None, superseded=True)
GOOD = exchange(2, answered(b"{}"))
FLAKY = replace(
    verdict("ANT-EP-001", outcome=Outcome.PASS),
    reason=f"held in 1 of 1; flaky: {NAME}#1 got reset, then {NAME}#2 got 200",
    flags=("flaky",),
)


def test_a_request_and_what_it_was_tried_again_as_belong_together() -> None:
    assert tried_again([LOST, GOOD]) == [(LOST, GOOD)]


def test_the_same_request_sent_twice_is_no_second_attempt() -> None:
    assert tried_again([exchange(1, answered(b"{}")), GOOD]) == []


def test_attempts_at_two_equal_requests_are_kept_apart() -> None:
    again = exchange(3, None, superseded=True)
    assert tried_again([LOST, GOOD, again, exchange(4, None)])[0] == (LOST, GOOD)
    assert len(tried_again([LOST, GOOD, again, exchange(4, None)])) == 2


def test_an_attempt_says_what_came_of_it() -> None:
    first, second = attempts([Recording(NAME, (LOST, GOOD))], [GOOD.id])
    assert (first.status, first.ended, first.is_judged) == ("none", "no response (reset)", False)
    assert (second.status, second.request_id, second.is_judged) == ("200", "req_1", True)


def test_a_flaky_pass_shows_both_attempts_side_by_side(tmp_path: Path) -> None:
    html = page(tmp_path, [FLAKY], [Recording(NAME, (LOST, GOOD))], exit_status=0)
    finding = html[html.index('<article class="finding" id="ANT-EP-001"') :]
    text = text_of(finding[: finding.index("</article>")])
    assert "Attempts of ANT-EP-001, side by side" in text
    assert f"{NAME}#1{NAME}#2" in text and "no response (reset)complete" in text
    assert "Flaky: It holds on an answer that an earlier try did not get." in text


def test_a_known_failure_shows_its_ticket_as_a_link_and_its_owner(tmp_path: Path) -> None:
    reason = "known: https://tickets.example/7 (ops), accepted until 2027-01-31"
    violation = Violation("status", "200", "500", exchange=f"{NAME}#2")
    known = replace(verdict("ANT-EP-001", violation, outcome=Outcome.KNOWN), reason=reason)
    html = page(tmp_path, [known], [], exit_status=0)
    assert '<a href="https://tickets.example/7" rel="noreferrer">' in html
    assert "Known failure: https://tickets.example/7 (ops), accepted until" in text_of(html)
    assert "Conforms, apart from 1 known failure of the baseline" in html


def test_a_reason_links_nowhere_but_to_the_web(tmp_path: Path) -> None:
    known = replace(verdict("ANT-EP-001", outcome=Outcome.KNOWN), reason="javascript:alert(1)")
    html = page(tmp_path, [known], [], exit_status=0)
    assert 'href="javascript:' not in html and "javascript:alert(1)" in html


def test_what_is_unscored_says_so_and_can_be_filtered(tmp_path: Path) -> None:
    newer = replace(verdict("ANT-STR-011"), flags=("unscored",))
    html = page(tmp_path, [newer], [])
    assert "Unscored: Newer than the edition of this run" in text_of(html)
    assert 'data-outcome="fail unscored"' in html and '<option value="unscored">' in html


def test_a_baseline_that_does_not_fit_is_the_headline_and_is_shown_in_full(tmp_path: Path) -> None:
    misfit = replace(
        verdict("ANT-EP-001", outcome=Outcome.PASS),
        reason="it passes now; remove its baseline entry T-1",
        flags=("bad_baseline",),
    )
    html = page(tmp_path, [misfit], [])
    assert "<h1>No new MUST fails, but 1 baseline entry does not fit</h1>" in html
    assert '<article class="finding" id="ANT-EP-001"' in html


def test_flaky_and_known_are_counted_beside_the_verdict() -> None:
    known = verdict("ANT-STR-011", outcome=Outcome.KNOWN)
    judged = Judged({"planned": 2}, {}, (FLAKY, known), {"exit_status": 0})
    assert banner(judged).advice == "Besides: 1 known failure, 1 flaky."
