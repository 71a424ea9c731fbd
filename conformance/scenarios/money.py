"""Conversations about money: keys with caps, accounts with balances, what is charged.

Each makes its own keys through the control adapter. A question costs about the same
every time, because its answer is cut at the budget; a *step* is the most that it can cost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from conformance.control import Ability
from conformance.kinds import Kind, Protocol
from conformance.model import Exchange
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import anthropic, anthropic_content, openai, prompts
from conformance.scenarios.upstream import told

ANTHROPIC = Protocol.ANTHROPIC
OPENAI = Protocol.OPENAI

TRIES = 6
"""How many questions a cap of two and a half steps is given before it counts as none."""

AT_ONCE = 64
STEPS_AT_ONCE = 3.5
_INPUT_TOKENS = 60
_SETTLED_WITHIN_S = 5.0
_ONE_LOOK_MORE_S = 0.1

Ask = Callable[[Gateway, str], Awaitable[Exchange]]
COUNT: dict[str, Any] = {"messages": prompts.user(prompts.COUNT)}


def step_nanousd(gateway: Gateway, model: str) -> int:
    """The most that one question can cost: dollars a million are thousands of nano-dollars each."""
    price = gateway.prices[model]
    return round(1000 * (_INPUT_TOKENS * price.input + prompts.SMALL_BUDGET * price.output))


async def ask_messages(gateway: Gateway, key: str) -> Exchange:
    """The question over the Anthropic protocol."""
    return await gateway.messages(COUNT | {"max_tokens": prompts.SMALL_BUDGET}, key=key)


async def ask_chat(gateway: Gateway, key: str) -> Exchange:
    """The question over the OpenAI-compatible protocol."""
    return await openai.ask(gateway, COUNT, prompts.SMALL_BUDGET, key=key)


async def _crossed(gateway: Gateway, first: Ask, other: Ask, model: str) -> None:
    """Spend on one protocol until refused, ask on the other, raise the cap, ask on both."""
    step = step_nanousd(gateway, model)
    await gateway.tenants.issue("spender", cap_nanousd=round(2.5 * step))
    await _spend(gateway, first, "spender")
    gateway.facts["cap_nanousd"] = round(2.5 * step)
    gateway.facts["spent_on"] = len(gateway.recording.final)
    await other(gateway, "spender")
    await gateway.tenants.set_cap("spender", 100 * step)
    gateway.facts["raised_after"] = len(gateway.recording.final)
    await first(gateway, "spender")
    await other(gateway, "spender")


async def _spend(gateway: Gateway, ask: Ask, role: str) -> None:
    """Ask with a key until it is refused, a bounded number of times."""
    for _ in range(TRIES):
        exchange = await ask(gateway, role)
        if not 200 <= exchange.status < 300:
            break


@scenario(
    "money-messages-then-chat",
    protocol=ANTHROPIC,
    exchanges=7,
    cost=(TRIES + 3) * prompts.SMALL_BUDGET,
    models=("openai",),
    abilities=(Ability.KEYS, Ability.CAPS),
    priced=True,
)
async def messages_then_chat(gateway: Gateway) -> None:
    """A cap is crossed on `/v1/messages`, tried on `/chat/completions`, then raised."""
    await _crossed(gateway, ask_messages, ask_chat, gateway.models["anthropic"])


@scenario(
    "money-chat-then-messages",
    protocol=OPENAI,
    exchanges=7,
    cost=(TRIES + 3) * prompts.SMALL_BUDGET,
    models=("anthropic",),
    abilities=(Ability.KEYS, Ability.CAPS),
    priced=True,
)
async def chat_then_messages(gateway: Gateway) -> None:
    """A cap is crossed on `/chat/completions`, tried on `/v1/messages`, then raised."""
    await _crossed(gateway, ask_chat, ask_messages, gateway.models["openai"])


@scenario(
    "money-topped-up",
    protocol=ANTHROPIC,
    exchanges=2,
    cost=2 * prompts.SMALL_BUDGET,
    abilities=(Ability.KEYS, Ability.FUNDS),
)
async def topped_up(gateway: Gateway) -> None:
    """A key of an account without balance, before and after its account is topped up."""
    await gateway.tenants.issue("poor", balance_nanousd=0)
    await ask_messages(gateway, "poor")
    await gateway.tenants.fund("poor", 1_000_000_000)
    await ask_messages(gateway, "poor")


@scenario(
    "money-siblings",
    protocol=ANTHROPIC,
    exchanges=6,
    cost=(TRIES + 3) * prompts.SMALL_BUDGET,
    abilities=(Ability.KEYS, Ability.SIBLINGS, Ability.FUNDS),
    priced=True,
)
async def siblings(gateway: Gateway) -> None:
    """Two keys of one account, the cap of one used up; then two of an account without balance."""
    step = step_nanousd(gateway, gateway.models["anthropic"])
    await gateway.tenants.issue("first", cap_nanousd=round(1.5 * step))
    await gateway.tenants.issue("second", cap_nanousd=round(1.5 * step), beside="first")
    await gateway.tenants.issue("poor", balance_nanousd=0)
    await gateway.tenants.issue("sibling", beside="poor")
    await _spend(gateway, ask_messages, "first")
    for role in ("second", "poor", "sibling"):
        await ask_messages(gateway, role)


@scenario(
    "money-refused",
    protocol=ANTHROPIC,
    exchanges=4,
    models=("openai", "unsupported"),
    abilities=(Ability.KEYS, Ability.SPENT),
)
async def refused(gateway: Gateway) -> None:
    """Requests that are refused, on both protocols, with a key that has spent nothing."""
    await gateway.tenants.issue("sparing")
    unknown = {"model": gateway.models["unsupported"]}
    await gateway.messages(anthropic.HELLO | {"messages": []}, key="sparing")
    await gateway.messages(anthropic.HELLO | unknown, key="sparing")
    await openai.ask(gateway, {"messages": []}, key="sparing")
    await openai.ask(gateway, openai.HELLO | unknown, key="sparing")
    gateway.facts["spent_nanousd"] = await gateway.tenants.spent_nanousd("sparing")


@scenario(
    "money-charges",
    protocol=ANTHROPIC,
    exchanges=4,
    cost=4 * prompts.SMALL_BUDGET,
    models=("openai",),
    abilities=(Ability.KEYS, Ability.SPENT),
    priced=True,
)
async def charges(gateway: Gateway) -> None:
    """Both protocols, plain and streamed, with a key of its own, then what it was charged."""
    await gateway.tenants.issue("payer")
    before = await _balance_nanousd(gateway, "payer")
    await ask_messages(gateway, "payer")
    small = {"max_tokens": prompts.SMALL_BUDGET}
    await gateway.messages(COUNT | small | anthropic.STREAMED, key="payer")
    await ask_chat(gateway, "payer")
    await openai.ask(gateway, COUNT | openai.STREAMED_WITH_USAGE, prompts.SMALL_BUDGET, key="payer")
    await note_charges(gateway, "payer", requests=4)
    after = await _balance_nanousd(gateway, "payer")
    if before is not None and after is not None:
        gateway.facts["paid_nanousd"] = before - after


DROPPED_BUDGET = 300
ABANDONED_AFTER = 8
SLOW_COUNT = "Count from 1 to 400, separated by spaces."
SLOWLY = "[[slow 20 ms]]"


@scenario(
    "money-dropped-stream",
    protocol=ANTHROPIC,
    cost=DROPPED_BUDGET,
    abilities=(Ability.KEYS, Ability.CHARGES),
    priced=True,
)
async def dropped_stream(gateway: Gateway) -> None:
    """A long stream that the client leaves after a few events."""
    await gateway.tenants.issue("leaver")
    body = {"messages": told(gateway, SLOW_COUNT, SLOWLY), "max_tokens": DROPPED_BUDGET}
    await gateway.messages(body | anthropic.STREAMED, key="leaver", abandon_after=ABANDONED_AFTER)
    await note_charges(gateway, "leaver", requests=1)


@scenario(
    "money-dropped-chat-stream",
    protocol=OPENAI,
    cost=DROPPED_BUDGET,
    abilities=(Ability.KEYS, Ability.CHARGES),
    priced=True,
)
async def dropped_chat_stream(gateway: Gateway) -> None:
    """A long chat stream that the client leaves after a few chunks."""
    await gateway.tenants.issue("leaver")
    body = {"messages": told(gateway, SLOW_COUNT, SLOWLY)} | openai.STREAMED_WITH_USAGE
    await openai.ask(gateway, body, DROPPED_BUDGET, key="leaver", abandon_after=ABANDONED_AFTER)
    await note_charges(gateway, "leaver", requests=1)


@scenario(
    "money-cached",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_MESSAGE,),
    exchanges=2,
    cost=2 * prompts.SMALL_BUDGET,
    abilities=(Ability.KEYS, Ability.SPENT),
    capabilities=("cache",),
    priced=True,
)
async def cached(gateway: Gateway) -> None:
    """The same long prompt twice with a key of its own, its beginning worth keeping."""
    await gateway.tenants.issue("keeper")
    system = [anthropic_content.kept_prefix(gateway)]
    body = COUNT | {"max_tokens": prompts.SMALL_BUDGET, "system": system}
    await gateway.messages(body, key="keeper")
    await gateway.messages(body, key="keeper")
    gateway.facts["spent_nanousd"] = await gateway.tenants.spent_nanousd("keeper")


@scenario(
    "money-at-once",
    protocol=ANTHROPIC,
    exchanges=AT_ONCE,
    cost=AT_ONCE * prompts.SMALL_BUDGET,
    abilities=(Ability.KEYS, Ability.SPENT),
    priced=True,
    exclusive=True,
)
async def at_once(gateway: Gateway) -> None:
    """Many requests at once with a key whose cap holds no more than a few of them."""
    cap = round(STEPS_AT_ONCE * step_nanousd(gateway, gateway.models["anthropic"]))
    await gateway.tenants.issue("crowded", cap_nanousd=cap)
    await asyncio.gather(*(ask_messages(gateway, "crowded") for _ in range(AT_ONCE)))
    gateway.facts["cap_nanousd"] = cap
    gateway.facts["step_nanousd"] = step_nanousd(gateway, gateway.models["anthropic"])
    gateway.facts["spent_nanousd"] = await gateway.tenants.spent_nanousd("crowded")


async def note_charges(gateway: Gateway, role: str, requests: int) -> None:
    """Wait, for a bounded time, until so many requests are charged; then note what was.

    One look more is taken after that, so that a second charge for one request is seen.
    """
    tenants, waited_s, pause_s = gateway.tenants, 0.0, 0.02
    itemised = Ability.CHARGES in tenants.issuer.abilities
    rows = await tenants.charges(role) if itemised else []
    while itemised and len(rows) < requests and waited_s < _SETTLED_WITHIN_S:
        await asyncio.sleep(pause_s)
        waited_s, pause_s = waited_s + pause_s, pause_s * 2
        rows = await tenants.charges(role)
    if itemised:
        await asyncio.sleep(_ONE_LOOK_MORE_S)
        rows = await tenants.charges(role)
        gateway.facts["charges"] = rows
    gateway.facts["spent_nanousd"] = await tenants.spent_nanousd(role)


async def _balance_nanousd(gateway: Gateway, role: str) -> int | None:
    if Ability.FUNDS not in gateway.tenants.issuer.abilities:
        return None
    return await gateway.tenants.balance_nanousd(role)
