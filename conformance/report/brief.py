"""`summary.md`: a run in at most twenty lines, for a chat message or a ticket.

What came from traffic stands in code spans, in which Markdown means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from conformance.model import Outcome, Recording
from conformance.report.attempts import FLAGS
from conformance.report.evidence import marks_of
from conformance.report.findings import Finding, Group, groups, rerun
from conformance.report.listing import visible
from conformance.report.summary import banner
from conformance.report.symptoms import Symptom
from conformance.verdicts import Judged

NAME = "summary.md"
LONGEST = 20
"""Lines, at most."""

_MOST_SYMPTOMS = 10
_MOST_IDS = 12
_MOST_CHARACTERS = 140
_HERE = "Where a check fails here"


def render(judged: Judged, recordings: Mapping[str, Recording], place: Path) -> str:
    """The summary of a run whose report is at `place`."""
    found = groups(judged.verdicts, marks_of(judged.verdicts), recordings, judged.header)
    said = banner(judged)
    lines = [
        f"**{_plain(said.sentence)}**",
        *([_plain(said.advice)] if said.advice else []),
        "",
        f"- Target {_code(judged.header.get('target', '?'))},"
        f" profile {_code(judged.header.get('profile', '?'))},"
        f" suite {_plain(judged.header.get('suite_version', '?'))},"
        f" {_plain(judged.header.get('started_at', '?'))}",
        _counts(judged),
        *([""] if found else []),
        *(_symptom(group) for group in found[:_MOST_SYMPTOMS]),
        *([f"- and {len(found) - _MOST_SYMPTOMS} more symptoms"] if _is_cut(found) else []),
        "",
        f"- Report: {_code(place)}",
        *([f"- Run again: {_code(_again(judged, found), 1000)}"] if found else []),
    ]
    return "\n".join(lines) + "\n"


def _is_cut(found: tuple[Group, ...]) -> bool:
    return len(found) > _MOST_SYMPTOMS


def _counts(judged: Judged) -> str:
    counted = {o: sum(v.outcome is o for v in judged.verdicts) for o in Outcome}
    flagged = {flag: sum(flag in v.flags for v in judged.verdicts) for flag in FLAGS}
    rows = [*counted.items(), *flagged.items()]
    said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in rows if count)
    return f"- Outcomes: {said or 'none'}"


def _symptom(group: Group) -> str:
    """One line: what users notice, the first requirement, its cause and request id."""
    first = group.findings[0]
    more = f" and {len(group.findings) - 1} more" if len(group.findings) > 1 else ""
    return (
        f"- **{group.symptom.symptom}** ({group.worst.replace('_', ' ')},"
        f" {group.symptom.owner}): {first.verdict.requirement}{more}{_objection(first)}."
        f" Cause: {cause(group.symptom)}"
    )


def _objection(finding: Finding) -> str:
    if not finding.objections:
        return ""
    first = finding.objections[0]
    said = f", expected {_code(first.expected)}, found {_code(first.actual)}"
    quote = next((quote for quote in finding.quotes if quote.request_id), None)
    if quote is None:
        return f"{said} in {_code(first.places[0].text)}" if first.places else said
    return f"{said} in {_code(quote.exchange.text)}, request id {_code(quote.request_id)}"


def cause(row: Symptom) -> str:
    """The likely cause on the gateway's side, without what users do wrong."""
    _, here, rest = row.cause.partition(_HERE)
    text = rest.partition(": ")[2] if here else row.cause
    return text[:1].upper() + text[1:]


def _again(judged: Judged, found: tuple[Group, ...]) -> str:
    """The command for what is broken; for more than a dozen, for everything."""
    ids = [finding.verdict.requirement for group in found for finding in group.findings]
    return rerun(judged.header, *(ids if len(ids) <= _MOST_IDS else ()))


def _plain(text: object) -> str:
    """Text on one line in which no character means anything to Markdown."""
    return re.sub(r"([\\`*_\[\]<>|#@])", r"\\\1", visible(" ".join(str(text).split())))


def _code(text: object, most: int = _MOST_CHARACTERS) -> str:
    """A code span; what is longer is cut."""
    flat = visible(" ".join(str(text).split())).replace("`", "'")
    return f"`{flat if len(flat) <= most else flat[: most - 3] + '...'}`"
