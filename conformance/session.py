"""A judged run as pytest sees it: prepared once, told each verdict, finished once.

Lives in the one process that sends: pytest itself, or the controller under xdist.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from conformance import account, badge, budget, direct, embedded, report, resume, setup_help
from conformance.catalogue import catalogue
from conformance.connection import Deadlines
from conformance.control import Control, abilities_of
from conformance.control.anyllm import AnyLlmControl
from conformance.control.manual import ManualControl
from conformance.control.reference import ReferenceControl
from conformance.errors import PreflightFailure, UsageError
from conformance.exits import exit_status, is_failing
from conformance.gate import STOPPED, Gate
from conformance.manner import Manner
from conformance.meter import Limits, Meter
from conformance.model import Outcome, Verdict
from conformance.plan import Plan, plan
from conformance.progress import shown
from conformance.redaction import Redactor
from conformance.resume import Resumed
from conformance.run import STORM_AFTER, Conditions, Earlier, Recorded, record
from conformance.secret import Secret
from conformance.target import Target
from conformance.verdicts import VerdictFile

_ADAPTERS: Mapping[str, Callable[[str, Secret], Control]] = {
    "anyllm": AnyLlmControl,
    "reference": ReferenceControl,
}
"""The adapters that need an address and a token, by their names in a profile."""


@dataclass
class Session:
    """One run: its target, its folder, and what is known so far."""

    target: Target
    folder: Path
    manner: Manner
    output: TextIO
    environ: Mapping[str, str] = field(repr=False)
    plan: Plan | None = None
    recorded: Recorded | None = None
    failure: PreflightFailure | None = None
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    file: VerdictFile | None = None
    direct: Target | None = None
    gate: Gate = field(default_factory=lambda: Gate(datetime.now(UTC).date()))
    resumed: Resumed | None = None
    notes: list[str] = field(default_factory=list)

    def prepare(self, ids: Iterable[str]) -> None:
        """Record what the selected requirements need; raises ConformanceError."""
        self.plan = plan(ids, self.target.profile, self.manner.smoke)
        self.gate.refuse_filtered(self.plan.selected)
        self._start_folder()
        with _gateway(self.target, self.manner, self.environ) as (target, control):
            self.target = target
            limits = self._announce(target, self.plan)
            self._start_file()
            try:
                self._record_direct(self.plan)
                self.recorded = self._recorded(target, self.plan, control, self.folder, limits)
            except PreflightFailure as failure:
                self.failure = failure
                assert self.file is not None
                self.file.preflight(account.failed(failure))
                raise
        assert self.file is not None
        self.file.preflight(account.preflight(self.recorded, self._resumed_words))

    def rehearse(self, ids: Iterable[str]) -> None:
        """Say what a run would send and could cost; raises ConformanceError where it may not."""
        self._announce(self.target, plan(ids, self.target.profile, self.manner.smoke))
        if self.direct is not None:
            self._announce(self.direct, plan(ids, self.direct.profile, self.manner.smoke))

    def note(self, verdict: Verdict) -> None:
        """Keep a verdict and write it down at once."""
        if self.file is not None and verdict.requirement not in self.verdicts:
            self.verdicts[verdict.requirement] = verdict
            self.file.verdict(verdict)

    def redacted(self, text: str) -> str:
        """A text without any credential that the user gave to this run."""
        redactor = Redactor(self.target.keys)
        for target in (self.target, self.direct):
            for secret in target.secrets if target else ():
                redactor.add("given", secret)
        token = self.environ.get("GATEWAY_CONTROL_TOKEN", "")
        if token:
            redactor.add("control", Secret(token))
        return redactor.text(text)

    def status(self) -> int:
        """The exit status that the verdicts amount to."""
        manner = self.manner
        judged = self.verdicts.values()
        complete, flaky = manner.require_complete, manner.fail_on_flaky
        return int(exit_status(judged, manner.fail_on, complete, flaky))

    @property
    def failing(self) -> list[Verdict]:
        """The verdicts that make the run red."""
        manner = self.manner
        judged = self.verdicts.values()
        return [v for v in judged if is_failing(v, manner.fail_on, manner.fail_on_flaky)]

    @property
    def markdown(self) -> str:
        """The summary of the run folder, for where markdown is shown."""
        path = self.folder / "summary.md"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def fill(self) -> None:
        """Note what was selected and never judged, so that the counts add up."""
        for id in self.plan.selected if self.plan else ():
            if id not in self.verdicts:
                level = catalogue()[id].level(self.target.profile.kind)
                self.note(Verdict(id, level, Outcome.NOT_RUN, STOPPED))

    def finish(self, status: int, interrupted: bool) -> None:
        """Write the footer, unless the run broke off, and the report."""
        if self.file is None:
            return
        if not interrupted and self._is_whole:
            if self.failure is None and self.plan is not None:
                assert len(self.verdicts) == len(self.plan.selected)
            self.file.footer(account.footer(status, self.meter))
            if self.failure is None:
                self.notes += filter(None, [self.gate.write(self.verdicts.values())])
        self.file.close()
        badge.write(self.folder)
        report.write(self.folder)

    @property
    def meter(self) -> Meter:
        """What was sent to the target and what it cost."""
        return self.recorded.meter if self.recorded else Meter()

    @property
    def _is_whole(self) -> bool:
        """Whether everything of the plan was sent, or preflight said why nothing can be."""
        if self.recorded is None:
            return self.failure is not None
        return not self.recorded.lost

    def _start_folder(self) -> None:
        if self.manner.resume is not None:
            self.resumed = self._resumable()
            return
        if self.folder.exists() and any(self.folder.iterdir()):
            raise UsageError(
                f"--report-dir: {self.folder} is not empty; every run starts an empty folder"
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--report-dir: {self.folder}: {error.strerror}") from None

    def _record_direct(self, selected: Plan) -> None:
        """The same scenarios, sent to the provider: first, because it may not be there."""
        if self.direct is None:
            return
        own = plan(selected.selected, self.direct.profile, self.manner.smoke)
        limits = self._announce(self.direct, own)
        folder = self.folder / direct.FOLDER
        try:
            self._recorded(self.direct, own, ManualControl(), folder, limits)
        except PreflightFailure as failure:
            found = f"at --reference-url: {failure.found}"
            raise PreflightFailure(failure.cause, found, failure.fix) from None

    def _recorded(
        self, target: Target, planned: Plan, control: Control, folder: Path, limits: Limits
    ) -> Recorded:
        timeout_s = self.manner.timeout_s
        deadlines = Deadlines(timeout_s, timeout_s, timeout_s * 5)
        with shown(self.output, self.manner.quiet) as progress:
            conditions = Conditions(
                folder / "recordings",
                deadlines,
                self.manner.concurrency,
                progress,
                tuple(self._secrets_beside(target)),
                included=_included(target, self.manner),
                seed=self.manner.seed,
                limits=limits,
                per_minute=self.manner.per_minute,
                storm_after=0 if target.is_embedded else STORM_AFTER,
                earlier=self.resumed.earlier(folder) if self.resumed else Earlier(),
            )
            recorded = asyncio.run(record(target, planned, control, conditions))
        self._say(f"sent: {budget.spent(recorded.meter)}")
        for warning in (*recorded.warnings, *([recorded.lost] if recorded.lost else [])):
            self._say(f"warning: {warning}")
        return recorded

    def _secrets_beside(self, target: Target) -> Iterator[tuple[str, Secret]]:
        """What was given for the other target: it must not be read in this one's answers."""
        for role, other in (("gateway", self.target), ("provider", self.direct)):
            if other is not None and other is not target:
                yield from ((role, secret) for secret in other.secrets)

    def _announce(self, target: Target, planned: Plan) -> Limits:
        """Say who gets what and what that can cost; raises UsageError where it is too much."""
        estimated = budget.estimate(planned, target, _included(target, self.manner))
        limits = budget.limits_of(self.manner, target, estimated)
        self._say(f"target: {target.base_url or 'not started'} (from {target.origin})")
        count = len(planned.selected)
        self._say(f"profile {target.profile.name}: {count} requirements, {estimated.words}")
        self._say_if(budget.said(limits))
        budget.check(estimated, limits)
        return limits

    def _say_if(self, line: str) -> None:
        if line:
            self._say(line)

    def _say(self, line: str) -> None:
        print(line, file=self.output, flush=True)

    def _start_file(self) -> None:
        """Open `verdicts.jsonl` with its header; a run that goes on must be the same one."""
        assert self.plan is not None
        included = _included(self.target, self.manner)
        header = account.header(self.target, self.direct, self.manner, self.plan, included)
        if self.resumed is not None:
            self.resumed.check(header)
            self.resumed.set_aside()
        self.file = VerdictFile(self.folder)
        self.file.header(header)

    def _resumable(self) -> Resumed:
        if self.target.is_embedded:
            raise UsageError("--resume: the embedded gateway of that run is gone; run anew")
        found = resume.read(self.folder)
        self._say(found.words)
        return found

    @property
    def _resumed_words(self) -> str:
        return self.resumed.words if self.resumed else ""


def lacking(target: Target, manner: Manner, environ: Mapping[str, str]) -> str:
    """What the target still lacks to be judged in full, told without sending anything."""
    able = ReferenceControl.abilities
    if not target.is_embedded:
        able = abilities_of(_control(target, environ))
    return setup_help.told(target, able, _included(target, manner))


def _included(target: Target, manner: Manner) -> frozenset[str]:
    """The opt-in areas to send: on the embedded gateway what takes seconds needs no word."""
    return manner.included | ({"abuse", "large"} if target.is_embedded else set())


def default_folder(target: Target, below: Path) -> Path:
    """`reports/runs/<UTC time>-<host>`, below a folder."""
    time = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return below / "reports" / "runs" / f"{time}-{target.host}"


@contextmanager
def _gateway(
    target: Target, manner: Manner, environ: Mapping[str, str]
) -> Iterator[tuple[Target, Control]]:
    """The target, started where it is the embedded one, and its control adapter."""
    if not target.is_embedded:
        if manner.faults:
            raise UsageError("--fault is for the embedded gateway, not for --base-url")
        yield target, _control(target, environ)
        return
    with embedded.started(manner.faults) as found:
        control = ReferenceControl(found.control_url, found.control_token)
        yield target.started(found.base_url, found.key, found.lab), control


def _control(target: Target, environ: Mapping[str, str]) -> Control:
    """The adapter that the profile names, where its address and token are given."""
    url = environ.get("GATEWAY_CONTROL_URL", "")
    token = environ.get("GATEWAY_CONTROL_TOKEN", "")
    adapter = _ADAPTERS.get(target.profile.control)
    return adapter(url, Secret(token)) if adapter and url and token else ManualControl()
