"""The badge says in two words what a run came to."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.badge import badge
from conformance.model import Level, Outcome, Verdict
from conformance.verdicts import Judged


def judged(status: int | None, *outcomes: Outcome, flags: tuple[str, ...] = ()) -> Judged:
    """A run with this exit status, or none."""
    verdicts = tuple(Verdict("ANT-EP-001", Level.MUST, outcome, "", flags) for outcome in outcomes)
    footer: dict[str, Any] = {} if status is None else {"exit_status": status}
    return Judged({"edition": "2026.1"}, {}, verdicts, footer)


@pytest.mark.parametrize(
    ("run", "message", "color"),
    [
        (judged(0, Outcome.PASS), "conforms", "brightgreen"),
        (judged(0, Outcome.PASS, Outcome.KNOWN), "1 known failures", "yellow"),
        (judged(1, Outcome.FAIL, Outcome.FAIL), "2 failing", "red"),
        (judged(1, Outcome.PASS), "failing", "red"),
        (judged(7, Outcome.INCONCLUSIVE), "incomplete", "lightgrey"),
        (judged(6), "not judged", "lightgrey"),
        (judged(None, Outcome.PASS), "not judged", "lightgrey"),
        (judged(0, Outcome.KNOWN, flags=("unscored",)), "conforms", "brightgreen"),
    ],
    ids=["green", "known", "red", "red baseline", "incomplete", "preflight", "cut", "unscored"],
)
def test_the_badge_says_what_the_run_comes_to(run: Judged, message: str, color: str) -> None:
    assert badge(run) == {
        "schemaVersion": 1,
        "label": "LLM gateway 2026.1",
        "message": message,
        "color": color,
        "isError": color == "red",
    }
