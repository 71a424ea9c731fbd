"""What a run comes to: one sentence, the counts by area, the documented six.

Pure, and without any notion of HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.exits import MEANINGS
from conformance.flags import Flag
from conformance.model import Level, Outcome, Verdict
from conformance.registry import requirements
from conformance.verdicts import Judged

AREAS = {"ANT": "anthropic", "OAI": "openai", "GW": "gateway"}

SIX = {
    "non-stream": "A plain answer",
    "bearer": "The key as a Bearer token",
    "sse-order": "The order of streamed events",
    "auth-errors": "Wrong keys are refused",
    "unsupported-model": "Unknown models are refused",
    "function-calling": "Tool calls",
}
"""The six assertions of the documented test script, in its order."""


@dataclass(frozen=True)
class Banner:
    """The verdict on the run; `tone` is one of fail, warn, pass and void."""

    tone: str
    sentence: str
    advice: str = ""


@dataclass(frozen=True)
class Tally:
    """The verdicts of one area, by outcome; `missing` were planned and never given."""

    area: str
    counts: Mapping[Outcome, int]
    missing: int = 0

    @property
    def total(self) -> int:
        """The number planned."""
        return sum(self.counts.values()) + self.missing


@dataclass(frozen=True)
class Assertion:
    """One of the documented six: its worst outcome, and the requirement that decided it."""

    slug: str
    title: str
    outcome: str
    decided_by: str


def area_of(id: str) -> str:
    """The area that an id belongs to by its prefix."""
    return AREAS.get(id.partition("-")[0], "other")


def banner(judged: Judged) -> Banner:
    """The sentence that a support engineer reads first."""
    failure = judged.preflight.get("failure")
    if failure:
        return Banner("void", f"Nothing was judged: {failure['found']}", failure["fix"])
    if judged.is_truncated:
        return _truncated(judged)
    counted = Counter(verdict.outcome for verdict in judged.verdicts)
    if counted[Outcome.FAIL]:
        return Banner("fail", _failing(counted[Outcome.FAIL]), _besides(judged))
    if not counted[Outcome.PASS] + counted[Outcome.WARN] + counted[Outcome.KNOWN]:
        return Banner("void", "Nothing was judged: no requirement met anything to judge")
    return _without_failure(judged, counted)


def _truncated(judged: Judged) -> Banner:
    failing = sum(verdict.outcome is Outcome.FAIL for verdict in judged.verdicts)
    planned = judged.header.get("planned", "?")
    sentence = f"Truncated: the run stopped after {len(judged.verdicts)} of {planned} verdicts"
    if failing:
        return Banner("fail", f"{sentence}; {_failing(failing)}", _RUN_AGAIN)
    return Banner("void", sentence, _RUN_AGAIN)


_RUN_AGAIN = "This report is incomplete and proves nothing about the rest. Run again."


def _failing(count: int) -> str:
    return "1 MUST requirement fails" if count == 1 else f"{count} MUST requirements fail"


def _without_failure(judged: Judged, counted: Counter[Outcome]) -> Banner:
    misfits = _flagged(judged, Flag.BAD_BASELINE)
    if misfits:
        entries = "1 baseline entry does" if misfits == 1 else f"{misfits} baseline entries do"
        return Banner("fail", f"No new MUST fails, but {entries} not fit", _besides(judged))
    undecided = [v for v in judged.verdicts if v.outcome is Outcome.INCONCLUSIVE]
    musts = sum(v.level is Level.MUST and v.outcome in _HOLDS for v in judged.verdicts)
    status = judged.footer.get("exit_status", 0)
    if undecided or status == 7:
        sentence = f"Incomplete: no MUST fails, but {_undecided(len(undecided))}"
        return Banner("warn", sentence, _besides(judged))
    if status:
        meaning = MEANINGS.get(status, "unknown to this version of the suite")
        sentence = f"No MUST fails, but the run ended with exit status {status}"
        return Banner("warn", sentence, f"It means: {meaning}.")
    if counted[Outcome.KNOWN]:
        known = _count(counted[Outcome.KNOWN], "known failure", "known failures")
        return Banner("warn", f"Conforms, apart from {known} of the baseline", _besides(judged))
    return Banner("pass", f"Conforms: all {musts} MUSTs that were run hold", _besides(judged))


_HOLDS = (Outcome.PASS, Outcome.WARN, Outcome.INFO)


def _undecided(count: int) -> str:
    if not count:
        return "a MUST was not run"
    return "1 requirement could not be decided" if count == 1 else f"{count} could not be decided"


def _besides(judged: Judged) -> str:
    counted = Counter(verdict.outcome for verdict in judged.verdicts)
    parts = [
        _count(counted[Outcome.WARN], "SHOULD warning", "SHOULD warnings"),
        _count(counted[Outcome.KNOWN], "known failure", "known failures"),
        _count(counted[Outcome.INCONCLUSIVE], "inconclusive", "inconclusive"),
        _count(counted[Outcome.NOT_RUN], "not run", "not run"),
        _count(_flagged(judged, Flag.FLAKY), "flaky", "flaky"),
    ]
    found = ", ".join(filter(None, parts))
    return f"Besides: {found}." if found else ""


def _flagged(judged: Judged, flag: Flag) -> int:
    return sum(flag in verdict.flags for verdict in judged.verdicts)


def _count(number: int, one: str, many: str) -> str:
    """`2 known failures`; empty for none."""
    return f"{number} {one if number == 1 else many}" if number else ""


def tallies(judged: Judged) -> tuple[Tally, ...]:
    """A tally for each area that has verdicts, and the sum of all, which is as planned."""
    seen = (area_of(verdict.requirement) for verdict in judged.verdicts)
    rows = [_tally(area, judged.verdicts) for area in dict.fromkeys([*AREAS.values(), *seen])]
    planned = int(judged.header.get("planned", 0))
    missing = max(0, planned - len(judged.verdicts))
    total = Counter(verdict.outcome for verdict in judged.verdicts)
    return (*(row for row in rows if row.total), Tally("all", total, missing))


def _tally(area: str, verdicts: Iterable[Verdict]) -> Tally:
    return Tally(area, Counter(v.outcome for v in verdicts if area_of(v.requirement) == area))


def six(verdicts: Iterable[Verdict]) -> tuple[Assertion, ...]:
    """The documented six in their order; without any verdict the outcome is empty."""
    registered = requirements()
    given: dict[str, list[Verdict]] = {slug: [] for slug in SIX}
    for verdict in verdicts:
        requirement = registered.get(verdict.requirement)
        if requirement and requirement.six in given:
            given[requirement.six].append(verdict)
    return tuple(_assertion(slug, found) for slug, found in given.items())


def _assertion(slug: str, verdicts: list[Verdict]) -> Assertion:
    if not verdicts:
        return Assertion(slug, SIX[slug], "", "")
    worst = min(verdicts, key=lambda verdict: verdict.outcome.rank)
    return Assertion(slug, SIX[slug], worst.outcome, worst.requirement)
