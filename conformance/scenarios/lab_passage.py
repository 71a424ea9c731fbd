"""Sound passages: each client protocol onto each upstream protocol, with the lab behind.

The four directions share three questions (a plain answer, a stream, a forced tool call);
each is followed in the recording by what the gateway made of it for its upstream.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.kinds import Kind, Protocol
from conformance.model import Exchange
from conformance.recorder import Gateway
from conformance.registry import Play, scenario
from conformance.scenarios import anthropic, openai, prompts

_YIELDS = {
    Protocol.ANTHROPIC: (Kind.ANTHROPIC_MESSAGE, Kind.ANTHROPIC_STREAM),
    Protocol.OPENAI: (Kind.OPENAI_COMPLETION, Kind.OPENAI_STREAM),
}
_TOOLS: Mapping[Protocol, dict[str, Any]] = {
    Protocol.ANTHROPIC: {
        "tools": [anthropic.TOOL],
        "tool_choice": {"type": "tool", "name": prompts.TOOL_NAME},
    },
    Protocol.OPENAI: {
        "tools": [openai.TOOL],
        "tool_choice": {"type": "function", "function": {"name": prompts.TOOL_NAME}},
    },
}
_STREAMED: Mapping[Protocol, Mapping[str, Any]] = {
    Protocol.ANTHROPIC: anthropic.STREAMED,
    Protocol.OPENAI: openai.STREAMED_WITH_USAGE,
}
BUDGET = 64


async def asked(
    gateway: Gateway,
    client: Protocol,
    role: str,
    text: str,
    more: Mapping[str, Any] | None = None,
    **how: Any,
) -> Exchange:
    """Ask the model of a role one question over one client protocol; `how` is that of `send`."""
    body = {"model": gateway.models[role], "messages": prompts.user(text), **(more or {})}
    if client is Protocol.OPENAI:
        return await openai.ask(gateway, body, BUDGET, **how)
    return await gateway.messages({"max_tokens": BUDGET, **body}, **how)


def _questions(client: Protocol) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    return (
        (prompts.HELLO, {}),
        (prompts.COUNT_TO_NINE, _STREAMED[client]),
        (prompts.WEATHER, _TOOLS[client]),
    )


def _declared(client: Protocol, upstream: Protocol) -> Play:
    role = f"lab_{upstream}"

    async def play(gateway: Gateway) -> None:
        script = await gateway.lab.script()
        for text, more in _questions(client):
            await asked(gateway, client, role, f"{text} {script.mark}", more)
            await gateway.lab.collect(script)

    titles = {Protocol.ANTHROPIC: "Anthropic", Protocol.OPENAI: "OpenAI-compatible"}
    play.__doc__ = f"A plain answer, a stream and a tool call: {titles[client]} client, "
    play.__doc__ += f"{titles[upstream]} upstream."
    return scenario(
        f"lab-passage-{client}-{upstream}",
        protocol=client,
        yields=_YIELDS[client],
        exchanges=3,
        cost=3 * BUDGET,
        lab=(role,),
    )(play)


for _client in Protocol:
    for _upstream in Protocol:
        _declared(_client, _upstream)
