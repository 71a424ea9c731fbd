"""One proof: the whole suite against one gateway, in this process."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path

from conformance.control.reference import ReferenceControl
from conformance.judge import Judge
from conformance.model import Verdict
from conformance.plan import plan
from conformance.recorder import Deadlines
from conformance.registry import requirements
from conformance.run import Conditions, record
from conformance.secret import Secret
from conformance.target import Wish, resolve
from reference_gateway.app import serve
from reference_gateway.config import Config


def judged(*faults: str) -> Mapping[str, Verdict]:
    """The verdicts on the reference gateway with these faults."""
    return asyncio.run(_judged(faults))


async def _judged(faults: tuple[str, ...]) -> Mapping[str, Verdict]:
    ids = list(requirements())
    async with serve(Config(faults=faults)) as gateway:
        target = resolve(Wish(), {}).started(f"{gateway.base_url}/api", Secret(gateway.key))
        control = ReferenceControl(gateway.control_url, Secret(gateway.control_token))
        with tempfile.TemporaryDirectory() as folder:
            conditions = Conditions(
                Path(folder),
                Deadlines(5, 5, 10),
                8,
                lambda *_: None,
                included=frozenset({"abuse", "large"}),
            )
            recorded = await record(target, plan(ids, target.profile), control, conditions)
    return Judge(recorded.recordings, target.profile).verdicts(ids)
