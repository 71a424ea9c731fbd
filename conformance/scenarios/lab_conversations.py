"""Conversations as an upstream must get them: texts, tools, calls and their results.

The same conversation in the words of each protocol, with what gateways are known to lose:
instructions in several places, indentation, letters beyond ASCII, texts that look like a
stream, integers longer than a double, results of several calls, empty and failed ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from conformance.kinds import Protocol
from conformance.recorder import Gateway
from conformance.scenarios import anthropic, openai, prompts
from conformance.scenarios.lab_directions import ANTHROPIC, OPENAI, directed, send

ROLE = "You review code, and you say what you looked up. Ünïcödé, 東京 and 🦊 stay as they are."
RULES = "  1. Never guess.\n  2. Answer in one sentence."
CODE = (
    "def gateway(openai, cursor, claude):\n    while True:\n        continue;\n\n"
    'data: [DONE]\n\nevent: ping\r\n\t"6666666666" and C:\\temp\\new \\u00e9 <b>&amp;</b> 👩‍👩‍👧‍👦'
)
REPLY = "It never ends. 哈哈哈哈哈哈"
QUESTIONS = ("Which parcel is it?", "And in which city does it rain?")
BEFORE = "I look both up."
PARCEL: dict[str, Any] = {
    "number": 7411238950624813097,
    "weight": 0.1,
    "fragile": True,
    "note": None,
    "tags": ['a"b\\c', "Zürich 東京 🦊"],
    "to": {"street": "Rue d'Été", "lines": []},
}
CITY = {"city": "東京"}
FOUND = "Parcel 7411238950624813097 is in Oslo."
RAINS = ("Tokyo: rain.", "Oslo: snow.")
FAILED = "Nobody answers at the door."
PARCEL_TOOL: dict[str, Any] = {
    "name": "track_parcel",
    "description": 'Where a parcel is. Takes the number as printed: "7411238950624813097".',
    "strict": True,
}
PARCEL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "number": {"type": "integer", "description": "As printed, no spaces."},
        "weight": {"type": "number"},
        "fragile": {"type": "boolean"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "to": {"$ref": "#/$defs/address"},
    },
    "required": ["number", "weight", "fragile", "note", "tags", "to"],
    "additionalProperties": False,
    "$defs": {
        "address": {
            "type": "object",
            "properties": {
                "street": {"type": "string", "enum": ["Rue d'Été", "Harbour Road"]},
                "lines": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["street", "lines"],
            "additionalProperties": False,
        }
    },
}
CLOCK: dict[str, Any] = {"name": "read_clock", "description": "The time of day."}
NOTHING: dict[str, Any] = {"type": "object", "properties": {}}
TOOLS: Mapping[Protocol, list[dict[str, Any]]] = {
    ANTHROPIC: [
        {**PARCEL_TOOL, "input_schema": PARCEL_SCHEMA},
        anthropic.TOOL,
        {**CLOCK, "input_schema": NOTHING},
    ],
    OPENAI: [
        {"type": "function", "function": {**PARCEL_TOOL, "parameters": PARCEL_SCHEMA}},
        openai.TOOL,
        {"type": "function", "function": {**CLOCK, "parameters": NOTHING}},
    ],
}


Called = tuple[str, str, dict[str, Any]]
"""The id of a call, its tool and its arguments."""


def _uses(*calls: Called) -> list[dict[str, Any]]:
    return [
        {"type": "tool_use", "id": id, "name": name, "input": given} for id, name, given in calls
    ]


def _calls(*calls: Called) -> list[dict[str, Any]]:
    return [
        {"id": id, "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
        for id, name, given in calls
    ]


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _result(id: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, "content": content, **more}


def _tool(id: str, content: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": content}


_TWO: tuple[Called, Called] = (
    ("call_parcel01", "track_parcel", PARCEL),
    ("call_city02", prompts.TOOL_NAME, CITY),
)
_CLOCK: Called = ("call_clock03", "read_clock", {})
_AGAIN: Called = ("call_clock04", "read_clock", {})


def _two_calls(client: Protocol, mark: str) -> dict[str, Any]:
    """Instructions, code, and two calls with their results; some call is wanted, and one only."""
    questions, rains = [_text(text) for text in QUESTIONS], [_text(text) for text in RAINS]
    begun = [
        {"role": "user", "content": CODE},
        {"role": "assistant", "content": REPLY},
        {"role": "user", "content": questions},
    ]
    if client is ANTHROPIC:
        results = [_result(_TWO[0][0], FOUND), _result(_TWO[1][0], rains)]
        called = {"role": "assistant", "content": [_text(BEFORE), *_uses(*_TWO)]}
        told = {"role": "user", "content": [*results, _text(f"Where is it now? {mark}")]}
        return {
            "system": [_text(ROLE), _text(RULES)],
            "messages": [*begun, called, told],
            "tools": TOOLS[client],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        }
    instructions = [{"role": "system", "content": ROLE}, {"role": "developer", "content": RULES}]
    called = {"role": "assistant", "content": BEFORE, "tool_calls": _calls(*_TWO)}
    results = [_tool(_TWO[0][0], FOUND), _tool(_TWO[1][0], rains)]
    asks = {"role": "user", "content": f"Where is it now? {mark}"}
    return {
        "messages": [*instructions, *begun, called, *results, asks],
        "tools": TOOLS[client],
        "tool_choice": "required",
        "parallel_tool_calls": False,
    }


def _odd_results(client: Protocol, mark: str) -> dict[str, Any]:
    """A failed result and an empty one, of calls without arguments; no call is wanted."""
    asked = {"role": "user", "content": "What time is it?"}
    last = f"So what time is it? {mark}"
    if client is ANTHROPIC:
        return {
            "messages": [
                asked,
                {"role": "assistant", "content": _uses(_CLOCK)},
                {"role": "user", "content": [_result(_CLOCK[0], FAILED, is_error=True)]},
                {"role": "assistant", "content": _uses(_AGAIN)},
                {"role": "user", "content": [_result(_AGAIN[0], ""), _text(last)]},
            ],
            "tools": TOOLS[client],
            "tool_choice": {"type": "none"},
        }
    return {
        "messages": [
            asked,
            {"role": "assistant", "content": None, "tool_calls": _calls(_CLOCK)},
            _tool(_CLOCK[0], FAILED),
            {"role": "assistant", "content": None, "tool_calls": _calls(_AGAIN)},
            _tool(_AGAIN[0], ""),
            {"role": "user", "content": last},
        ],
        "tools": TOOLS[client],
        "tool_choice": "none",
    }


@directed("conversation", exchanges=2, upstream="sound")
async def conversation(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A long history with tools, then a streamed one with failed and empty results."""
    script = await gateway.lab.script()
    await send(gateway, client, upstream, _two_calls(client, script.mark))
    await gateway.lab.collect(script)
    more = openai.STREAMED_WITH_USAGE if client is OPENAI else anthropic.STREAMED
    await send(gateway, client, upstream, _odd_results(client, script.mark) | more)
    await gateway.lab.collect(script)


@directed("prefill")
async def prefill(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A conversation that ends with the beginning of an answer."""
    script = await gateway.lab.script()
    begun = {"role": "assistant", "content": 'As JSON: {"answer":'}
    messages = [*prompts.user(f"{prompts.HELLO} {script.mark}"), begun]
    await send(gateway, client, upstream, {"messages": messages})
    await gateway.lab.collect(script)


@directed("function-call", clients=(OPENAI,))
async def function_call(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A call and its result in their older form, `function_call` and the role `function`."""
    script = await gateway.lab.script()
    call = {"name": prompts.TOOL_NAME, "arguments": json.dumps(CITY)}
    messages = [
        *prompts.user(prompts.WEATHER),
        {"role": "assistant", "content": None, "function_call": call},
        {"role": "function", "name": prompts.TOOL_NAME, "content": prompts.TOOL_RESULT},
        *prompts.user(f"Was that a city? {script.mark}"),
    ]
    await send(gateway, client, upstream, {"messages": messages, "tools": TOOLS[client]})
    await gateway.lab.collect(script)
