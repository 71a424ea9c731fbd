"""Answers that break off, fall silent or are refused: only where the model obeys directives.

The model behind the gateway is then the suite's own: built in, or the lab's. A real one
cannot be told to fail.
"""

from __future__ import annotations

from typing import Any

from conformance.control import Ability
from conformance.kinds import Kind, Protocol
from conformance.model import Exchange
from conformance.recorder import Gateway
from conformance.registry import SCRIPTED, scenario
from conformance.scenarios import anthropic, openai, prompts

ANTHROPIC = Protocol.ANTHROPIC
OPENAI = Protocol.OPENAI

BUDGET = 64
BREAK = "[[fail after 3: overloaded]]"
REFUSE = "[[fail at once: overloaded]]"


def told(gateway: Gateway, text: str, order: str) -> list[dict[str, Any]]:
    """A question, with an order to the model where it is one that takes orders."""
    return prompts.user(f"{text} {order}" if gateway.claims(SCRIPTED) else text)


def _asked(gateway: Gateway, protocol: Protocol, order: str) -> dict[str, Any]:
    messages = prompts.user(f"{prompts.COUNT} {order}")
    return {"model": gateway.obedient_model(protocol), "messages": messages}


async def _messages(gateway: Gateway, order: str, **how: Any) -> Exchange:
    body = _asked(gateway, ANTHROPIC, order) | {"max_tokens": BUDGET} | anthropic.STREAMED
    return await gateway.messages(body, **how)


async def _chat(gateway: Gateway, order: str, **how: Any) -> Exchange:
    body = _asked(gateway, OPENAI, order) | openai.STREAMED_WITH_USAGE
    return await openai.ask(gateway, body, BUDGET, **how)


@scenario(
    "anthropic-broken-stream",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_STREAM, Kind.ANTHROPIC_ERROR),
    cost=BUDGET,
    capabilities=(SCRIPTED,),
    lab=("lab_anthropic",),
)
async def anthropic_broken(gateway: Gateway) -> None:
    """A stream whose model fails after three pieces."""
    await _messages(gateway, BREAK)


@scenario(
    "openai-broken-stream",
    protocol=OPENAI,
    yields=(Kind.OPENAI_STREAM, Kind.OPENAI_ERROR),
    cost=BUDGET,
    capabilities=(SCRIPTED,),
    lab=("lab_openai",),
)
async def openai_broken(gateway: Gateway) -> None:
    """A chat stream whose model fails after three pieces."""
    await _chat(gateway, BREAK)


@scenario(
    "openai-broken-response",
    protocol=OPENAI,
    yields=(Kind.OPENAI_RESPONSE_STREAM, Kind.OPENAI_ERROR),
    cost=BUDGET,
    capabilities=(SCRIPTED, "responses"),
)
async def openai_broken_response(gateway: Gateway) -> None:
    """A Responses stream whose model fails after three pieces."""
    asked = f"{prompts.COUNT} {BREAK}"
    body = {"model": gateway.models["openai"], "input": asked, "max_output_tokens": BUDGET}
    await gateway.post(OPENAI, "/responses", body | openai.STREAMED)


@scenario(
    "anthropic-refused-upstream",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_ERROR,),
    capabilities=(SCRIPTED,),
    lab=("lab_anthropic",),
)
async def anthropic_refused(gateway: Gateway) -> None:
    """A stream whose model is overloaded before it says anything."""
    await _messages(gateway, REFUSE)


@scenario(
    "openai-refused-upstream",
    protocol=OPENAI,
    yields=(Kind.OPENAI_ERROR,),
    capabilities=(SCRIPTED,),
    lab=("lab_openai",),
)
async def openai_refused(gateway: Gateway) -> None:
    """A chat stream whose model is overloaded before it says anything."""
    await _chat(gateway, REFUSE)


@scenario(
    "anthropic-silence",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_STREAM,),
    cost=BUDGET,
    capabilities=(SCRIPTED,),
    lab=("lab_anthropic",),
    opt_in="slow",
)
async def anthropic_silence(gateway: Gateway) -> None:
    """A stream whose model says nothing for two minutes in its middle."""
    gateway.facts["silence_s"] = silence_s = gateway.silence_s
    await _messages(gateway, f"[[pause {silence_s:g} s after 2]]", silent_for_s=silence_s)


@scenario(
    "openai-silence",
    protocol=OPENAI,
    yields=(Kind.OPENAI_STREAM,),
    cost=BUDGET,
    capabilities=(SCRIPTED,),
    lab=("lab_openai",),
    opt_in="slow",
)
async def openai_silence(gateway: Gateway) -> None:
    """A chat stream whose model says nothing for two minutes in its middle."""
    gateway.facts["silence_s"] = silence_s = gateway.silence_s
    await _chat(gateway, f"[[pause {silence_s:g} s after 2]]", silent_for_s=silence_s)


@scenario(
    "anthropic-rate-limited",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_MESSAGE, Kind.ANTHROPIC_ERROR),
    exchanges=2,
    cost=prompts.SMALL_BUDGET,
    abilities=(Ability.KEYS, Ability.LIMITS),
)
async def anthropic_limited(gateway: Gateway) -> None:
    """Two requests with a key that may make one in a minute."""
    await gateway.tenants.issue("hasty")
    await gateway.tenants.set_limit("hasty", 1)
    for _ in range(2):
        small = {"max_tokens": prompts.SMALL_BUDGET}
        await gateway.messages(anthropic.HELLO | small, key="hasty")


@scenario(
    "openai-rate-limited",
    protocol=OPENAI,
    yields=(Kind.OPENAI_COMPLETION, Kind.OPENAI_ERROR),
    exchanges=2,
    cost=prompts.SMALL_BUDGET,
    abilities=(Ability.KEYS, Ability.LIMITS),
)
async def openai_limited(gateway: Gateway) -> None:
    """Two chat requests with a key that may make one in a minute."""
    await gateway.tenants.issue("hasty")
    await gateway.tenants.set_limit("hasty", 1)
    for _ in range(2):
        await openai.ask(gateway, openai.HELLO, prompts.SMALL_BUDGET, key="hasty")
