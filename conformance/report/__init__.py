"""One self-contained HTML file about a run: verdict, failures, evidence, everything else.

It needs no network and no other file. What came from traffic is always escaped, and
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
from conformance.report.evidence import Mark, Panel, marks_of, panels
from conformance.report.findings import groups, unjudged
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
_PREFLIGHT: Mapping[str, Any] = {"requests": "", "lost": "", "roots": {}, "models": {}}
_FOOTER: Mapping[str, Any] = {"exit_status": "?", "finished_at": "", "requests": ""}


def write(folder: Path) -> Path:
    """Make the report of a run folder; raises UnreadableFile where it has no verdicts."""
    judged = verdicts.read(folder)
    recordings, unreadable = archive.read_readable(folder / "recordings")
    page = render(judged, recordings, unreadable)
    path = folder / NAME
    archive.write_whole(path, page)
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
        "preflight": {**_PREFLIGHT, **judged.preflight},
        "footer": {**_FOOTER, **judged.footer} if judged.footer else {},
        "banner": banner(judged),
        "exit_meaning": MEANINGS.get(judged.footer.get("exit_status", -1), ""),
        "tallies": tallies(judged),
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
    shown = frozenset(e.id for r in recordings.values() for e in r.exchanges)
    found = groups(judged.verdicts, marks, shown, judged.header)
    every = _panels(recordings, marks)
    return {
        "groups": found,
        "detailed": {f.verdict.requirement for group in found for f in group.findings},
        "panels": sorted(every, key=lambda panel: not panel.marks),
        "marked": sum(bool(panel.marks) for panel in every),
        "silent": [r for r in recordings.values() if r.not_recorded],
    }


def _panels(
    recordings: Mapping[str, Recording], marks: Mapping[str, Mapping[str, Mark]]
) -> list[Panel]:
    known = scenarios()
    titles = {name: known[name].title if name in known else "" for name in recordings}
    return [
        panel
        for name, recording in recordings.items()
        for panel in panels(recording, titles[name], marks)
    ]
