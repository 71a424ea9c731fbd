"""The end of a run on the terminal: by area, what fails, what was not covered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from conformance.direct import Difference, difference, direct_outcome
from conformance.exits import is_excused, is_not_covered
from conformance.flags import Flag
from conformance.model import Level, Outcome, Verdict
from conformance.registry import requirements
from conformance.verdicts import counts
from conformance.wording import shortened

SIX = (
    "non-stream",
    "bearer",
    "sse-order",
    "auth-errors",
    "unsupported-model",
    "function-calling",
)
"""The documented assertions, in the order of the documented script."""

Write = Callable[[str], None]


def write_summary(verdicts: Mapping[str, Verdict], smoke: bool, write: Write) -> None:
    """Write the summary of a run, line by line; pytest itself lists what fails."""
    judged = list(verdicts.values())
    warned = [verdict for verdict in judged if verdict.outcome is Outcome.WARN]
    lines = [
        *_areas(judged),
        *(six_lines(judged) if smoke else []),
        *(f"warn {shortened(verdict)}" for verdict in warned),
        *gate_lines(judged),
        *_not_covered(judged),
        *_differences(judged),
    ]
    for line in lines:
        write(line)


def gate_lines(verdicts: Iterable[Verdict]) -> list[str]:
    """What baseline and edition made of the verdicts, and what passed only at a second try."""
    lines: list[str] = []
    unscored: list[str] = []
    for verdict in verdicts:
        id, flags = verdict.requirement, verdict.flags
        if verdict.outcome is Outcome.KNOWN:
            lines.append(f"known {id}: {verdict.reason.removeprefix('known: ')}")
        if Flag.BAD_BASELINE in flags:
            lines.append(f"baseline {id}: {verdict.reason}")
        if Flag.UNEXPECTED in flags:
            lines.append(f"baseline {id}: {_unexpected(verdict)}")
        if Flag.FLAKY in flags:
            lines.append(f"flaky {id}: {verdict.reason.rpartition('flaky: ')[2]}")
        if Flag.UNSCORED in flags and is_excused(verdict):
            unscored.append(f"{id} ({verdict.outcome})")
    newer = f"newer than the edition, does not decide: {', '.join(unscored)}"
    return [*lines, *([newer] if unscored else [])]


def _unexpected(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.NOT_RUN:
        return f"not run, which is not expected: {verdict.reason}"
    return f"expected not to run, and it did: {verdict.outcome}"


def six_lines(verdicts: Iterable[Verdict]) -> list[str]:
    """One line per documented assertion: the worst outcome and the id that decided it."""
    known = requirements()
    lines: list[str] = []
    for name in SIX:
        group = [v for v in verdicts if known[v.requirement].six == name]
        worst = min(group, key=lambda verdict: verdict.outcome.rank, default=None)
        said = f"{worst.outcome} ({worst.requirement})" if worst else "not selected"
        lines.append(f"{name:<18} {said}")
    return lines


def is_smoke(id: str, level: Level) -> bool:
    """Whether a requirement belongs to the smoke selection: a MUST of the documented six."""
    return level is Level.MUST and bool(requirements()[id].six)


def _areas(verdicts: list[Verdict]) -> list[str]:
    lines: list[str] = []
    for area in ("anthropic", "openai", "gateway"):
        group = [v for v in verdicts if requirements()[v.requirement].area == area]
        if group:
            found = ", ".join(f"{n} {outcome}" for outcome, n in counts(group).items() if n)
            lines.append(f"{area:<10} {found}")
    return lines


def _differences(verdicts: list[Verdict]) -> list[str]:
    """What gateway and provider break, in columns: only one of them, or both."""
    rows = [
        f"{verdict.requirement:<16} {direct_outcome(verdict):<14} {verdict.outcome:<14} {kind}"
        for kind in (Difference.GATEWAY, Difference.BOTH, Difference.DIRECT)
        for verdict in verdicts
        if difference(verdict) is kind
    ]
    head = f"{'requirement':<16} {'direct':<14} {'gateway':<14} difference"
    return [head, *rows] if rows else []


def _not_covered(verdicts: list[Verdict]) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for verdict in verdicts:
        is_told = {Flag.EXPECTED, Flag.UNEXPECTED}.intersection(verdict.flags)
        if is_not_covered(verdict) and not is_told:
            reasons.setdefault(verdict.reason, []).append(verdict.requirement)
    return [f"not covered, {reason}: {', '.join(ids)}" for reason, ids in reasons.items()]
