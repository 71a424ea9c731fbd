"""Many features in one request: each is asked for alone only where all together are refused.

A sound gateway pays for one answer, and of another one the report still says which
feature it refuses. The fact `features` names the exchange that shows each of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from conformance.model import Exchange
from conformance.recorder import Gateway

Body = dict[str, Any]
Feature = Callable[[Body], Body]
Ask = Callable[[Body], Awaitable[Exchange]]
Asked = TypeVar("Asked")

_NOT_ABOUT_THE_BODY = (401, 403, 429)


async def together(
    gateway: Gateway, base: Body, features: Mapping[str, Feature], ask: Ask | None = None
) -> None:
    """Ask `base` with every feature; where that is refused, with one feature after the other."""
    await asked_in_one(gateway, base, features, ask or gateway.messages, _is_settled)


def _is_settled(exchange: Exchange) -> bool:
    return exchange.status < 400 or exchange.status in _NOT_ABOUT_THE_BODY


async def asked_in_one(
    gateway: Gateway,
    base: Asked,
    features: Mapping[str, Callable[[Asked], Asked]],
    ask: Callable[[Asked], Awaitable[Exchange]],
    is_settled: Callable[[Exchange], bool],
) -> None:
    """Ask `base` with every feature; unless that settles it, with one after the other."""
    whole = base
    for add in features.values():
        whole = add(whole)
    exchange = await ask(whole)
    gateway.facts["features"] = dict.fromkeys(features, exchange.id)
    if not is_settled(exchange):
        for name, add in features.items():
            gateway.facts["features"][name] = (await ask(add(base))).id


def field(name: str, value: Any) -> Feature:
    """A field of the body."""
    return lambda body: {**body, name: value}


def tool(definition: Mapping[str, Any]) -> Feature:
    """One more tool on offer."""
    return lambda body: {**body, "tools": [*body.get("tools", []), dict(definition)]}


def turns(*messages: Mapping[str, Any]) -> Feature:
    """Messages before the last one."""

    def add(body: Body) -> Body:
        *earlier, last = body["messages"]
        return {**body, "messages": [*earlier, *map(dict, messages), last]}

    return add


def blocks(*content: Mapping[str, Any]) -> Feature:
    """Content blocks at the beginning of the last message, which is a list of blocks."""

    def add(body: Body) -> Body:
        *earlier, last = body["messages"]
        more = {**last, "content": [*map(dict, content), *last["content"]]}
        return {**body, "messages": [*earlier, more]}

    return add


def user(*content: Mapping[str, Any]) -> dict[str, Any]:
    """A message of the user, as blocks."""
    return {"role": "user", "content": list(content)}


def assistant(*content: Mapping[str, Any]) -> dict[str, Any]:
    """A message of the assistant, as blocks."""
    return {"role": "assistant", "content": list(content)}


def text(words: str, **more: Any) -> dict[str, Any]:
    """A text block."""
    return {"type": "text", "text": words, **more}
