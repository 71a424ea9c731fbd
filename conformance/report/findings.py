"""Verdicts as the report groups them: what failed by symptom, what was not judged by reason."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.catalogue import catalogue, sources
from conformance.direct import difference
from conformance.model import Outcome, Verdict, Violation
from conformance.profile import of_host
from conformance.registry import requirements
from conformance.report.curl import variable
from conformance.report.evidence import Mark
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
class Finding:
    """A requirement that fails or warns, with what a reader needs to act on it."""

    verdict: Verdict
    title: str
    rule: str
    sources: tuple[Link, ...]
    issues: tuple[Link, ...]
    objections: tuple[Objection, ...]
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
        return min((f.verdict.outcome for f in self.findings), key=BROKEN.index)


@dataclass(frozen=True)
class Unjudged:
    """Requirements that were not judged for one and the same reason."""

    outcome: Outcome
    reason: str
    blocked_by: str
    advice: str
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


def rerun(header: Mapping[str, object], id: str) -> str:
    """The command that runs this requirement again, alone, against the same target."""
    target, profile = str(header.get("target", "")), str(header.get("profile", ""))
    if header.get("origin") == EMBEDDED:
        configuration = header.get("configuration")
        faults = configuration.get("faults", []) if isinstance(configuration, Mapping) else []
        options = [f"--fault={fault}" for fault in faults]
    else:
        options = [f"--base-url={target}"]
        if profile != of_host(target).name:
            options.append(f"--profile={profile}")
    return shlex.join(["pytest", *options, "-k", id])


def groups(
    verdicts: Iterable[Verdict],
    marks: Mapping[str, Mapping[str, Mark]],
    shown: frozenset[str],
    header: Mapping[str, object],
) -> tuple[Group, ...]:
    """What failed, grouped by symptom, the worst first; `shown` exchanges can be linked."""
    by_symptom: dict[str, list[Finding]] = defaultdict(list)
    rows: dict[str, Symptom] = {}
    for verdict in sorted(verdicts, key=lambda v: (v.outcome.rank, v.requirement)):
        if verdict.outcome in BROKEN:
            row = symptom_of(verdict.requirement)
            rows[row.slug] = row
            by_symptom[row.slug].append(_finding(verdict, marks, shown, header))
    found = [Group(rows[slug], tuple(findings)) for slug, findings in by_symptom.items()]
    return tuple(sorted(found, key=_weight))


def _weight(group: Group) -> tuple[int, int]:
    worst = [f for f in group.findings if f.verdict.outcome is group.worst]
    return BROKEN.index(group.worst), -len(worst)


def _finding(
    verdict: Verdict,
    marks: Mapping[str, Mapping[str, Mark]],
    shown: frozenset[str],
    header: Mapping[str, object],
) -> Finding:
    id = verdict.requirement
    entry = catalogue().get(id)
    return Finding(
        verdict=verdict,
        title=title(id),
        rule=entry.rule if entry else "",
        sources=tuple(_source(tag) for tag in entry.sources) if entry else (),
        issues=tuple(_issue(reference) for reference in entry.issues) if entry else (),
        objections=_objections(verdict, marks, shown),
        rerun=rerun(header, id),
    )


def _source(tag: str) -> Link:
    source = sources().get(tag)
    return Link(tag, source.url, source.title) if source else Link(tag)


def _issue(reference: str) -> Link:
    repository, _, number = reference.partition("#")
    return Link(reference, f"https://github.com/{repository}/issues/{number}")


def _objections(
    verdict: Verdict, marks: Mapping[str, Mapping[str, Mark]], shown: frozenset[str]
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
    violation: Violation, marks: Mapping[str, Mapping[str, Mark]], shown: frozenset[str]
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
        Unjudged(outcome, reason, _blocker(reason), _advice(outcome, reason), tuple(given))
        for (outcome, reason), given in found.items()
    ]
    return tuple(sorted(rows, key=lambda r: (NOT_JUDGED.index(r.outcome), -len(r.verdicts))))


def _blocker(reason: str) -> str:
    return reason.removeprefix("blocked by ") if reason.startswith("blocked by ") else ""


_STATES = {
    "valid": "a key that works",
    "capped": "a key whose spend cap is used up",
    "broke": "a key of an account without balance",
    "revoked": "a key that was revoked",
}


def _advice(outcome: Outcome, reason: str) -> str:
    """How to have it judged; empty where nothing can be done."""
    keys = re.findall(r"\bkeys\.([a-z_]+)", reason)
    models = re.findall(r"\bmodels\.([a-z_]+)", reason)
    parts = [f"set {variable(role)} to {_STATES.get(role, 'such a key')}" for role in keys]
    if keys:
        parts.append("or name a control adapter in the profile, which makes the keys")
    parts += [f"name a model under [models] {role} in the profile" for role in models]
    if parts:
        return f"To enable: {', '.join(parts)}."
    if reason.startswith("blocked by "):
        return "Mend that one first, then run again."
    return _OTHER_ADVICE.get(reason.partition(":")[0], _BY_OUTCOME[outcome])


_OTHER_ADVICE = {
    "needs lab": "Only the lab mode can provoke it: "
    "the suite's scripted upstream behind the gateway.",
    "nothing exercised it": "No recorded exchange holds what the rule is about; "
    "a wider selection, or other prompts, may.",
}
_BY_OUTCOME = {
    Outcome.INCONCLUSIVE: "Run again, more slowly (--concurrency 1) or with another model.",
    Outcome.NOT_RUN: "",
    Outcome.NOT_APPLICABLE: "Nothing to do, unless the profile claims too little.",
}
