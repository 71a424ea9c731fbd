"""The gate: what a verdict means for the run, given its baseline and its edition."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from conformance import baseline
from conformance.baseline import Baseline
from conformance.editions import Edition
from conformance.errors import UsageError
from conformance.exits import is_failing
from conformance.model import Level, Recording, Verdict
from conformance.registry import scenarios, unasked

STOPPED = "the run stopped before it"
"""The reason of a verdict that a run never came to."""

_UNJUDGED = (STOPPED, "needs budget", "the target answered")


@dataclass(frozen=True)
class Gate:
    """What verdicts are held against; `is_updating` where the run writes the baseline.

    `path` is the file of the baseline.
    """

    today: date
    baseline: Baseline | None = None
    edition: Edition | None = None
    fail_on: Level = Level.MUST
    is_updating: bool = False
    path: Path | None = None

    def passed(self, verdict: Verdict, unsent: Collection[str] = ()) -> Verdict:
        """The verdict with its outcome and flags as the gate sees them.

        `unsent` are the scenarios that the run did not send: what is known to fail there
        can neither fail nor hold.
        """
        held = self._held_against_baseline(verdict, unsent)
        return self.edition.scored(held) if self.edition else held

    def _held_against_baseline(self, verdict: Verdict, unsent: Collection[str]) -> Verdict:
        if self.baseline is None:
            return verdict
        if self.is_updating:
            fails = is_failing(verdict, self.fail_on)
            return baseline.accepted(verdict, self.baseline, self.today, fails)
        return baseline.compared(verdict, self.baseline, self.today, unsent)

    def refuse_filtered(self, selected: Iterable[str]) -> None:
        """A baseline written from half of the requirements would forget the other half."""
        missing = set(unasked()) - set(selected)
        if self.is_updating and missing:
            raise UsageError(
                f"--update-baseline: {len(missing)} requirements are not selected;"
                " a baseline is written by a whole run, without -k, -m or --lf"
            )

    def write(self, verdicts: Iterable[Verdict]) -> str:
        """Write the baseline where the run is to; says in one line what became of it."""
        if not self.is_updating or self.path is None or self.baseline is None:
            return ""
        judged = list(verdicts)
        unjudged = next((v.reason for v in judged if v.reason.startswith(_UNJUDGED)), "")
        if unjudged:
            return f"baseline: {self.path} is not written: {unjudged}"
        written = baseline.updated(self.baseline, judged, self.today)
        baseline.write(written, self.path)
        todo = [id for id, entry in written.known.items() if entry.ticket == baseline.TODO]
        lacking = f"; give ticket and owner to {', '.join(todo)}" if todo else ""
        counts = f"{len(written.known)} known, {len(written.not_run or {})} expected not to run"
        return f"baseline: {self.path}: {counts}{lacking}"


def unsent(recordings: Mapping[str, Recording]) -> frozenset[str]:
    """The scenarios of which a run sent nothing: not selected, or lacking what they need."""
    sent = {name for name, recording in recordings.items() if recording.exchanges}
    return frozenset(scenarios().keys() - sent)


def opened(
    path: Path | None, edition: Edition | None, fail_on: Level, is_updating: bool, today: date
) -> Gate:
    """The gate of a run; raises UsageError where the baseline cannot be read.

    A baseline that is to be written need not be there yet.
    """
    if is_updating and path is None:
        raise UsageError("--update-baseline: name the file with --baseline")
    if path is None:
        return Gate(today, None, edition, fail_on)
    is_new = is_updating and not path.exists()
    known = Baseline() if is_new else baseline.read(path)
    return Gate(today, known, edition, fail_on, is_updating, path)
