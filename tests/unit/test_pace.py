"""The pace: so many requests a minute, none while the gateway asks to wait."""

from __future__ import annotations

import asyncio

from conformance.pace import Pace


class Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds


def turns(pace: Pace, count: int) -> None:
    """Take so many turns, one after the other."""

    async def take() -> None:
        for _ in range(count):
            await pace.turn()

    asyncio.run(take())


def test_requests_are_as_far_apart_as_the_rate_says() -> None:
    clock = Clock()
    turns(Pace(30, lambda: clock.now, clock.sleep), 3)
    assert clock.slept == [2.0, 2.0]


def test_without_a_rate_nobody_waits() -> None:
    clock = Clock()
    pace = Pace(None, lambda: clock.now, clock.sleep)
    pace.hold(60)
    turns(pace, 3)
    assert not clock.slept


def test_a_429_holds_everything_for_as_long_as_it_says() -> None:
    clock = Clock()
    pace = Pace(60, lambda: clock.now, clock.sleep)
    turns(pace, 1)
    pace.hold(7)
    turns(pace, 2)
    assert clock.slept == [7.0, 1.0]
