"""What is said of the charge for an upstream's answer, over recordings made by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from unit_exchanges import COMPLETION, MESSAGE, exchange

from conformance.kinds import Kind
from conformance.model import Exchange, Finding, Inconclusive, Recording, Side, Violation
from conformance.profile import Price, Profile, load
from conformance.registry import requirements

NAME = "lab-charged-anthropic-openai"
FULL = replace(
    load("reference"), prices={"lab-x": Price(input=1, output=5, cache_read=0.1, cache_write=1.25)}
)
BARE = replace(FULL, prices={"lab-x": Price(input=1, output=5)})
UNPRICED = replace(FULL, prices={})
COUNTS = {
    "prompt_tokens": 110,
    "completion_tokens": 20,
    "total_tokens": 130,
    "prompt_tokens_details": {"cached_tokens": 100},
}
NATIVE = {"input_tokens": 10, "cache_read_input_tokens": 100, "output_tokens": 20}
OWED = 1000 * (10 + 10 + 100)


def asked(status: int = 200) -> Exchange:
    """The question of the client."""
    made = exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE, f"{NAME}#1", status=status)
    body = json.dumps({**made.request.json, "model": "lab-x"}).encode()
    return replace(made, request=replace(made.request, body=body))


def said(kind: Kind = Kind.OPENAI_COMPLETION, usage: Any = COUNTS, status: int = 200) -> Exchange:
    """What the upstream answered, and counted."""
    whole = COMPLETION if kind is Kind.OPENAI_COMPLETION else MESSAGE
    made = exchange(kind, {**whole, "usage": usage}, f"{NAME}#2", status=status)
    return replace(made, side=Side.UPSTREAM, provider="first")


def findings(
    id: str,
    case: str,
    paid: dict[str, int],
    *exchanges: Exchange,
    profile: Profile = FULL,
) -> list[Finding]:
    """The findings of a rule about one case."""
    client = exchanges[0].id
    facts = {"variants": {client: case}, "paid": {client: paid}}
    rule = requirements()[id]
    return list(rule.find(Recording(NAME, exchanges, facts), profile))


@pytest.mark.parametrize(
    "upstream",
    [said(), said(Kind.ANTHROPIC_MESSAGE, NATIVE)],
    ids=["openai", "anthropic"],
)
@pytest.mark.parametrize(
    ("profile", "nanousd", "is_sound"),
    [
        (FULL, OWED, True),
        (FULL, OWED + 1, False),
        (FULL, 0, False),
        (BARE, 1000 * (10 + 100), True),
        (BARE, 1000 * (10 + 200 + 100), True),
        (BARE, 1000 * (10 + 200 + 100) + 1, False),
        (BARE, 1000 * (10 + 100) - 1, False),
    ],
    ids=["exact", "too much", "nothing", "free cache", "dear cache", "dearer", "cheaper"],
)
def test_a_charge_is_what_the_counts_cost(
    upstream: Exchange, profile: Profile, nanousd: int, is_sound: bool
) -> None:
    paid = {"nanousd": nanousd, "charges": 1}
    found = findings("GW-UP-039", "cached", paid, asked(), upstream, profile=profile)
    assert [type(one) for one in found] == ([] if is_sound else [Violation])


def test_two_charges_for_one_request_are_reported() -> None:
    paid = {"nanousd": OWED, "charges": 2}
    (found,) = findings("GW-UP-039", "taken over", paid, asked(), said())
    assert isinstance(found, Violation) and found.actual == "2 charges"


def test_a_charge_that_is_not_itemised_is_judged_by_its_amount() -> None:
    assert findings("GW-UP-039", "cached", {"nanousd": OWED}, asked(), said()) == []


@pytest.mark.parametrize(
    ("exchanges", "profile", "reason"),
    [
        ((asked(502), said()), FULL, "cached: not answered upstream"),
        ((asked(),), FULL, "cached: not answered upstream"),
        ((asked(), said()), UNPRICED, "the profile has no price for the model"),
    ],
    ids=["not served", "unseen", "without a price"],
)
def test_what_cannot_be_priced_is_not_judged(
    exchanges: tuple[Exchange, ...], profile: Profile, reason: str
) -> None:
    found = findings("GW-UP-039", "cached", {"nanousd": 7}, *exchanges, profile=profile)
    assert found == [Inconclusive(reason)]


@pytest.mark.parametrize(("nanousd", "count"), [(0, 0), (1, 1)], ids=["free", "charged"])
def test_a_charge_for_a_failure_is_reported(nanousd: int, count: int) -> None:
    paid = {"nanousd": nanousd}
    refused = said(status=500)
    assert len(findings("GW-UP-040", "failed", paid, asked(502), refused)) == count
    assert findings("GW-UP-040", "cached", paid, asked(502), refused) == []


def test_what_is_asked_until_it_is_answered_may_cost_something() -> None:
    sent = said(status=500), said()
    assert findings("GW-UP-040", "failed", {"nanousd": 1}, asked(), *sent) == []


@pytest.mark.parametrize(("nanousd", "count"), [(0, 1), (1, 0)], ids=["free", "charged"])
def test_an_uncounted_answer_has_to_cost_something(nanousd: int, count: int) -> None:
    found = findings("GW-UP-041", "uncounted", {"nanousd": nanousd}, asked(), said(usage=None))
    assert len(found) == count


def test_what_never_came_upstream_says_nothing_of_money() -> None:
    paid = {"nanousd": 7}
    assert isinstance(findings("GW-UP-040", "failed", paid, asked(502))[0], Inconclusive)
    assert isinstance(findings("GW-UP-041", "uncounted", paid, asked(502))[0], Inconclusive)
