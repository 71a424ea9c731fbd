"""What the lab is told to answer, and how a scenario asks for it in each direction.

Every answer has a script of its own, so a gateway that asks twice gets the same answer
twice, and what it got stands right after what the client got. What was told is noted, as
`told`, for the rules that compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from conformance.kinds import Protocol
from conformance.model import Exchange
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import anthropic, openai, prompts
from conformance.scenarios.lab_passage import BUDGET, asked

TITLES = {Protocol.ANTHROPIC: "Anthropic", Protocol.OPENAI: "OpenAI-compatible"}
STREAMED: Mapping[Protocol, dict[str, Any]] = {
    Protocol.ANTHROPIC: anthropic.STREAMED,
    Protocol.OPENAI: openai.STREAMED_WITH_USAGE,
}
Direction = tuple[Protocol, Protocol]
DIRECTIONS: tuple[Direction, ...] = tuple(product(Protocol, Protocol))
"""The four directions, client first."""

SAME: tuple[Direction, ...] = tuple((protocol, protocol) for protocol in Protocol)
"""Those in which nothing is translated."""

TRIES = 3
"""How often a gateway may ask for one answer and still get it."""


@dataclass(frozen=True)
class Telling:
    """One answer of the lab: what it says, in what manner, and what the client asks beside.

    A `body` is sent as it is, whatever was asked; a raw `stream` only to who asks for one.
    `note` is what the rules are told beside the answer.
    """

    variant: str
    answer: Mapping[str, Any]
    streamed: bool = False
    stream: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[Protocol, Mapping[str, Any]] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    note: Mapping[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> Mapping[str, Any]:
        """What the lab does."""
        return self.body or {"answer": self.answer, "stream": self.stream}

    def beside(self, client: Protocol) -> Mapping[str, Any]:
        """What a client of this protocol asks beside its question."""
        return self.more.get(client, {})

    @property
    def told(self) -> dict[str, Any]:
        """What was told, for the rules; of a body that is sent as it is, how it is meant."""
        meant = {"variant": self.variant, "streamed": self.streamed, "raw": bool(self.body)}
        return {**meant, **self.answer, **self.note}


Tellings = Callable[[Protocol], Iterable[Telling]]
"""What the lab tells as an upstream of this protocol."""


def both(variant: str, answer: Mapping[str, Any], **more: Any) -> tuple[Telling, Telling]:
    """The same answer, plain and as a stream."""
    return Telling(variant, answer, **more), Telling(variant, answer, streamed=True, **more)


def declared(
    name: str,
    about: str,
    tellings: Tellings,
    directions: Iterable[Direction] = DIRECTIONS,
    **how: Any,
) -> None:
    """Declare a scenario for each direction; `how` is that of `scenario`."""
    for direction in directions:
        _declared(name, about, direction, tuple(tellings(direction[1])), how)


def _declared(
    name: str,
    about: str,
    direction: Direction,
    tellings: tuple[Telling, ...],
    how: Mapping[str, Any],
) -> None:
    client, upstream = direction
    role = f"lab_{upstream}"

    async def play(gateway: Gateway) -> None:
        told: list[dict[str, Any]] = []
        gateway.facts["told"] = told
        for telling in tellings:
            exchange = await _told(gateway, client, role, telling)
            told.append({**telling.told, "exchange": exchange.id})

    play.__doc__ = f"{about}: {TITLES[client]} client, {TITLES[upstream]} upstream."
    budgets = [int(telling.beside(client).get("max_tokens", BUDGET)) for telling in tellings]
    scenario(
        f"lab-{name}-{client}-{upstream}",
        protocol=client,
        exchanges=len(tellings),
        cost=sum(budgets),
        lab=(role,),
        **{"upstream": "faulty", **how},
    )(play)


async def _told(gateway: Gateway, client: Protocol, role: str, telling: Telling) -> Exchange:
    script = await gateway.lab.script(*[telling.step] * TRIES)
    more = {**telling.beside(client), **(STREAMED[client] if telling.streamed else {})}
    text = f"{prompts.HELLO} {script.mark}"
    exchange = await asked(gateway, client, role, text, more, extra=telling.extra)
    await gateway.lab.collect(script)
    return exchange
