"""The meter reserves the worst case, settles what was reported, and never overspends."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from unit_exchanges import COMPLETION, MESSAGE, exchange, message_delta, message_start

from conformance.kinds import Kind
from conformance.meter import BudgetSpent, Limits, Meter
from conformance.model import Chunk, Ended, Response
from conformance.profile import Price
from conformance.usage import Usage, reported

PRICES = {"demo": Price(1.0, 5.0), "dear": Price(10.0, 50.0)}


def body(model: str = "demo", **more: Any) -> bytes:
    """A request body."""
    return json.dumps({"model": model, "max_tokens": 100, **more}).encode()


def answer(value: Any, status: int = 200) -> Response:
    """A plain answer."""
    data = json.dumps(value).encode()
    headers = (("content-type", "application/json"),)
    return Response(status, headers, (Chunk(0.0, data),), Ended.COMPLETE, 0.0, 0.0)


def stream(*values: Any) -> Response:
    """A streamed answer."""
    data = "".join(f"data: {json.dumps(value)}\n\n" for value in values).encode()
    headers = (("content-type", "text/event-stream; charset=utf-8"),)
    return Response(200, headers, (Chunk(0.0, data),), Ended.COMPLETE, 0.0, 0.0)


@pytest.mark.parametrize(
    ("given", "usage"),
    [
        (answer(COMPLETION), Usage(24, 3)),
        (answer(MESSAGE), Usage(10, 9)),
        (answer({"usage": {"input_tokens": 5, "cache_read_input_tokens": 7}}), Usage(12, 0)),
        (stream(message_start(), message_delta()), Usage(5, 9)),
        (
            stream({"choices": []}, {"usage": {"prompt_tokens": 4, "completion_tokens": 6}}),
            Usage(4, 6),
        ),
        (
            stream({"type": "x", "response": {"usage": {"input_tokens": 1, "output_tokens": 2}}}),
            Usage(1, 2),
        ),
        (stream({"choices": []}), None),
        (answer({"input_tokens": 12}), Usage(0, 0)),
        (answer({"usage": {"prompt_tokens": "9", "completion_tokens": True}}), Usage(0, 0)),
        (answer([1]), None),
        (answer({"usage": None}), None),
    ],
    ids=[
        "completion",
        "message",
        "cache",
        "message stream",
        "chunks",
        "response",
        "no usage",
        "token count",
        "no numbers",
        "no object",
        "null",
    ],
)
def test_the_usage_of_an_answer_is_read(given: Response, usage: Usage | None) -> None:
    assert reported(given) == usage


def test_what_is_reported_is_what_it_cost() -> None:
    meter = Meter(PRICES)
    meter.close(meter.open(body()), answer(COMPLETION))
    assert (meter.requests, meter.input_tokens, meter.output_tokens) == (1, 24, 3)
    assert meter.cost_usd == (24 * 1 + 3 * 5) / Decimal(1_000_000)
    assert not meter.in_flight


@pytest.mark.parametrize("status", [400, 402, 429, 500])
def test_a_refusal_costs_nothing(status: int) -> None:
    meter = Meter(PRICES)
    meter.close(meter.open(body()), answer(COMPLETION, status))
    assert meter.cost_usd == 0 and meter.requests == 1


def test_an_answer_without_usage_counts_at_its_worst_case() -> None:
    meter = Meter(PRICES)
    bill = meter.open(body())
    meter.close(bill, answer({}))
    assert meter.cost_usd == bill.worst_usd >= 100 * 5 / Decimal(1_000_000)
    assert meter.unreported == 1


def test_a_request_without_an_answer_is_counted() -> None:
    meter = Meter(PRICES)
    meter.close(meter.open(b""), None)
    assert meter.unanswered == 1 and not meter.unreported


def test_a_model_without_a_price_is_as_dear_as_the_dearest() -> None:
    meter = Meter(PRICES)
    assert meter.open(body("none")).worst_usd == meter.open(body("dear")).worst_usd
    assert meter.open(body("dear")).worst_usd > meter.open(body("demo")).worst_usd


@pytest.mark.parametrize("budget", [{"max_tokens": 7}, {"max_completion_tokens": 999, "n": 3}])
def test_the_worst_case_follows_the_budget_of_the_request(budget: dict[str, int]) -> None:
    small, large = Meter(PRICES).open(body()), Meter(PRICES).open(body(**budget))
    assert (large.worst_usd > small.worst_usd) is (len(budget) > 1)


def test_what_is_in_flight_is_reserved() -> None:
    worst = Meter(PRICES).open(body()).worst_usd
    meter = Meter(PRICES, Limits(cost_usd=worst * 2))
    first, _ = meter.open(body()), meter.open(body())
    with pytest.raises(BudgetSpent, match="needs budget: --max-cost"):
        meter.open(body())
    meter.close(first, answer(COMPLETION, 400))
    meter.open(body())
    assert meter.requests == 3


def test_no_more_requests_are_sent_than_allowed() -> None:
    meter = Meter(limits=Limits(requests=2))
    for _ in range(2):
        meter.close(meter.open(b""), None)
    with pytest.raises(BudgetSpent, match="needs budget: --max-requests 2"):
        meter.open(b"")
    assert meter.requests == 2


@pytest.mark.parametrize(
    "spend",
    [lambda meter: meter.open(b"not json"), lambda meter: meter.open(b"[1]")],
    ids=["no JSON", "no object"],
)
def test_what_asks_no_model_costs_nothing(spend: Callable[[Meter], Any]) -> None:
    assert spend(Meter(PRICES, Limits(cost_usd=Decimal(0)))).worst_usd == 0


def test_an_exchange_made_by_hand_has_usage_too() -> None:
    made = exchange(Kind.OPENAI_COMPLETION, COMPLETION)
    assert made.response is not None and reported(made.response) == Usage(24, 3)
