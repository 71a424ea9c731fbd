"""Providers in order: the next is asked where one fails before its answer has begun."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

from reference_gateway.call import Call
from reference_gateway.errors import GatewayError, InvalidRequest, NoUpstreamKey, UpstreamFailed
from reference_gateway.seams import Seams
from reference_gateway.upstream.providers import Provider
from reference_gateway.upstream.refusals import broken_off

T = TypeVar("T")
Ask = Callable[[Provider], AsyncIterator[T]]


class Rests:
    """Which providers failed so often in a row that they are left alone for a while."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def ordered(self, providers: Sequence[Provider]) -> tuple[Provider, ...]:
        """The same providers; those that rest come last, for one of them is better than none."""
        return tuple(sorted(providers, key=self._is_resting))

    def failed(self, provider: Provider) -> None:
        """Count one more failure."""
        count = self._failures.get(provider.name, 0) + 1
        self._failures[provider.name] = count
        if count >= provider.rest_after:
            self._until[provider.name] = self._clock() + provider.rest_s

    def answered(self, provider: Provider) -> None:
        """Forget the failures."""
        self._failures.pop(provider.name, None)
        self._until.pop(provider.name, None)

    def _is_resting(self, provider: Provider) -> bool:
        return self._clock() < self._until.get(provider.name, 0.0)


async def attempted(
    call: Call, seams: Seams, rests: Rests, providers: Sequence[Provider], ask: Ask[T]
) -> AsyncIterator[T]:
    """What the first provider says that answers at all.

    Raises what the client is to be told where the answer breaks off or nobody gives one:
    the last failure decides, and that a provider cannot be asked such a thing only where
    there is no other.
    """
    failure: GatewayError | None = None
    has_begun = False
    for provider in seams.attempts(call, rests.ordered(providers)):
        try:
            async for found in ask(provider):
                has_begun = True
                yield found
            rests.answered(provider)
            return
        except InvalidRequest as problem:
            failure = failure or problem
        except UpstreamFailed as problem:
            failure = broken_off(problem) if has_begun else problem
            may_fall_back = seams.may_fall_back(call, problem, has_begun)
            if may_fall_back or has_begun:
                rests.failed(provider)
            if not may_fall_back:
                break
    if isinstance(failure, UpstreamFailed):
        raise seams.refusal(call, failure) from failure
    raise failure or NoUpstreamKey()
