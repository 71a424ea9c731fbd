"""Conversations over the Messages protocol about when tools are called, and how often."""

from __future__ import annotations

from conformance.kinds import Kind, Protocol
from conformance.model import Exchange
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.anthropic import TOOL
from conformance.scenarios.anthropic_thinking import answering
from conformance.scenarios.tries import until

ANTHROPIC = Protocol.ANTHROPIC
MESSAGE = (Kind.ANTHROPIC_MESSAGE,)

TWO_CITIES = (
    "First say in one sentence what you will do. Then find out the weather in Paris and in"
    " Tokyo: use the tool once for each city."
)
WEB_SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 1}


@scenario(
    "anthropic-tools-auto",
    protocol=ANTHROPIC,
    yields=MESSAGE,
    exchanges=2,
    cost=4 * prompts.BUDGET,
    capabilities=("tools",),
)
async def tools_auto(gateway: Gateway) -> None:
    """Two calls that nothing forces, then both results in one message."""
    body = {
        "max_tokens": prompts.BUDGET,
        "messages": prompts.user(TWO_CITIES),
        "tools": [TOOL],
    }

    async def ask() -> Exchange:
        return await gateway.messages(body)

    answered = answering(await until(lambda called: bool(answering(called)), ask))
    if answered:
        await gateway.messages(body | {"messages": [*prompts.user(TWO_CITIES), *answered]})


@scenario(
    "anthropic-tools-none",
    protocol=ANTHROPIC,
    yields=MESSAGE,
    cost=prompts.BUDGET,
    capabilities=("tools",),
)
async def tools_none(gateway: Gateway) -> None:
    """A question for a tool that must not be called."""
    await gateway.messages(
        {
            "max_tokens": prompts.BUDGET,
            "messages": prompts.user(prompts.WEATHER),
            "tools": [TOOL],
            "tool_choice": {"type": "none"},
        }
    )


@scenario(
    "anthropic-tools-single",
    protocol=ANTHROPIC,
    yields=MESSAGE,
    cost=prompts.BUDGET,
    capabilities=("tools", "forced_tools"),
)
async def tools_single(gateway: Gateway) -> None:
    """Two cities asked, some tool forced, one call allowed."""
    await gateway.messages(
        {
            "max_tokens": prompts.BUDGET,
            "messages": prompts.user(prompts.WEATHER_TWICE),
            "tools": [TOOL],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        }
    )


@scenario(
    "anthropic-tool-bare",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_STREAM,),
    cost=prompts.BUDGET,
    capabilities=("tools", "forced_tools"),
)
async def tool_bare(gateway: Gateway) -> None:
    """A forced call of a tool without parameters, streamed."""
    bare = {"name": "ping_station", "input_schema": {"type": "object", "properties": {}}}
    await gateway.messages(
        {
            "max_tokens": prompts.BUDGET,
            "messages": prompts.user("Check the weather station."),
            "tools": [bare],
            "tool_choice": {"type": "tool", "name": "ping_station"},
            "stream": True,
        }
    )


@scenario(
    "anthropic-tool-strict",
    protocol=ANTHROPIC,
    yields=MESSAGE,
    cost=prompts.BUDGET,
    capabilities=("tools", "forced_tools", "strict_tools"),
)
async def tool_strict(gateway: Gateway) -> None:
    """A forced call of a tool whose schema has to be kept strictly."""
    schema = {**prompts.SCHEMA, "additionalProperties": False}
    await gateway.messages(
        {
            "max_tokens": prompts.BUDGET,
            "messages": prompts.user(prompts.WEATHER),
            "tools": [{**TOOL, "input_schema": schema, "strict": True}],
            "tool_choice": {"type": "tool", "name": prompts.TOOL_NAME},
        }
    )


@scenario(
    "anthropic-server-tool",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_ERROR,),
    capabilities=("tools",),
)
async def server_tool(gateway: Gateway) -> None:
    """A tool that the provider would have to run itself."""
    await gateway.messages(
        {
            "max_tokens": prompts.BUDGET,
            "messages": prompts.user("Search the web for the tide in Brest today."),
            "tools": [WEB_SEARCH],
            "tool_choice": {"type": "any"},
        }
    )
