"""One self-contained HTML file about a run: verdict, failures, evidence, everything else.

It needs no network and no other file. What came from traffic is always escaped, and
a content security policy allows no script but the report's own.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from conformance import archive, verdicts
from conformance.errors import UnreadableFile
from conformance.model import Outcome, Recording
from conformance.registry import scenarios
from conformance.report.evidence import Mark, Panel, marks_of, panels
from conformance.report.findings import groups, symptom_of, title, unjudged
from conformance.report.listing import visible
from conformance.report.summary import EXIT_MEANINGS, area_of, banner, six, tallies
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
    "planned": "?",
    "planned_exchanges": "?",
    "configuration": {},
}
_PREFLIGHT: Mapping[str, Any] = {"requests": "", "lost": "", "roots": {}, "models": {}}
_FOOTER: Mapping[str, Any] = {"exit_status": "?", "finished_at": "", "requests": ""}


def write(folder: Path) -> Path:
    """Make the report of a run folder; raises UnreadableFile where it has no verdicts."""
    judged = verdicts.read(folder)
    recordings, unreadable = _recordings(folder / "recordings")
    page = render(judged, recordings, unreadable)
    path = folder / NAME
    archive.write_whole(path, page)
    return path


def render(
    judged: Judged, recordings: Mapping[str, Recording], unreadable: tuple[str, ...] = ()
) -> str:
    """The page; `unreadable` says which recordings could not be read, and why."""
    values = _run(judged, unreadable) | _evidence(judged, recordings)
    page = _environment().get_template(NAME).render(values)
    # A half surrogate, which JSON allows and UTF-8 does not, would spoil the file.
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


def _recordings(folder: Path) -> tuple[dict[str, Recording], tuple[str, ...]]:
    """Every recording that can be read, and what is wrong with the others."""
    found: dict[str, Recording] = {}
    wrong: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            recording = archive.read(path)
        except UnreadableFile as error:
            wrong.append(f"{path.name}: {error.found}")
        else:
            found[recording.scenario] = recording
    return found, tuple(wrong)


def _run(judged: Judged, unreadable: tuple[str, ...]) -> dict[str, Any]:
    """What the page says of the run as a whole."""
    return {
        "judged": judged,
        "header": {**_HEADER, **judged.header},
        "preflight": {**_PREFLIGHT, **judged.preflight},
        "footer": {**_FOOTER, **judged.footer} if judged.footer else {},
        "banner": banner(judged),
        "exit_meaning": EXIT_MEANINGS.get(judged.footer.get("exit_status", -1), ""),
        "tallies": tallies(judged),
        "six": six(judged.verdicts),
        "warnings": tuple(judged.preflight.get("warnings", ())),
        "unreadable": unreadable,
        "given": {verdict.requirement for verdict in judged.verdicts},
        "unjudged": unjudged(judged.verdicts),
        "symptoms": symptoms(),
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


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_text),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = _text("report.js")
    environment.globals |= {
        "area_of": area_of,
        "style": Markup(_text("report.css")),
        "script": Markup(script),
        "script_hash": _hash(script),
        "title_of": title,
        "symptom_of": symptom_of,
        "outcomes": tuple(Outcome),
    }
    environment.filters |= {"visible": _visible, "words": _words, "ms": _milliseconds}
    return environment


def _text(name: str) -> str:
    return (files("conformance.reports") / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """What the content security policy calls the one script that may run."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _visible(value: object) -> str:
    return visible(str(value))


def _words(outcome: str) -> str:
    """An outcome as it is read: `not run`."""
    return str(outcome).replace("_", " ")


def _milliseconds(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"
