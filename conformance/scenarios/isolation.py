"""Conversations at the same time, each with a word of its own: none may see another's."""

from __future__ import annotations

import asyncio
from typing import Any

from conformance.control import Ability
from conformance.kinds import Protocol
from conformance.recorder import Gateway
from conformance.registry import SCRIPTED, scenario
from conformance.scenarios import anthropic, openai, prompts
from conformance.scenarios.upstream import told

ANTHROPIC = Protocol.ANTHROPIC
OPENAI = Protocol.OPENAI

WORDS = ("amber-1181", "birch-2292", "cedar-3373", "dune-4454")
"""One for each conversation; nothing but its own question holds it."""

BUDGET = 128


def _say(word: str) -> dict[str, Any]:
    """A question whose answer is a word, often enough to take several events."""
    asked = f"Repeat exactly, and say nothing else: {' '.join([word] * 6)}"
    return {"messages": prompts.user(asked)}


@scenario(
    "anthropic-streams-at-once", protocol=ANTHROPIC, exchanges=len(WORDS), cost=len(WORDS) * BUDGET
)
async def anthropic_streams(gateway: Gateway) -> None:
    """Several streams at once, each with its own word."""
    body = {"max_tokens": BUDGET} | anthropic.STREAMED
    await asyncio.gather(*(gateway.messages(_say(word) | body) for word in WORDS))
    gateway.facts["words"] = list(WORDS)


@scenario("openai-streams-at-once", protocol=OPENAI, exchanges=len(WORDS), cost=len(WORDS) * BUDGET)
async def openai_streams(gateway: Gateway) -> None:
    """Several chat streams at once, each with its own word."""
    asked = (_say(word) | openai.STREAMED_WITH_USAGE for word in WORDS)
    await asyncio.gather(*(openai.ask(gateway, body, BUDGET) for body in asked))
    gateway.facts["words"] = list(WORDS)


@scenario(
    "tenants-at-once",
    protocol=ANTHROPIC,
    exchanges=12,
    cost=8 * BUDGET,
    models=("openai",),
    abilities=(Ability.KEYS,),
)
async def tenants(gateway: Gateway) -> None:
    """Keys of different accounts at once: answers, streams, chats and refusals, each its word."""
    roles = [f"tenant_{letter}" for letter in "abcd"][: len(WORDS)]
    for role in roles:
        await gateway.tenants.issue(role)
    await asyncio.gather(
        *(_live(gateway, role, word) for role, word in zip(roles, WORDS, strict=True))
    )
    gateway.facts["words"] = dict(zip(roles, WORDS, strict=True))


async def _live(gateway: Gateway, role: str, word: str) -> None:
    """What one tenant sends, one after the other."""
    await gateway.messages(_say(word) | {"max_tokens": BUDGET}, key=role)
    await openai.ask(gateway, _say(word) | openai.STREAMED_WITH_USAGE, BUDGET, key=role)
    await gateway.messages(_say(word) | {"max_tokens": BUDGET, "model": word}, key=role)


SLOW_COUNT = "Count from 1 to 60, separated by spaces."
SLOWLY = "[[slow 20 ms]]"


def _slow(gateway: Gateway) -> dict[str, Any]:
    return {"messages": told(gateway, SLOW_COUNT, SLOWLY)}


@scenario("anthropic-slow-stream", protocol=ANTHROPIC, cost=BUDGET)
async def anthropic_slow(gateway: Gateway) -> None:
    """A stream that takes its time, beside a clock that shows how late we see things."""
    await _timed(
        gateway, gateway.messages(_slow(gateway) | {"max_tokens": BUDGET} | anthropic.STREAMED)
    )


@scenario("openai-slow-stream", protocol=OPENAI, cost=BUDGET)
async def openai_slow(gateway: Gateway) -> None:
    """A chat stream that takes its time, beside a clock that shows how late we see things."""
    await _timed(gateway, openai.ask(gateway, _slow(gateway) | openai.STREAMED_WITH_USAGE, BUDGET))


_TICK_S = 0.005


async def _timed(gateway: Gateway, asking: Any) -> None:
    """Note the longest delay of our own event loop while an answer was read."""
    clock, late_s = asyncio.get_running_loop().time, 0.0
    task = asyncio.ensure_future(asking)
    while not task.done():
        before = clock()
        await asyncio.sleep(_TICK_S)
        late_s = max(late_s, clock() - before - _TICK_S)
    await task
    gateway.facts |= {"jitter_s": round(late_s, 6), "is_slowed": gateway.claims(SCRIPTED)}
