"""A gateway killed in the middle of its work: nothing is lost, charged twice, or stuck.

Two gateways share a ledger and get 200 requests at once. One is killed, a third starts on
the same ledger while the other still works. More rounds, each with its own seed:
`LEDGER_KILL_ROUNDS=20 pytest -s tests/ledger/test_ledger_kill.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ledger_gateway
from ledger_gateway import Answer, Gateway, ask_at_once
from ledger_steps import check_conserved, with_ledger

_ROUNDS = int(os.environ.get("LEDGER_KILL_ROUNDS", "1"))
_REQUESTS = 200
_BALANCE_NANOUSD = 10**12


@dataclass
class Round:
    """One gateway is killed once the clients have seen so many answers, and replaced."""

    victim: Gateway
    kill_after: int
    succession: Callable[[], Gateway]
    seen: int = 0
    successor: asyncio.Task[Gateway] | None = None

    def see(self, answer: Answer) -> None:
        """Count a complete answer."""
        self.seen += answer.cost_nanousd is not None
        if self.seen == self.kill_after and self.successor is None:
            self.victim.process.kill()
            self.successor = asyncio.create_task(asyncio.to_thread(self.succession))


def test_a_killed_gateway_loses_no_charge_and_leaves_nothing_held(
    address: str, tmp_path: Path
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(f'ledger = "{address}"\npace_s = 0.01\n')
    found = [_round(config, seed) for seed in range(_ROUNDS)]
    with_ledger(address, check_conserved)
    complete, broken = sum(r[0] for r in found), sum(r[1] for r in found)
    print(f"{len(found)} rounds: {complete} answers complete, {broken} broken by the kill")
    assert complete and broken


def _round(config: Path, seed: int) -> tuple[int, int]:
    dice = random.Random(seed)
    with contextlib.ExitStack() as stack:

        def start() -> Gateway:
            return stack.enter_context(ledger_gateway.started(config))

        found, survivor = Round(start(), dice.randint(20, 90), start), start()
        keys = _new_keys(survivor)
        by_victim, by_survivor, successor = asyncio.run(_killed(found, survivor, keys, dice))
        _judge(successor, by_victim, by_survivor)
    broken = sum(answer.status is None for answer in by_victim)
    return len(by_victim) + len(by_survivor) - broken, broken


def _new_keys(gateway: Gateway) -> list[str]:
    account = gateway.control("POST", "/accounts", {"balance_nanousd": _BALANCE_NANOUSD})["id"]
    return [gateway.control("POST", "/keys", {"account": account})["key"] for _ in range(4)]


async def _killed(
    found: Round, survivor: Gateway, keys: list[str], dice: random.Random
) -> tuple[list[Answer], list[Answer], Gateway]:
    by_victim, by_survivor = await ask_at_once(
        [found.victim, survivor], keys, _REQUESTS, dice, found.see
    )
    assert found.successor is not None
    return by_victim, by_survivor, await found.successor


def _judge(successor: Gateway, by_victim: list[Answer], by_survivor: list[Answer]) -> None:
    assert {account["reserved_nanousd"] for account in _listed(successor, "accounts")} == {0}
    charges = _listed(successor, "charges")
    charged = {charge["request_id"]: charge["amount_nanousd"] for charge in charges}
    assert len(charged) == len(charges)
    # A stream is charged when its last byte is out, so a kill may come in between.
    sure = [a for a in by_victim if a.cost_nanousd is not None and not a.is_stream] + by_survivor
    assert [charged.get(str(a.request_id)) for a in sure] == [a.cost_nanousd for a in sure]
    for answer in by_victim:
        assert charged.get(str(answer.request_id)) in {None, answer.cost_nanousd}


def _listed(gateway: Gateway, name: str) -> list[Any]:
    found: list[Any] = gateway.control("GET", f"/{name}")[name]
    return found
