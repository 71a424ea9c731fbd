"""What an interrupted run had got of a scenario: it answers the same requests once more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from conformance.model import Exchange, Request


class Recall:
    """Earlier exchanges, each taken once, so that nothing is paid twice."""

    def __init__(self, exchanges: Iterable[Exchange] = ()) -> None:
        self._left = list(exchanges)

    def take(self, asked: Request, credential: str) -> Exchange | None:
        """The exchange of the same request with the same key; None where there is none."""
        for number, exchange in enumerate(self._left):
            before = exchange.request
            same = (before.method, before.url, before.body) == (
                asked.method,
                asked.url,
                asked.body,
            )
            if same and exchange.credential == credential:
                return replace(self._left.pop(number), superseded=False)
        return None
