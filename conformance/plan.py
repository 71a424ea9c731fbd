"""From selected requirements to the scenarios that must be recorded for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.profile import Profile
from conformance.registry import Scenario, closure, requirements, scenarios, serving
from conformance.target import Target


@dataclass(frozen=True)
class Plan:
    """What a run will judge and what it records for that."""

    selected: tuple[str, ...]
    scenarios: tuple[Scenario, ...]

    @property
    def exchanges(self) -> int:
        """How many requests a sound gateway will get."""
        return sum(scenario.exchanges for scenario in self.scenarios)

    @property
    def output_tokens(self) -> int:
        """The most that the answers can cost."""
        return sum(scenario.cost for scenario in self.scenarios)


def plan(selected: Iterable[str], profile: Profile, smoke: bool = False) -> Plan:
    """The plan for some requirement ids; `smoke` keeps to the smoke scenarios.

    Each scenario is taken once, however many requirements it serves.
    """
    ids = tuple(selected)
    known = requirements()
    wanted = {name for id in closure(list(ids)) for name in serving(known[id])}
    taken = tuple(
        scenario.for_models(len(profile.chat_models))
        for scenario in scenarios().values()
        if scenario.name in wanted
        and scenario.protocols <= set(profile.endpoints)
        and profile.claims(scenario.demands)
        and (scenario.smoke or not smoke)
    )
    return Plan(ids, taken)


def lacking_lab(scenario: Scenario, target: Target) -> tuple[str, ...]:
    """What a scenario misses of the lab: all of it, or model roles that lead there."""
    roles = () if scenario.lab_is_optional else scenario.lab_roles(target.profile.capabilities)
    if roles and not target.has_lab:
        return ("--lab",)
    return tuple(f"models.{role}" for role in roles if role not in target.models)


def reaches_lab(scenario: Scenario, target: Target) -> bool:
    """Whether the lab answers a scenario: it asks for it, and its model roles lead there."""
    roles = scenario.lab_roles(target.profile.capabilities)
    return bool(roles) and target.has_lab and all(role in target.models for role in roles)
