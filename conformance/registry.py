"""Scenarios and requirements by name: declared with a decorator, found by id.

A scenario says what is sent, a requirement what must be true of it. Neither knows
the other: a requirement selects its *subjects* by kind of exchange, by scenario
name, or asks for the whole run.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Literal

from conformance.control import Ability
from conformance.kinds import Kind, Protocol
from conformance.model import Exchange, Findings, Part

if TYPE_CHECKING:
    from conformance.recorder import Gateway

RUN = "run"
"""The subject of a requirement that compares everything that was recorded."""

OPT_INS = ("slow", "abuse", "large", "clients")
"""The areas that a foreign target is asked for only by `--include`: minutes of silence,
hostile input, megabytes or ten thousands of tokens, real clients."""

CLIENTS = "clients"
"""The page of the real clients, which is also the area that asks for them."""

SCRIPTED = "scripted_upstream"
"""The capability of a gateway whose own models obey the orders in a prompt."""

LAB_MODELS = {
    "lab_openai": "lab-openai",
    "lab_anthropic": "lab-anthropic",
    "lab_openai_fallback": "lab-openai-fallback",
    "lab_anthropic_fallback": "lab-anthropic-fallback",
    "lab_openai_refused": "lab-openai-refused",
    "lab_anthropic_refused": "lab-anthropic-refused",
}
"""The model roles behind which a gateway has the lab, and the names that they have there."""

Upstream = Literal["sound", "faulty"]
Play = Callable[["Gateway"], Awaitable[None]]
Rule = Callable[..., Findings]
When = Callable[[Exchange], bool]


@dataclass(frozen=True)
class Scenario:
    """A conversation with a gateway that judges nothing.

    `yields` are the kinds of exchange it produces on a sound gateway, `cost` its
    worst case in output tokens, `keys` the key roles and `models` the model roles
    that the target must provide. `smoke` scenarios make up the documented six.
    It is sent only where the profile claims its `capabilities` and, where it has an
    `opt_in` area, the user included that. `optional` are parameters that a gateway may
    refuse by name: that is no failure, unless the profile claims one of them.
    One that is played `per_model` has the exchanges and the cost of one model.
    `abilities` are those of the control adapter that it needs, `priced` says that it
    needs the price of the model.
    It is sent only where the lab stands behind the model roles in `lab`; one that is about
    the capability `scripted_upstream` asks for the lab only where the profile lacks that.
    Where the lab is optional, the gateway's own model is asked without one.
    Where the lab's answers are `faulty`, only the requirements that name it judge it.
    """

    name: str
    play: Play
    protocol: Protocol
    yields: tuple[Kind, ...]
    exchanges: int
    cost: int
    keys: tuple[str, ...]
    models: tuple[str, ...]
    smoke: bool
    exclusive: bool
    capabilities: tuple[str, ...] = ()
    opt_in: str = ""
    optional: tuple[str, ...] = ()
    abilities: tuple[Ability, ...] = ()
    priced: bool = False
    per_model: bool = False
    lab: tuple[str, ...] = ()
    lab_is_optional: bool = False
    upstream: Upstream = "sound"

    @property
    def is_judged_by_name(self) -> bool:
        """Whether it provokes what breaks the rules about kinds: only its own judge it."""
        return self.opt_in == "abuse" or self.upstream == "faulty"

    @property
    def direction(self) -> str:
        """`anthropic-openai` where Anthropic's protocol meets an OpenAI upstream; else empty."""
        return f"{self.protocol}-{self.lab[0].split('_')[1]}" if self.lab else ""

    @property
    def demands(self) -> tuple[str, ...]:
        """The capabilities that nothing can stand in for."""
        return tuple(name for name in self.capabilities if name != SCRIPTED or not self.lab)

    def lab_roles(self, capabilities: frozenset[str]) -> tuple[str, ...]:
        """The roles that have to lead to the lab; none where the gateway's own models obey."""
        return () if SCRIPTED in capabilities.intersection(self.capabilities) else self.lab

    @property
    def protocols(self) -> frozenset[Protocol]:
        """The protocols that it speaks: its own, and those whose model it asks for."""
        others = {protocol for protocol in Protocol if str(protocol) in self.models}
        return frozenset({self.protocol, *others})

    @property
    def expects_success(self) -> bool:
        """Whether it asks what any sound gateway answers with 200."""
        errors = {Kind.ANTHROPIC_ERROR, Kind.OPENAI_ERROR, Kind.OTHER}
        is_sound = self.upstream == "sound"
        return is_sound and bool(self.yields) and not errors & set(self.yields)

    @property
    def title(self) -> str:
        """The first line of the docstring."""
        return _title(self.play)

    def for_models(self, count: int) -> Scenario:
        """The scenario as it is played to a gateway with so many chat models."""
        if not self.per_model:
            return self
        return replace(self, exchanges=self.exchanges * count, cost=self.cost * count)


@dataclass(frozen=True)
class Requirement:
    """A check with a permanent id.

    `on` are kinds of exchange, or scenario names, or RUN. `when` narrows the exchanges
    of a kind to those that have what the rule is about. A rule that compares exchanges
    asks for `seen`, in which it keeps what it saw of the run. `needs` are ids without
    which this one cannot be judged; those of a protocol concern that protocol's subjects.
    `symptom` is a row of the symptom table, `six` the documented assertion it belongs to
    (empty for none).
    `judges_silence` says that the rule itself judges a request that got no answer,
    `expects_429` that a 429 may be the answer it is about and no rate limit,
    `needs_lab` that a live run cannot provoke its subject without a scripted upstream.
    `facts` are the names of what a scenario must have noted: a recording without is no subject.
    `reads` are the parts of a recording that it rests on, `header` the one header: an
    exchange that has lost them is no subject. Of a scenario that asks for many features in
    one request, `feature` is the one that the rule is about: it sees nothing else.
    """

    id: str
    rule: Rule
    on: tuple[Kind | str, ...]
    when: When | None
    needs: tuple[str, ...]
    symptom: str
    six: str
    judges_silence: bool
    expects_429: bool
    needs_lab: bool
    reads: frozenset[Part] = frozenset()
    header: str = ""
    facts: tuple[str, ...] = ()
    feature: str = ""

    @property
    def title(self) -> str:
        """The first line of the docstring: what is true of a sound gateway."""
        return _title(self.rule)

    @cached_property
    def area(self) -> str:
        """The page that the id belongs to."""
        return {"ANT": "anthropic", "OAI": "openai", "GW": "gateway"}[self.id.partition("-")[0]]

    @property
    def page(self) -> str:
        """Where the suite shows it: with its area, or among the real clients."""
        return CLIENTS if self.id.startswith("GW-CLI-") else self.area

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of exchange in `on`."""
        return tuple(subject for subject in self.on if isinstance(subject, Kind))

    @property
    def scenario_names(self) -> tuple[str, ...]:
        """The scenarios named by `on`; empty for kinds and RUN."""
        return tuple(s for s in self.on if not isinstance(s, Kind) and s != RUN)

    @property
    def is_about_the_run(self) -> bool:
        """Whether the rule gets everything that was recorded."""
        return RUN in self.on

    @cached_property
    def _asked(self) -> tuple[str, ...]:
        """What the rule asks for beside its subject: `profile`, `seen`."""
        return tuple(inspect.signature(self.rule).parameters)[1:]

    @cached_property
    def compares(self) -> bool:
        """Whether the rule compares exchanges with those before them."""
        return "seen" in self._asked

    def find(self, subject: Any, profile: Any, seen: dict[str, str] | None = None) -> Findings:
        """Call the rule on one subject, with what it asks for beside it."""
        kept = {} if seen is None else seen
        return self.rule(subject, *(kept if name == "seen" else profile for name in self._asked))

    def can_judge(self, exchange: Exchange) -> bool:
        """Whether an exchange is of its kinds and keeps what the rule is about.

        What the lab answered is the suite's own: no rule about a kind looks at it.
        """
        if exchange.is_upstream or exchange.kind not in self.kinds:
            return False
        if self.reads & exchange.lost:
            return False
        if (
            self.header
            and Part.HEADERS in exchange.lost
            and not exchange.answer.header(self.header)
        ):
            return False
        return self.when is None or self.when(exchange)


_scenarios: dict[str, Scenario] = {}
_requirements: dict[str, Requirement] = {}


def scenario(
    name: str,
    *,
    protocol: Protocol,
    yields: tuple[Kind, ...] = (),
    exchanges: int = 1,
    cost: int = 0,
    keys: tuple[str, ...] = ("valid",),
    models: tuple[str, ...] = (),
    smoke: bool = False,
    exclusive: bool = False,
    capabilities: tuple[str, ...] = (),
    opt_in: str = "",
    optional: tuple[str, ...] = (),
    abilities: tuple[Ability, ...] = (),
    priced: bool = False,
    per_model: bool = False,
    lab: tuple[str, ...] = (),
    lab_is_optional: bool = False,
    upstream: Upstream = "sound",
) -> Callable[[Play], Play]:
    """Declare the decorated coroutine function as a scenario."""

    def declare(play: Play) -> Play:
        declared = Scenario(
            name=name,
            play=play,
            protocol=protocol,
            yields=yields,
            exchanges=exchanges,
            cost=cost,
            keys=keys,
            models=models,
            smoke=smoke,
            exclusive=exclusive,
            capabilities=capabilities,
            opt_in=opt_in,
            optional=optional,
            abilities=abilities,
            priced=priced,
            per_model=per_model,
            lab=lab,
            lab_is_optional=lab_is_optional,
            upstream=upstream,
        )
        _add(_scenarios, name, declared)
        return play

    return declare


def requirement(
    id: str,
    *,
    on: Kind | str | tuple[Kind | str, ...],
    symptom: str,
    when: When | None = None,
    needs: tuple[str, ...] = (),
    six: str = "",
    judges_silence: bool = False,
    expects_429: bool = False,
    needs_lab: bool = False,
    reads: tuple[Part, ...] = (),
    header: str = "",
    facts: tuple[str, ...] = (),
    feature: str = "",
) -> Callable[[Rule], Rule]:
    """Declare the decorated generator function as the check of a requirement."""

    def declare(rule: Rule) -> Rule:
        subjects = on if isinstance(on, tuple) else (on,)
        _add(
            _requirements,
            id,
            Requirement(
                id=id,
                rule=rule,
                on=subjects,
                when=when,
                needs=needs,
                symptom=symptom,
                six=six,
                judges_silence=judges_silence,
                expects_429=expects_429,
                needs_lab=needs_lab,
                reads=frozenset(reads),
                header=header,
                facts=facts,
                feature=feature,
            ),
        )
        return rule

    return declare


@cache
def scenarios() -> Mapping[str, Scenario]:
    """Every scenario, by name, in the order of declaration."""
    _import_all("conformance.scenarios")
    return _scenarios


@cache
def requirements() -> Mapping[str, Requirement]:
    """Every requirement that has a check, by id."""
    _import_all("conformance.requirements")
    return dict(sorted(_requirements.items()))


def unasked() -> Mapping[str, Requirement]:
    """The requirements of a whole run; those of real clients are shown to who asks for them."""
    return {id: found for id, found in requirements().items() if found.page != "clients"}


def closure(ids: Iterator[str] | list[str]) -> list[str]:
    """The ids and everything they need, directly or not, each once."""
    known = requirements()
    found: dict[str, None] = {}
    waiting = list(ids)
    while waiting:
        id = waiting.pop()
        if id not in found:
            found[id] = None
            waiting.extend(known[id].needs)
    return sorted(found)


def serving(requirement: Requirement) -> set[str]:
    """The scenarios that give a requirement its subjects.

    A rule about a kind has enough of it without those that are about prices: they ask every
    model of the catalogue, or what is long.
    """
    every = scenarios().values()
    wanted = set(requirement.kinds)
    kept = (s for s in every if not s.priced and s.upstream == "sound")
    found = {s.name for s in kept if wanted & set(s.yields)}
    if requirement.is_about_the_run:
        found |= {scenario.name for scenario in every if scenario.smoke}
    return found | set(requirement.scenario_names)


def _add(table: dict[str, Any], name: str, value: Any) -> None:
    if name in table:
        raise ValueError(f"{name} is declared twice")
    table[name] = value


def _import_all(package: str) -> None:
    module = importlib.import_module(package)
    for found in pkgutil.iter_modules(module.__path__):
        importlib.import_module(f"{package}.{found.name}")


def _title(function: Callable[..., Any]) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0]
