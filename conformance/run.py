"""One run against a live gateway: preflight, then every scenario of the plan, recorded.

Exactly one process runs this. Recordings reach the disk redacted and one by one, so
whatever interrupts the run leaves those already made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance import archive
from conformance.control import Control
from conformance.errors import ControlError
from conformance.keyring import Keyring
from conformance.kinds import Protocol
from conformance.model import Recording
from conformance.plan import Plan
from conformance.preflight import Preflight, preflight
from conformance.recorder import Connection, Deadlines, Gateway, connected
from conformance.redaction import Redactor
from conformance.registry import Scenario
from conformance.secret import Secret
from conformance.target import Target

LOST_AFTER = 3
"""Requests in a row without any answer after which the target counts as lost."""

Progress = Callable[[int, int, str], None]
"""Told (scenarios done, scenarios in all, name of the last one)."""


@dataclass(frozen=True)
class Conditions:
    """How a run is made: where recordings go, how long to wait, how much at once.

    `secrets` are further credentials to redact, each with its role: those that the user
    gave for another target. `included` are the opt-in areas that may be sent.
    """

    folder: Path
    deadlines: Deadlines
    concurrency: int
    progress: Progress
    secrets: tuple[tuple[str, Secret], ...] = ()
    included: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Recorded:
    """What a run left: the recordings (redacted), and what it found on the way.

    `lost` says why the run broke off; empty for a run that recorded its whole plan.
    """

    recordings: Mapping[str, Recording]
    warnings: tuple[str, ...]
    models: Mapping[str, str]
    roots: Mapping[str, str]
    requests: int
    lost: str


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

    @property
    def is_lost(self) -> bool:
        return self.connection.lost_in_a_row >= LOST_AFTER

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
        needed = (str(scenario.protocol), *scenario.models)
        missing = [f"models.{role}" for role in needed if role not in self.found.models]
        try:
            keys = {role: await self.keyring.key(role) for role in {"valid", *scenario.keys}}
        except ControlError as error:
            return Recording(scenario.name, not_recorded=str(error))
        held = {role: key for role, key in keys.items() if key is not None}
        missing += [f"keys.{role}" for role in scenario.keys if role not in held]
        if missing:
            return Recording(scenario.name, not_recorded=f"needs {', '.join(missing)}")
        gateway = self._gateway(scenario, held)
        await scenario.play(gateway)
        return gateway.recording

    def _gateway(self, scenario: Scenario, keys: Mapping[str, Secret]) -> Gateway:
        return Gateway(
            scenario.name,
            self.connection,
            self.found.routes,
            self.found.models,
            keys,
            expects_success=scenario.expects_success,
        )


async def record(target: Target, plan: Plan, control: Control, conditions: Conditions) -> Recorded:
    """Record the whole plan; raises PreflightFailure where nothing can be judged."""
    redactor = Redactor()
    for name in target.hidden:
        redactor.add("header", target.headers[name])
    keyring = Keyring(target.keys, control, redactor)
    # Last: a credential that is the target's too keeps the role that it has there.
    for role, secret in conditions.secrets:
        redactor.add(role, secret)
    async with connected(target, conditions.deadlines) as connection:
        found = await preflight(connection, target, target.keys.get("valid"))
        session = _Session(connection, target, found, keyring, redactor, conditions)
        for recording in found.recordings.values():
            # A 5xx gets the tries of any other scenario before it stands.
            if not any(exchange.status >= 500 for exchange in recording.final):
                session.keep(recording)
        await _record_all(session, plan)
    return Recorded(
        recordings=session.recordings,
        warnings=found.warnings,
        models=_by_protocol(found.models),
        roots={str(protocol): route.root for protocol, route in found.routes.items()},
        requests=connection.sent,
        lost=_lost(session, plan),
    )


async def _record_all(session: _Session, plan: Plan) -> None:
    """Many scenarios in flight; afterwards the exclusive ones, one by one."""
    waiting = [s for s in plan.scenarios if s.name not in session.recordings]
    slots = asyncio.Semaphore(session.conditions.concurrency)

    async def one(scenario: Scenario) -> None:
        async with slots:
            await session.record(scenario)
        done = len([s for s in plan.scenarios if s.name in session.recordings])
        session.conditions.progress(done, len(plan.scenarios), scenario.name)

    await asyncio.gather(*(one(scenario) for scenario in waiting if not scenario.exclusive))
    for scenario in waiting:
        if scenario.exclusive:
            await one(scenario)


def _lost(session: _Session, plan: Plan) -> str:
    if not session.is_lost:
        return ""
    done = len([s for s in plan.scenarios if s.name in session.recordings])
    return f"the target stopped answering: {done} of {len(plan.scenarios)} scenarios recorded"


def _by_protocol(models: Mapping[str, str]) -> Mapping[str, str]:
    return {name: models[name] for name in (str(p) for p in Protocol) if name in models}
