"""What a plan can cost is known, and refused where it is too much, before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from conformance import budget
from conformance.budget import Estimate, check, estimate, limits_of, said, spent
from conformance.errors import UsageError
from conformance.manner import Manner
from conformance.meter import Limits, Meter
from conformance.plan import plan
from conformance.profile import Price
from conformance.registry import requirements
from conformance.target import Target, Wish, resolve

PRICED = Estimate(40, 9000, Decimal("0.25"), ())
UNPRICED = Estimate(40, 9000, Decimal(0), ("no price for demo",))
FOREIGN = resolve(
    Wish(base_url="http://127.0.0.1:9", profile="reference"), {"GATEWAY_API_KEY": "th-demo"}
)
EMBEDDED = resolve(Wish(), {})


def of_all(target: Target, *included: str) -> Estimate:
    """The estimate of a whole run."""
    return estimate(plan(requirements(), target.profile), target, frozenset(included))


def test_the_estimate_follows_the_prices() -> None:
    found = of_all(FOREIGN)
    dear = {
        name: Price(price.input * 10, price.output * 10)
        for name, price in FOREIGN.profile.prices.items()
    }
    dearer = of_all(replace(FOREIGN, profile=replace(FOREIGN.profile, prices=dear)))
    assert found.cost_usd > 0 and dearer.cost_usd == found.cost_usd * 10
    assert not found.unpriced and "USD" in found.words


def test_a_model_without_a_price_is_named() -> None:
    found = of_all(replace(FOREIGN, models={"openai": "demo"}))
    assert set(found.unpriced) == {"no price for demo", "no model named for anthropic"}
    assert "price unknown (" in found.words


def test_what_is_not_included_is_not_counted() -> None:
    opt_ins = {s.opt_in for s in plan(requirements(), FOREIGN.profile).scenarios if s.opt_in}
    whole = of_all(FOREIGN, *opt_ins)
    assert (whole.requests > of_all(FOREIGN).requests) is bool(opt_ins)


@pytest.mark.parametrize(
    ("target", "estimated", "manner", "limits"),
    [
        (FOREIGN, PRICED, Manner(), Limits(Decimal(1), None)),
        (FOREIGN, UNPRICED, Manner(), Limits(None, 300)),
        (FOREIGN, PRICED, Manner(max_cost_usd=Decimal(9)), Limits(Decimal(9), None)),
        (FOREIGN, PRICED, Manner(max_requests=9), Limits(Decimal(1), 9)),
        (FOREIGN, UNPRICED, Manner(max_requests=900), Limits(None, 900)),
        (EMBEDDED, PRICED, Manner(), Limits()),
        (EMBEDDED, PRICED, Manner(max_requests=9), Limits(None, 9)),
    ],
)
def test_somebody_elses_gateway_has_limits(
    target: Target, estimated: Estimate, manner: Manner, limits: Limits
) -> None:
    assert limits_of(manner, target, estimated) == limits


def test_a_cost_that_cannot_be_known_cannot_be_limited() -> None:
    with pytest.raises(UsageError, match="--max-cost: no price for demo; give prices"):
        limits_of(Manner(max_cost_usd=Decimal(1)), FOREIGN, UNPRICED)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(requests=39), "--max-requests 39: the plan needs 40 requests; select less"),
        (Limits(cost_usd=Decimal("0.2")), "--max-cost 0.2: the plan can cost 0.2500 USD; select"),
    ],
)
def test_a_plan_that_is_too_much_is_refused(limits: Limits, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(PRICED, limits)
    assert str(caught.value).startswith(words)


def test_a_plan_that_fits_is_not_refused() -> None:
    check(PRICED, Limits(Decimal("0.25"), 40))
    check(UNPRICED, Limits())


def test_limits_and_figures_are_said() -> None:
    assert said(Limits()) == ""
    both = said(Limits(Decimal(1), 9))
    assert both == "limit: 1 USD (--max-cost), 9 requests (--max-requests)"
    meter = Meter(requests=3, input_tokens=10, output_tokens=4, unreported=1, unanswered=1)
    told = "3 requests, 10 input and 4 output tokens as reported, 1 without an answer"
    assert spent(meter) == f"{told} (1 answers reported no usage)"
    assert budget.usd(Decimal("0.01234")) == "0.0123 USD"
