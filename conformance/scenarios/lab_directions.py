"""The directions through a gateway: a scenario for each client's and each upstream's protocol."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from conformance.control import Ability
from conformance.directions import BOTH
from conformance.kinds import Kind, Protocol
from conformance.model import Exchange
from conformance.recorder import Gateway
from conformance.registry import Play, Upstream, scenario
from conformance.scenarios import openai

Failures = Callable[[Protocol, bool], Sequence[object]]
DirectedPlay = Callable[[Gateway, Protocol, Protocol], Awaitable[None]]

ANTHROPIC, OPENAI = Protocol.ANTHROPIC, Protocol.OPENAI
BUDGET = 64
_TITLES = {ANTHROPIC: "Anthropic", OPENAI: "OpenAI-compatible"}
_KINDS = {
    ANTHROPIC: (Kind.ANTHROPIC_MESSAGE, Kind.ANTHROPIC_STREAM),
    OPENAI: (Kind.OPENAI_COMPLETION, Kind.OPENAI_STREAM),
}


def directed(
    name: str,
    *,
    exchanges: int = 1,
    meets: Failures | None = None,
    budget: int = BUDGET,
    clients: Iterable[Protocol] = BOTH,
    upstreams: Iterable[Protocol] = BOTH,
    providers: str = "",
    upstream: Upstream = "faulty",
    exclusive: bool = False,
    opt_in: str = "",
    abilities: tuple[Ability, ...] = (),
    priced: bool = False,
) -> Callable[[DirectedPlay], DirectedPlay]:
    """Declare the decorated function as one scenario for each of these directions.

    `meets` tells the failures of an upstream, translated or not: one exchange is added for each.
    One whose upstream is sound is judged by the rules about all answers too. `providers` is
    `_fallback` for a model that has two of them, or `_refused`. One that makes a provider
    fail in a row is `exclusive`: a gateway may leave that provider alone for a while.
    """

    def declare(play: DirectedPlay) -> DirectedPlay:
        for client, behind in product(clients, upstreams):
            count = exchanges + len(meets(behind, client is not behind) if meets else ())
            scenario(
                f"lab-{name}-{client}-{behind}",
                protocol=client,
                yields=_KINDS[client] if upstream == "sound" else (),
                exchanges=count,
                cost=count * budget,
                lab=(f"lab_{behind}{providers}",),
                upstream=upstream,
                exclusive=exclusive,
                opt_in=opt_in,
                abilities=abilities,
                priced=priced,
            )(_bound(play, client, behind))
        return play

    return declare


def _bound(play: DirectedPlay, client: Protocol, upstream: Protocol) -> Play:
    async def bound(gateway: Gateway) -> None:
        await play(gateway, client, upstream)

    title = (play.__doc__ or "").partition("\n")[0].rstrip(".")
    bound.__doc__ = f"{title}: {_TITLES[client]} client, {_TITLES[upstream]} upstream."
    return bound


async def send(
    gateway: Gateway,
    client: Protocol,
    upstream: Protocol,
    body: Mapping[str, Any],
    budget: int = BUDGET,
    **how: Any,
) -> Exchange:
    """Send a body of the client's protocol to the model behind which that upstream stands."""
    asked = {"model": gateway.models[f"lab_{upstream}"], **body}
    if client is OPENAI:
        return await openai.ask(gateway, asked, budget, **how)
    return await gateway.messages({"max_tokens": budget, **asked}, **how)
