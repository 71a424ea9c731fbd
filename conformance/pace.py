"""The pace of a run: so many requests a minute, and none while the gateway asks to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic


@dataclass
class Pace:
    """Gives each request its turn; without a rate there is nothing to wait for."""

    per_minute: float | None = None
    clock: Callable[[], float] = monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _next: float = 0.0

    async def turn(self) -> None:
        """Wait until the next request may be sent."""
        if self.per_minute is None:
            return
        now = self.clock()
        at = max(now, self._next)
        self._next = at + 60 / self.per_minute
        if at > now:
            await self.sleep(at - now)

    def hold(self, seconds: float) -> None:
        """Send nothing for so long: a 429 said when to come back."""
        self._next = max(self._next, self.clock() + seconds)
