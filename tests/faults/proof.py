"""One proof: the suite against one gateway, in this process."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

from conformance.connection import Deadlines
from conformance.control.reference import ReferenceControl
from conformance.errors import PreflightFailure
from conformance.judge import Judge
from conformance.model import Recording, Verdict
from conformance.plan import plan
from conformance.profile import Profile, load
from conformance.registry import requirements, scenarios, serving
from conformance.run import Conditions, record
from conformance.secret import Secret
from conformance.target import LabAddress, Wish, resolve
from reference_gateway.app import Running, RunningBeforeLab, serve
from reference_gateway.config import Config
from reference_gateway.faults import FAULTS

# httpcore looks for this module at every lock it takes: where it is missing, the whole path
# is searched each time, a sixth of a proof.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # None says that it is missing

EVERYTHING = frozenset({"abuse", "large", "slow"})
"""The opt-in areas that need nothing but the gateway."""

OWN = load("reference").capabilities
"""What the reference gateway is capable of without the lab."""

SILENCE_S = 4.0
"""What stands for two minutes of silence; the gateway's own patience is scaled with it."""

AT_ONCE = 16
"""Scenarios in flight: most of them wait for something, and none is timed by the others."""


def judged(*faults: str, included: frozenset[str] | None = None) -> Mapping[str, Verdict]:
    """The verdicts on the reference gateway with these faults."""
    recordings, profile = recorded(*faults, included=included)
    return Judge(recordings, profile).verdicts(requirements())


def recorded(
    *faults: str, included: frozenset[str] | None = None
) -> tuple[Mapping[str, Recording], Profile]:
    """What is played to the reference gateway with these faults, and its profile.

    Of the opt-in areas only those are played without which a fault could not be seen, and a
    fault of one protocol is shown that protocol alone, unless it breaks more than that.
    """
    areas = opt_ins(faults) if included is None else included
    try:
        return asyncio.run(_recorded(faults, areas, protocols(faults)))
    except PreflightFailure:
        # Of its own protocol the fault leaves nothing that could be judged.
        return asyncio.run(_recorded(faults, areas, ()))


def opt_ins(faults: Iterable[str]) -> frozenset[str]:
    """The areas that alone serve a requirement which one of these faults breaks."""
    broken = {id for slug in faults for id in FAULTS[slug].kills if id in requirements()}
    areas = [{scenarios()[name].opt_in for name in serving(requirements()[id])} for id in broken]
    return frozenset(area for found in areas if "" not in found for area in found) & EVERYTHING


def needs_lab(faults: Iterable[str]) -> bool:
    """Whether one of these faults breaks what only the lab shows; without a fault all is shown."""
    broken = [id for slug in faults for id in FAULTS[slug].kills if id in requirements()]
    served = [[scenarios()[name] for name in serving(requirements()[id])] for id in broken]
    return not broken or any(all(s.lab_roles(OWN) for s in found) for found in served)


def _lab(gateway: Running) -> LabAddress | None:
    if not isinstance(gateway, RunningBeforeLab):
        return None
    return LabAddress(gateway.lab_url, Secret(gateway.lab_token))


def protocols(faults: Iterable[str]) -> tuple[str, ...]:
    """The protocol that all of these faults keep to; empty for every protocol."""
    named = {slug.partition("-")[0] for slug in faults}
    areas = {id.partition("-")[0] for slug in faults for id in FAULTS[slug].kills}
    alone = {("anthropic", "ANT"), ("openai", "OAI")}
    found = [protocol for protocol, area in alone if named == {protocol} and areas == {area}]
    return tuple(found)


async def _recorded(
    faults: tuple[str, ...], included: frozenset[str], spoken: tuple[str, ...]
) -> tuple[Mapping[str, Recording], Profile]:
    how = Config(
        faults=faults,
        ping_s=SILENCE_S / 8,
        body_stall_s=SILENCE_S / 2,
        lab=needs_lab(faults),
    )
    async with serve(how) as gateway:
        target = resolve(Wish(protocols=spoken), {}).started(
            f"{gateway.base_url}/api", Secret(gateway.key), _lab(gateway)
        )
        control = ReferenceControl(gateway.control_url, Secret(gateway.control_token))
        with tempfile.TemporaryDirectory() as folder:
            conditions = Conditions(
                Path(folder),
                Deadlines(20, 20, 40),
                AT_ONCE,
                lambda *_: None,
                included=included,
                silence_s=SILENCE_S,
            )
            found = await record(target, plan(requirements(), target.profile), control, conditions)
    return found.recordings, target.profile
