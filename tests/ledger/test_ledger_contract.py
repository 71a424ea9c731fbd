"""One contract for every ledger: in memory, in a file, on PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest
from ledger_steps import charge, check_conserved, funded_key, hold, is_admitted, with_ledger

from reference_gateway.chat import CacheUse, Usage
from reference_gateway.errors import PaymentRequired, Unauthenticated, UsageError
from reference_gateway.keys import hash_secret
from reference_gateway.ledger import Charge, KeyUse, Ledger
from reference_gateway.ledger.contract import RepeatedRequest

_LARGE = 10**15


def test_a_charge_takes_the_place_of_its_hold(any_address: str | None) -> None:
    async def check(ledger: Ledger) -> None:
        key = await funded_key(ledger, 1_000, cap=500)
        held = hold(key, 300)
        await ledger.reserve(held)
        assert (await ledger.account(key.account)).reserved_nanousd == 300
        await ledger.settle(charge(held, 120))
        account = await ledger.account(key.account)
        assert (account.balance_nanousd, account.reserved_nanousd) == (880, 0)
        assert (await ledger.key(key.id)).spent_nanousd == 120
        assert await ledger.charges(key.id) == (charge(held, 120),)
        await check_conserved(ledger)

    with_ledger(any_address, check)


def test_a_request_is_charged_once_however_often_it_is_settled(any_address: str | None) -> None:
    async def check(ledger: Ledger) -> None:
        key = await funded_key(ledger)
        held = hold(key, 300)
        await ledger.reserve(held)
        await asyncio.gather(*(ledger.settle(charge(held)) for _ in range(5)))
        await ledger.release(held.request_id)
        assert (await ledger.account(key.account)).balance_nanousd == 700
        assert len(await ledger.charges(None)) == 1

    with_ledger(any_address, check)


def test_a_released_request_costs_nothing_even_if_it_is_settled_later(
    any_address: str | None,
) -> None:
    async def check(ledger: Ledger) -> None:
        key = await funded_key(ledger)
        held = hold(key, 300)
        await ledger.reserve(held)
        await ledger.release(held.request_id)
        await ledger.settle(charge(held))
        account = await ledger.account(key.account)
        assert (account.balance_nanousd, account.reserved_nanousd) == (1_000, 0)
        assert await ledger.charges(key.id) == ()

    with_ledger(any_address, check)


@pytest.mark.parametrize(
    ("funds", "held", "asked", "is_paid"),
    [
        ((1_000, None), 0, 1_000, True),
        ((1_000, None), 0, 1_001, False),
        ((1_000, None), 400, 600, True),
        ((1_000, None), 400, 601, False),
        ((1_000, 500), 0, 500, True),
        ((1_000, 500), 0, 501, False),
        ((1_000, 500), 200, 301, False),
        ((1_000, 0), 0, 1, False),
        ((0, None), 0, 1, False),
        ((_LARGE, _LARGE), 0, _LARGE, True),
    ],
)
def test_what_runs_counts_as_spent(
    any_address: str | None, funds: tuple[int, int | None], held: int, asked: int, is_paid: bool
) -> None:
    async def check(ledger: Ledger) -> None:
        key = await funded_key(ledger, *funds)
        await ledger.reserve(hold(key, held))
        assert await is_admitted(ledger, hold(key, asked)) is is_paid
        account = await ledger.account(key.account)
        assert account.reserved_nanousd == held + (asked if is_paid else 0)

    with_ledger(any_address, check)


def test_a_cap_is_its_keys_own_and_the_balance_is_shared(any_address: str | None) -> None:
    async def check(ledger: Ledger) -> None:
        key = await funded_key(ledger, 1_000, cap=100)
        other = await ledger.add_key(hash_secret("th-other"), key.account, 950)
        await ledger.reserve(hold(key, 100))
        assert not await is_admitted(ledger, hold(key, 1))
        assert not await is_admitted(ledger, hold(other, 901))
        assert await is_admitted(ledger, hold(other, 900))

    with_ledger(any_address, check)


def test_a_raised_cap_and_a_top_up_count_at_once(any_address: str | None) -> None:
    async def check(ledger: Ledger) -> None:
        key = await funded_key(ledger, 100, cap=50)
        assert not await is_admitted(ledger, hold(key, 60))
        assert (await ledger.set_cap(key.id, None)).cap_nanousd is None
        assert await is_admitted(ledger, hold(key, 60))
        assert not await is_admitted(ledger, hold(key, 60))
        account = await ledger.fund(key.account, 100)
        assert (account.balance_nanousd, account.deposited_nanousd) == (200, 200)
        assert await is_admitted(ledger, hold(key, 60))

    with_ledger(any_address, check)


def test_a_key_revoked_since_it_was_found_reserves_nothing(any_address: str | None) -> None:
    async def check(ledger: Ledger) -> None:
        key = await funded_key(ledger)
        assert (await ledger.revoke(key.id)).is_revoked
        with pytest.raises(Unauthenticated):
            await ledger.reserve(hold(key, 1))

    with_ledger(any_address, check)


def test_a_request_id_is_never_used_twice(any_address: str | None) -> None:
    async def check(ledger: Ledger) -> None:
        key = await funded_key(ledger)
        held = hold(key, 10)
        await ledger.reserve(held)
        with pytest.raises(RepeatedRequest):
            await ledger.reserve(held)
        await ledger.settle(charge(held))
        with pytest.raises(RepeatedRequest):
            await ledger.reserve(held)
        assert (await ledger.account(key.account)).reserved_nanousd == 0

    with_ledger(any_address, check)


def test_a_key_is_found_by_its_whole_hash_only(any_address: str | None) -> None:
    async def check(ledger: Ledger) -> None:
        account = await ledger.open_account(0)
        hashed = hash_secret("th-secret")
        key = await ledger.add_key(hashed, account.id, 7)
        assert await ledger.find_key(hashed) == key == await ledger.key(key.id)
        assert await ledger.find_key(hashed[:-1] + ("0" if hashed[-1] != "0" else "1")) is None
        assert await ledger.find_key(hashed[:16]) is None
        assert await ledger.find_key(hash_secret("th-other")) is None

    with_ledger(any_address, check)


def test_use_is_kept_by_key(any_address: str | None) -> None:
    async def check(ledger: Ledger) -> None:
        key, other = await funded_key(ledger), await funded_key(ledger)
        for _ in range(2):
            held = hold(key, 10)
            await ledger.reserve(held)
            await ledger.settle(charge(held))
        await ledger.mark_used(key.id, 200)
        await ledger.mark_used(key.id, 100)
        assert (await ledger.key(key.id)).last_used_at == 200
        assert (await ledger.key(other.id)).last_used_at is None
        assert await ledger.key_use(key.id) == KeyUse(2, 20, 2)
        assert await ledger.key_use(other.id) == KeyUse(0, 0, 0)

    with_ledger(any_address, check)


def test_a_charge_comes_back_as_it_went_in(any_address: str | None) -> None:
    async def check(ledger: Ledger) -> None:
        key = await funded_key(ledger, _LARGE)
        held = hold(key, _LARGE)
        usage = Usage(200_000, 32_000, CacheUse(1, 2, 3), 4)
        cost = Charge(held.request_id, key.id, key.account, "model", usage, _LARGE)
        await ledger.reserve(held)
        await ledger.settle(cost)
        assert await ledger.charge(held.request_id) == cost

    with_ledger(any_address, check)


def test_everything_is_listed_oldest_first(any_address: str | None) -> None:
    async def check(ledger: Ledger) -> None:
        keys = tuple([await funded_key(ledger) for _ in range(3)])
        assert await ledger.keys() == keys
        assert [account.id for account in await ledger.accounts()] == [key.account for key in keys]
        holds = [hold(key, 1) for key in keys]
        for held in holds:
            await ledger.reserve(held)
        for held in reversed(holds):
            await ledger.settle(charge(held))
        assert await ledger.charges(None) == tuple(charge(held) for held in reversed(holds))

    with_ledger(any_address, check)


def test_unknown_ids_are_key_errors(any_address: str | None) -> None:
    async def check(ledger: Ledger) -> None:
        key = await funded_key(ledger)
        for asked in (
            ledger.account("no"),
            ledger.fund("no", 1),
            ledger.add_key("hash", "no", None),
            ledger.key("no"),
            ledger.key_use("no"),
            ledger.set_cap("no", 1),
            ledger.revoke("no"),
            ledger.charge("no"),
        ):
            with pytest.raises(KeyError, match="no"):
                await asked
        assert await ledger.keys() == (key,)

    with_ledger(any_address, check)


def test_everything_survives_closing(address: str) -> None:
    async def fill(ledger: Ledger) -> tuple[object, ...]:
        key = await funded_key(ledger, 1_000, cap=500)
        held = hold(key, 300)
        await ledger.reserve(held)
        await ledger.settle(charge(held))
        return await state(ledger)

    async def state(ledger: Ledger) -> tuple[object, ...]:
        return await ledger.accounts(), await ledger.keys(), await ledger.charges(None)

    assert with_ledger(address, fill) == with_ledger(address, state)


def test_a_failed_step_leaves_nothing_behind(any_address: str | None) -> None:
    async def check(ledger: Ledger) -> None:
        key = await funded_key(ledger, 100)
        with pytest.raises(PaymentRequired):
            await ledger.reserve(hold(key, 101))
        await ledger.reserve(hold(key, 100))
        assert (await ledger.account(key.account)).reserved_nanousd == 100

    with_ledger(any_address, check)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("/nonexistent/x.sqlite", "/nonexistent/x.sqlite"),
        ("postgresql:///x?host=/nonexistent&password=s3cret", "/nonexistent"),
        ("postgresql://u:s3cret@/x?nothing=1", "not one that PostgreSQL knows"),
    ],
)
def test_a_ledger_that_cannot_be_opened_is_said_in_one_line(where: str, said: str) -> None:
    with pytest.raises(UsageError) as found:
        with_ledger(where, lambda ledger: ledger.accounts())
    assert said in str(found.value) and "\n" not in str(found.value)
    assert "s3cret" not in str(found.value)


def test_a_file_that_is_no_ledger_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, " * 100)
    with pytest.raises(UsageError, match="not a database"):
        with_ledger(str(file), lambda ledger: ledger.accounts())
    assert file.read_text() == "not a database, " * 100


def test_the_tables_of_another_version_are_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "ledger.sqlite")

    with_ledger(path, lambda ledger: ledger.accounts())
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE ledger_schema SET version = 99")
    with pytest.raises(UsageError, match="version 99"):
        with_ledger(path, lambda ledger: ledger.accounts())
