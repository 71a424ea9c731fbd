"""The model list of the OpenAI-compatible protocol, and its entries one by one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from conformance.kinds import Kind
from conformance.model import Exchange
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios.openai import OPENAI

LIST = (Kind.OPENAI_MODEL_LIST,)
ENTRY = (Kind.OPENAI_MODEL,)
ERROR = (Kind.OPENAI_ERROR,)


@scenario("openai-models", protocol=OPENAI, yields=LIST)
async def models(gateway: Gateway) -> None:
    """The list of models; the model under test is noted beside it."""
    gateway.facts["model"] = gateway.models["openai"]
    await gateway.get(OPENAI, "/models")


@scenario("openai-model", protocol=OPENAI, yields=LIST + ENTRY, exchanges=2)
async def model(gateway: Gateway) -> None:
    """The list, and the entry of the model under test (of the first where that is not listed)."""
    ids = _ids(await gateway.get(OPENAI, "/models"))
    asked = gateway.models["openai"]
    if ids and asked not in ids:
        asked = ids[0]
    await gateway.get(OPENAI, f"/models/{quote(asked)}")


@scenario("openai-model-with-slash", protocol=OPENAI, yields=LIST + ENTRY, exchanges=3)
async def model_with_slash(gateway: Gateway) -> None:
    """The list, and an entry whose id holds a slash: as it is, and percent-encoded."""
    ids = _ids(await gateway.get(OPENAI, "/models"))
    named = [id for id in (*ids, gateway.models.get("prefixed", "")) if "/" in id]
    for id in named[:1]:
        await gateway.get(OPENAI, f"/models/{quote(id)}")
        await gateway.get(OPENAI, f"/models/{quote(id, safe='')}")


@scenario("openai-model-unknown", protocol=OPENAI, yields=ERROR, models=("unsupported",))
async def model_unknown(gateway: Gateway) -> None:
    """The entry of a model that does not exist."""
    await gateway.get(OPENAI, f"/models/{quote(gateway.models['unsupported'])}")


def _ids(exchange: Exchange) -> list[str]:
    listed = exchange.response.object.get("data") if exchange.response else None
    entries: list[Any] = listed if isinstance(listed, list) else []
    ids = [entry.get("id") for entry in entries if isinstance(entry, dict)]
    return [id for id in ids if isinstance(id, str) and id]
