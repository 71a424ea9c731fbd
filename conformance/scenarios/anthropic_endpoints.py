"""The Anthropic endpoints beside Messages: token counts and the model list. They cost nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from conformance.kinds import Kind, Protocol
from conformance.model import Exchange
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.anthropic import TOOL

ANTHROPIC = Protocol.ANTHROPIC
ERROR = Kind.ANTHROPIC_ERROR
COUNT = Kind.ANTHROPIC_TOKEN_COUNT
LIST = Kind.ANTHROPIC_MODEL_LIST

COUNTED: dict[str, Any] = {"messages": prompts.user(prompts.HELLO)}
SYSTEM = "You are a careful assistant of a harbour office. Answer briefly, and never guess."


async def count(gateway: Gateway, body: dict[str, Any], query: str = "", **how: Any) -> Exchange:
    """POST to `/messages/count_tokens`; the model is filled in."""
    asked = {"model": gateway.models["anthropic"], **body}
    return await gateway.post(ANTHROPIC, f"/messages/count_tokens{query}", asked, **how)


@scenario("anthropic-count", protocol=ANTHROPIC, yields=(COUNT,), exchanges=4)
async def counts(gateway: Gateway) -> None:
    """The plain question counted: alone, with `?beta=true`, with a system prompt, with a tool."""
    await count(gateway, COUNTED)
    await count(gateway, COUNTED, "?beta=true")
    await count(gateway, COUNTED | {"system": SYSTEM})
    await count(gateway, COUNTED | {"tools": [TOOL], "tool_choice": {"type": "auto"}})


@scenario(
    "anthropic-count-refused",
    protocol=ANTHROPIC,
    yields=(ERROR,),
    exchanges=3,
    keys=("valid", "wrong"),
    models=("unsupported",),
    capabilities=("count_tokens",),
)
async def counts_refused(gateway: Gateway) -> None:
    """Counts with a key that was never issued, of an unknown model, and of no messages."""
    await count(gateway, COUNTED, key="wrong")
    await count(gateway, COUNTED | {"model": gateway.models["unsupported"]})
    await count(gateway, {})


@scenario("anthropic-other-credential", protocol=ANTHROPIC, yields=(COUNT, LIST), exchanges=2)
async def other_credential(gateway: Gateway) -> None:
    """A count and the model list with the key in the last credential style that is claimed."""
    style = gateway.styles(ANTHROPIC)[-1]
    await count(gateway, COUNTED, style=style)
    await gateway.get(ANTHROPIC, "/models", style=style)


@scenario("anthropic-models", protocol=ANTHROPIC, yields=(LIST,), exchanges=4)
async def models(gateway: Gateway) -> None:
    """The whole model list, then its first entry, the one after it, and back."""
    await gateway.get(ANTHROPIC, "/models?limit=1000")
    first = await gateway.get(ANTHROPIC, "/models?limit=1")
    after = _end(first, "last_id")
    if after:
        second = await gateway.get(ANTHROPIC, f"/models?limit=1&after_id={after}")
        before = _end(second, "first_id")
        if before:
            await gateway.get(ANTHROPIC, f"/models?limit=1&before_id={before}")


def _end(exchange: Exchange, name: str) -> str:
    """The id at one end of a page, as it goes into a query; empty where there is none."""
    found = exchange.response.object.get(name) if exchange.response else None
    return quote(found, safe="") if isinstance(found, str) else ""


@scenario(
    "anthropic-model",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_MODEL, ERROR),
    exchanges=2,
    models=("unsupported",),
    capabilities=("models",),
)
async def model(gateway: Gateway) -> None:
    """The entry of the model that is asked, and that of a model that does not exist."""
    for role in ("anthropic", "unsupported"):
        await gateway.get(ANTHROPIC, f"/models/{quote(gateway.models[role])}")
