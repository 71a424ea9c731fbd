"""Many features in one request: asked apart only where that is refused, judged one by one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from unit_exchanges import MESSAGE, exchange, recording

from conformance.judge import Judge
from conformance.kinds import Kind
from conformance.model import Exchange, Outcome, Recording
from conformance.profile import load
from conformance.recorder import Gateway
from conformance.registry import requirements, serving
from conformance.scenarios.features import asked_in_one

FORMS = "anthropic-forms"
ALONE = {"charset": f"{FORMS}#2", "betas": f"{FORMS}#3"}


def asked(refused: str, status: int = 400) -> dict[str, Any]:
    """What is asked of a gateway that refuses whatever has one feature, and the facts of it."""
    sent: list[str] = []

    async def ask(whole: str) -> Exchange:
        sent.append(whole)
        answer = exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE, id=f"{FORMS}#{len(sent)}")
        assert answer.response
        found = status if refused and refused in whole else 200
        return replace(answer, response=replace(answer.response, status=found))

    gateway = SimpleNamespace(facts={})
    features = {"charset": lambda whole: whole + "c", "betas": lambda whole: whole + "b"}
    is_settled = lambda found: found.status < 300  # noqa: E731 - as scenarios write it
    asyncio.run(asked_in_one(cast(Gateway, gateway), "", features, ask, is_settled))
    return {"sent": sent, **gateway.facts}


def test_what_is_accepted_together_is_asked_once() -> None:
    assert asked("")["sent"] == ["cb"]


@pytest.mark.parametrize("status", [308, 401, 400, 500])
def test_what_is_refused_together_is_asked_apart(status: int) -> None:
    found = asked("b", status)

    assert found["sent"] == ["cb", "c", "b"]
    assert found["features"] == ALONE


def told(status: int) -> Recording:
    """A recording whose betas get another status, together and alone."""
    made = [exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE, id=f"{FORMS}#{n}") for n in (1, 2, 3)]
    for index in (0, 2):
        answer = made[index].response
        assert answer
        made[index] = replace(made[index], response=replace(answer, status=status))
    return replace(recording(FORMS, *made), facts={"features": ALONE})


@pytest.mark.parametrize("status", [400, 500])
def test_a_rule_about_one_feature_sees_no_other(status: int) -> None:
    verdicts = Judge({FORMS: told(status)}, load("reference")).verdicts(
        ["ANT-EP-007", "ANT-BETA-001"]
    )

    assert verdicts["ANT-EP-007"].outcome is Outcome.PASS
    assert [found.exchange for found in verdicts["ANT-BETA-001"].violations] == [f"{FORMS}#3"]


def test_the_shape_of_answers_is_judged_without_asking_every_model() -> None:
    wanted = serving(requirements()["ANT-BLK-001"])

    assert "anthropic-plain" in wanted
    assert not wanted & {"catalogue-messages", "money-cached"}
