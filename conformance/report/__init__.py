"""One self-contained HTML file about a run, and beside it a summary of a few lines.

The page needs no network and no other file. What came from traffic is always escaped, and
a content security policy allows no script but the report's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance import archive, verdicts
from conformance.direct import difference, direct_outcome
from conformance.exits import MEANINGS
from conformance.model import Recording
from conformance.registry import scenarios
from conformance.report import brief
from conformance.report.attempts import FLAGS, by_exchange
from conformance.report.coverage import coverage
from conformance.report.evidence import Mark, Panel, marks_of, panels
from conformance.report.facets import areas_of, of_verdict
from conformance.report.findings import groups, symptom_of, unjudged
from conformance.report.page import render as render_page
from conformance.report.summary import banner, six, tallies
from conformance.report.symptoms import symptoms
from conformance.verdicts import Judged

NAME = "report.html"


# A run that was interrupted early, or that another version wrote, lacks some of these.
_HEADER: Mapping[str, Any] = {
    "suite_version": "",
    "started_at": "",
    "profile": "?",
    "kind": "",
    "target": "?",
    "origin": "?",
    "direct": "",
    "planned": "?",
    "planned_exchanges": "?",
    "configuration": {},
}
_SHOWN = frozenset({*_HEADER, "type", "format", "plan"})
_PREFLIGHT: Mapping[str, Any] = {"requests": "", "lost": "", "roots": {}, "models": {}}
_FOOTER: Mapping[str, Any] = {"exit_status": "?", "finished_at": "", "requests": ""}


def write(folder: Path) -> Path:
    """Make the report and the summary of a run folder; raises UnreadableFile without verdicts."""
    judged = verdicts.read(folder)
    recordings, unreadable = archive.read_readable(folder / "recordings")
    path = folder / NAME
    archive.write_whole(path, render(judged, recordings, unreadable))
    archive.write_whole(folder / brief.NAME, brief.render(judged, recordings, path))
    return path


def render(
    judged: Judged, recordings: Mapping[str, Recording], unreadable: tuple[str, ...] = ()
) -> str:
    """The page; `unreadable` says which recordings could not be read, and why."""
    values = _run(judged, unreadable) | _evidence(judged, recordings)
    return render_page(NAME, values)


def _run(judged: Judged, unreadable: tuple[str, ...]) -> dict[str, Any]:
    """What the page says of the run as a whole."""
    return {
        "judged": judged,
        "header": {**_HEADER, **judged.header},
        "more_of_header": {n: v for n, v in judged.header.items() if n not in _SHOWN and v},
        "preflight": {**_PREFLIGHT, **judged.preflight},
        "footer": {**_FOOTER, **judged.footer} if judged.footer else {},
        "banner": banner(judged),
        "exit_meaning": MEANINGS.get(judged.footer.get("exit_status", -1), ""),
        "tallies": tallies(judged),
        "coverage": coverage(judged),
        "flag_words": FLAGS,
        "six": six(judged.verdicts),
        "warnings": tuple(judged.preflight.get("warnings", ())),
        "unreadable": unreadable,
        "given": {verdict.requirement for verdict in judged.verdicts},
        "unjudged": unjudged(judged.verdicts),
        "symptoms": symptoms(),
        "direct_outcome": direct_outcome,
        "difference": difference,
    }


def _evidence(judged: Judged, recordings: Mapping[str, Recording]) -> dict[str, Any]:
    """What failed, and every exchange, those with something wrong first."""
    marks = marks_of(judged.verdicts)
    exchanges = by_exchange(recordings)
    found = groups(judged.verdicts, marks, recordings, judged.header)
    every = _panels(recordings, marks)
    return {
        "groups": found,
        "facets": {v.requirement: of_verdict(v, exchanges) for v in judged.verdicts},
        "areas": sorted({area for v in judged.verdicts for area in areas_of(v.requirement)}),
        "flags_seen": sorted({f for v in judged.verdicts for f in v.flags if f in FLAGS}),
        "symptoms_seen": {symptom_of(v.requirement).slug for v in judged.verdicts},
        "detailed": {f.verdict.requirement for group in found for f in group.findings},
        "panels": sorted(every, key=lambda panel: not panel.marks),
        "marked": sum(bool(panel.marks) for panel in every),
        "silent": [r for r in recordings.values() if r.not_recorded],
    }


def _panels(
    recordings: Mapping[str, Recording], marks: Mapping[str, Mapping[str, Mark]]
) -> list[Panel]:
    """Every exchange; of those that provoke, which are hundreds, what shows something."""
    known = scenarios()
    titles = {name: known[name].title if name in known else "" for name in recordings}
    provoking = {name for name, scenario in known.items() if scenario.is_judged_by_name}
    shown: list[Panel] = []
    for name, recording in recordings.items():
        found = list(panels(recording, titles[name], marks))
        shown += _telling(found) if name in provoking else found
    return shown


def _telling(found: list[Panel]) -> list[Panel]:
    """Those with something wrong; where both sides were seen, the other side of it too."""
    has_marks = any(panel.marks for panel in found)
    if has_marks and any(panel.exchange.is_upstream for panel in found):
        return found
    return [panel for panel in found if panel.marks]
