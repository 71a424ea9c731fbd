"""A scenario's own keys are sent by role, redacted, and made only where the adapter can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from conformance.control import Ability, Charge, Issued, abilities_of
from conformance.control.manual import ManualControl
from conformance.redaction import Redactor
from conformance.secret import Secret
from conformance.tenancy import Tenancy


def awaited(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test that awaits, run in a loop of its own."""

    @wraps(test)
    def run() -> None:
        asyncio.run(test())

    return run


@dataclass
class Adapter:
    """An adapter that remembers what it was asked for."""

    abilities: frozenset[Ability] = frozenset(Ability)
    asked: list[Any] = field(default_factory=list)

    async def issue(
        self, *, cap_nanousd: int | None, balance_nanousd: int | None, account: str
    ) -> Issued:
        number = len(self.asked)
        self.asked.append((cap_nanousd, balance_nanousd, account))
        return Issued(
            f"key{number}", account or f"account{number}", Secret(f"secret-number-{number}")
        )

    async def set_cap(self, issued: Issued, cap_nanousd: int | None) -> None:
        self.asked.append((issued.id, "cap", cap_nanousd))

    async def fund(self, issued: Issued, amount_nanousd: int) -> None:
        self.asked.append((issued.account, "fund", amount_nanousd))

    async def balance_nanousd(self, issued: Issued) -> int:
        return len(issued.account)

    async def spent_nanousd(self, issued: Issued) -> int:
        return len(issued.id)

    async def charges(self, issued: Issued) -> list[Charge]:
        return [Charge(f"req_{issued.id}", 7, {"input_tokens": 1})]

    async def set_limit(self, issued: Issued, requests_per_minute: int) -> None:
        self.asked.append((issued.id, "limit", requests_per_minute))


def tenancy() -> tuple[Tenancy, Adapter, Redactor]:
    """A tenancy with its adapter and redactor."""
    adapter, redactor = Adapter(), Redactor()
    return Tenancy(adapter, redactor, {}), adapter, redactor


@awaited
async def test_an_issued_key_is_sent_by_its_role_and_redacted() -> None:
    tenants, _, redactor = tenancy()

    await tenants.issue("payer", cap_nanousd=5)

    assert tenants.keys["payer"].reveal() == "secret-number-0"
    assert redactor.text("a secret-number-0 b") == "a [key:payer:whole] b"


@awaited
async def test_a_sibling_is_a_key_of_the_same_account() -> None:
    tenants, adapter, _ = tenancy()

    await tenants.issue("first")
    await tenants.issue("second", beside="first")

    assert adapter.asked == [(None, None, ""), (None, None, "account0")]


@awaited
async def test_a_key_is_changed_by_its_role() -> None:
    tenants, adapter, _ = tenancy()
    await tenants.issue("payer")

    await tenants.set_cap("payer", 9)
    await tenants.fund("payer", 11)
    await tenants.set_limit("payer", 1)

    assert adapter.asked[1:] == [("key0", "cap", 9), ("account0", "fund", 11), ("key0", "limit", 1)]


@awaited
async def test_what_was_spent_and_charged_is_told_by_role() -> None:
    tenants, _, _ = tenancy()
    await tenants.issue("payer")

    assert (await tenants.balance_nanousd("payer"), await tenants.spent_nanousd("payer")) == (8, 4)
    assert await tenants.charges("payer") == [
        {"request_id": "req_key0", "cost_nanousd": 7, "usage": {"input_tokens": 1}}
    ]


def test_without_an_adapter_there_are_no_abilities() -> None:
    assert abilities_of(ManualControl()) == frozenset()
