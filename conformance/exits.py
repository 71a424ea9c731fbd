"""The exit status of a run, from its verdicts; the first rule that applies decides."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from conformance.model import Level, Outcome, Verdict


class Exit(IntEnum):
    """What the exit statuses mean; 2 to 5 are pytest's own."""

    CONFORMS = 0
    FAILED = 1
    PREFLIGHT = 6
    INCOMPLETE = 7


MEANINGS = {
    0: "conforms",
    1: "a requirement fails",
    2: "interrupted",
    3: "an error inside the suite",
    4: "wrong usage",
    5: "nothing was selected",
    6: "preflight failed: nothing can be judged",
    7: "incomplete: a MUST could not be decided",
}
"""What each exit status says to a reader."""

NOT_COVERED = (
    "needs keys.",
    "needs models.",
    "needs lab",
    "needs a probe",
    "needs --include",
    "control API:",
)
"""The reasons of a `not_run` that the profile is answerable for, not the gateway."""


def exit_status(
    verdicts: Iterable[Verdict], fail_on: Level = Level.MUST, require_complete: bool = False
) -> Exit:
    """The status of a run that judged these requirements."""
    judged = list(verdicts)
    outcomes = {verdict.outcome for verdict in judged}
    failing = {Outcome.FAIL} | ({Outcome.WARN} if fail_on is Level.SHOULD else set())
    if outcomes & failing:
        return Exit.FAILED
    musts = [verdict for verdict in judged if verdict.level is Level.MUST]
    if any(is_incomplete(verdict, require_complete) for verdict in musts):
        return Exit.INCOMPLETE
    decided = outcomes & {Outcome.PASS, Outcome.FAIL, Outcome.WARN, Outcome.INFO}
    return Exit.CONFORMS if decided else Exit.INCOMPLETE


def is_not_covered(verdict: Verdict) -> bool:
    """Whether a requirement was not run for want of a key, a role, an adapter or an opt-in."""
    return verdict.outcome is Outcome.NOT_RUN and verdict.reason.startswith(NOT_COVERED)


def is_incomplete(verdict: Verdict, require_complete: bool) -> bool:
    """Whether a requirement should have been decided and was not."""
    if verdict.outcome is Outcome.INCONCLUSIVE:
        return True
    if verdict.outcome is not Outcome.NOT_RUN:
        return False
    return require_complete or not is_not_covered(verdict)
