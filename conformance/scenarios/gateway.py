"""What gateways promise on top of the protocols: keys, caps, models, parity."""

from __future__ import annotations

from conformance.kinds import Kind, Protocol
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import anthropic, openai, prompts

ANTHROPIC = Protocol.ANTHROPIC
OPENAI = Protocol.OPENAI
ANTHROPIC_ERROR = (Kind.ANTHROPIC_ERROR,)
OPENAI_ERROR = (Kind.OPENAI_ERROR,)


@scenario("anthropic-vendor-key", protocol=ANTHROPIC, yields=ANTHROPIC_ERROR, keys=("vendor",))
async def anthropic_vendor_key(gateway: Gateway) -> None:
    """A valid question with a key of the vendor's own shape."""
    await gateway.messages(anthropic.HELLO, key="vendor")


@scenario("openai-vendor-key", protocol=OPENAI, yields=OPENAI_ERROR, keys=("vendor",))
async def openai_vendor_key(gateway: Gateway) -> None:
    """A valid question with a key of the vendor's own shape."""
    await openai.ask(gateway, openai.HELLO, key="vendor")


@scenario("anthropic-revoked-key", protocol=ANTHROPIC, yields=ANTHROPIC_ERROR, keys=("revoked",))
async def anthropic_revoked_key(gateway: Gateway) -> None:
    """A valid question with a revoked key."""
    await gateway.messages(anthropic.HELLO, key="revoked")


@scenario("openai-revoked-key", protocol=OPENAI, yields=OPENAI_ERROR, keys=("revoked",))
async def openai_revoked_key(gateway: Gateway) -> None:
    """A valid question with a revoked key."""
    await openai.ask(gateway, openai.HELLO, key="revoked")


@scenario(
    "anthropic-empty-x-api-key",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_MESSAGE,),
    cost=prompts.BUDGET,
)
async def anthropic_empty_x_api_key(gateway: Gateway) -> None:
    """A Bearer key beside an empty `x-api-key`, as clients with ANTHROPIC_API_KEY="" send it."""
    style = gateway.style(ANTHROPIC, "bearer")
    await gateway.messages(anthropic.HELLO, style=style, extra={"x-api-key": ""})


@scenario("anthropic-capped", protocol=ANTHROPIC, yields=ANTHROPIC_ERROR, keys=("capped",))
async def anthropic_capped(gateway: Gateway) -> None:
    """A valid question with a key whose spend cap is used up."""
    await gateway.messages(anthropic.HELLO, key="capped")


@scenario("anthropic-capped-stream", protocol=ANTHROPIC, yields=ANTHROPIC_ERROR, keys=("capped",))
async def anthropic_capped_stream(gateway: Gateway) -> None:
    """A streamed question with a key whose spend cap is used up."""
    await gateway.messages(anthropic.HELLO | anthropic.STREAMED, key="capped")


@scenario("openai-capped", protocol=OPENAI, yields=OPENAI_ERROR, keys=("capped",))
async def openai_capped(gateway: Gateway) -> None:
    """A valid question with a key whose spend cap is used up."""
    await openai.ask(gateway, openai.HELLO, key="capped")


@scenario("openai-capped-stream", protocol=OPENAI, yields=OPENAI_ERROR, keys=("capped",))
async def openai_capped_stream(gateway: Gateway) -> None:
    """A streamed question with a key whose spend cap is used up."""
    await openai.ask(gateway, openai.HELLO | openai.STREAMED, key="capped")


@scenario("anthropic-broke", protocol=ANTHROPIC, yields=ANTHROPIC_ERROR, keys=("broke",))
async def anthropic_broke(gateway: Gateway) -> None:
    """A valid question with a key of an account that has no balance."""
    await gateway.messages(anthropic.HELLO, key="broke")


@scenario("openai-broke", protocol=OPENAI, yields=OPENAI_ERROR, keys=("broke",))
async def openai_broke(gateway: Gateway) -> None:
    """A valid question with a key of an account that has no balance."""
    await openai.ask(gateway, openai.HELLO, key="broke")


@scenario(
    "anthropic-miscased-model", protocol=ANTHROPIC, yields=ANTHROPIC_ERROR, models=("miscased",)
)
async def anthropic_miscased_model(gateway: Gateway) -> None:
    """A valid question to a model whose name is in the wrong case."""
    await gateway.messages(anthropic.HELLO | {"model": gateway.models["miscased"]})


@scenario("openai-miscased-model", protocol=OPENAI, yields=OPENAI_ERROR, models=("miscased",))
async def openai_miscased_model(gateway: Gateway) -> None:
    """A valid question to a model whose name is in the wrong case."""
    await openai.ask(gateway, openai.HELLO | {"model": gateway.models["miscased"]})


@scenario(
    "anthropic-unprovisioned-model",
    protocol=ANTHROPIC,
    yields=ANTHROPIC_ERROR,
    models=("unprovisioned",),
)
async def anthropic_unprovisioned_model(gateway: Gateway) -> None:
    """A valid question to a known model that has no upstream key."""
    await gateway.messages(anthropic.HELLO | {"model": gateway.models["unprovisioned"]})


@scenario(
    "openai-unprovisioned-model", protocol=OPENAI, yields=OPENAI_ERROR, models=("unprovisioned",)
)
async def openai_unprovisioned_model(gateway: Gateway) -> None:
    """A valid question to a known model that has no upstream key."""
    await openai.ask(gateway, openai.HELLO | {"model": gateway.models["unprovisioned"]})
