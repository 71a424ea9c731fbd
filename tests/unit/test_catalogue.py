"""Registry, catalogue, exclusions, sources, symptoms and scenarios fit together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from conformance.catalogue import catalogue, excluded, source_url, sources
from conformance.kinds import Kind
from conformance.model import Level
from conformance.plan import plan
from conformance.profile import load
from conformance.registry import (
    LAB_MODELS,
    RUN,
    SCRIPTED,
    Requirement,
    Scenario,
    closure,
    requirement,
    requirements,
    scenario,
    scenarios,
    serving,
)
from conformance.report.symptoms import symptoms
from conformance.summary import SIX, is_smoke

REGISTERED = list(requirements().values())
SCENARIOS = list(scenarios().values())
FREE = {
    Kind.OTHER,
    Kind.ANTHROPIC_ERROR,
    Kind.ANTHROPIC_TOKEN_COUNT,
    Kind.ANTHROPIC_MODEL_LIST,
    Kind.ANTHROPIC_MODEL,
    Kind.OPENAI_ERROR,
    Kind.OPENAI_MODEL_LIST,
    Kind.OPENAI_MODEL,
}
"""What no gateway charges for."""
AREAS = {"ANT": "anthropic", "OAI": "openai", "GW": "gateway"}


def breaking(holds: Callable[[Any], bool], among: Iterable[Any]) -> list[Any]:
    """Those that a rule does not hold for."""
    return [one for one in among if not holds(one)]


def test_every_catalogue_id_is_registered_or_excluded_not_both() -> None:
    assert sorted([*requirements(), *excluded()]) == sorted(catalogue())


@pytest.mark.parametrize(
    "holds",
    [
        pytest.param(lambda entry: set(entry.levels) == {"gateway", "vendor"}, id="both levels"),
        pytest.param(lambda entry: entry.rule.endswith("."), id="a rule that is a sentence"),
        pytest.param(lambda entry: entry.sources or entry.issues, id="something to rest on"),
        pytest.param(lambda entry: set(entry.sources) <= set(sources()), id="known sources"),
        pytest.param(
            lambda entry: all(re.fullmatch(r"[\w.-]+/[\w.-]+#\d+", i) for i in entry.issues),
            id="issues by repository and number",
        ),
        pytest.param(
            lambda entry: entry.scope[0] == AREAS[entry.id.partition("-")[0]],
            id="its protocol first in its scope",
        ),
        pytest.param(
            lambda entry: source_url(entry)[:8] in ("", "https://"), id="a public address or none"
        ),
    ],
)
def test_every_entry_of_the_catalogue_has(holds: Callable[[Any], bool]) -> None:
    assert breaking(holds, catalogue().values()) == []


def test_every_source_is_cited() -> None:
    assert set(sources()) == {tag for entry in catalogue().values() for tag in entry.sources}


def test_an_exclusion_has_a_reason() -> None:
    assert breaking(lambda id: excluded()[id].strip(), excluded()) == []


def test_an_exclusion_as_the_same_names_other_ids() -> None:
    same = {
        id: reason.removeprefix("same as ").split(", ")
        for id, reason in excluded().items()
        if reason.startswith("same as ")
    }

    assert same and {id for others in same.values() for id in others} <= set(catalogue()) - set(
        same
    )


def yielded(known: Iterable[Scenario]) -> set[Kind]:
    """The kinds of exchange that some scenarios produce."""
    return {kind for scenario in known for kind in scenario.yields}


def is_of_the_contract(known: Scenario) -> bool:
    """Whether only what a gateway promises on top of the protocols asks for it by name."""
    return {r.area for r in REGISTERED if known.name in r.scenario_names} == {"gateway"}


def protocols_of(checked: Requirement) -> set[str]:
    """The protocols whose exchanges a requirement asks for."""
    named = {str(scenarios()[name].protocol) for name in checked.scenario_names}
    return named | {kind.partition(" ")[0] for kind in checked.kinds}


@pytest.mark.parametrize(
    "holds",
    [
        pytest.param(
            lambda r: re.fullmatch(r"[A-Z`].{8,110}\.", r.title), id="a sentence for its title"
        ),
        pytest.param(lambda r: set(r.needs) <= set(requirements()), id="needs that are there"),
        pytest.param(lambda r: r.id not in closure(list(r.needs)), id="needs without a cycle"),
        pytest.param(lambda r: set(r.scenario_names) <= set(scenarios()), id="known scenarios"),
        pytest.param(lambda r: set(r.kinds) <= yielded(SCENARIOS), id="kinds that are yielded"),
        pytest.param(lambda r: r.on and serving(r), id="a scenario that exercises it"),
        pytest.param(lambda r: r.symptom in symptoms(), id="a row of the symptom table"),
        pytest.param(lambda r: r.six in ("", *SIX), id="one of the six, or none"),
        pytest.param(lambda r: r.kinds or not r.when, id="kinds where it narrows them"),
        pytest.param(
            lambda r: r.area == "gateway" or protocols_of(r) == {r.area},
            id="subjects of its own protocol",
        ),
    ],
)
def test_every_requirement_has(holds: Callable[[Any], bool]) -> None:
    assert [checked.id for checked in breaking(holds, REGISTERED)] == []


@pytest.mark.parametrize(
    "holds",
    [
        pytest.param(lambda s: re.fullmatch(r"[A-Z].*\.", s.title), id="a sentence for its title"),
        pytest.param(
            lambda s: s.name.startswith((f"{s.protocol}-", "lab-")) or is_of_the_contract(s),
            id="its protocol in its name",
        ),
        pytest.param(
            lambda s: (
                s.name.startswith("lab-") is bool(s.lab and SCRIPTED not in s.capabilities)
                or s.name.startswith("client-")
            ),
            id="the lab in its name where that is asked for",
        ),
        pytest.param(lambda s: set(s.lab) <= set(LAB_MODELS), id="known roles of the lab"),
        pytest.param(
            lambda s: s.upstream == "sound" or (s.lab and not s.smoke), id="a lab to be faulty"
        ),
        pytest.param(
            lambda s: s.exchanges > 0 and (s.yields or s.lab or is_of_the_contract(s)),
            id="something to send",
        ),
        pytest.param(
            lambda s: not s.yields or (s.cost > 0) is any(kind not in FREE for kind in s.yields),
            id="a cost exactly where it is answered",
        ),
        pytest.param(
            lambda s: any(s.name in serving(checked) for checked in REGISTERED),
            id="a requirement that it serves",
        ),
    ],
)
def test_every_scenario_has(holds: Callable[[Any], bool]) -> None:
    assert [known.name for known in breaking(holds, SCENARIOS)] == []


SMOKE = [r for r in requirements().values() if is_smoke(r.id, catalogue()[r.id].level("gateway"))]


def test_the_smoke_plan_sends_at_most_ten_requests() -> None:
    assert plan([r.id for r in SMOKE], load("generic"), smoke=True).exchanges <= 10


def test_a_smoke_scenario_exercises_every_smoke_requirement() -> None:
    smoke = {known.name: known for known in SCENARIOS if known.smoke}
    kinds = yielded(smoke.values())

    assert [
        checked.id
        for checked in SMOKE
        if not set(checked.scenario_names) & set(smoke) and not set(checked.kinds) & kinds
    ] == []


def test_each_of_the_six_has_a_must() -> None:
    assert {checked.six for checked in SMOKE} == set(SIX)


def test_a_should_of_the_six_is_no_smoke() -> None:
    assert not is_smoke(SMOKE[0].id, Level.SHOULD)


def test_an_id_cannot_be_given_twice() -> None:
    with pytest.raises(ValueError, match="ANT-EP-001 is declared twice"):
        requirement("ANT-EP-001", on=RUN, symptom="401")(lambda _: iter(()))


def test_a_scenario_cannot_be_named_twice() -> None:
    known = scenarios()["anthropic-plain"]

    with pytest.raises(ValueError, match="anthropic-plain is declared twice"):
        scenario("anthropic-plain", protocol=known.protocol)(known.play)


def test_the_closure_holds_each_need_once() -> None:
    found = closure(["ANT-MSG-002", "ANT-MSG-003"])

    assert found == sorted(set(found)) and {"ANT-MSG-002", "ANT-EP-001", "ANT-MSG-015"} < set(found)


def test_every_kind_of_answer_is_judged() -> None:
    asked = {kind for checked in requirements().values() for kind in checked.kinds}

    assert Kind.OTHER not in asked
