"""The JSON Schema of `verdicts.jsonl` takes what we write and refuses what we do not mean."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance import account
from conformance.errors import PreflightFailure
from conformance.manner import Manner
from conformance.meter import Meter
from conformance.model import Level, Outcome, Verdict, Violation
from conformance.plan import plan
from conformance.profile import Price
from conformance.registry import requirements
from conformance.target import Wish, resolve
from conformance.verdicts import VerdictFile

_TEXT = (files("conformance.schemas") / "verdicts.json").read_text(encoding="utf-8")
SCHEMA = Draft202012Validator(json.loads(_TEXT))
BROKEN = (Violation("status", "200", "500", Level.MUST, "openai-plain#1"),)


def lines(folder: Path, *verdicts: Verdict, failure: PreflightFailure | None = None) -> list[Any]:
    """The lines of a run with these verdicts."""
    target = resolve(Wish(), {})
    header = account.header(
        target, None, Manner(), plan(requirements(), target.profile), frozenset()
    )
    with VerdictFile(folder) as file:
        file.header(header)
        if failure is not None:
            file.preflight(account.failed(failure))
        for verdict in verdicts:
            file.verdict(verdict)
        file.footer(account.footer(0, Meter({"m": Price(1, 5)})))
    return [json.loads(line) for line in file.path.read_text().splitlines()]


def verdict(outcome: Outcome, *flags: str) -> Verdict:
    """A verdict of some outcome, with its violations where it has any."""
    is_broken = outcome in (Outcome.FAIL, Outcome.WARN, Outcome.INFO, Outcome.KNOWN)
    violations = BROKEN if is_broken else ()
    return Verdict("OAI-SSE-007", Level.MUST, outcome, "why", flags, violations)


def test_every_kind_of_line_follows_the_schema(tmp_path: Path) -> None:
    failure = PreflightFailure("configuration", "no key", "set one")
    every = (verdict(outcome) for outcome in Outcome)
    flagged = verdict(Outcome.PASS, "flaky", "unscored", "bad_baseline", "direct:not_run")
    for line in lines(tmp_path, *every, flagged, failure=failure):
        SCHEMA.validate(line)


@pytest.mark.parametrize(
    "changed",
    [
        {"outcome": "skip"},
        {"flags": ["odd"]},
        {"outcome": "fail"},
        {"violations": [{"where": "x"}]},
        {"requirement": "7"},
        {"time": "now"},
        {"type": "remark"},
    ],
    ids=lambda changed: next(iter(changed.items()))[0],
)
def test_another_line_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    sound = lines(tmp_path, verdict(Outcome.PASS))[1]
    SCHEMA.validate(sound)
    assert not SCHEMA.is_valid(sound | changed)
