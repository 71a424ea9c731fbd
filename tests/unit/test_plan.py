"""From selected requirements to the scenarios that are recorded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance import plan as planning
from conformance.kinds import Protocol
from conformance.plan import Plan, plan, serving
from conformance.profile import load
from conformance.registry import requirements, scenarios

GENERIC = load("generic")
EVERY = frozenset(name for scenario in scenarios().values() for name in scenario.capabilities)
ABLE = replace(GENERIC, capabilities=GENERIC.capabilities | EVERY)


def names(made: Plan) -> list[str]:
    """The scenarios of a plan."""
    return [scenario.name for scenario in made.scenarios]


def test_a_probe_records_its_own_scenario_only() -> None:
    assert names(plan(["ANT-AUTH-004"], GENERIC)) == ["anthropic-no-key"]


def test_what_a_requirement_needs_is_recorded_too() -> None:
    assert names(plan(["ANT-EP-005"], GENERIC)) == ["anthropic-plain", "anthropic-unknown-model"]


def test_only_what_was_selected_is_selected() -> None:
    assert plan(["ANT-EP-005"], GENERIC).selected == ("ANT-EP-005",)


def test_a_kind_records_every_scenario_that_yields_it() -> None:
    found = names(plan(["OAI-ERR-005"], GENERIC))

    assert {"openai-wrong-key", "openai-invalid", "openai-capped"} <= set(found)


def test_each_scenario_is_recorded_once() -> None:
    found = names(plan(requirements(), ABLE))

    assert sorted(found) == sorted(scenarios())


def test_scenarios_keep_the_order_of_their_declaration() -> None:
    found = names(plan(reversed(list(requirements())), ABLE))

    assert found == list(scenarios())


def test_the_smoke_plan_keeps_to_smoke_scenarios() -> None:
    made = plan(requirements(), GENERIC, smoke=True)

    assert made.scenarios and all(scenario.smoke for scenario in made.scenarios)


@pytest.mark.parametrize("protocol", list(Protocol))
def test_a_plan_keeps_to_the_protocols_of_the_profile(protocol: Protocol) -> None:
    profile = replace(GENERIC, endpoints={protocol: GENERIC.endpoints[protocol]})

    found = plan(requirements(), profile).scenarios

    assert {scenario.protocol for scenario in found} == {protocol}


def test_a_requirement_about_the_run_is_served_by_the_smoke_scenarios() -> None:
    smoke = {name for name, scenario in scenarios().items() if scenario.smoke}

    assert serving(requirements()["GW-PAR-005"]) == smoke


def test_a_plan_adds_up_requests_and_tokens() -> None:
    made = plan(["ANT-MSG-011", "ANT-AUTH-004"], GENERIC)

    assert made.exchanges == sum(scenario.exchanges for scenario in made.scenarios) > 3
    assert made.output_tokens == sum(scenario.cost for scenario in made.scenarios) > 1024


def test_nothing_selected_is_nothing_planned() -> None:
    assert plan([], GENERIC) == Plan((), ())


def test_a_capability_that_is_not_claimed_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    able = replace(scenarios()["anthropic-tool"], capabilities=("tools", "thinking"))
    monkeypatch.setattr(planning, "scenarios", lambda: {"anthropic-tool": able})
    thinking = replace(GENERIC, capabilities=GENERIC.capabilities | {"thinking"})

    assert names(plan(["ANT-TOOL-001"], GENERIC)) == []
    assert names(plan(["ANT-TOOL-001"], thinking)) == ["anthropic-tool"]
