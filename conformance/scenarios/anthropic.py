"""Conversations over the Anthropic Messages protocol."""

from __future__ import annotations

from typing import Any

from conformance.kinds import Kind, Protocol
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts

ANTHROPIC = Protocol.ANTHROPIC
MESSAGE = (Kind.ANTHROPIC_MESSAGE,)
STREAM = (Kind.ANTHROPIC_STREAM,)
ERROR = (Kind.ANTHROPIC_ERROR,)

TOOL: dict[str, Any] = {
    "name": prompts.TOOL_NAME,
    "description": prompts.TOOL_ABOUT,
    "input_schema": prompts.SCHEMA,
}
HELLO: dict[str, Any] = {"max_tokens": prompts.BUDGET, "messages": prompts.user(prompts.HELLO)}
FORCED: dict[str, Any] = {
    "max_tokens": prompts.BUDGET,
    "messages": prompts.user(prompts.WEATHER),
    "tools": [TOOL],
    "tool_choice": {"type": "tool", "name": prompts.TOOL_NAME},
}
PARALLEL: dict[str, Any] = {
    "max_tokens": prompts.BUDGET,
    "messages": prompts.user(prompts.WEATHER_TWICE),
    "tools": [TOOL],
    "tool_choice": {"type": "any"},
}
STREAMED = {"stream": True}


@scenario("anthropic-plain", protocol=ANTHROPIC, yields=MESSAGE, cost=prompts.BUDGET, smoke=True)
async def plain(gateway: Gateway) -> None:
    """A plain question, in each claimed credential style until one is let in."""
    for style in gateway.styles(ANTHROPIC):
        exchange = await gateway.messages(HELLO, style=style)
        if exchange.status not in (401, 403):
            break


@scenario(
    "anthropic-stream-bearer", protocol=ANTHROPIC, yields=STREAM, cost=prompts.BUDGET, smoke=True
)
async def stream_bearer(gateway: Gateway) -> None:
    """A plain question, streamed, with the key as a Bearer token."""
    style = gateway.style(ANTHROPIC, "bearer")
    await gateway.messages(HELLO | STREAMED, style=style)


@scenario("anthropic-tool", protocol=ANTHROPIC, yields=MESSAGE, cost=prompts.BUDGET, smoke=True)
async def tool(gateway: Gateway) -> None:
    """A forced tool call."""
    await gateway.messages(FORCED)


@scenario("anthropic-wrong-key", protocol=ANTHROPIC, yields=ERROR, keys=("wrong",), smoke=True)
async def wrong_key(gateway: Gateway) -> None:
    """A valid question with a key that was never issued."""
    await gateway.messages(HELLO, key="wrong")


@scenario(
    "anthropic-unknown-model", protocol=ANTHROPIC, yields=ERROR, models=("unsupported",), smoke=True
)
async def unknown_model(gateway: Gateway) -> None:
    """A valid question to a model that does not exist."""
    await gateway.messages(HELLO | {"model": gateway.models["unsupported"]})


@scenario("anthropic-stream", protocol=ANTHROPIC, yields=STREAM, cost=prompts.BUDGET)
async def stream(gateway: Gateway) -> None:
    """A text with emoji and CJK, streamed."""
    body = {"max_tokens": prompts.BUDGET, "messages": prompts.user(prompts.EMOJI)}
    await gateway.messages(body | STREAMED)


@scenario("anthropic-tool-stream", protocol=ANTHROPIC, yields=STREAM, cost=prompts.BUDGET)
async def tool_stream(gateway: Gateway) -> None:
    """A forced tool call, streamed."""
    await gateway.messages(FORCED | STREAMED)


@scenario("anthropic-parallel-tools", protocol=ANTHROPIC, yields=MESSAGE, cost=prompts.BUDGET)
async def parallel_tools(gateway: Gateway) -> None:
    """Two cities asked, any tool forced."""
    await gateway.messages(PARALLEL)


@scenario("anthropic-parallel-tools-stream", protocol=ANTHROPIC, yields=STREAM, cost=prompts.BUDGET)
async def parallel_tools_stream(gateway: Gateway) -> None:
    """Two cities asked, any tool forced, streamed."""
    await gateway.messages(PARALLEL | STREAMED)


@scenario(
    "anthropic-tool-round-trip",
    protocol=ANTHROPIC,
    yields=MESSAGE,
    exchanges=2,
    cost=2 * prompts.BUDGET,
)
async def tool_round_trip(gateway: Gateway) -> None:
    """A forced tool call, then its result sent back with the answer echoed verbatim."""
    called = await gateway.messages(FORCED)
    content = called.response.object.get("content") if called.response else None
    found = content if isinstance(content, list) else []
    # Empty texts cannot be sent back: clients have to leave them out.
    blocks = [block for block in found if isinstance(block, dict) and block.get("text") != ""]
    calls = [block.get("id") for block in blocks if block.get("type") == "tool_use"]
    if not calls:
        return
    results = [
        {"type": "tool_result", "tool_use_id": id, "content": prompts.TOOL_RESULT} for id in calls
    ]
    turns = [{"role": "assistant", "content": blocks}, {"role": "user", "content": results}]
    messages = [*FORCED["messages"], *turns]
    await gateway.messages({"max_tokens": prompts.BUDGET, "messages": messages, "tools": [TOOL]})


@scenario(
    "anthropic-max-tokens",
    protocol=ANTHROPIC,
    yields=MESSAGE + STREAM,
    exchanges=2,
    cost=2 * prompts.SMALL_BUDGET,
)
async def max_tokens(gateway: Gateway) -> None:
    """A long task with a small budget, plain and streamed."""
    body = {"max_tokens": prompts.SMALL_BUDGET, "messages": prompts.user(prompts.COUNT)}
    await gateway.messages(body)
    await gateway.messages(body | STREAMED)


@scenario(
    "anthropic-stop-sequence",
    protocol=ANTHROPIC,
    yields=MESSAGE + STREAM,
    exchanges=2,
    cost=2 * prompts.BUDGET,
)
async def stop_sequence(gateway: Gateway) -> None:
    """A count that a stop sequence cuts, plain and streamed."""
    body = {
        "max_tokens": prompts.BUDGET,
        "messages": prompts.user(prompts.COUNT_TO_NINE),
        "stop_sequences": [prompts.STOP, prompts.OTHER_STOP],
    }
    await gateway.messages(body)
    await gateway.messages(body | STREAMED)


@scenario("anthropic-no-key", protocol=ANTHROPIC, yields=ERROR)
async def no_key(gateway: Gateway) -> None:
    """A valid question without any credential."""
    await gateway.messages(HELLO, key="")


@scenario("anthropic-invalid", protocol=ANTHROPIC, yields=ERROR)
async def invalid(gateway: Gateway) -> None:
    """A question without any message."""
    await gateway.messages(HELLO | {"messages": []})


@scenario("anthropic-invalid-stream", protocol=ANTHROPIC, yields=ERROR)
async def invalid_stream(gateway: Gateway) -> None:
    """A streamed question without any message."""
    await gateway.messages(HELLO | STREAMED | {"messages": []})


@scenario("anthropic-wrong-key-stream", protocol=ANTHROPIC, yields=ERROR, keys=("wrong",))
async def wrong_key_stream(gateway: Gateway) -> None:
    """A streamed question with a key that was never issued, as a Bearer token."""
    await gateway.messages(HELLO | STREAMED, key="wrong", style=gateway.style(ANTHROPIC, "bearer"))


@scenario(
    "anthropic-unknown-model-stream", protocol=ANTHROPIC, yields=ERROR, models=("unsupported",)
)
async def unknown_model_stream(gateway: Gateway) -> None:
    """A streamed question to a model that does not exist."""
    await gateway.messages(HELLO | STREAMED | {"model": gateway.models["unsupported"]})
