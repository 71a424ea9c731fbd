"""Rate limits: how many requests a key may make in a minute; without end unless one is set."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from reference_gateway.errors import RateLimited

WINDOW_S = 60.0


@dataclass(frozen=True)
class _Window:
    """A minute of one key, from its first request on."""

    began: float
    used: int = 0


class RateLimits:
    """Counts the requests of each key; `per_minute` is the limit of one that has no own."""

    def __init__(self, per_minute: int = 0, clock: Callable[[], float] = time.time) -> None:
        self._default = per_minute
        self._own: dict[str, int] = {}
        self._windows: dict[str, _Window] = {}
        self._clock = clock

    def set(self, key: str, per_minute: int | None) -> None:
        """Give a key a limit of its own; None takes it away again, and its minute begins anew."""
        self._windows.pop(key, None)
        if per_minute is None:
            self._own.pop(key, None)
        else:
            self._own[key] = per_minute

    def admit(self, key: str, protocol: Literal["anthropic", "openai"]) -> None:
        """Count one request; raises `RateLimited` where it is one too many."""
        limit = self._own.get(key, self._default)
        if not limit:
            return
        now = self._clock()
        window = self._windows.get(key, _Window(now))
        if now >= window.began + WINDOW_S:
            window = _Window(now)
        if window.used >= limit:
            raise RateLimited(_headers(protocol, limit, window.began + WINDOW_S, now))
        self._windows[key] = replace(window, used=window.used + 1)


def _headers(protocol: str, limit: int, ends: float, now: float) -> dict[str, str]:
    """When to come again, in the protocol's own words too."""
    wait_s = max(1, math.ceil(ends - now))
    if protocol == "anthropic":
        reset = datetime.fromtimestamp(ends, UTC).isoformat(timespec="seconds")
        told = {"limit": str(limit), "remaining": "0", "reset": reset.replace("+00:00", "Z")}
        named = {f"anthropic-ratelimit-requests-{name}": value for name, value in told.items()}
    else:
        told = {"limit": str(limit), "remaining": "0", "reset": f"{wait_s}s"}
        named = {f"x-ratelimit-{name}-requests": value for name, value in told.items()}
    return {"retry-after": str(wait_s), **named}
