"""What workers may do to shared accounts, as values that Hypothesis makes up."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from ledger_steps import charge, hold, is_admitted

from reference_gateway.ledger import Hold, Key, Ledger

# The same examples every time, none kept on disk.
STEADY = settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
AMOUNTS = st.integers(0, 400)
CAPS = st.none() | st.integers(0, 1_500)
SHARES = st.sampled_from([0, 30, 100])


@dataclass(frozen=True)
class Step:
    """One thing that a worker does; `key` is a number, `value` depends on the action."""

    action: str
    key: int
    value: int | None


def _steps(action: str, values: st.SearchStrategy[int | None]) -> st.SearchStrategy[Step]:
    return st.builds(Step, st.just(action), st.integers(0, 2), values)


_RESERVE = _steps("reserve", AMOUNTS)
_SETTLE = _steps("settle", SHARES)
STEPS = st.one_of(
    _RESERVE,
    _SETTLE,
    _RESERVE,
    _SETTLE,
    _steps("release", st.none()),
    _steps("settle again", st.none()),
    _steps("fund", AMOUNTS),
    _steps("cap", CAPS),
    _steps("revoke", st.none()),
)


class Worker:
    """Takes its steps one by one and remembers what it holds and what it settled."""

    def __init__(self, ledger: Ledger, keys: list[Key]) -> None:
        self.ledger = ledger
        self.keys = keys
        self.held: list[Hold] = []
        self.settled: list[Hold] = []

    async def take(self, step: Step) -> None:
        """Take a step; one that needs a hold is nothing where there is none."""
        key, value = self.keys[step.key % len(self.keys)], step.value
        if step.action == "reserve":
            asked = hold(key, value or 0)
            if await is_admitted(self.ledger, asked):
                self.held.append(asked)
        elif step.action == "settle" and self.held:
            done = self.held.pop(0)
            await self.ledger.settle(charge(done, done.amount_nanousd * (value or 0) // 100))
            self.settled.append(done)
        elif step.action == "settle again" and self.settled:
            await self.ledger.settle(charge(self.settled[-1]))
        elif step.action == "release" and self.held:
            await self.ledger.release(self.held.pop().request_id)
        else:
            await self._change(step.action, key, value)

    async def _change(self, action: str, key: Key, value: int | None) -> None:
        if action == "fund":
            await self.ledger.fund(key.account, value or 0)
        elif action == "cap":
            await self.ledger.set_cap(key.id, value)
        elif action == "revoke":
            await self.ledger.revoke(key.id)
