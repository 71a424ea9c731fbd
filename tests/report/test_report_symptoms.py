"""The symptom table that the report reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from report_pages import page, text_of, verdict

from conformance.registry import requirements
from conformance.report.symptoms import Seen, _seen, symptoms


def test_every_requirement_names_a_row_of_the_symptom_table() -> None:
    assert {r.symptom for r in requirements().values()} <= set(symptoms())


@pytest.mark.parametrize("slug", symptoms())
def test_every_row_of_the_symptom_table_is_complete(slug: str) -> None:
    row = symptoms()[slug]
    words = (*(seen.words for seen in row.clients), *(report.says for report in row.reports))
    assert row.clients
    assert all(text.strip() for text in (row.symptom, row.cause, row.fix, *words))


@pytest.mark.parametrize("slug", symptoms())
def test_a_report_names_an_issue_that_can_be_opened(slug: str) -> None:
    found = symptoms()[slug].reports
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+#\d+", report.issue) for report in found)


def test_one_sentence_stands_for_all_clients() -> None:
    assert _seen("Nothing.") == (Seen("All clients", "Nothing."),)


def test_a_failure_says_what_users_of_each_client_see(tmp_path: Path) -> None:
    text = text_of(page(tmp_path, [verdict("ANT-STR-031")], []))
    assert "anthropic (TypeScript)Error: 'stream ended without producing a Message'." in text
    assert "'stream disconnected before completion' router-for-me/CLIProxyAPI#2358" in text
