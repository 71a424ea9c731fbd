"""The exit status of a run, from its verdicts; the first rule that applies decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import IntEnum

from conformance.flags import Flag
from conformance.judge import BLOCKED
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
    "needs --lab",
    "needs lab",
    "needs a probe",
    "needs --include",
    "needs control.",
    "needs prices.",
    "control API:",
)
"""The reasons of a `not_run` that the profile is answerable for, not the gateway."""


def exit_status(
    verdicts: Iterable[Verdict],
    fail_on: Level = Level.MUST,
    require_complete: bool = False,
    fail_on_flaky: bool = False,
) -> Exit:
    """The status of a run that judged these requirements.

    The unscored ones do not decide, nor does what only they keep from being judged.
    """
    given = list(verdicts)
    unscored = {f"{BLOCKED}{v.requirement}" for v in given if Flag.UNSCORED in v.flags}
    judged = [v for v in given if Flag.UNSCORED not in v.flags and v.reason not in unscored]
    if any(is_failing(verdict, fail_on, fail_on_flaky) for verdict in judged):
        return Exit.FAILED
    musts = [verdict for verdict in judged if verdict.level is Level.MUST]
    if any(is_incomplete(verdict, require_complete) for verdict in musts):
        return Exit.INCOMPLETE
    return Exit.CONFORMS if any(v.outcome in _DECIDED for v in judged) else Exit.INCOMPLETE


_DECIDED = {Outcome.PASS, Outcome.FAIL, Outcome.WARN, Outcome.INFO, Outcome.KNOWN}


def is_failing(verdict: Verdict, fail_on: Level = Level.MUST, fail_on_flaky: bool = False) -> bool:
    """Whether a verdict alone makes the run red."""
    if Flag.UNSCORED in verdict.flags:
        return False
    failing = {Outcome.FAIL} | ({Outcome.WARN} if fail_on is Level.SHOULD else set())
    flags = {Flag.BAD_BASELINE} | ({Flag.FLAKY} if fail_on_flaky else set())
    return verdict.outcome in failing or bool(flags.intersection(verdict.flags))


def is_excused(verdict: Verdict, fail_on: Level = Level.MUST) -> bool:
    """Whether a broken requirement is known, or would fail but is newer than the edition."""
    if verdict.outcome is Outcome.KNOWN:
        return True
    flags = tuple(flag for flag in verdict.flags if flag != Flag.UNSCORED)
    is_unscored = len(flags) < len(verdict.flags)
    return is_unscored and is_failing(replace(verdict, flags=flags), fail_on)


def is_not_covered(verdict: Verdict) -> bool:
    """Whether a requirement was not run for want of a key, a role, an adapter or an opt-in."""
    return verdict.outcome is Outcome.NOT_RUN and verdict.reason.startswith(NOT_COVERED)


def is_incomplete(verdict: Verdict, require_complete: bool) -> bool:
    """Whether a requirement should have been decided and was not.

    A list of what is expected not to run takes the place of what is merely not covered.
    """
    if verdict.outcome is Outcome.INCONCLUSIVE:
        return True
    if verdict.outcome is not Outcome.NOT_RUN or Flag.EXPECTED in verdict.flags:
        return False
    is_told = Flag.UNEXPECTED in verdict.flags
    return is_told or require_complete or not is_not_covered(verdict)
