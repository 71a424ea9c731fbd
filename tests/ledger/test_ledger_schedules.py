"""Money is conserved under any schedule of several processes, taken at the same time."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ledger_postgres
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_schedules import STEADY, STEPS, Step, Worker
from ledger_steps import abort_on_failure, check_conserved, with_ledger

from reference_gateway.keys import hash_secret, new_secret
from reference_gateway.ledger import Hold, Key, Ledger, opened

_WORKERS = 3
_FIRST_CAP = 800
Schedule = list[list[Step]]
_SCHEDULES = st.lists(st.lists(STEPS, max_size=14), min_size=_WORKERS, max_size=_WORKERS)


@settings(STEADY, max_examples=15)
@given(schedule=_SCHEDULES)
def test_money_is_conserved_in_a_file(schedule: Schedule) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _check(str(Path(folder) / "ledger.sqlite"), schedule)


@settings(STEADY, max_examples=8)
@given(schedule=_SCHEDULES)
def test_money_is_conserved_on_postgres(postgres: str, schedule: Schedule) -> None:
    _check(ledger_postgres.new_database(postgres), schedule)


def _check(address: str, schedule: Schedule) -> None:
    keys = with_ledger(address, _prepared)
    together = threading.Barrier(_WORKERS)
    with ThreadPoolExecutor(_WORKERS) as pool:
        work = [pool.submit(_work, address, keys, steps, together) for steps in schedule]
        left = [held for done in work for held in done.result(60)]
    with_ledger(address, lambda ledger: _judge(ledger, schedule, keys, left))


async def _prepared(ledger: Ledger) -> list[Key]:
    """Two keys of one account, and one of another."""
    shared, other = await ledger.open_account(1_000), await ledger.open_account(300)
    return [
        await ledger.add_key(hash_secret(new_secret()), account, cap)
        for account, cap in ((shared.id, _FIRST_CAP), (shared.id, None), (other.id, _FIRST_CAP))
    ]


def _work(
    address: str, keys: list[Key], steps: list[Step], together: threading.Barrier
) -> list[Hold]:
    """A process of its own, as far as the ledger can tell; what it held when it ended."""

    async def run() -> list[Hold]:
        async with opened(address) as ledger:
            worker = Worker(ledger, keys)
            together.wait()
            for step in steps:
                await worker.take(step)
                await check_never_negative(ledger)
            together.wait()
            await check_conserved(ledger)
            return worker.held

    with abort_on_failure(together):
        return asyncio.run(run())


async def check_never_negative(ledger: Ledger) -> None:
    """Whatever runs at the same time."""
    for account in await ledger.accounts():
        assert 0 <= account.reserved_nanousd <= account.balance_nanousd


async def _judge(ledger: Ledger, schedule: Schedule, keys: list[Key], left: list[Hold]) -> None:
    """All processes have ended: nothing is held, and no key spent more than it ever might."""
    await check_conserved(ledger)
    assert {account.reserved_nanousd for account in await ledger.accounts()} == {0}
    charged = {found.request_id for found in await ledger.charges(None)}
    assert not charged & {held.request_id for held in left}
    for number, key in enumerate(keys):
        caps = [key.cap_nanousd, *_caps_set(schedule, number)]
        if None not in caps:
            assert (await ledger.key(key.id)).spent_nanousd <= max(cap for cap in caps if cap)


def _caps_set(schedule: Schedule, number: int) -> Iterator[int | None]:
    for steps in schedule:
        for step in steps:
            if step.action == "cap" and step.key == number:
                yield step.value
