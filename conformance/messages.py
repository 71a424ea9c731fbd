"""Reading answers of the Anthropic Messages protocol, streamed or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.model import Exchange


@dataclass(frozen=True)
class ToolUse:
    """One `tool_use` block: its fields as sent, `arguments` as a JSON text.

    `where` is its place in the exchange. A streamed call without any fragment, or
    with empty ones only, has the arguments `{}` (ANT-STR-020).
    """

    where: str
    id: Any
    name: Any
    arguments: str


def content(exchange: Exchange) -> list[dict[str, Any]]:
    """The content blocks of a plain answer; those that are objects."""
    found = exchange.answer.object.get("content")
    blocks = found if isinstance(found, list) else []
    return [block for block in blocks if isinstance(block, dict)]


def block_starts(exchange: Exchange) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """The started blocks of a stream as (where, index, content_block)."""
    for event in exchange.events:
        if event.type == "content_block_start":
            block = event.object.get("content_block")
            where = f"events[{event.index}].data.content_block"
            yield where, event.object.get("index"), block if isinstance(block, dict) else {}


def deltas(exchange: Exchange) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """The block deltas of a stream as (where, index, delta)."""
    for event in exchange.events:
        if event.type == "content_block_delta":
            delta = event.object.get("delta")
            where = f"events[{event.index}].data.delta"
            yield where, event.object.get("index"), delta if isinstance(delta, dict) else {}


def events_of(exchange: Exchange, type: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of one type as (where, data)."""
    for event in exchange.events:
        if event.type == type:
            yield f"events[{event.index}].data", event.object


def tool_uses(exchange: Exchange) -> list[ToolUse]:
    """The client tool calls of an answer, streamed or not."""
    if exchange.is_streamed:
        return list(_streamed_tool_uses(exchange))
    return [
        ToolUse(
            f"body.content[{index}]",
            block.get("id"),
            block.get("name"),
            json.dumps(block.get("input"), ensure_ascii=False),
        )
        for index, block in enumerate(content(exchange))
        if block.get("type") == "tool_use"
    ]


def _streamed_tool_uses(exchange: Exchange) -> Iterator[ToolUse]:
    for where, index, block in block_starts(exchange):
        if block.get("type") == "tool_use":
            fragments = [
                delta.get("partial_json")
                for _, of, delta in deltas(exchange)
                if of == index and delta.get("type") == "input_json_delta"
            ]
            text = "".join(part for part in fragments if isinstance(part, str))
            whole = json.dumps(block["input"]) if block.get("input") else "{}"
            yield ToolUse(where, block.get("id"), block.get("name"), text or whole)


def text(exchange: Exchange) -> str:
    """All text of an answer, streamed or not."""
    if exchange.is_streamed:
        starts = [str(b.get("text", "")) for _, _, b in block_starts(exchange)]
        parts = [str(d.get("text", "")) for _, _, d in deltas(exchange)]
        return "".join(starts + parts)
    blocks = content(exchange)
    return "".join(str(b.get("text", "")) for b in blocks if b.get("type") == "text")


def stop(exchange: Exchange) -> dict[str, Any]:
    """The object that holds `stop_reason` and `stop_sequence`, streamed or not."""
    if not exchange.is_streamed:
        return exchange.answer.object
    found = [data.get("delta") for _, data in events_of(exchange, "message_delta")]
    return next((delta for delta in reversed(found) if isinstance(delta, dict)), {})


def usage(exchange: Exchange) -> dict[str, Any]:
    """The usage that holds at the end: message_delta's fields over message_start's."""
    if not exchange.is_streamed:
        return _object(exchange.answer.object.get("usage"))
    total: dict[str, Any] = {}
    for _, data in events_of(exchange, "message_start"):
        total |= _object(_object(data.get("message")).get("usage"))
    for _, data in events_of(exchange, "message_delta"):
        total |= _object(data.get("usage"))
    return total


def input_tokens(exchange: Exchange) -> int:
    """The total input: fresh, written to and read from the cache; absent counts as 0."""
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    found = [usage(exchange).get(name) for name in names]
    return sum(count for count in found if isinstance(count, int))


def ended_early(exchange: Exchange) -> bool:
    """Whether the model ended its turn with some of its budget left."""
    tokens, budget = usage(exchange).get("output_tokens"), exchange.request.json.get("max_tokens")
    is_below = isinstance(tokens, int) and isinstance(budget, int) and tokens < budget
    return is_below and stop(exchange).get("stop_reason") == "end_turn"


def tool_schemas(exchange: Exchange) -> dict[str, Any]:
    """The input schemas that the request offered, by tool name."""
    offered = exchange.request.json.get("tools")
    tools = [_object(tool) for tool in offered] if isinstance(offered, list) else []
    named = (tool for tool in tools if isinstance(tool.get("name"), str))
    return {tool["name"]: tool.get("input_schema", {}) for tool in named}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
