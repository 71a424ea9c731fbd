"""What a gateway is capable of, told from the scenarios that ask for capabilities.

All of them are sent as if the profile claimed everything. A capability holds when every
scenario that asks for it was answered as by a gateway that has it; how well it was
answered is for the requirements to judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from conformance.features import quoted
from conformance.kinds import Kind
from conformance.model import Exchange, Recording
from conformance.plan import Plan
from conformance.profile import Profile
from conformance.registry import Scenario, scenarios

_ERRORS = {Kind.ANTHROPIC_ERROR, Kind.OPENAI_ERROR}


@dataclass(frozen=True)
class Finding:
    """A capability, and why it is not to be claimed; an empty `refusal` means that it is."""

    capability: str
    refusal: str = ""

    @property
    def holds(self) -> bool:
        """Whether the gateway has it."""
        return not self.refusal


def asking() -> tuple[Scenario, ...]:
    """The scenarios that ask for a capability and that anybody may be sent."""
    return tuple(s for s in scenarios().values() if s.capabilities and not s.opt_in)


def claiming_all(profile: Profile) -> Profile:
    """The profile as if the gateway were capable of everything."""
    asked = {name for scenario in asking() for name in scenario.capabilities}
    return replace(profile, capabilities=profile.capabilities | asked)


def plan_for(profile: Profile) -> Plan:
    """The plan of a discovery: what asks for capabilities on the claimed protocols."""
    return Plan((), tuple(s for s in asking() if s.protocol in profile.endpoints))


def findings(recordings: Mapping[str, Recording]) -> tuple[Finding, ...]:
    """What the recordings say about each capability, in alphabetical order.

    A capability of whose scenarios none was recorded is not found out about.
    """
    asked = [s for s in asking() if s.name in recordings and recordings[s.name].final]
    refused = {s.name: _refusal(s, recordings[s.name].final) for s in asked}
    weight = Counter(name for scenario in asked for name in scenario.capabilities)
    shown = {name for s in asked if not refused[s.name] for name in s.capabilities}
    refusals = dict.fromkeys(sorted(weight), "")
    for scenario in asked:
        if refused[scenario.name]:
            for name in _blamed(scenario, shown, weight):
                refusals[name] = refusals[name] or refused[scenario.name]
    return tuple(Finding(name, refusal) for name, refusal in refusals.items())


def _blamed(scenario: Scenario, shown: set[str], weight: Mapping[str, int]) -> list[str]:
    """The capabilities that a refusal speaks against: those that nothing else shows.

    Where something else shows each of them, it is the one that is asked for least often.
    """
    unseen = [name for name in scenario.capabilities if name not in shown]
    return unseen or [min(scenario.capabilities, key=lambda name: weight[name])]


def stanza(profile: Profile, found: Iterable[Finding]) -> str:
    """The capabilities as a profile file spells them: those found, and those nobody asked for."""
    known = {finding.capability: finding.holds for finding in found}
    claimed = {name for name in profile.capabilities if known.get(name, True)}
    names = sorted(claimed | {name for name, holds in known.items() if holds})
    return "".join(["capabilities = [\n", *(f'    "{name}",\n' for name in names), "]"])


def _refusal(scenario: Scenario, exchanges: tuple[Exchange, ...]) -> str:
    """What speaks against the capabilities of a scenario; empty where nothing does.

    A scenario that means to be refused shows nothing where it is; one that means to be
    refused in part shows enough where it is not refused altogether.
    """
    failed = [exchange for exchange in exchanges if not 200 <= exchange.status < 300]
    expected = set(scenario.yields)
    is_meant = expected <= _ERRORS or (expected & _ERRORS and len(failed) < len(exchanges))
    return "" if not failed or is_meant else f"{scenario.name}: {quoted(failed[0])}"
