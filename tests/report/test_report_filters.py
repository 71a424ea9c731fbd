"""What the filters of the page go by."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_pages import Tags, answered, page, recording, verdict

from conformance.model import Exchange, Outcome, Violation
from conformance.report.facets import areas_of, of_exchange, of_verdict

ANTHROPIC = recording("anthropic-plain", answered(b"{}")).exchanges[0]


@pytest.mark.parametrize(
    ("id", "exchange", "protocol"),
    [
        ("ANT-STR-011", "", "anthropic"),
        ("OAI-SSE-007", "", "openai"),
        ("GW-CAP-001", "anthropic-plain#1", "anthropic"),
        ("GW-CAP-001", "lost#1", "anthropic openai"),
    ],
)
def test_a_verdict_has_the_protocols_that_it_is_about(
    id: str, exchange: str, protocol: str
) -> None:
    found = of_verdict(
        verdict(id, Violation("status", "x", "y", exchange=exchange)), {ANTHROPIC.id: ANTHROPIC}
    )
    assert found.protocol == protocol and found.outcome == "fail"


def test_areas_are_the_subjects_of_the_catalogue() -> None:
    assert set(areas_of("GW-CAP-001")) >= {"gateway", "money"}
    assert "anthropic" not in areas_of("ANT-STR-011")
    assert areas_of("NO-SUCH-1") == ()


def test_an_exchange_has_the_facets_of_what_objects_to_it() -> None:
    found = of_exchange(ANTHROPIC, [("GW-CAP-001", "fail"), ("ANT-STR-011", "warn")])
    assert found.outcome == "fail warn" and found.protocol == "anthropic"
    assert found.symptom == "402 stream-unreadable"
    assert of_exchange(ANTHROPIC, ()).outcome == Outcome.PASS


def test_everything_that_can_be_filtered_carries_every_facet(tmp_path: Path) -> None:
    violation = Violation("status", "x", "y", exchange="anthropic-plain#1")
    verdicts = [verdict("ANT-STR-011", violation), verdict("OAI-SSE-007", outcome=Outcome.NOT_RUN)]
    made = [recording("anthropic-plain", answered(b"{}"))]
    tags = [(tag, attrs) for tag, attrs in Tags(page(tmp_path, verdicts, made)).tags]
    found = [(tag, attrs) for tag, attrs in tags if "data-outcome" in attrs]
    assert sorted(tag for tag, _ in found) == ["article", "details", "li", "tr", "tr"]
    for _, attrs in found:
        assert {"data-protocol", "data-area", "data-symptom"} <= set(attrs)


def test_only_symptoms_of_this_run_are_offered(tmp_path: Path) -> None:
    html = page(tmp_path, [verdict("ANT-STR-011")], [])
    assert '<option value="stream-unreadable">' in html and '<option value="402">' not in html


def test_an_exchange_of_no_protocol_has_none() -> None:
    odd = Exchange("odd#1", ANTHROPIC.request.__class__("GET", "http://h/x", (), b""), None)
    assert of_exchange(odd, ()).protocol == ""
