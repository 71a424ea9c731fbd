"""The ledger against a model that is ten lines long, one step after the other.

Two processes share the ledger, and either may die at any step. The model says of every
reservation whether it has to be admitted, so a ledger that refuses too much is found as
surely as one that refuses too little.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import ledger_postgres
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from ledger_schedules import AMOUNTS, CAPS, SHARES, STEADY
from ledger_steps import charge, check_conserved, hold, is_admitted

from reference_gateway.keys import hash_secret, new_secret
from reference_gateway.ledger import Hold, Key, Ledger, opened

T = TypeVar("T")
_PROCESSES = st.integers(0, 1)
_KEYS = st.integers(0, 2)


@dataclass
class Held:
    """A hold of the model: which process has it, and what it is."""

    process: int
    hold: Hold


class Machine(RuleBasedStateMachine):
    """Two processes, two accounts, three keys."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.loop = asyncio.new_event_loop()
        self.stacks = [contextlib.AsyncExitStack(), contextlib.AsyncExitStack()]
        self.ledgers = [self.do(self.start(number)) for number in (0, 1)]
        self.held: list[Held] = []
        self.settled: list[Hold] = []

    def do(self, step: Coroutine[Any, Any, T]) -> T:
        """Take a step to its end."""
        return self.loop.run_until_complete(step)

    async def start(self, process: int) -> Ledger:
        """Open the ledger as that process."""
        return await self.stacks[process].enter_async_context(opened(self.address))

    @initialize()
    def prepare(self) -> None:
        """Two keys of one account, and one of another."""
        ledger = self.ledgers[0]
        accounts = [self.do(ledger.open_account(1_000)), self.do(ledger.open_account(300))]
        self.keys = [
            self.do(ledger.add_key(hash_secret(new_secret()), accounts[number].id, cap))
            for number, cap in ((0, 800), (0, None), (1, 800))
        ]
        self.balance = {account.id: account.balance_nanousd for account in accounts}
        self.cap = {key.id: key.cap_nanousd for key in self.keys}
        self.spent = dict.fromkeys(self.cap, 0)
        self.revoked: set[str] = set()

    def has_to_be_admitted(self, key: Key, amount: int) -> bool:
        """The rule, as the contract says it."""
        holds = [held.hold for held in self.held]
        by_key = sum(h.amount_nanousd for h in holds if h.key.id == key.id)
        by_account = sum(h.amount_nanousd for h in holds if h.key.account == key.account)
        cap = self.cap[key.id]
        is_under_cap = cap is None or self.spent[key.id] + by_key + amount <= cap
        is_covered = by_account + amount <= self.balance[key.account]
        return key.id not in self.revoked and is_under_cap and is_covered

    @rule(process=_PROCESSES, number=_KEYS, amount=AMOUNTS)
    def reserve(self, process: int, number: int, amount: int) -> None:
        key = self.keys[number]
        asked = hold(key, amount)
        wanted = self.has_to_be_admitted(key, amount)
        assert self.do(is_admitted(self.ledgers[process], asked)) is wanted
        if wanted:
            self.held.append(Held(process, asked))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), share=SHARES)
    def settle(self, data: st.DataObject, share: int) -> None:
        held = data.draw(st.sampled_from(self.held))
        amount = held.hold.amount_nanousd * share // 100
        self.do(self.ledgers[held.process].settle(charge(held.hold, amount)))
        self.held.remove(held)
        self.settled.append(held.hold)
        self.spent[held.hold.key.id] += amount
        self.balance[held.hold.key.account] -= amount

    @precondition(lambda self: self.settled)
    @rule(data=st.data(), process=_PROCESSES)
    def settle_again(self, data: st.DataObject, process: int) -> None:
        self.do(self.ledgers[process].settle(charge(data.draw(st.sampled_from(self.settled)))))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.held))
        self.do(self.ledgers[held.process].release(held.hold.request_id))
        self.held.remove(held)

    @rule(process=_PROCESSES, number=_KEYS, amount=AMOUNTS)
    def fund(self, process: int, number: int, amount: int) -> None:
        account = self.keys[number].account
        self.do(self.ledgers[process].fund(account, amount))
        self.balance[account] += amount

    @rule(process=_PROCESSES, number=_KEYS, cap=CAPS)
    def set_cap(self, process: int, number: int, cap: int | None) -> None:
        self.do(self.ledgers[process].set_cap(self.keys[number].id, cap))
        self.cap[self.keys[number].id] = cap

    @rule(process=_PROCESSES, number=_KEYS)
    def revoke(self, process: int, number: int) -> None:
        self.do(self.ledgers[process].revoke(self.keys[number].id))
        self.revoked.add(self.keys[number].id)

    @rule(process=_PROCESSES)
    def die(self, process: int) -> None:
        self.do(self.stacks[process].aclose())
        self.ledgers[process] = self.do(self.start(process))
        self.held = [held for held in self.held if held.process != process]

    @invariant()
    def is_as_modelled(self) -> None:
        """Both processes see what the model says."""
        for ledger in self.ledgers:
            self.do(check_conserved(ledger))
            for account in self.do(ledger.accounts()):
                held = [h.hold for h in self.held if h.hold.key.account == account.id]
                assert account.balance_nanousd == self.balance[account.id]
                assert account.reserved_nanousd == sum(h.amount_nanousd for h in held)
            assert {key.id: key.spent_nanousd for key in self.do(ledger.keys())} == self.spent

    def teardown(self) -> None:
        """End both processes."""
        for stack in self.stacks:
            self.do(stack.aclose())
        self.loop.close()


def _run(new_address: Callable[[], str], examples: int, steps: int) -> None:
    wanted = settings(STEADY, max_examples=examples, stateful_step_count=steps)
    run_state_machine_as_test(lambda: Machine(new_address()), settings=wanted)


def test_a_file_is_as_the_model_says() -> None:
    with tempfile.TemporaryDirectory() as folder:
        names: Iterator[Path] = (Path(folder) / f"{number}.sqlite" for number in range(10**6))
        _run(lambda: str(next(names)), examples=25, steps=30)


def test_postgres_is_as_the_model_says(postgres: str) -> None:
    _run(lambda: ledger_postgres.new_database(postgres), examples=5, steps=20)
