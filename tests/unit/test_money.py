"""The rules about caps, balances and charges, over recordings made by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from unit_exchanges import (
    COMPLETION,
    HELLO_STREAM,
    MESSAGE,
    exchange,
    framed,
    recording,
    response,
)

from conformance.kinds import Kind
from conformance.model import Ended, Exchange, Inconclusive, Recording, Violation
from conformance.profile import Price, load
from conformance.registry import requirements

PROFILE = replace(
    load("reference"),
    prices={"m": Price(input=1, output=5, cache_read=0.1, cache_write=1.25)},
)
BARE = replace(PROFILE, prices={"m": Price(input=1, output=5)})
MESSAGE_COST = 1000 * (10 + 5 * 9)
COMPLETION_COST = 1000 * (24 + 5 * 3)


def asked(found: Exchange, **body: Any) -> Exchange:
    """The exchange, with a model that has a price in its request."""
    asked_for = {**found.request.json, "model": "m", **body}
    return replace(found, request=replace(found.request, body=json.dumps(asked_for).encode()))


def served(number: int = 1, value: dict[str, Any] | None = None, **body: Any) -> Exchange:
    """An answer on the Anthropic protocol, with its request id."""
    made = asked(exchange(Kind.ANTHROPIC_MESSAGE, value or MESSAGE, f"m#{number}"), **body)
    return named(made, f"req_{number}")


def chatted(number: int = 1) -> Exchange:
    """An answer over chat, with its request id."""
    made = asked(exchange(Kind.OPENAI_COMPLETION, COMPLETION, f"m#{number}"))
    return named(made, f"req_{number}")


def named(found: Exchange, request_id: str) -> Exchange:
    """The exchange with this request id on its answer."""
    assert found.response is not None
    kept = tuple(pair for pair in found.response.headers if "request-id" not in pair[0])
    marked = replace(found.response, headers=(*kept, ("request-id", request_id)))
    return replace(found, response=marked)


def refused(number: int, status: int = 402) -> Exchange:
    """A request without money."""
    return replace(served(number), response=response(b"{}", status))


def found(id: str, made: Recording, profile: Any = PROFILE) -> list[str]:
    """What a rule finds: where a violation is, or `inconclusive`."""
    findings = list(requirements()[id].find(made, profile))
    assert all(isinstance(finding, Violation | Inconclusive) for finding in findings)
    return [getattr(finding, "where", "inconclusive") for finding in findings]


def played(name: str, *exchanges: Exchange, **facts: Any) -> Recording:
    """A recording with facts."""
    return replace(recording(name, *exchanges), facts=facts)


def charge(number: int, cost: int, output: int = 9) -> dict[str, Any]:
    """A row of a list of charges."""
    return {
        "request_id": f"req_{number}",
        "cost_nanousd": cost,
        "usage": {"input_tokens": 10, "output_tokens": output},
    }


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        pytest.param((served(1), refused(2), refused(3)), [], id="refused on both"),
        pytest.param((served(1), refused(2), served(3)), ["status"], id="served on the other"),
        pytest.param((served(1), served(2), served(3)), ["status"], id="never refused"),
    ],
)
def test_a_cap_holds_on_both_protocols(exchanges: Any, expected: list[str]) -> None:
    made = played("money-messages-then-chat", *exchanges, spent_on=2, cap_nanousd=5)

    assert found("GW-CAP-005", made) == expected


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        pytest.param((refused(1), served(2)), [], id="works again"),
        pytest.param((refused(1), refused(2)), ["status"], id="stays refused"),
        pytest.param((served(1), served(2)), ["inconclusive"], id="never refused"),
        pytest.param((refused(1), refused(2, 401)), ["inconclusive"], id="not let in"),
    ],
)
def test_more_money_revives_a_key(exchanges: Any, expected: list[str]) -> None:
    assert found("GW-CAP-007", played("money-topped-up", *exchanges)) == expected


@pytest.mark.parametrize(
    ("spent", "exchanges", "expected"),
    [
        pytest.param(350, (served(1), refused(2)), [], id="within"),
        pytest.param(450, (served(1), refused(2)), [], id="one request more"),
        pytest.param(451, (served(1), served(2)), ["spent"], id="beyond"),
        pytest.param(0, (refused(1), refused(2)), ["inconclusive"], id="none served"),
    ],
)
def test_at_once_nothing_is_overspent(spent: int, exchanges: Any, expected: list[str]) -> None:
    facts = {"cap_nanousd": 350, "step_nanousd": 100, "spent_nanousd": spent}

    assert found("GW-CAP-008", played("money-at-once", *exchanges, **facts)) == expected


@pytest.mark.parametrize(
    ("spent", "exchanges", "expected"),
    [
        pytest.param(0, (refused(1, 400),), [], id="free"),
        pytest.param(1, (refused(1, 400),), ["spent"], id="charged"),
        pytest.param(1, (served(1),), ["inconclusive"], id="served"),
    ],
)
def test_refusals_are_free(spent: int, exchanges: Any, expected: list[str]) -> None:
    made = played("money-refused", *exchanges, spent_nanousd=spent)

    assert found("GW-CAP-009", made) == expected


TOTAL = MESSAGE_COST + COMPLETION_COST


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param({"spent_nanousd": TOTAL}, [], id="the sum alone"),
        pytest.param({"spent_nanousd": TOTAL + 1}, ["spent"], id="a nano-dollar more"),
        pytest.param({"spent_nanousd": TOTAL, "paid_nanousd": TOTAL}, [], id="with the balance"),
        pytest.param(
            {"spent_nanousd": TOTAL, "paid_nanousd": 1}, ["balance"], id="another balance"
        ),
        pytest.param(
            {
                "spent_nanousd": TOTAL,
                "charges": [charge(1, MESSAGE_COST), charge(2, COMPLETION_COST)],
            },
            [],
            id="itemised",
        ),
        pytest.param(
            {
                "spent_nanousd": TOTAL,
                "charges": [charge(1, COMPLETION_COST), charge(2, MESSAGE_COST)],
            },
            ["charge", "charge"],
            id="exchanged",
        ),
        pytest.param(
            {"spent_nanousd": TOTAL, "charges": [charge(1, MESSAGE_COST)]}, ["charge"], id="missing"
        ),
    ],
)
def test_a_charge_is_usage_times_price(facts: dict[str, Any], expected: list[str]) -> None:
    assert found("GW-CAP-010", played("money-charges", served(1), chatted(2), **facts)) == expected


def test_without_an_answer_there_is_no_price() -> None:
    made = played("money-charges", served(1), refused(2), spent_nanousd=0)

    assert found("GW-CAP-010", made) == ["inconclusive"]


def dropped(*charges: dict[str, Any], ended: Ended = Ended.ABANDONED, events: int = 3) -> Recording:
    """A stream that was left, with what was charged for it."""
    made = exchange(Kind.ANTHROPIC_STREAM, HELLO_STREAM, "m#1")
    assert made.response is not None
    left = response(framed(HELLO_STREAM[:events], True), 200, "text/event-stream")
    made = replace(made, response=replace(left, ended=ended))
    stream = named(asked(made, max_tokens=300, stream=True), "req_1")
    return played("money-dropped-stream", stream, charges=list(charges))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param(dropped(charge(1, 60_000)), [], id="once"),
        pytest.param(dropped(), ["charges"], id="never"),
        pytest.param(dropped(charge(1, 60_000), charge(1, 60_000)), ["charges"], id="twice"),
        pytest.param(dropped(charge(1, 0)), ["charge"], id="for nothing"),
        pytest.param(dropped(charge(1, 9_000_000)), ["charge"], id="beyond the budget"),
        pytest.param(
            played("money-dropped-stream", refused(1), charges=[]), ["inconclusive"], id="refused"
        ),
    ],
)
def test_a_dropped_stream_is_charged_once(made: Recording, expected: list[str]) -> None:
    assert found("GW-CAP-011", made) == expected


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param(dropped(charge(1, 60_000, output=20)), [], id="stopped"),
        pytest.param(dropped(charge(1, 60_000, output=300)), ["charge"], id="went on"),
        pytest.param(
            dropped({**charge(1, 60_000), "usage": {}}), ["inconclusive"], id="not counted"
        ),
        pytest.param(
            dropped(charge(1, 60_000), events=len(HELLO_STREAM)), ["inconclusive"], id="complete"
        ),
    ],
)
def test_a_client_that_leaves_stops_the_model(made: Recording, expected: list[str]) -> None:
    assert found("GW-SSE-007", made) == expected


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        pytest.param((402, 200, 402, 402), [], id="its own"),
        pytest.param((402, 402, 402, 402), ["status"], id="cap shared"),
        pytest.param((402, 200, 402, 200), ["status"], id="balance not shared"),
        pytest.param((200, 200, 402, 402), ["inconclusive"], id="cap not used up"),
    ],
)
def test_a_cap_is_the_keys_own(statuses: tuple[int, ...], expected: list[str]) -> None:
    exchanges = [refused(n, status) for n, status in enumerate(statuses, start=1)]

    assert found("GW-CAP-012", played("money-siblings", *exchanges)) == expected


def cached(written: int, read: int) -> dict[str, Any]:
    """An answer that used the cache."""
    counts = {"cache_creation_input_tokens": written, "cache_read_input_tokens": read}
    return MESSAGE | {"usage": MESSAGE["usage"] | counts}


OWN_RATES = 2 * MESSAGE_COST + 1250 * 2000 + 100 * 2000


@pytest.mark.parametrize(
    ("spent", "profile", "expected"),
    [
        pytest.param(OWN_RATES, PROFILE, [], id="at its own rates"),
        pytest.param(OWN_RATES + 1, PROFILE, ["spent"], id="a nano-dollar more"),
        pytest.param(OWN_RATES, BARE, [], id="rates unknown"),
        pytest.param(9 * OWN_RATES, BARE, ["spent"], id="rates unknown, far beyond"),
    ],
)
def test_cached_tokens_have_their_own_price(spent: int, profile: Any, expected: list[str]) -> None:
    both = served(1, cached(2000, 0)), served(2, cached(0, 2000))

    assert (
        found("GW-CAP-013", played("money-cached", *both, spent_nanousd=spent), profile) == expected
    )


def test_without_a_cache_there_is_nothing_to_price() -> None:
    made = played("money-cached", served(1), served(2), spent_nanousd=0)

    assert found("GW-CAP-013", made) == ["inconclusive"]
