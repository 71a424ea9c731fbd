"""Conversations over the OpenAI-compatible chat protocol.

The budget goes as `max_completion_tokens`, and again as `max_tokens` where the first
name is refused; the run then keeps to the second (rule R5 of the page).
"""

from __future__ import annotations

from typing import Any

from conformance.kinds import Kind, Protocol
from conformance.model import Exchange
from conformance.nonces import SEPARATED
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.tries import until

NEW_NAME, OLD_NAME = "max_completion_tokens", "max_tokens"
OPENAI = Protocol.OPENAI
COMPLETION = (Kind.OPENAI_COMPLETION,)
STREAM = (Kind.OPENAI_STREAM,)
ERROR = (Kind.OPENAI_ERROR,)

TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": prompts.TOOL_NAME,
        "description": prompts.TOOL_ABOUT,
        "parameters": prompts.SCHEMA,
    },
}
HELLO: dict[str, Any] = {"messages": prompts.user(prompts.HELLO)}
NAMED: dict[str, Any] = {
    "messages": prompts.user(prompts.WEATHER),
    "tools": [TOOL],
    "tool_choice": {"type": "function", "function": {"name": prompts.TOOL_NAME}},
}
AUTO: dict[str, Any] = {"messages": prompts.user(prompts.WEATHER), "tools": [TOOL]}
PARALLEL: dict[str, Any] = {
    "messages": prompts.user(prompts.WEATHER_TWICE),
    "tools": [TOOL],
    "tool_choice": "required",
}
UNICODE = f"{prompts.EMOJI} cafe\u0301 {''.join(SEPARATED)}"
"""Joiners, CJK, combining marks and a line separator, to be repeated."""
STOP_ACROSS = "3 4"
"""A stop text of several tokens, which no piece of a stream holds alone."""
STREAMED = {"stream": True}
STREAMED_WITH_USAGE = {"stream": True, "stream_options": {"include_usage": True}}


async def ask(
    gateway: Gateway, body: dict[str, Any], budget: int = prompts.BUDGET, **how: Any
) -> Exchange:
    """Ask with a token budget under the name that the target understands."""
    exchange = await gateway.chat(body | {gateway.budget_name: budget}, **how)
    if gateway.budget_name == NEW_NAME and _refuses_the_name(exchange):
        exchange = await gateway.chat(body | {OLD_NAME: budget}, **how)
        if not _refuses_a_body(exchange):
            gateway.budget_name = OLD_NAME
    return exchange


def _refuses_the_name(exchange: Exchange) -> bool:
    return _refuses_a_body(exchange) and NEW_NAME in exchange.answer.text


def _refuses_a_body(exchange: Exchange) -> bool:
    return exchange.status in (400, 422)


@scenario("openai-plain", protocol=OPENAI, yields=COMPLETION, cost=prompts.BUDGET, smoke=True)
async def plain(gateway: Gateway) -> None:
    """A plain question, in each claimed credential style until one is let in."""
    for style in gateway.styles(OPENAI):
        exchange = await ask(gateway, HELLO, style=style)
        if exchange.status not in (401, 403):
            break


@scenario("openai-stream", protocol=OPENAI, yields=STREAM, cost=prompts.BUDGET, smoke=True)
async def stream(gateway: Gateway) -> None:
    """A plain question, streamed, with its usage asked for."""
    await ask(gateway, HELLO | STREAMED_WITH_USAGE)


@scenario("openai-tool", protocol=OPENAI, yields=COMPLETION, cost=prompts.BUDGET, smoke=True)
async def tool(gateway: Gateway) -> None:
    """A tool call forced by name."""
    await ask(gateway, NAMED)


@scenario("openai-wrong-key", protocol=OPENAI, yields=ERROR, keys=("wrong",), smoke=True)
async def wrong_key(gateway: Gateway) -> None:
    """A valid question with a key that was never issued."""
    await ask(gateway, HELLO, key="wrong")


@scenario(
    "openai-unknown-model", protocol=OPENAI, yields=ERROR, models=("unsupported",), smoke=True
)
async def unknown_model(gateway: Gateway) -> None:
    """A valid question to a model that does not exist."""
    await ask(gateway, HELLO | {"model": gateway.models["unsupported"]})


@scenario("openai-stream-without-usage", protocol=OPENAI, yields=STREAM, cost=prompts.BUDGET)
async def stream_without_usage(gateway: Gateway) -> None:
    """A text with emoji, CJK and U+2028, streamed, no usage asked for."""
    await ask(gateway, {"messages": prompts.user(UNICODE)} | STREAMED)


@scenario("openai-tool-auto", protocol=OPENAI, yields=COMPLETION, cost=3 * prompts.BUDGET)
async def tool_auto(gateway: Gateway) -> None:
    """A question that calls for the tool, without tool_choice; asked three times at most."""
    await until(calls_a_tool, lambda: ask(gateway, AUTO))


@scenario("openai-tool-stream", protocol=OPENAI, yields=STREAM, cost=prompts.BUDGET)
async def tool_stream(gateway: Gateway) -> None:
    """A tool call forced by name, streamed."""
    await ask(gateway, NAMED | STREAMED_WITH_USAGE)


@scenario("openai-parallel-tools", protocol=OPENAI, yields=COMPLETION, cost=prompts.BUDGET)
async def parallel_tools(gateway: Gateway) -> None:
    """Two cities asked, some tool required."""
    await ask(gateway, PARALLEL)


@scenario("openai-parallel-tools-stream", protocol=OPENAI, yields=STREAM, cost=prompts.BUDGET)
async def parallel_tools_stream(gateway: Gateway) -> None:
    """Two cities asked, some tool required, streamed."""
    await ask(gateway, PARALLEL | STREAMED)


@scenario(
    "openai-tool-round-trip",
    protocol=OPENAI,
    yields=COMPLETION,
    exchanges=2,
    cost=2 * prompts.BUDGET,
)
async def tool_round_trip(gateway: Gateway) -> None:
    """A forced tool call, then its result sent back with the message echoed verbatim."""
    called = await ask(gateway, NAMED)
    message = _message(called)
    calls = message.get("tool_calls")
    if not isinstance(calls, list) or not calls:
        return
    results = [
        {"role": "tool", "tool_call_id": call.get("id"), "content": prompts.TOOL_RESULT}
        for call in calls
        if isinstance(call, dict)
    ]
    messages = [*NAMED["messages"], message, *results]
    await ask(gateway, {"messages": messages, "tools": [TOOL]})


@scenario(
    "openai-length",
    protocol=OPENAI,
    yields=COMPLETION + STREAM,
    exchanges=2,
    cost=2 * prompts.SMALL_BUDGET,
)
async def length(gateway: Gateway) -> None:
    """A long task with a small budget, plain and streamed."""
    body = {"messages": prompts.user(prompts.COUNT)}
    await ask(gateway, body, prompts.SMALL_BUDGET)
    await ask(gateway, body | STREAMED_WITH_USAGE, prompts.SMALL_BUDGET)


@scenario(
    "openai-stop", protocol=OPENAI, yields=COMPLETION + STREAM, exchanges=2, cost=2 * prompts.BUDGET
)
async def stop(gateway: Gateway) -> None:
    """A count that a stop text cuts: plain as an array, streamed as a string of several tokens."""
    body = {"messages": prompts.user(prompts.COUNT_TO_NINE)}
    await ask(gateway, body | {"stop": [prompts.STOP]})
    await ask(gateway, body | {"stop": STOP_ACROSS} | STREAMED)


@scenario("openai-no-key", protocol=OPENAI, yields=ERROR)
async def no_key(gateway: Gateway) -> None:
    """A valid question without any credential."""
    await ask(gateway, HELLO, key="")


@scenario("openai-invalid", protocol=OPENAI, yields=ERROR)
async def invalid(gateway: Gateway) -> None:
    """A question without any message."""
    await ask(gateway, {"messages": []})


@scenario("openai-invalid-stream", protocol=OPENAI, yields=ERROR)
async def invalid_stream(gateway: Gateway) -> None:
    """A streamed question without any message."""
    await ask(gateway, STREAMED | {"messages": []})


@scenario("openai-wrong-key-stream", protocol=OPENAI, yields=ERROR, keys=("wrong",))
async def wrong_key_stream(gateway: Gateway) -> None:
    """A streamed question with a key that was never issued."""
    await ask(gateway, HELLO | STREAMED, key="wrong")


@scenario("openai-unknown-model-stream", protocol=OPENAI, yields=ERROR, models=("unsupported",))
async def unknown_model_stream(gateway: Gateway) -> None:
    """A streamed question to a model that does not exist."""
    await ask(gateway, HELLO | STREAMED | {"model": gateway.models["unsupported"]})


def calls_a_tool(exchange: Exchange) -> bool:
    """Whether a plain answer holds a tool call."""
    return bool(_message(exchange).get("tool_calls"))


def content(exchange: Exchange) -> str:
    """The text of a plain answer; empty where there is none."""
    return str(_message(exchange).get("content") or "")


def _message(exchange: Exchange) -> dict[str, Any]:
    choices = exchange.response.object.get("choices") if exchange.response else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    return message if isinstance(message, dict) else {}
