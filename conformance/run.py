"""One run against a live gateway: preflight, then every scenario of the plan, recorded.

Exactly one process runs this. Recordings reach the disk redacted and one by one, so
whatever interrupts the run leaves those already made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from conformance import archive, lab
from conformance.connection import SILENCE_S, Connection, Deadlines, connected
from conformance.control import Control, abilities_of
from conformance.errors import ClientError, ControlError, LabError, PreflightFailure
from conformance.keyring import Keyring
from conformance.kinds import Protocol
from conformance.lab import Lab, LabApi
from conformance.meter import BudgetSpent, Limits, Meter
from conformance.model import Exchange, Recording
from conformance.pace import Pace
from conformance.plan import Plan, lacking_lab, reaches_lab
from conformance.preflight import Preflight, preflight
from conformance.recall import Recall
from conformance.recorder import Gateway
from conformance.redaction import Redactor
from conformance.registry import Scenario
from conformance.secret import Secret
from conformance.target import Target

SEED = 20261101
"""What random requests grow from where nobody says otherwise."""

LOST_AFTER = 3
"""Requests in a row without any answer after which the target counts as lost."""

STORM_AFTER = 20
"""Requests in a row answered with nothing but 5xx after which no more are sent to a stranger."""

UNFINISHED = "unfinished"
"""The folder beside the recordings for what a stopped scenario had got."""

Progress = Callable[[int, int, Meter], None]
"""Told (scenarios done, scenarios in all, what was sent and spent)."""


@dataclass(frozen=True)
class Earlier:
    """What an interrupted run left: whole recordings, and the parts of others."""

    recordings: Mapping[str, Recording] = field(default_factory=dict)
    parts: Mapping[str, Recording] = field(default_factory=dict)


@dataclass(frozen=True)
class Conditions:
    """How a run is made: where recordings go, how long to wait, how much at once.

    `secrets` are further credentials to redact, each with its role: those that the user
    gave for another target. `included` are the opt-in areas that may be sent, `seed` is what
    random requests grow from, `silence_s` how long a model is told to be silent. After
    `storm_after` 5xx in a row nothing more is sent; 0 for never.
    """

    folder: Path
    deadlines: Deadlines
    concurrency: int
    progress: Progress
    secrets: tuple[tuple[str, Secret], ...] = ()
    included: frozenset[str] = frozenset()
    seed: int = SEED
    silence_s: float = SILENCE_S
    limits: Limits = field(default_factory=Limits)
    per_minute: float | None = None
    storm_after: int = 0
    earlier: Earlier = field(default_factory=Earlier)


@dataclass(frozen=True)
class Recorded:
    """What a run left: the recordings (redacted), and what it found on the way.

    `lost` says why the run broke off; empty for a run that recorded its whole plan.
    """

    recordings: Mapping[str, Recording]
    warnings: tuple[str, ...]
    models: Mapping[str, str]
    roots: Mapping[str, str]
    meter: Meter
    lost: str

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self.meter.requests


@dataclass
class _Session:
    """The state of a run while it records."""

    connection: Connection
    target: Target
    found: Preflight
    keyring: Keyring
    redactor: Redactor
    conditions: Conditions
    recordings: dict[str, Recording] = field(default_factory=dict)
    tried: dict[str, list[Exchange]] = field(default_factory=dict)
    lab: LabApi | None = None

    @property
    def is_lost(self) -> bool:
        return self.connection.lost_in_a_row >= LOST_AFTER

    @property
    def is_storm(self) -> bool:
        after = self.conditions.storm_after
        return bool(after) and self.connection.broken_in_a_row >= after

    async def record(self, scenario: Scenario) -> None:
        """Play one scenario and keep what it recorded."""
        if not self.is_lost:
            self.keep(await self._played(scenario))

    def keep(self, recording: Recording) -> None:
        """Redact a recording and put it on disk."""
        redacted = self.redactor.recording(recording)
        archive.write(redacted, self.conditions.folder)
        self.recordings[recording.scenario] = redacted

    async def _played(self, scenario: Scenario) -> Recording:
        if scenario.opt_in and scenario.opt_in not in self.conditions.included:
            return Recording(scenario.name, not_recorded=f"needs --include {scenario.opt_in}")
        if self.is_storm:
            return Recording(scenario.name, not_recorded=_STORM)
        without = lacking_lab(scenario, self.target)
        if without:
            return Recording(scenario.name, not_recorded=f"needs {', '.join(without)}")
        needed = (str(scenario.protocol), *scenario.models)
        missing = [f"models.{role}" for role in needed if role not in self.found.models]
        try:
            keys = {role: await self.keyring.key(role) for role in {"valid", *scenario.keys}}
        except ControlError as error:
            return Recording(scenario.name, not_recorded=str(error))
        held = {role: key for role, key in keys.items() if key is not None}
        missing += [f"keys.{role}" for role in scenario.keys if role not in held]
        missing += self._uncontrolled(scenario)
        if missing:
            return Recording(scenario.name, not_recorded=f"needs {', '.join(missing)}")
        return await self._played_by(self._gateway(scenario, held), scenario)

    async def _played_by(self, gateway: Gateway, scenario: Scenario) -> Recording:
        """The recording; what a stopped scenario had got is kept for `--resume`."""
        try:
            await scenario.play(gateway)
            if gateway.behind is not None:
                await gateway.behind.close()
        except asyncio.CancelledError:
            self._keep_part(gateway.recording)
            raise
        except BudgetSpent as spent:
            self._keep_part(gateway.recording)
            evidence = tuple(replace(e, superseded=True) for e in gateway.exchanges)
            return Recording(scenario.name, evidence, not_recorded=str(spent))
        except (ControlError, LabError, ClientError) as error:
            return replace(gateway.recording, not_recorded=str(error))
        return gateway.recording

    def _keep_part(self, recording: Recording) -> None:
        if recording.exchanges:
            folder = self.conditions.folder.parent / UNFINISHED
            archive.write(self.redactor.recording(recording), folder)

    def _uncontrolled(self, scenario: Scenario) -> list[str]:
        """What a scenario about money lacks: abilities of the adapter, the model's price."""
        able = abilities_of(self.keyring.control)
        lacking = [f"control.{ability}" for ability in scenario.abilities if ability not in able]
        asked = [self.found.models.get(role, "") for role in scenario.lab or (scenario.protocol,)]
        unpriced = [model for model in asked if model not in self.target.profile.prices]
        return lacking + [f"prices.{model}" for model in unpriced if scenario.priced]

    def _has_lab(self, scenario: Scenario) -> bool:
        is_there = not scenario.lab_is_optional or reaches_lab(scenario, self.target)
        return bool(scenario.lab) and is_there

    def _gateway(self, scenario: Scenario, keys: dict[str, Secret]) -> Gateway:
        # What the lab saw of an interrupted scenario is gone with its script: it is played anew.
        part = None if self._has_lab(scenario) else self.conditions.earlier.parts.get(scenario.name)
        exchanges = self.tried.get(scenario.name, [])
        behind = self.lab if self._has_lab(scenario) else None
        return Gateway(
            scenario.name,
            self.connection,
            self.found.routes,
            self.found.models,
            keys,
            tenancy=self.keyring.tenancy(keys),
            exchanges=exchanges,
            expects_success=scenario.expects_success,
            earlier=Recall(part.exchanges if part else ()),
            behind=Lab(behind, scenario.name, exchanges) if behind else None,
            provokes=scenario.upstream == "faulty",
        )


async def record(target: Target, plan: Plan, control: Control, conditions: Conditions) -> Recorded:
    """Record the whole plan; raises PreflightFailure where nothing can be judged."""
    redactor = Redactor()
    known = conditions.earlier.recordings
    meter = Meter(target.profile.prices, conditions.limits, target.lab_models)
    pace = Pace(conditions.per_minute)
    async with (
        lab.opened(target.lab) as behind,
        connected(
            target,
            conditions.deadlines,
            meter=meter,
            pace=pace,
            seed=conditions.seed,
            silence_s=conditions.silence_s,
        ) as connection,
    ):
        keyring = await _keyring(target, control, redactor, behind)
        # Last: a credential that is the target's too keeps the role that it has there.
        for role, secret in conditions.secrets:
            redactor.add(role, secret)
        found = await preflight(connection, target, target.keys.get("valid"), known)
        session = _Session(connection, target, found, keyring, redactor, conditions, dict(known))
        session.lab = behind
        _keep_probes(session)
        # What preflight met at roots that are none is no storm.
        connection.broken_in_a_row = 0
        await _record_all(session, plan)
    return Recorded(
        recordings=session.recordings,
        warnings=found.warnings,
        models=_by_protocol(found.models),
        roots={str(protocol): route.root for protocol, route in found.routes.items()},
        meter=meter,
        lost=_lost(session, plan),
    )


async def _keyring(
    target: Target, control: Control, redactor: Redactor, behind: LabApi | None
) -> Keyring:
    """The keys of the run, all known to the redactor; raises PreflightFailure without a lab.

    The lab's key comes first: where it also stands in a header of the profile, it is still
    the credential that no client may read.
    """
    if target.lab is not None and behind is not None:
        try:
            redactor.add("upstream", await behind.key())
        except LabError as error:
            fix = "start it with `gateway-conformance lab`, and check --lab and GATEWAY_LAB_TOKEN"
            raise PreflightFailure("configuration", str(error), fix) from None
        redactor.add("lab", target.lab.token)
    for secret in (*(target.headers[name] for name in target.hidden), *target.inserted):
        redactor.add("header", secret)
    return Keyring(target.keys, control, redactor)


def _keep_probes(session: _Session) -> None:
    """Keep what preflight recorded, except a 5xx: it gets the tries of any other scenario."""
    for name, recording in session.found.recordings.items():
        if any(exchange.status >= 500 for exchange in recording.final):
            session.tried[name] = [replace(e, superseded=True) for e in recording.exchanges]
        elif name not in session.recordings:
            session.keep(recording)


async def _record_all(session: _Session, plan: Plan) -> None:
    """Many scenarios in flight; afterwards the exclusive ones, one by one."""
    waiting = [s for s in plan.scenarios if s.name not in session.recordings]
    slots = asyncio.Semaphore(session.conditions.concurrency)

    async def one(scenario: Scenario) -> None:
        async with slots:
            await session.record(scenario)
        done = len([s for s in plan.scenarios if s.name in session.recordings])
        session.conditions.progress(done, len(plan.scenarios), session.connection.meter)

    await asyncio.gather(*(one(scenario) for scenario in waiting if not scenario.exclusive))
    for scenario in waiting:
        if scenario.exclusive:
            await one(scenario)


_STORM = f"the target answered {STORM_AFTER} requests in a row with 5xx; no more was sent"


def _lost(session: _Session, plan: Plan) -> str:
    if not session.is_lost:
        return ""
    done = len([s for s in plan.scenarios if s.name in session.recordings])
    return f"the target stopped answering: {done} of {len(plan.scenarios)} scenarios recorded"


def _by_protocol(models: Mapping[str, str]) -> Mapping[str, str]:
    return {name: models[name] for name in (str(p) for p in Protocol) if name in models}
