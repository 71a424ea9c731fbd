"""What a process held is free again once it is gone, and not a moment earlier."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import ledger_postgres
import psycopg
from ledger_steps import charge, check_conserved, funded_key, hold, is_admitted

from reference_gateway.ledger import Hold, opened

_LOCKS = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 7103844"


def test_what_an_ended_process_held_is_free_at_the_next_start(address: str) -> None:
    async def check() -> None:
        async with opened(address) as ended:
            key = await funded_key(ended)
            await ended.reserve(hold(key, 700))
        async with opened(address) as next_one:
            assert (await next_one.account(key.account)).reserved_nanousd == 0
            assert await is_admitted(next_one, hold(key, 1_000))

    asyncio.run(check())


def test_what_a_live_process_holds_stays_held_when_another_starts(address: str) -> None:
    async def check() -> None:
        async with opened(address) as live:
            key = await funded_key(live)
            held = hold(key, 700)
            await live.reserve(held)
            async with opened(address) as other:
                assert await other.recover() == 0
                assert not await is_admitted(other, hold(key, 301))
                assert await is_admitted(other, hold(key, 300))
            await live.settle(charge(held))
            assert await live.recover() == 1
            account = await live.account(key.account)
            assert (account.balance_nanousd, account.reserved_nanousd) == (300, 0)

    asyncio.run(check())


def test_nothing_is_refused_for_what_a_dead_process_held(address: str) -> None:
    async def check() -> None:
        async with opened(address) as survivor:
            key = await funded_key(survivor, 1_000, cap=1_000)
            async with opened(address) as ended:
                await ended.reserve(hold(key, 900))
                assert not await is_admitted(survivor, hold(key, 200))
            assert await is_admitted(survivor, hold(key, 200))
            assert (await survivor.account(key.account)).reserved_nanousd == 200

    asyncio.run(check())


def test_many_that_recover_at_once_leave_the_live_alone(address: str) -> None:
    async def check() -> None:
        async with contextlib.AsyncExitStack() as stack:
            live = [await stack.enter_async_context(opened(address)) for _ in range(4)]
            key = await funded_key(live[0])
            for ledger in live:
                await ledger.reserve(hold(key, 100))
            async with opened(address) as ended:
                await ended.reserve(hold(key, 600))
            found = await asyncio.gather(*(ledger.recover() for ledger in live))
            assert sum(found) == 1
            assert (await live[0].account(key.account)).reserved_nanousd == 400

    asyncio.run(check())


def test_the_files_of_killed_processes_are_swept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    left = tmp_path / "ledger.sqlite-process-0123456789abcdef"

    async def check() -> None:
        async with opened(str(path)) as live:
            await live.reserve(hold(await funded_key(live), 1))
            left.touch()
            async with opened(str(path)):
                pass
            assert not left.exists()
            assert len(list(tmp_path.glob("*-process-*"))) == 1
        assert list(tmp_path.iterdir()) == [path]

    asyncio.run(check())


def test_a_process_that_lost_its_session_holds_under_a_new_name(postgres: str) -> None:
    """As after a restart of the server: what was held is free, what comes next is held."""
    address = ledger_postgres.new_database(postgres)

    async def check() -> None:
        async with opened(address) as ledger, opened(address) as other:
            key = await funded_key(ledger)
            lost, next_one = hold(key, 600), hold(key, 500)
            await ledger.reserve(lost)
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM ({_LOCKS}) AS l")
            await ledger.reserve(next_one)
            assert await other.recover() == 0
            await ledger.settle(charge(lost))
            await ledger.settle(charge(next_one))
            charges = await ledger.charges(None)
            assert [found.request_id for found in charges] == [next_one.request_id]
            await check_conserved(ledger)

    asyncio.run(check())


def test_a_server_that_restarts_is_used_again(postgres: str) -> None:
    address = ledger_postgres.new_database(postgres)

    async def check() -> None:
        async with opened(address) as ledger:
            key = await funded_key(ledger)
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            held: Hold = hold(key, 100)
            await ledger.reserve(held)
            await ledger.settle(charge(held))
            assert (await ledger.account(key.account)).balance_nanousd == 900

    asyncio.run(check())
