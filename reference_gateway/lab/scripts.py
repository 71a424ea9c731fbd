"""Scripts, and everything that was received: whose turn it is, and what came of it."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from reference_gateway.lab.received import Ended, Received
from reference_gateway.lab.steps import HEALTHY, Step

MAX_SCRIPTS = 2_000
MAX_UNSCRIPTED = 1_000
MAX_RECORDED_BYTES = 256 * 1024 * 1024
ID = re.compile(r"[0-9a-f]{16}")
_MARK = re.compile(rb"\[\[lab:([0-9a-f]{16})\]\]")


def without_marks(body: bytes) -> bytes:
    """A body as the model reads it, which then says the same for every script."""
    return _MARK.sub(b"", body)


@dataclass
class Script:
    """The steps that are still to be played, and the requests that came for them."""

    steps: tuple[Step, ...] = ()
    by_provider: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    played: dict[str | None, int] = field(default_factory=dict)
    requests: list[Received] = field(default_factory=list)

    def next_step(self, provider: str) -> Step:
        """The next of the provider's own steps, else of those for all; healthy after the last."""
        own = provider if provider in self.by_provider else None
        steps = self.steps if own is None else self.by_provider[own]
        number = self.played.get(own, 0)
        self.played[own] = number + 1
        return steps[number] if number < len(steps) else HEALTHY

    @property
    def is_settled(self) -> bool:
        """True when no request is still being answered."""
        return all(received.ended is not Ended.OPEN for received in self.requests)


class Records:
    """All scripts and all requests of a lab; what is oldest is dropped where it gets too much."""

    def __init__(self) -> None:
        self._scripts: OrderedDict[str, Script] = OrderedDict()
        self._unscripted: list[Received] = []
        self._count = 0
        self._bytes = 0
        self._changed = asyncio.Condition()

    def put(self, script_id: str, script: Script) -> None:
        """Begin a script, in place of any of that id."""
        self._scripts.pop(script_id, None)
        self._scripts[script_id] = script
        while len(self._scripts) > MAX_SCRIPTS:
            self._scripts.popitem(last=False)

    def get(self, script_id: str) -> Script:
        """The script of that id; raises `KeyError`."""
        return self._scripts[script_id]

    def delete(self, script_id: str) -> None:
        """Forget a script and its requests; raises `KeyError`."""
        del self._scripts[script_id]

    def marked(self, body: bytes) -> Script | None:
        """The known script whose mark stands last in the body."""
        marks = [found[1].decode() for found in _MARK.finditer(body)]
        return next((self._scripts[mark] for mark in marks[::-1] if mark in self._scripts), None)

    def add(self, received: Received, script: Script | None) -> None:
        """File a request, with its script or with those that have none."""
        if script is not None:
            received.number = len(script.requests) + 1
            script.requests.append(received)
            return
        self._count += 1
        received.number = self._count
        self._unscripted.append(received)
        del self._unscripted[:-MAX_UNSCRIPTED]

    def unscripted(self, since: int) -> list[Received]:
        """The requests without a script whose number is above `since`."""
        return [received for received in self._unscripted if received.number > since]

    async def ended(self, received: Received, how: Ended) -> None:
        """Say how a request ended, to whoever waits for it too."""
        received.end(how)
        self._bytes += received.size
        if self._bytes > MAX_RECORDED_BYTES:
            self._trim()
        async with self._changed:
            self._changed.notify_all()

    async def settled(self, script: Script, within_s: float) -> None:
        """Wait until nothing of the script is open any more, but no longer than that."""
        try:
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: script.is_settled)
        except TimeoutError:
            return

    def _trim(self) -> None:
        """Drop the oldest until what is kept fits, those without a script first."""
        kept = [script.requests for script in self._scripts.values()]
        self._bytes = sum(map(_size, [*kept, self._unscripted]))
        while self._bytes > MAX_RECORDED_BYTES and (self._unscripted or self._scripts):
            if self._unscripted:
                dropped = [self._unscripted.pop(0)]
            else:
                dropped = self._scripts.popitem(last=False)[1].requests
            self._bytes -= _size(dropped)


def _size(requests: list[Received]) -> int:
    return sum(received.size for received in requests)
