"""The meter of a run: what was sent and what it cost, and the end of the money.

Like the ledger of a gateway it reserves the worst case before a request is sent and
settles what the answer reports, so that no number of requests in flight overspends.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from conformance.errors import UsageError
from conformance.model import Response
from conformance.profile import Price
from conformance.usage import Usage, reported

MILLION = 1_000_000

OVERHEAD_TOKENS = 500
"""What a provider adds to a prompt: its instructions for tools, at most so many tokens."""

_BYTES_A_TOKEN = 2
"""Fewer than any tokenizer makes of JSON and prose: the bound must hold."""

_UNSAID_OUTPUT_TOKENS = 4096
_BUDGETS = ("max_completion_tokens", "max_tokens", "max_output_tokens")


class BudgetSpent(UsageError):
    """The next request could exceed what the user allows; it is not sent."""


@dataclass(frozen=True)
class Limits:
    """The most that a run may cost and send; None for no limit."""

    cost_usd: Decimal | None = None
    requests: int | None = None


@dataclass(frozen=True)
class Bill:
    """The worst case of one request in flight; `price` is None where it costs nothing."""

    worst_usd: Decimal = Decimal(0)
    price: Price | None = None
    is_billable: bool = False


@dataclass
class Meter:
    """Counts one target's traffic.

    The models that are `free` are the suite's own: they are counted and cost nothing.
    `unreported` answers were billable and told no usage: they count at the worst case.
    """

    prices: Mapping[str, Price] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    free: frozenset[str] = frozenset()
    requests: int = 0
    in_flight: int = 0
    unanswered: int = 0
    unreported: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    _reserved_usd: Decimal = Decimal(0)

    def open(self, body: bytes) -> Bill:
        """Reserve the worst case of a request; raises BudgetSpent."""
        bill = self._bill(body)
        self._check(bill)
        self.requests += 1
        self.in_flight += 1
        self._reserved_usd += bill.worst_usd
        return bill

    def close(self, bill: Bill, response: Response | None) -> None:
        """Settle a request that has ended, answered or not."""
        self.in_flight -= 1
        self._reserved_usd -= bill.worst_usd
        self.unanswered += response is None
        if not bill.is_billable or response is None or not 200 <= response.status < 300:
            return
        usage = reported(response)
        if usage is None:
            self.unreported += 1
            self.cost_usd += bill.worst_usd
            return
        self.input_tokens += usage.input_tokens
        self.output_tokens += usage.output_tokens
        self.cost_usd += cost_usd(usage, bill.price) if bill.price else 0

    @property
    def is_priced(self) -> bool:
        """Whether the cost means anything."""
        return bool(self.prices)

    def _check(self, bill: Bill) -> None:
        limits = self.limits
        if limits.requests is not None and self.requests >= limits.requests:
            raise BudgetSpent(f"needs budget: --max-requests {limits.requests} are sent")
        committed = self.cost_usd + self._reserved_usd + bill.worst_usd
        if limits.cost_usd is not None and committed > limits.cost_usd:
            raise BudgetSpent(f"needs budget: --max-cost {limits.cost_usd} USD could be exceeded")

    def _bill(self, body: bytes) -> Bill:
        asked = _parsed(body)
        model = asked.get("model")
        if not isinstance(model, str) or model in self.free:
            return Bill()
        # A model that nobody sells is refused; where it is not, it is no dearer than these.
        price = self.prices.get(model) or max(self.prices.values(), key=_dearness, default=None)
        usage = Usage(len(body) // _BYTES_A_TOKEN + OVERHEAD_TOKENS, _output_tokens(asked))
        return Bill(cost_usd(usage, price) if price else Decimal(0), price, True)


def cost_usd(usage: Usage, price: Price) -> Decimal:
    """What some tokens cost."""
    sides = ((usage.input_tokens, price.input), (usage.output_tokens, price.output))
    return sum((tokens * Decimal(str(usd)) for tokens, usd in sides), Decimal(0)) / MILLION


def _output_tokens(asked: Mapping[str, Any]) -> int:
    named = [asked.get(name) for name in _BUDGETS]
    budget = max((n for n in named if type(n) is int and n > 0), default=_UNSAID_OUTPUT_TOKENS)
    choices = asked.get("n")
    return budget * (choices if type(choices) is int and choices > 1 else 1)


def _dearness(price: Price) -> float:
    return price.output


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
