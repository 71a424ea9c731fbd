"""Tools in every form: none, one at a time, strict, a subset, the older form, odd histories."""

from __future__ import annotations

import json
from typing import Any

from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.openai import COMPLETION, OPENAI, TOOL, ask
from conformance.scenarios.openai_parameters import named

CITIES = ("Paris", "Tokyo", "Lima", "Oslo", "Cairo")
PING = "ping_server"
OTHER = "get_news"
STRICT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer"},
    },
    "required": ["city", "unit", "days"],
    "additionalProperties": False,
}
FOREIGN_IDS = ("toolu_01A09q90qw90lq917835lq9", "a1B2c3D4e", "call_" + "0123456789abcdef" * 3)
"""Ids as other vendors make them: Anthropic's, nine characters, and a long one."""


def function(name: str, about: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A tool on offer."""
    offered = {"name": name, "description": about, "parameters": schema, **more}
    return {"type": "function", "function": offered}


def called(id: str, city: str, **content: Any) -> dict[str, Any]:
    """An assistant message that calls the tool; `content` is left out where it is not given."""
    asked = {"name": prompts.TOOL_NAME, "arguments": json.dumps({"city": city})}
    calls = [{"id": id, "type": "function", "function": asked}]
    return {"role": "assistant", **content, "tool_calls": calls}


def result(id: str, content: Any) -> dict[str, Any]:
    """What the tool answered."""
    return {"role": "tool", "tool_call_id": id, "content": content}


_EMPTY: dict[str, Any] = {"type": "object", "properties": {}}
_PING = function(PING, "Sends one ping.", _EMPTY)
_NEWS = function(OTHER, "News about a city.", prompts.SCHEMA)
_IDS = tuple(f"call_{letter * 24}" for letter in "abc")


@scenario("openai-tool-none", protocol=OPENAI, yields=COMPLETION, cost=prompts.BUDGET)
async def none(gateway: Gateway) -> None:
    """A question that calls for the tool, with tool_choice none."""
    body = {"messages": prompts.user(prompts.WEATHER), "tools": [TOOL], "tool_choice": "none"}
    await ask(gateway, body)


@scenario("openai-tool-serial", protocol=OPENAI, yields=COMPLETION, cost=2 * prompts.BUDGET)
async def serial(gateway: Gateway) -> None:
    """Several calls of a function without parameters asked for, one at a time allowed."""
    tools = [_PING, TOOL]
    text = "Call ping_server, and get the weather in Paris and in Tokyo. Start now."
    body = {"messages": prompts.user(text), "tools": tools, "tool_choice": "required"}
    single = {"parallel_tool_calls": False}
    if named(await ask(gateway, body | single), single):
        await ask(gateway, body)


@scenario(
    "openai-tool-strict",
    protocol=OPENAI,
    yields=COMPLETION,
    cost=prompts.BUDGET,
    capabilities=("strict_tools",),
)
async def strict(gateway: Gateway) -> None:
    """A strict tool for five cities, a call for each."""
    tool = function(prompts.TOOL_NAME, prompts.TOOL_ABOUT, STRICT, strict=True)
    where = ", in ".join(CITIES)
    text = f"What will the weather be for 3 days in {where}? Use the tool once for each city."
    body = {"messages": prompts.user(text), "tools": [tool], "tool_choice": "required"}
    await ask(gateway, body)


@scenario(
    "openai-tool-allowed",
    protocol=OPENAI,
    yields=COMPLETION,
    cost=prompts.BUDGET,
    optional=("allowed_tools", "tool_choice"),
)
async def allowed(gateway: Gateway) -> None:
    """Two tools on offer, of which only the less fitting one is allowed."""
    chosen = {"type": "function", "function": {"name": OTHER}}
    subset = {"mode": "required", "tools": [chosen]}
    body = {
        "messages": prompts.user(prompts.WEATHER),
        "tools": [TOOL, _NEWS],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": subset},
    }
    await ask(gateway, body)


@scenario(
    "openai-functions",
    protocol=OPENAI,
    yields=COMPLETION,
    cost=prompts.BUDGET,
    optional=("functions", "function_call"),
)
async def functions(gateway: Gateway) -> None:
    """The older form: a function forced by name after another one's result."""
    before = [
        {
            "role": "assistant",
            "content": None,
            "function_call": {"name": prompts.TOOL_NAME, "arguments": '{"city": "Tokyo"}'},
        },
        {"role": "function", "name": prompts.TOOL_NAME, "content": prompts.TOOL_RESULT},
    ]
    asked = [*prompts.user("What is the weather in Tokyo?"), *before]
    body = {
        "messages": [*asked, *prompts.user("And in Paris?")],
        "functions": [TOOL["function"]],
        "function_call": {"name": prompts.TOOL_NAME},
    }
    await ask(gateway, body)


@scenario("openai-tool-histories", protocol=OPENAI, yields=COMPLETION, cost=prompts.BUDGET)
async def histories(gateway: Gateway) -> None:
    """Three calls in a row whose messages have content null, none, and an empty one."""
    contents: tuple[dict[str, Any], ...] = ({"content": None}, {}, {"content": ""})
    messages = prompts.user("What is the weather in Paris, then in Tokyo, then in Lima?")
    for id, city, content in zip(_IDS, CITIES, contents, strict=False):
        messages += [called(id, city, **content), result(id, f"{prompts.TOOL_RESULT} in {city}")]
    await ask(gateway, {"messages": messages, "tools": [TOOL]})


@scenario(
    "openai-tool-results",
    protocol=OPENAI,
    yields=COMPLETION,
    cost=3 * prompts.BUDGET,
)
async def results(gateway: Gateway) -> None:
    """Results in reverse order, as text parts, with foreign ids; where refused, one by one."""
    together = await ask(gateway, _answered(FOREIGN_IDS, is_odd=True))
    if together.status in (400, 422):
        await ask(gateway, _answered(_IDS, is_odd=True))
        await ask(gateway, _answered(FOREIGN_IDS, is_odd=False))


def _answered(ids: tuple[str, ...], *, is_odd: bool) -> dict[str, Any]:
    """Parallel calls with their results; odd ones come in reverse order and as text parts."""
    calls = [
        call
        for id, city in zip(ids, CITIES, strict=False)
        for call in called(id, city)["tool_calls"]
    ]
    texts = [f"{prompts.TOOL_RESULT} in {city}" for _, city in zip(ids, CITIES, strict=False)]
    parts = [[{"type": "text", "text": text}] for text in texts]
    contents = parts if is_odd else texts
    answers = [result(id, content) for id, content in zip(ids, contents, strict=True)]
    messages = [
        *prompts.user("What is the weather in Paris, in Tokyo and in Lima?"),
        {"role": "assistant", "content": None, "tool_calls": calls},
        *(reversed(answers) if is_odd else answers),
    ]
    return {"messages": messages, "tools": [TOOL]}
