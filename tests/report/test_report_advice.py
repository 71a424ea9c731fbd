"""What was not judged: why, and the line that enables it; what the run covers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from report_pages import HEADER, page, text_of, verdict

from conformance.model import Level, Outcome, Verdict
from conformance.registry import requirements
from conformance.report.advice import advice
from conformance.report.coverage import LeftOut, coverage
from conformance.verdicts import Judged


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("needs keys.capped", "export GATEWAY_CAPPED_KEY=..."),
        ("needs keys.broke, models.unprovisioned", "export GATEWAY_BROKE_KEY=..."),
        ("needs models.miscased", 'miscased = "..."  # under [models] in the profile'),
        ("needs models.openai", "--model-openai=MODEL"),
        ("needs --include abuse", "--include=abuse"),
        ("needs --include abuse; needs --include large", "--include=abuse,large"),
        (
            "the profile generic does not claim thinking",
            'capabilities = ["thinking", ...]  # in the profile',
        ),
        (
            "the profile token-hub does not claim anthropic",
            'claims = ["anthropic", ...]  # in the profile',
        ),
        ("needs a probe that was not sent", "pytest --base-url=URL"),
    ],
)
def test_what_was_not_run_comes_with_the_line_that_enables_it(reason: str, line: str) -> None:
    assert line in advice(Outcome.NOT_RUN, reason).lines


@pytest.mark.parametrize(
    ("outcome", "reason", "words"),
    [
        (Outcome.NOT_RUN, "blocked by ANT-EP-001", "Mend that one first"),
        (Outcome.NOT_RUN, "needs lab: only a scripted upstream provokes it", "lab mode"),
        (Outcome.NOT_RUN, "nothing exercised it", "wider selection"),
        (Outcome.INCONCLUSIVE, "the target answered 429", "Run again, more slowly"),
        (Outcome.NOT_APPLICABLE, "the target refuses top_k", "Nothing to do"),
        (Outcome.NOT_RUN, "a reason of another version", ""),
    ],
)
def test_every_reason_has_its_advice(outcome: Outcome, reason: str, words: str) -> None:
    found = advice(outcome, reason).words
    assert words in found and bool(words) == bool(found)


def test_the_page_shows_the_enabling_line_to_copy(tmp_path: Path) -> None:
    skipped = replace(verdict("GW-CAP-001", outcome=Outcome.NOT_RUN), reason="needs keys.capped")
    html = page(tmp_path, [skipped], [])
    assert ">export GATEWAY_CAPPED_KEY=...</pre>" in html


def _judged(*verdicts: Verdict, **header: object) -> Judged:
    return Judged({**HEADER, **header}, {}, verdicts)


def test_coverage_counts_what_was_decided_by_level() -> None:
    known = verdict("ANT-EP-001", outcome=Outcome.KNOWN)
    skipped = verdict("ANT-EP-002", outcome=Outcome.NOT_RUN)
    (must, should) = coverage(
        _judged(known, skipped, replace(known, level=Level.SHOULD), planned=9_999)
    ).rows
    assert (must.decided, must.total) == (1, 2) and (should.decided, should.total) == (1, 1)


def test_coverage_names_what_a_selection_and_missing_opt_ins_left_out() -> None:
    every = sum(known.page != "clients" for known in requirements().values())
    left_out = coverage(_judged(planned=3, configuration={"included": ["abuse"]})).left_out
    assert left_out[0].what.startswith(f"{every - 3} of {every} requirements")
    assert LeftOut("slow: long silences (minutes)", "--include=slow") in left_out
    assert not any("abuse" in item.what for item in left_out)


def test_a_run_that_says_nothing_of_opt_ins_has_left_none_out() -> None:
    assert coverage(_judged(planned=len(requirements()), configuration={})).left_out == ()


def test_configuration_is_shown_in_words_and_not_as_a_program_writes_it(tmp_path: Path) -> None:
    configuration = {"keys": ["valid", "capped"], "smoke": False, "models": {"openai": "m"}}
    header = {**HEADER, "configuration": configuration, "edition": "2026.1"}
    text = text_of(page(tmp_path, [], [], header=header))
    for words in ("keysvalid, capped", "smokeno", "modelsopenai: m", "edition2026.1"):
        assert words in text
