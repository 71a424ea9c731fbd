"""A judged run as pytest sees it: prepared once, told each verdict, finished once.

Lives in the one process that sends: pytest itself, or the controller under xdist.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from conformance import __version__, direct, embedded, report
from conformance.catalogue import catalogue
from conformance.control import Control
from conformance.control.manual import ManualControl
from conformance.control.reference import ReferenceControl
from conformance.errors import PreflightFailure, UsageError
from conformance.exits import exit_status
from conformance.model import Level, Outcome, Verdict
from conformance.plan import Plan, plan
from conformance.progress import shown
from conformance.recorder import Deadlines
from conformance.redaction import Redactor
from conformance.run import Conditions, Recorded, record
from conformance.secret import Secret
from conformance.target import Target
from conformance.verdicts import VerdictFile

STOPPED = "the run stopped before it"


@dataclass(frozen=True)
class Manner:
    """How the user wants the run made and judged."""

    smoke: bool = False
    concurrency: int = 8
    timeout_s: float = 60.0
    fail_on: Level = Level.MUST
    require_complete: bool = False
    faults: tuple[str, ...] = ()
    included: frozenset[str] = frozenset()
    quiet: bool = False


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

    def prepare(self, ids: Iterable[str]) -> None:
        """Record what the selected requirements need; raises ConformanceError."""
        self.plan = plan(ids, self.target.profile, self.manner.smoke)
        self._start_folder()
        with _gateway(self.target, self.manner, self.environ) as (target, control):
            self.target = target
            self._say_target(target, self.plan)
            self.file = VerdictFile(self.folder)
            self.file.header(self._header(self.plan))
            try:
                self._record_direct(self.plan)
                self.recorded = self._recorded(target, self.plan, control, self.folder)
            except PreflightFailure as failure:
                self.failure = failure
                self.file.preflight(_failed(failure))
                raise
        self.file.preflight(_found(self.recorded))

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
        return int(exit_status(judged, manner.fail_on, manner.require_complete))

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
        if not interrupted and not (self.recorded and self.recorded.lost):
            if self.failure is None and self.plan is not None:
                assert len(self.verdicts) == len(self.plan.selected)
            self.file.footer(
                {"exit_status": status, "finished_at": _now(), "requests": self._requests()}
            )
        self.file.close()
        report.write(self.folder)

    def _requests(self) -> int:
        return self.recorded.requests if self.recorded else 0

    def _start_folder(self) -> None:
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
        self._say_target(self.direct, own)
        folder = self.folder / direct.FOLDER
        try:
            self._recorded(self.direct, own, ManualControl(), folder)
        except PreflightFailure as failure:
            found = f"at --reference-url: {failure.found}"
            raise PreflightFailure(failure.cause, found, failure.fix) from None

    def _recorded(self, target: Target, planned: Plan, control: Control, folder: Path) -> Recorded:
        timeout_s = self.manner.timeout_s
        deadlines = Deadlines(timeout_s, timeout_s, timeout_s * 5)
        with shown(self.output, self.manner.quiet) as progress:
            conditions = Conditions(
                folder / "recordings",
                deadlines,
                self.manner.concurrency,
                progress,
                tuple(self._secrets_beside(target)),
                _included(target, self.manner),
            )
            recorded = asyncio.run(record(target, planned, control, conditions))
        for warning in (*recorded.warnings, *([recorded.lost] if recorded.lost else [])):
            self._say(f"warning: {warning}")
        return recorded

    def _secrets_beside(self, target: Target) -> Iterator[tuple[str, Secret]]:
        """What was given for the other target: it must not be read in this one's answers."""
        for role, other in (("gateway", self.target), ("provider", self.direct)):
            if other is not None and other is not target:
                yield from ((role, secret) for secret in other.secrets)

    def _say_target(self, target: Target, planned: Plan) -> None:
        self._say(f"target: {target.base_url} (from {target.origin})")
        self._say(
            f"profile {target.profile.name}: {len(planned.selected)} requirements,"
            f" {planned.exchanges} requests, at most {planned.output_tokens} output tokens"
        )

    def _say(self, line: str) -> None:
        print(line, file=self.output, flush=True)

    def _header(self, planned: Plan) -> dict[str, Any]:
        return {
            "suite_version": __version__,
            "started_at": _now(),
            "profile": self.target.profile.name,
            "kind": self.target.profile.kind,
            "target": self.target.base_url,
            "origin": self.target.origin,
            "direct": self.direct.base_url if self.direct else "",
            "planned": len(planned.selected),
            "planned_exchanges": planned.exchanges,
            "configuration": _configuration(self.target, self.manner),
        }


def _included(target: Target, manner: Manner) -> frozenset[str]:
    """The opt-in areas to send: on the embedded gateway what takes seconds needs no word."""
    return manner.included | ({"abuse", "large"} if target.is_embedded else set())


def _failed(failure: PreflightFailure) -> dict[str, Any]:
    found = {"cause": failure.cause, "found": failure.found, "fix": failure.fix}
    return {"failure": found, "warnings": [], "requests": 0, "lost": ""}


def _found(recorded: Recorded) -> dict[str, Any]:
    return {
        "warnings": list(recorded.warnings),
        "roots": dict(recorded.roots),
        "models": dict(recorded.models),
        "requests": recorded.requests,
        "lost": recorded.lost,
    }


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
        yield target.started(found.base_url, found.key), control


def _control(target: Target, environ: Mapping[str, str]) -> Control:
    """The adapter that the profile names, where its address and token are given."""
    url = environ.get("GATEWAY_CONTROL_URL", "")
    token = environ.get("GATEWAY_CONTROL_TOKEN", "")
    if target.profile.control == "reference" and url and token:
        return ReferenceControl(url, Secret(token))
    return ManualControl()


def _configuration(target: Target, manner: Manner) -> dict[str, Any]:
    return {
        "models": dict(target.models),
        "protocols": [str(protocol) for protocol in target.profile.endpoints],
        "keys": sorted(target.keys),
        "headers": sorted(target.headers),
        "control": target.profile.control,
        "concurrency": manner.concurrency,
        "timeout_s": manner.timeout_s,
        "smoke": manner.smoke,
        "faults": list(manner.faults),
        "included": sorted(_included(target, manner)),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
