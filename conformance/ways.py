"""How a requirement fails, without values, ids and times, so that runs can be compared."""

from __future__ import annotations

import re

from conformance.model import Verdict, Violation

Way = tuple[str, str]
"""How a requirement fails: the scenario, and the location in the exchange without indices."""


def ways(verdict: Verdict | None) -> frozenset[Way]:
    """Every way in which a requirement fails; none where it holds."""
    violations = verdict.violations if verdict else ()
    return frozenset(way(violation) for violation in violations)


def way(violation: Violation) -> Way:
    """The way of failing that a violation stands for."""
    return scenario_of(violation.exchange), re.sub(r"\[\d+\]", "[]", violation.where)


def scenario_of(exchange: str) -> str:
    """The scenario that an exchange id belongs to: `openai-plain` of `openai-plain#1`."""
    return re.sub(r"#\d+$", "", exchange)
