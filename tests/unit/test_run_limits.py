"""A run that has to stop early: the budget is spent, or the target is in a storm of 5xx."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from unit_servers import Answer, http, serving

from conformance import archive, retrying
from conformance.connection import Deadlines
from conformance.control.manual import ManualControl
from conformance.control.reference import ReferenceControl
from conformance.errors import UsageError
from conformance.judge import Judge
from conformance.meter import Limits
from conformance.model import Outcome, Recording, Verdict
from conformance.plan import Plan, plan
from conformance.profile import Profile, load
from conformance.registry import requirements
from conformance.run import UNFINISHED, Conditions, Earlier, Recorded, record
from conformance.secret import Secret
from conformance.target import Wish, resolve
from reference_gateway.app import serve
from reference_gateway.config import Config

IDS = list(requirements())
SCENARIOS = 30
Step = Callable[[Conditions], Awaitable[Recorded]]


def conditions(folder: Path, **how: Any) -> Conditions:
    """The conditions of a run below a folder."""
    deadlines = Deadlines(5, 5, 10)
    return Conditions(folder / "recordings", deadlines, 4, lambda *_: None, **how)


def planned_for(profile: Profile) -> Plan:
    """The first scenarios of a whole run: more requests than any limit here lets through."""
    whole = plan(IDS, profile)
    return replace(whole, scenarios=whole.scenarios[:SCENARIOS])


def at_gateway(play: Callable[[Step], Awaitable[None]]) -> None:
    """Play some runs against one sound gateway."""

    async def played() -> None:
        async with serve(Config()) as gateway:
            target = resolve(Wish(), {}).started(f"{gateway.base_url}/api", Secret(gateway.key))
            control = ReferenceControl(gateway.control_url, Secret(gateway.control_token))
            planned = planned_for(target.profile)
            await play(lambda how: record(target, planned, control, how))

    asyncio.run(played())


def judged(recordings: Mapping[str, Recording]) -> list[Verdict]:
    """The verdicts on such a run."""
    return list(Judge(recordings, load("reference")).verdicts(IDS).values())


def stopped(found: Recorded, words: str) -> list[str]:
    """The scenarios that were not recorded for this reason."""
    return [name for name, r in found.recordings.items() if r.not_recorded.startswith(words)]


@pytest.mark.parametrize(
    "limits", [Limits(requests=20), Limits(cost_usd=Decimal("0.03"))], ids=["requests", "cost"]
)
def test_what_the_budget_does_not_reach_is_not_run(tmp_path: Path, limits: Limits) -> None:
    async def play(run: Step) -> None:
        found = await run(conditions(tmp_path, limits=limits))
        assert stopped(found, "needs budget: --max-")
        assert found.requests == 20 if limits.requests else found.meter.cost_usd <= Decimal("0.03")
        verdicts = judged(found.recordings)
        assert not [v for v in verdicts if v.outcome in (Outcome.FAIL, Outcome.WARN)]
        assert [v for v in verdicts if v.reason.startswith("needs budget")]

    at_gateway(play)


def test_a_budget_that_ends_before_there_is_anything_to_judge_is_a_mistake(tmp_path: Path) -> None:
    async def play(run: Step) -> None:
        with pytest.raises(UsageError, match="needs budget"):
            await run(conditions(tmp_path, limits=Limits(requests=1)))

    at_gateway(play)


def test_a_raised_budget_goes_on_and_sends_nothing_twice(tmp_path: Path) -> None:
    async def play(run: Step) -> None:
        whole = await run(conditions(tmp_path / "whole"))
        first = await run(conditions(tmp_path, limits=Limits(requests=23)))
        done = {name: r for name, r in first.recordings.items() if not r.not_recorded}
        parts = archive.read_all(tmp_path / UNFINISHED)
        rest = await run(conditions(tmp_path, earlier=Earlier(done, parts)))
        assert first.requests + rest.requests == whole.requests
        assert rest.recordings.keys() == whole.recordings.keys()
        assert not [v for v in judged(rest.recordings) if v.outcome is Outcome.FAIL]

    at_gateway(play)


def test_a_storm_of_5xx_ends_the_sending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "_BACKOFF_S", 0.0)

    async def play() -> None:
        broken = Answer((http("500 Internal Server Error", b"no", "connection: close"),))
        async with serving(broken) as server:
            target = resolve(
                Wish(base_url=server.url, model="m"), {"GATEWAY_API_KEY": "th-demo-key"}
            )
            planned = planned_for(target.profile)
            how = conditions(tmp_path, storm_after=6)
            found = await record(target, planned, ManualControl(), how)
        not_sent = stopped(found, "the target answered")
        assert not_sent and len(server.requests) < 3 * (6 + 4) + 8
        assert Outcome.FAIL in {v.outcome for v in judged(found.recordings)}

    asyncio.run(play())
