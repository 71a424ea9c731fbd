"""Verdicts as the report groups them: what failed by symptom, what was not judged by reason."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from conformance.catalogue import catalogue, issue_url, sources
from conformance.direct import difference
from conformance.flags import Flag
from conformance.model import Exchange, Outcome, Recording, Verdict, Violation
from conformance.profile import of_host
from conformance.registry import requirements
from conformance.report.advice import Advice, advice
from conformance.report.attempts import Attempt, attempts, by_exchange, needs_a_look, request_id
from conformance.report.evidence import Mark
from conformance.report.impact import Consequences, consequences
from conformance.report.place import anchor
from conformance.report.symptoms import UNLISTED, Symptom, symptoms
from conformance.target import EMBEDDED

BROKEN = (Outcome.FAIL, Outcome.WARN, Outcome.INFO, Outcome.KNOWN)
"""The outcomes that have violations to show, in the order of the report."""

NOT_JUDGED = (Outcome.INCONCLUSIVE, Outcome.NOT_RUN, Outcome.NOT_APPLICABLE)


@dataclass(frozen=True)
class Link:
    """A text, and where it leads; `url` is empty for a text without an address."""

    text: str
    url: str = ""
    title: str = ""


@dataclass(frozen=True)
class Objection:
    """One way to break a requirement, and every place where it was seen."""

    where: str
    expected: str
    actual: str
    level: str
    places: tuple[Link, ...]


@dataclass(frozen=True)
class Quote:
    """What support asks for first: an exchange, when it was, and the gateway's id for it."""

    exchange: Link
    started_at: str
    request_id: str


@dataclass(frozen=True)
class Finding:
    """A requirement that fails, warns or is flaky, with what a reader needs to act on it."""

    verdict: Verdict
    title: str
    rule: str
    sources: tuple[Link, ...]
    issues: tuple[Link, ...]
    objections: tuple[Objection, ...]
    quotes: tuple[Quote, ...]
    attempts: tuple[Attempt, ...]
    consequences: Consequences
    rerun: str

    @property
    def difference(self) -> str:
        """Whether the provider itself breaks the requirement too; empty if not asked."""
        return str(difference(self.verdict))


@dataclass(frozen=True)
class Group:
    """The findings that users notice in the same way."""

    symptom: Symptom
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Outcome:
        """The outcome of the worst finding."""
        return min((f.verdict.outcome for f in self.findings), key=_order)


@dataclass(frozen=True)
class Unjudged:
    """Requirements that were not judged for one and the same reason."""

    outcome: Outcome
    reason: str
    blocked_by: str
    advice: Advice
    verdicts: tuple[Verdict, ...]


def title(id: str) -> str:
    """What a requirement says of a sound gateway, in one sentence."""
    known = requirements().get(id)
    if known:
        return known.title
    return catalogue()[id].rule if id in catalogue() else "Not known to this version of the suite"


def symptom_of(id: str) -> Symptom:
    """The row of the symptom table for a requirement."""
    known = requirements().get(id)
    return symptoms().get(known.symptom, UNLISTED) if known else UNLISTED


def rerun(header: Mapping[str, object], *ids: str) -> str:
    """The command that runs these requirements again against the same target; all without one."""
    target, profile = str(header.get("target", "")), str(header.get("profile", ""))
    if header.get("origin") == EMBEDDED:
        configuration = header.get("configuration")
        faults = configuration.get("faults", []) if isinstance(configuration, Mapping) else []
        options = [f"--fault={fault}" for fault in faults]
    else:
        options = [f"--base-url={target}"]
        if profile != _profile_of(target):
            options.append(f"--profile={profile}")
    return shlex.join(["pytest", *options, *(["-k", " or ".join(ids)] if ids else [])])


@cache
def _profile_of(target: str) -> str:
    """The profile that the target's host alone leads to; profiles are read from files."""
    return of_host(target).name


def groups(
    verdicts: Iterable[Verdict],
    marks: Mapping[str, Mapping[str, Mark]],
    recordings: Mapping[str, Recording],
    header: Mapping[str, object],
) -> tuple[Group, ...]:
    """What failed or is flaky, grouped by symptom, the worst first."""
    by_symptom: dict[str, list[Finding]] = defaultdict(list)
    rows: dict[str, Symptom] = {}
    for verdict in sorted(verdicts, key=lambda v: (v.outcome.rank, v.requirement)):
        if verdict.outcome in BROKEN or needs_a_look(verdict):
            row = symptom_of(verdict.requirement)
            rows[row.slug] = row
            by_symptom[row.slug].append(_finding(verdict, marks, recordings, header))
    found = [Group(rows[slug], tuple(findings)) for slug, findings in by_symptom.items()]
    return tuple(sorted(found, key=_weight))


def _weight(group: Group) -> tuple[int, int]:
    worst = [f for f in group.findings if f.verdict.outcome is group.worst]
    return _order(group.worst), -len(worst)


def _order(outcome: Outcome) -> int:
    return BROKEN.index(outcome) if outcome in BROKEN else len(BROKEN)


def _finding(
    verdict: Verdict,
    marks: Mapping[str, Mapping[str, Mark]],
    recordings: Mapping[str, Recording],
    header: Mapping[str, object],
) -> Finding:
    id = verdict.requirement
    entry = catalogue().get(id)
    exchanges = by_exchange(recordings)
    return Finding(
        verdict=verdict,
        title=title(id),
        rule=entry.rule if entry else "",
        sources=tuple(_source(tag) for tag in entry.sources) if entry else (),
        issues=tuple(_issue(reference) for reference in entry.issues) if entry else (),
        objections=_objections(verdict, marks, exchanges),
        quotes=_quotes(verdict, exchanges),
        attempts=_attempts(verdict, recordings),
        consequences=consequences(id),
        rerun=rerun(header, id),
    )


def _quotes(verdict: Verdict, exchanges: Mapping[str, Exchange]) -> tuple[Quote, ...]:
    """The exchanges that break it, each once."""
    names = dict.fromkeys(violation.exchange for violation in verdict.violations)
    return tuple(
        Quote(Link(id, f"#{anchor(id)}"), exchanges[id].started_at, request_id(exchanges[id]))
        for id in names
        if id in exchanges
    )


def _attempts(verdict: Verdict, recordings: Mapping[str, Recording]) -> tuple[Attempt, ...]:
    """The tries that a flaky verdict rests on, which its reason names."""
    if Flag.FLAKY not in verdict.flags:
        return ()
    return attempts(recordings.values(), re.findall(r"[a-z0-9-]+#\d+", verdict.reason))


def _source(tag: str) -> Link:
    source = sources().get(tag)
    return Link(tag, source.url, source.title) if source else Link(tag)


def _issue(reference: str) -> Link:
    return Link(reference, issue_url(reference))


def _objections(
    verdict: Verdict, marks: Mapping[str, Mapping[str, Mark]], shown: Mapping[str, Exchange]
) -> tuple[Objection, ...]:
    """The violations, those that say the same in different exchanges together."""
    same: dict[tuple[str, str, str, str], list[Link]] = defaultdict(list)
    for violation in verdict.violations:
        link = _place(violation, marks, shown)
        level = violation.level or verdict.level
        said = (_anywhere(violation.where), violation.expected, violation.actual, str(level))
        if link not in same[said]:
            same[said].append(link)
    return tuple(_objection(*said, links) for said, links in same.items())


def _objection(where: str, expected: str, actual: str, level: str, links: list[Link]) -> Objection:
    exact = {link.title for link in links}
    shown = exact.pop() if len(exact) == 1 else where
    return Objection(shown, expected, actual, level, tuple(links))


def _anywhere(where: str) -> str:
    return re.sub(r"\[\d+\]", "[n]", where)


def _place(
    violation: Violation, marks: Mapping[str, Mapping[str, Mark]], shown: Mapping[str, Exchange]
) -> Link:
    id = anchor(violation.exchange, f"at {violation.where}")
    is_linked = violation.exchange in shown and id in marks.get(violation.exchange, {})
    text = violation.exchange or "the whole run"
    return Link(text, f"#{id}" if is_linked else "", violation.where)


def unjudged(verdicts: Iterable[Verdict]) -> tuple[Unjudged, ...]:
    """What was not judged, grouped by outcome and reason, the largest group first."""
    found: dict[tuple[Outcome, str], list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.outcome in NOT_JUDGED:
            found[verdict.outcome, verdict.reason].append(verdict)
    rows = [
        Unjudged(outcome, reason, _blocker(reason), advice(outcome, reason), tuple(given))
        for (outcome, reason), given in found.items()
    ]
    return tuple(sorted(rows, key=lambda r: (NOT_JUDGED.index(r.outcome), -len(r.verdicts))))


def _blocker(reason: str) -> str:
    return reason.removeprefix("blocked by ") if reason.startswith("blocked by ") else ""
