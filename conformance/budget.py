"""What a plan can cost, and whether that is allowed; decided before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from conformance.errors import UsageError
from conformance.manner import Manner
from conformance.meter import OVERHEAD_TOKENS, Limits, Meter, cost_usd
from conformance.plan import Plan, lacking_lab, reaches_lab
from conformance.profile import Price
from conformance.registry import Scenario
from conformance.target import Target
from conformance.usage import Usage

DEFAULT_COST_USD = Decimal(1)
"""What a run may cost at somebody else's gateway unless the user says otherwise."""

DEFAULT_REQUESTS = 300
"""What a run may send there where no price is known."""

MANUAL = "manual"
"""The adapter that makes no keys."""

_PROMPT_TOKENS = 500


@dataclass(frozen=True)
class Estimate:
    """The most that a plan sends and costs; `unpriced` are the models without a price.

    The requests that the lab answers are counted with the others and cost nothing.
    """

    requests: int
    output_tokens: int
    cost_usd: Decimal
    unpriced: tuple[str, ...]
    to_lab: int = 0

    @property
    def words(self) -> str:
        """In one line: requests, output tokens, price."""
        sent = f"{self.requests} requests, at most {self.output_tokens} output tokens"
        of_lab = f"; {self.to_lab} of them to the lab, for nothing" if self.to_lab else ""
        if self.unpriced:
            return f"{sent}, price unknown ({', '.join(self.unpriced)}){of_lab}"
        return f"{sent}, at most {usd(self.cost_usd)}{of_lab}"


def estimate(plan: Plan, target: Target, included: frozenset[str]) -> Estimate:
    """What the scenarios that will be sent can come to.

    A prompt of ours is short: it counts with so many tokens that the bound holds, except
    for the scenarios of `large`, which the meter stops where they are too dear. What issues
    keys of its own is sent only where the profile names an adapter that can make some.
    """
    sent = [s for s in plan.scenarios if _is_sent(s, target, included)]
    free = [s for s in sent if _is_free(s, target)]
    paid = [s for s in sent if s not in free]
    prices = {scenario.protocol: _price(target, scenario) for scenario in paid}
    models = {str(p): target.models.get(str(p), "") for p, found in prices.items() if not found}
    return Estimate(
        requests=sum(scenario.exchanges for scenario in sent),
        output_tokens=sum(scenario.cost for scenario in paid),
        cost_usd=sum((_cost(s, prices[s.protocol]) for s in paid), Decimal(0)),
        unpriced=tuple(_unpriced(models)),
        to_lab=sum(scenario.exchanges for scenario in free),
    )


def _is_free(scenario: Scenario, target: Target) -> bool:
    """Whether the lab answers it: asked for, or behind the primary model as well."""
    primary = target.models.get(str(scenario.protocol))
    return reaches_lab(scenario, target) or primary in target.lab_models


def _is_sent(scenario: Scenario, target: Target, included: frozenset[str]) -> bool:
    can_issue = target.profile.control != MANUAL
    is_included = not scenario.opt_in or scenario.opt_in in included
    is_reached = not lacking_lab(scenario, target)
    return is_included and is_reached and (can_issue or not scenario.abilities)


def limits_of(manner: Manner, target: Target, estimated: Estimate) -> Limits:
    """The limits that the user set, or else those for somebody else's gateway."""
    if manner.max_cost_usd is not None and estimated.unpriced:
        raise UsageError(
            f"--max-cost: {', '.join(estimated.unpriced)};"
            " give prices in a profile, or limit with --max-requests"
        )
    is_foreign = not target.is_embedded
    cost_usd, requests = manner.max_cost_usd, manner.max_requests
    if is_foreign and cost_usd is None and not estimated.unpriced:
        cost_usd = DEFAULT_COST_USD
    if is_foreign and requests is None and estimated.unpriced:
        requests = DEFAULT_REQUESTS + estimated.to_lab
    return Limits(cost_usd, requests)


def check(estimated: Estimate, limits: Limits) -> None:
    """Refuse a plan that alone exceeds a limit; raises UsageError."""
    do = "select less (-m smoke is the least that tells), or raise it"
    if limits.requests is not None and estimated.requests > limits.requests:
        found = f"the plan needs {estimated.requests} requests"
        raise UsageError(f"--max-requests {limits.requests}: {found}; {do}")
    if limits.cost_usd is not None and estimated.cost_usd > limits.cost_usd:
        found = f"the plan can cost {usd(estimated.cost_usd)}"
        raise UsageError(f"--max-cost {limits.cost_usd}: {found}; {do}")


def said(limits: Limits) -> str:
    """The limits as a line; empty for none."""
    cost = f"{limits.cost_usd} USD (--max-cost)" if limits.cost_usd is not None else ""
    sent = f"{limits.requests} requests (--max-requests)" if limits.requests is not None else ""
    named = ", ".join(filter(None, (cost, sent)))
    return f"limit: {named}" if named else ""


def spent(meter: Meter) -> str:
    """What a run really sent and cost, in words."""
    parts = [
        f"{meter.requests} requests",
        f"{meter.input_tokens} input and {meter.output_tokens} output tokens as reported",
        *([usd(meter.cost_usd)] if meter.is_priced else []),
        *([f"{meter.unanswered} without an answer"] if meter.unanswered else []),
    ]
    unreported = f" ({meter.unreported} answers reported no usage"
    counted = ", counted at their worst case)" if meter.is_priced else ")"
    return ", ".join(parts) + (unreported + counted if meter.unreported else "")


def usd(amount: Decimal) -> str:
    """An amount with as many digits as tell something."""
    return f"{amount:.4f} USD"


def _price(target: Target, scenario: Scenario) -> Price | None:
    return target.profile.prices.get(target.models.get(str(scenario.protocol), ""))


def _cost(scenario: Scenario, price: Price | None) -> Decimal:
    if price is None:
        return Decimal(0)
    prompts = scenario.exchanges * (_PROMPT_TOKENS + OVERHEAD_TOKENS) if scenario.cost else 0
    return cost_usd(Usage(prompts, scenario.cost), price)


def _unpriced(models: Mapping[str, str]) -> Iterable[str]:
    for protocol, model in models.items():
        yield f"no price for {model}" if model else f"no model named for {protocol}"
