"""The opening of an answer is held back for a moment: until it says something, it can be replaced.

A provider that has no room often says so right behind its first event. Nobody has to wait
long for it: a model that thinks in silence has opened for its client after half a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

T = TypeVar("T")
_LONGEST_S = 0.5


async def opened(
    items: AsyncIterator[T], has_content: Callable[[T], bool], longest_s: float = _LONGEST_S
) -> AsyncIterator[T]:
    """The items as they come, but the first of them not before one has content."""
    held: list[T] = []
    until: float | None = None
    while True:
        coming = asyncio.ensure_future(_next(items))
        try:
            # Waited for rather than awaited: what is held goes out, and the next still comes.
            await asyncio.wait((coming,), timeout=_left(until))
            if not coming.done():
                for item in held:
                    yield item
                held = []
            found = await coming
        finally:
            coming.cancel()
        held += found
        if not found or has_content(held[-1]):
            break
        until = until or _now() + longest_s
    for item in held:
        yield item
    async for item in items:
        yield item


async def _next(items: AsyncIterator[T]) -> list[T]:
    """The next item, alone; none at the end."""
    try:
        return [await anext(items)]
    except StopAsyncIteration:
        return []


def _now() -> float:
    return asyncio.get_running_loop().time()


def _left(until: float | None) -> float | None:
    return None if until is None else max(0.0, until - _now())
