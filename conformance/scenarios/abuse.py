"""Hostile input, on both protocols; a foreign gateway gets it only with `--include abuse`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from conformance.kinds import Protocol
from conformance.recorder import PATHS, Gateway
from conformance.registry import scenario
from conformance.scenarios import anthropic, openai, prompts
from conformance.scenarios.abuse_corpus import Bad, corpus

ANTHROPIC = Protocol.ANTHROPIC
OPENAI = Protocol.OPENAI
_SOUND = {ANTHROPIC: anthropic.HELLO, OPENAI: openai.HELLO}
COUNT = len(list(corpus({"messages": [{}]}, 0)))
AT_ONCE = 8


@scenario(
    "anthropic-abuse",
    protocol=ANTHROPIC,
    exchanges=COUNT + 1,
    cost=COUNT // 4 * prompts.SMALL_BUDGET,
    opt_in="abuse",
)
async def anthropic_abuse(gateway: Gateway) -> None:
    """The corpus of bad requests to `/messages`, and a sound one after it."""
    await _abused(gateway, ANTHROPIC, {"max_tokens": prompts.SMALL_BUDGET})
    await gateway.messages(anthropic.HELLO | {"max_tokens": prompts.SMALL_BUDGET})


@scenario(
    "openai-abuse",
    protocol=OPENAI,
    exchanges=COUNT + 1,
    cost=COUNT // 4 * prompts.SMALL_BUDGET,
    opt_in="abuse",
)
async def openai_abuse(gateway: Gateway) -> None:
    """The corpus of bad requests to `/chat/completions`, and a sound one after it."""
    await _abused(gateway, OPENAI, {gateway.budget_name: prompts.SMALL_BUDGET})
    await openai.ask(gateway, openai.HELLO, prompts.SMALL_BUDGET)


async def _abused(gateway: Gateway, protocol: Protocol, budget: Mapping[str, Any]) -> None:
    """Send the corpus, some at once; `sent` names each exchange by its id."""
    sound = {"model": gateway.models[str(protocol)], **_SOUND[protocol], **budget}
    slots, names = asyncio.Semaphore(AT_ONCE), dict[str, str]()
    no_http: list[str] = []

    async def one(bad: Bad) -> None:
        async with slots:
            exchange = await _sent(gateway, protocol, bad)
        names[exchange.id] = bad.name
        if not bad.is_http:
            no_http.append(exchange.id)

    await asyncio.gather(*(one(bad) for bad in corpus(sound, gateway.seed)))
    gateway.facts |= {"sent": names, "no_http": sorted(no_http), "seed": gateway.seed}


async def _sent(gateway: Gateway, protocol: Protocol, bad: Bad) -> Any:
    if bad.lines is None:
        return await gateway.post(protocol, PATHS[protocol], bad.body)
    usual = gateway.credential_lines(protocol)
    return await gateway.raw(protocol, PATHS[protocol], (*usual, *bad.lines), bad.body)
