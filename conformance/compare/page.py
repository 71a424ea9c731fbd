"""A comparison as one self-contained HTML page: A beside B, with the evidence of both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from conformance.catalogue import catalogue
from conformance.compare.comparison import Comparison
from conformance.compare.difference import MEANINGS, Change, Difference, outcome_of
from conformance.compare.excerpt import Excerpt, counterpart, excerpt
from conformance.compare.runs import Run
from conformance.compare.terminal import places, sentence
from conformance.exits import Exit
from conformance.model import Outcome, Verdict
from conformance.report.evidence import Panel
from conformance.report.page import render as render_page

TEMPLATE = "diff.html"
DETAILED = (Change.NEW_FAILURE, Change.CHANGED, Change.NEW_WARNING, Change.FIXED)
"""The changes whose evidence is shown; of the others the reason says it all."""

_TONES = {Exit.FAILED: "fail", Exit.INCOMPLETE: "void", Exit.CONFORMS: "pass"}


@dataclass(frozen=True)
class Side:
    """What one run says of a requirement; `panel` is the exchange where it has no violation."""

    label: str
    run: Run
    outcome: str
    reason: str
    excerpt: Excerpt | None
    panel: Panel | None


@dataclass(frozen=True)
class Finding:
    """A difference as the page shows it."""

    difference: Difference
    rule: str
    sides: tuple[Side, ...]


@dataclass(frozen=True)
class Section:
    """The differences of one change."""

    change: Change
    title: str
    findings: tuple[Finding, ...]
    is_detailed: bool


def render(comparison: Comparison) -> str:
    """The page."""
    outcomes = {v.outcome for run in (comparison.a, comparison.b) for v in run.verdicts.values()}
    return render_page(
        TEMPLATE,
        {
            "comparison": comparison,
            "runs": (("A", comparison.a), ("B", comparison.b)),
            "sentence": sentence(comparison),
            "tone": _TONES[comparison.exit_status],
            "sections": tuple(_sections(comparison)),
            "shapes": places(comparison.shapes),
            "given": [outcome for outcome in Outcome if outcome in outcomes],
        },
    )


def _sections(comparison: Comparison) -> Iterable[Section]:
    for change, count in comparison.counts.items():
        if count:
            found = (d for d in comparison.differences if d.change is change)
            findings = tuple(_finding(comparison, difference) for difference in found)
            yield Section(change, MEANINGS[change], findings, change in DETAILED)


def _finding(comparison: Comparison, difference: Difference) -> Finding:
    entry = catalogue().get(difference.requirement)
    if difference.change in DETAILED:
        sides = _sides(comparison, difference)
    else:
        a, b = comparison.a, comparison.b
        sides = (_brief("A", a, difference.a), _brief("B", b, difference.b))
    return Finding(difference, entry.rule if entry else "", sides)


def _brief(label: str, run: Run, verdict: Verdict | None) -> Side:
    reason = verdict.reason if verdict else ""
    return Side(label, run, outcome_of(verdict), reason, None, None)


def _sides(comparison: Comparison, difference: Difference) -> tuple[Side, ...]:
    """A and B, each with its violation; where one has none, with the other's exchange."""
    id = difference.requirement
    a = _excerpt(comparison.a, difference.a, f"A {id}")
    b = _excerpt(comparison.b, difference.b, f"B {id}")
    return (
        _side(_brief("A", comparison.a, difference.a), a, b, f"A {id}"),
        _side(_brief("B", comparison.b, difference.b), b, a, f"B {id}"),
    )


def _side(brief: Side, own: Excerpt | None, other: Excerpt | None, id: str) -> Side:
    if own is not None or other is None:
        return replace(brief, excerpt=own)
    return replace(brief, panel=counterpart(brief.run, other, id))


def _excerpt(run: Run, verdict: Verdict | None, id: str) -> Excerpt | None:
    return excerpt(run, verdict, id) if verdict and verdict.violations else None
