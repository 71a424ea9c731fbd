"""The requests of a client that no registry has, sent in its shape by the suite itself.

Roo Code's requests were recorded from a build of its CLI 0.1.17 (core 3.52.1). What is sent
here has their headers, fields and order of turns, with words of our own: it shows that the
gateway takes them, not that Roo Code works.
"""

from __future__ import annotations

from typing import Any

from conformance.kinds import Protocol
from conformance.model import Exchange
from conformance.recorder import Gateway
from conformance.registry import SCRIPTED, scenario

BUDGET = 2048
THOUGHT = 1024
ANTHROPIC_HEADERS = {
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "fine-grained-tool-streaming-2025-05-14,prompt-caching-2024-07-31",
    "user-agent": "Anthropic/JS 0.37.0",
}
OPENAI_HEADERS = {
    "http-referer": "https://github.com/RooVetGit/Roo-Cline",
    "x-title": "Roo Code",
    "user-agent": "RooCode/3.52.1",
}
SYSTEM = "You are Roo, a skilled software engineer."
ASKED = "<user_message>\nRead the file a.txt.\n</user_message>"
ORDER = ' [[call read_file {"path": "a.txt", "mode": null}]]'
AROUND = "<environment_details>\n# Current Time\n2026-11-22\n</environment_details>"
CONTENT = "1 | plum-4711"
CACHED = {"type": "ephemeral"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "mode": {"type": ["string", "null"]}},
    "required": ["path", "mode"],
    "additionalProperties": False,
}
ABOUT = "Reads a file."


@scenario(
    "client-roo-anthropic-shape",
    protocol=Protocol.ANTHROPIC,
    exchanges=2,
    cost=2 * BUDGET,
    capabilities=("tools", "thinking_enabled"),
    opt_in="clients",
)
async def anthropic_shape(gateway: Gateway) -> None:
    """Two requests in Roo Code's shape: a question with a tool, and the tool's result."""
    turns = [_user(_text(_asked(gateway)), _text(AROUND, cache_control=CACHED))]
    called = await _messages(gateway, turns)
    blocks = _blocks(called)
    uses = [block for block in blocks if block.get("type") == "tool_use"]
    if not uses:
        return
    # Text stands beside the results, in one user turn.
    results = [
        {"type": "tool_result", "tool_use_id": use["id"], "content": CONTENT} for use in uses
    ]
    again = _user(*results, _text(AROUND, cache_control=CACHED))
    await _messages(gateway, [*turns, {"role": "assistant", "content": blocks}, again])


@scenario(
    "client-roo-openai-shape",
    protocol=Protocol.OPENAI,
    exchanges=2,
    cost=2 * BUDGET,
    capabilities=("tools",),
    opt_in="clients",
)
async def openai_shape(gateway: Gateway) -> None:
    """Two chat requests in Roo Code's shape: a question with a tool, and the tool's result."""
    turns: list[dict[str, Any]] = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": [_text(_asked(gateway)), _text(AROUND)]},
    ]
    await _chat(gateway, turns)
    call = {
        "id": "call_roo_1",
        "type": "function",
        "function": {"name": "read_file", "arguments": '{"path":"a.txt","mode":null}'},
    }
    said = {"role": "assistant", "content": "I read it.", "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": call["id"], "content": CONTENT}
    await _chat(gateway, [*turns, said, result])


async def _messages(gateway: Gateway, turns: list[dict[str, Any]]) -> Exchange:
    tool = {"name": "read_file", "description": ABOUT, "input_schema": SCHEMA}
    body = {
        "max_tokens": BUDGET,
        "temperature": 1,
        "thinking": {"type": "enabled", "budget_tokens": THOUGHT},
        "system": [_text(SYSTEM, cache_control=CACHED)],
        "messages": turns,
        "stream": True,
        "tools": [tool],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": False},
    }
    return await gateway.messages(body, extra=ANTHROPIC_HEADERS)


async def _chat(gateway: Gateway, turns: list[dict[str, Any]]) -> Exchange:
    function = {"name": "read_file", "description": ABOUT, "parameters": SCHEMA, "strict": True}
    body = {
        "temperature": 0,
        "messages": turns,
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [{"type": "function", "function": function}],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    }
    return await gateway.chat(body, extra=OPENAI_HEADERS)


def _blocks(exchange: Exchange) -> list[dict[str, Any]]:
    """The blocks of a streamed message, as Roo Code gives them back."""
    blocks: dict[Any, dict[str, Any]] = {}
    for event in exchange.events:
        data = event.object
        index, delta = data.get("index"), data.get("delta")
        if event.type == "content_block_start" and isinstance(data.get("content_block"), dict):
            blocks[index] = dict(data["content_block"])
        elif event.type == "content_block_delta" and isinstance(delta, dict) and index in blocks:
            _add(blocks[index], delta)
    return list(blocks.values())


def _add(block: dict[str, Any], delta: dict[str, Any]) -> None:
    for name in ("text", "thinking", "signature"):
        if name in delta:
            block[name] = f"{block.get(name, '')}{delta[name]}"
    if "partial_json" in delta:
        block["input"] = {"path": "a.txt", "mode": None}


def _asked(gateway: Gateway) -> str:
    return ASKED + (ORDER if gateway.claims(SCRIPTED) else "")


def _text(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **more}


def _user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}
