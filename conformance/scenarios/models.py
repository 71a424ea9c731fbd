"""Conversations about the catalogue: every model, under every name, and hostile names."""

from __future__ import annotations

from typing import Any

from conformance.kinds import Kind, Protocol
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import anthropic, openai, prompts

ANTHROPIC = Protocol.ANTHROPIC
OPENAI = Protocol.OPENAI

HOSTILE: tuple[Any, ...] = (
    "",
    "x" * 10_000,
    "../../../../etc/passwd",
    None,
    42,
    ["claude-haiku-4-5"],
)
"""Model names that no gateway has: empty, endless, a path, and three that are no string."""


def _names(gateway: Gateway) -> list[str]:
    """Every chat model of the catalogue, bare and with the prefix that the profile shows."""
    prefix, slash, _ = gateway.models.get("prefixed", "").partition("/")
    forms = ("", prefix + slash) if slash else ("",)
    return [form + name for name in gateway.chat_models for form in forms]


@scenario(
    "catalogue-messages",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_MESSAGE,),
    exchanges=2,
    cost=2 * prompts.SMALL_BUDGET,
    priced=True,
    per_model=True,
)
async def catalogue_messages(gateway: Gateway) -> None:
    """A plain question to every model of the catalogue, bare and prefixed."""
    small = {"max_tokens": prompts.SMALL_BUDGET}
    for name in _names(gateway):
        await gateway.messages(anthropic.HELLO | small | {"model": name})


@scenario(
    "catalogue-chat",
    protocol=OPENAI,
    yields=(Kind.OPENAI_COMPLETION,),
    exchanges=2,
    cost=2 * prompts.SMALL_BUDGET,
    priced=True,
    per_model=True,
)
async def catalogue_chat(gateway: Gateway) -> None:
    """A plain chat question to every model of the catalogue, bare and prefixed."""
    for name in _names(gateway):
        await openai.ask(gateway, openai.HELLO | {"model": name}, prompts.SMALL_BUDGET)


@scenario(
    "hostile-models-messages",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_ERROR,),
    exchanges=len(HOSTILE),
)
async def hostile_models_messages(gateway: Gateway) -> None:
    """A valid question to models that cannot exist."""
    for name in HOSTILE:
        await gateway.messages(anthropic.HELLO | {"model": name})


@scenario(
    "hostile-models-chat",
    protocol=OPENAI,
    yields=(Kind.OPENAI_ERROR,),
    exchanges=len(HOSTILE),
)
async def hostile_models_chat(gateway: Gateway) -> None:
    """A valid chat question to models that cannot exist."""
    for name in HOSTILE:
        await openai.ask(gateway, openai.HELLO | {"model": name})
