"""Conversations over the Messages protocol with a model that thinks first."""

from __future__ import annotations

from typing import Any

from conformance.kinds import Kind, Protocol
from conformance.model import Exchange
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.anthropic import STREAMED, TOOL
from conformance.scenarios.tries import until

ANTHROPIC = Protocol.ANTHROPIC
MESSAGE = (Kind.ANTHROPIC_MESSAGE,)
STREAM = (Kind.ANTHROPIC_STREAM,)

BUDGET = 4_000
ENABLED = {"type": "enabled", "budget_tokens": 1_024}
PUZZLE = "What is 17 times 23? Think it over."


@scenario(
    "anthropic-thinking",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_MESSAGE, Kind.ANTHROPIC_ERROR),
    exchanges=3,
    cost=3 * BUDGET,
    capabilities=("thinking_enabled", "tools"),
)
async def thinking(gateway: Gateway) -> None:
    """A tool round trip with a budget for thinking, sent back tampered with and as it came."""
    body: dict[str, Any] = {
        "max_tokens": BUDGET,
        "messages": prompts.user(f"First say what you will do. {prompts.WEATHER}"),
        "tools": [TOOL],
        "thinking": ENABLED,
    }

    async def ask() -> Exchange:
        return await gateway.messages(body)

    called = await until(lambda exchange: bool(answering(exchange)), ask)
    if not answering(called):
        return
    answer, results = answering(called)
    forged = {**answer, "content": [tampered(block) for block in answer["content"]]}
    for echo in (forged, answer):
        await gateway.messages(body | {"messages": [*body["messages"], echo, results]})


@scenario(
    "anthropic-thinking-adaptive",
    protocol=ANTHROPIC,
    yields=STREAM,
    exchanges=2,
    cost=2 * BUDGET,
    capabilities=("thinking_adaptive",),
)
async def thinking_adaptive(gateway: Gateway) -> None:
    """Thinking as the model likes, streamed: with a summary of it, and without."""
    for display in ("summarized", "omitted"):
        mode = {"type": "adaptive", "display": display}
        body = {"max_tokens": BUDGET, "messages": prompts.user(PUZZLE), "thinking": mode}
        await gateway.messages(body | STREAMED)


def content(exchange: Exchange) -> list[dict[str, Any]]:
    """The blocks of a plain answer that can be sent back: all but empty texts."""
    found = exchange.response.object.get("content") if exchange.response else None
    blocks = found if isinstance(found, list) else []
    return [block for block in blocks if isinstance(block, dict) and block.get("text") != ""]


def answering(called: Exchange, result: str = prompts.TOOL_RESULT) -> list[dict[str, Any]]:
    """The turns that send an answer back with a result for each of its calls; empty for none."""
    blocks = content(called)
    calls = [block.get("id") for block in blocks if block.get("type") == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": id, "content": result} for id in calls]
    if not results:
        return []
    return [{"role": "assistant", "content": blocks}, {"role": "user", "content": results}]


def tampered(block: dict[str, Any]) -> dict[str, Any]:
    """The block with another thought than the one that was signed."""
    if block.get("type") != "thinking" or not isinstance(block.get("signature"), str):
        return block
    signature = block["signature"]
    return {**block, "signature": signature[:8] + signature[8:][::-1] + "AAAA"}
