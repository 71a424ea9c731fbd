"""A verdict in words: enough for the gateway's author to fix the bug from it alone."""

from __future__ import annotations

from conformance.catalogue import catalogue, source_url
from conformance.model import Verdict, Violation
from conformance.registry import requirements

SHOWN = 5
"""So many violations are spelled out; the report has them all."""


def explained(verdict: Verdict) -> str:
    """The requirement, what was expected and found where, and how to see it again."""
    requirement, entry = requirements()[verdict.requirement], catalogue()[verdict.requirement]
    lines = [
        f"{verdict.requirement} ({verdict.level.upper()}): {requirement.title}",
        *([f"  {verdict.reason}"] if verdict.reason else []),
        *(line for violation in verdict.violations[:SHOWN] for line in _places(violation)),
    ]
    if len(verdict.violations) > SHOWN:
        lines.append(f"  and {len(verdict.violations) - SHOWN} more places")
    lines.append(f"  rule: {entry.rule}")
    if source_url(entry):
        lines.append(f"  source: {source_url(entry)}")
    return "\n".join(lines)


def shortened(verdict: Verdict) -> str:
    """One line: the id, and the first place where it is broken, or the reason."""
    if not verdict.violations:
        return f"{verdict.requirement}: {verdict.reason or 'holds'}"
    first = verdict.violations[0]
    more = f" (and {len(verdict.violations) - 1} more)" if len(verdict.violations) > 1 else ""
    where = f"{first.exchange} {first.where}"
    found = f"expected {first.expected}, found {first.actual}"
    return f"{verdict.requirement}: {where}: {_one_line(found)}{more}"


def _one_line(text: str) -> str:
    """A text from traffic, on one line: a line of its own could be a command to a CI system."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _places(violation: Violation) -> list[str]:
    return [
        f"  at {violation.exchange} {violation.where}",
        f"    expected: {_one_line(violation.expected)}",
        f"    actual:   {_one_line(violation.actual)}",
    ]
