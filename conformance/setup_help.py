"""What a target still lacks to be judged in full, told from profile and environment alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from conformance.control import Ability
from conformance.kinds import Protocol
from conformance.plan import lacking_lab
from conformance.profile import Profile
from conformance.registry import Scenario, closure, requirements, scenarios, serving
from conformance.target import Target

_MADE = ("wrong", "vendor")
"""The key roles that the suite makes up."""

_CONTROLLED = ("capped", "broke", "revoked")
"""The key roles that an adapter can make."""


@dataclass(frozen=True)
class Lack:
    """One thing that is missing: its name, how to give it, and how many checks wait for it."""

    name: str
    remedy: str
    checks: int

    def __str__(self) -> str:
        return f"{self.name} ({self.checks} checks): {self.remedy}"


def lacks(
    target: Target,
    abilities: frozenset[Ability],
    included: frozenset[str],
    ids: Iterable[str] | None = None,
) -> list[Lack]:
    """What is missing for the selected requirements, what most of them wait for first."""
    waiting: dict[tuple[str, str], set[str]] = {}
    for id in closure(list(requirements() if ids is None else ids)):
        for name in _asked_for(id):
            for missing in _missing(scenarios()[name], target, abilities, included):
                waiting.setdefault(missing, set()).add(id)
    found = [Lack(name, remedy, len(checks)) for (name, remedy), checks in waiting.items()]
    return sorted(found, key=lambda lack: (-lack.checks, lack.name))


def _asked_for(id: str) -> set[str]:
    """The scenarios without which a requirement may have no subject."""
    found = requirements()[id]
    return serving(found) if found.scenario_names or found.needs_lab else set()


def told(target: Target, abilities: frozenset[Ability], included: frozenset[str]) -> str:
    """The page that `--setup-help` prints."""
    found = lacks(target, abilities, included)
    head = f"{target.base_url or 'the embedded gateway'}, profile {target.profile.name}"
    if not found:
        return f"{head}: nothing is missing, every requirement can be judged."
    return "\n".join([f"{head}: to be judged in full it still needs", *(f"  {x}" for x in found)])


def _missing(
    scenario: Scenario, target: Target, abilities: frozenset[Ability], included: frozenset[str]
) -> Iterator[tuple[str, str]]:
    profile = target.profile
    if scenario.protocol not in profile.endpoints:
        return
    yield from _unclaimed(scenario.demands, profile)
    for name in lacking_lab(scenario, target):
        yield name, _LAB if name == "--lab" else "configure it at the gateway, behind the lab"
    if scenario.opt_in and scenario.opt_in not in included:
        yield f"--include {scenario.opt_in}", "give the option; it is not sent unasked"
    if not target.is_embedded:
        yield from _keys(scenario.keys, target, abilities)
    yield from _models((str(scenario.protocol), *scenario.models), target.models)
    for ability in sorted(set(scenario.abilities) - abilities):
        yield f"control.{ability}", "name a control adapter in the profile, and give its address"
    model = target.models.get(str(scenario.protocol), "")
    if scenario.priced and model not in profile.prices:
        yield f"prices.{model or scenario.protocol}", "add [prices] to the profile"


_LAB = "start the suite's own upstream with `gateway-conformance lab` and do as it says"


def _unclaimed(capabilities: Iterable[str], profile: Profile) -> Iterator[tuple[str, str]]:
    for capability in sorted(set(capabilities) - profile.capabilities):
        yield f"capability {capability}", "claim it in the profile, if the gateway has it"


def _keys(
    roles: Iterable[str], target: Target, abilities: frozenset[Ability]
) -> Iterator[tuple[str, str]]:
    for role in roles:
        if role in _MADE or role in target.keys or (abilities and role in _CONTROLLED):
            continue
        source = target.profile.keys.get(role)
        names = " or ".join(source.env) if source and source.env else f"[keys.{role}]"
        yield f"keys.{role}", f"set {names}"


def _models(roles: Iterable[str], models: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for role in roles:
        if role in models:
            continue
        if role in set(Protocol):
            yield f"models.{role}", "give --model, or leave it to GET /models"
        else:
            yield f"models.{role}", "name it under [models] in the profile"
