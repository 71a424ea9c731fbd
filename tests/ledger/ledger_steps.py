"""Short words for what tests do with a ledger, and the invariants that always hold."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from reference_gateway.chat import Usage
from reference_gateway.errors import PaymentRequired, Unauthenticated
from reference_gateway.keys import hash_secret, new_secret
from reference_gateway.ledger import Charge, Hold, Key, Ledger, opened

T = TypeVar("T")
_NUMBERS = itertools.count()


def with_ledger(address: str | None, action: Callable[[Ledger], Awaitable[T]]) -> T:
    """Do something with a ledger that is opened and closed around it."""

    async def run() -> T:
        async with opened(address) as ledger:
            return await action(ledger)

    return asyncio.run(run())


async def funded_key(ledger: Ledger, balance: int = 1_000, cap: int | None = None) -> Key:
    """A new key of a new account."""
    account = await ledger.open_account(balance)
    return await ledger.add_key(hash_secret(new_secret()), account.id, cap)


def hold(key: Key, amount: int, request_id: str | None = None) -> Hold:
    """A hold for a new request."""
    return Hold(request_id or f"req_{next(_NUMBERS)}", key, amount)


def charge(held: Hold, amount: int | None = None) -> Charge:
    """What the request of that hold cost; all that it held unless said otherwise."""
    found = held.amount_nanousd if amount is None else amount
    usage = Usage(found, 1)
    return Charge(held.request_id, held.key.id, held.key.account, "model", usage, found)


async def is_admitted(ledger: Ledger, held: Hold) -> bool:
    """Whether the request may run; if so, its money is held."""
    try:
        await ledger.reserve(held)
    except (PaymentRequired, Unauthenticated):
        return False
    return True


@contextlib.contextmanager
def abort_on_failure(together: threading.Barrier) -> Iterator[None]:
    """Nobody waits for a worker that failed."""
    try:
        yield
    except BaseException:
        together.abort()
        raise


async def check_conserved(ledger: Ledger) -> None:
    """No money appears, disappears, or is spent before it is there."""
    charges = await ledger.charges(None)
    assert len({found.request_id for found in charges}) == len(charges)
    for account in await ledger.accounts():
        charged = sum(c.amount_nanousd for c in charges if c.account == account.id)
        assert account.balance_nanousd + charged == account.deposited_nanousd
        assert 0 <= account.reserved_nanousd <= account.balance_nanousd
    for key in await ledger.keys():
        assert key.spent_nanousd == sum(c.amount_nanousd for c in charges if c.key == key.id)
