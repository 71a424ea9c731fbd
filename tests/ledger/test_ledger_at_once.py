"""64 at once against a nearly used cap or balance: never more than there is."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from ledger_steps import (
    abort_on_failure,
    charge,
    check_conserved,
    funded_key,
    hold,
    is_admitted,
    with_ledger,
)

from reference_gateway.ledger import Key, Ledger, opened

_AT_ONCE = 64
_PROCESSES = 4


@pytest.mark.parametrize(
    ("balance", "cap"), [(10**6, 105), (105, None), (105, 105)], ids=["cap", "balance", "both"]
)
def test_64_at_once_from_four_processes_spend_no_more_than_there_is(
    address: str, balance: int, cap: int | None
) -> None:
    key = with_ledger(address, lambda ledger: funded_key(ledger, balance, cap))
    together = threading.Barrier(_PROCESSES)
    with ThreadPoolExecutor(_PROCESSES) as pool:
        work = [pool.submit(_work, address, key, together) for _ in range(_PROCESSES)]
        admitted = sum(done.result(60) for done in work)
    assert admitted == 10

    async def check(ledger: Ledger) -> None:
        assert (await ledger.key(key.id)).spent_nanousd == 100
        assert (await ledger.account(key.account)).balance_nanousd == balance - 100
        await check_conserved(ledger)

    with_ledger(address, check)


def test_64_at_once_in_one_process_spend_no_more_than_there_is(any_address: str | None) -> None:
    async def check(ledger: Ledger) -> None:
        key = await funded_key(ledger, 10**6, 105)
        assert await _admitted(ledger, key, _AT_ONCE) == 10
        assert (await ledger.key(key.id)).spent_nanousd == 100
        await check_conserved(ledger)

    with_ledger(any_address, check)


def _work(address: str, key: Key, together: threading.Barrier) -> int:
    async def run() -> int:
        async with opened(address) as ledger:
            together.wait()
            admitted = await _admitted(ledger, key, _AT_ONCE // _PROCESSES)
            together.wait()
            return admitted

    with abort_on_failure(together):
        return asyncio.run(run())


async def _admitted(ledger: Ledger, key: Key, requests: int) -> int:
    """How many of these requests for 10 were admitted; each is settled in full."""

    async def request() -> bool:
        held = hold(key, 10)
        if not await is_admitted(ledger, held):
            return False
        await ledger.settle(charge(held))
        return True

    return sum(await asyncio.gather(*(request() for _ in range(requests))))
