"""Tries: what a model may or may not do is asked for up to three times (rule R6).

The earlier tries stay exchanges of the recording, so rules about shape judge every one;
a rule about the behaviour judges the last, which shows it where any try did.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from conformance.model import Exchange

TRIES = 3
"""How often a behaviour is asked for at most."""


async def until(
    shows: Callable[[Exchange], bool], ask: Callable[[], Awaitable[Exchange]]
) -> Exchange:
    """The first answer that shows the behaviour, else the last; a refusal ends the tries."""
    for _ in range(TRIES):
        exchange = await ask()
        if shows(exchange) or not 200 <= exchange.status < 300:
            break
    return exchange
