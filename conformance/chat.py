"""Reading answers of the OpenAI-compatible chat protocol, streamed or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.grammar import chat as order
from conformance.model import Exchange
from conformance.sse import Event


@dataclass(frozen=True)
class ToolCall:
    """One tool call: its fields as sent, `arguments` joined over all fragments.

    `where` is its place (in a stream that of its first fragment).
    """

    where: str
    id: Any
    type: Any
    name: Any
    arguments: Any


@dataclass(frozen=True)
class Fragment:
    """One element of `delta.tool_calls` in a stream."""

    where: str
    choice: Any
    fields: dict[str, Any]

    @property
    def function(self) -> dict[str, Any]:
        """The function object; empty where it is anything else."""
        return object_in(self.fields, "function")


def chunks(exchange: Exchange) -> list[tuple[Event, dict[str, Any]]]:
    """The chunks of a stream with their events."""
    if "chunks" not in exchange.worked_out:
        exchange.worked_out["chunks"] = list(order.chunks(exchange.events))
    found: list[tuple[Event, dict[str, Any]]] = exchange.worked_out["chunks"]
    return found


def choices(exchange: Exchange) -> list[dict[str, Any]]:
    """The choices of a plain answer; those that are objects."""
    return list(order.choices(exchange.answer.object))


def message(choice: dict[str, Any]) -> dict[str, Any]:
    """The message of a choice; empty where it is anything else."""
    return object_in(choice, "message")


def deltas(exchange: Exchange) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The deltas of a stream as (where, choice, delta)."""
    for event, chunk in chunks(exchange):
        for position, choice in enumerate(order.choices(chunk)):
            where = f"events[{event.index}].data.choices[{position}].delta"
            yield where, choice, object_in(choice, "delta")


def fragments(exchange: Exchange) -> Iterator[Fragment]:
    """The tool call fragments of a stream, in order."""
    for where, choice, delta in deltas(exchange):
        found = delta.get("tool_calls")
        for position, fields in enumerate(found if isinstance(found, list) else []):
            if isinstance(fields, dict):
                yield Fragment(f"{where}.tool_calls[{position}]", choice.get("index"), fields)


def tool_calls(exchange: Exchange) -> list[ToolCall]:
    """The tool calls of an answer, streamed or not."""
    if exchange.is_streamed:
        return _streamed_tool_calls(exchange)
    calls: list[ToolCall] = []
    for number, choice in enumerate(choices(exchange)):
        found = message(choice).get("tool_calls")
        for position, value in enumerate(found if isinstance(found, list) else []):
            where = f"body.choices[{number}].message.tool_calls[{position}]"
            call = value if isinstance(value, dict) else {}
            if "custom" in call:
                continue  # a custom tool takes free text; the rules are about functions
            function = object_in(call, "function")
            calls.append(
                ToolCall(
                    where,
                    call.get("id"),
                    call.get("type"),
                    function.get("name"),
                    function.get("arguments"),
                )
            )
    return calls


def _streamed_tool_calls(exchange: Exchange) -> list[ToolCall]:
    grouped: dict[tuple[str, str], list[Fragment]] = {}
    for fragment in fragments(exchange):
        key = (repr(fragment.choice), repr(fragment.fields.get("index")))
        grouped.setdefault(key, []).append(fragment)
    return [_joined(parts) for parts in grouped.values()]


def _joined(parts: list[Fragment]) -> ToolCall:
    arguments = [part.function.get("arguments") for part in parts]
    return ToolCall(
        parts[0].where,
        _first(part.fields.get("id") for part in parts),
        _first(part.fields.get("type") for part in parts),
        _first(part.function.get("name") for part in parts),
        "".join(text for text in arguments if isinstance(text, str)),
    )


def finish_reasons(exchange: Exchange) -> list[tuple[str, Any]]:
    """The finish reasons with their places: one per choice, in a stream the non-null ones."""
    if not exchange.is_streamed:
        return [
            (f"body.choices[{number}].finish_reason", choice.get("finish_reason"))
            for number, choice in enumerate(choices(exchange))
        ]
    return [
        (where.removesuffix(".delta") + ".finish_reason", choice["finish_reason"])
        for where, choice, _ in deltas(exchange)
        if choice.get("finish_reason") is not None
    ]


def text(exchange: Exchange) -> str:
    """All text of an answer, streamed or not."""
    if exchange.is_streamed:
        return "".join(str(delta.get("content") or "") for _, _, delta in deltas(exchange))
    return "".join(str(message(choice).get("content") or "") for choice in choices(exchange))


def usages(exchange: Exchange) -> list[tuple[str, dict[str, Any]]]:
    """Every non-null usage with its place: one in a plain answer, any number in a stream."""
    if not exchange.is_streamed:
        usage = exchange.answer.object.get("usage")
        return [("body.usage", usage)] if isinstance(usage, dict) else []
    return [
        (f"events[{event.index}].data.usage", chunk["usage"])
        for event, chunk in chunks(exchange)
        if isinstance(chunk.get("usage"), dict)
    ]


def wants_usage(exchange: Exchange) -> bool:
    """Whether the request asks for usage in the stream."""
    options = exchange.request.json.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def budget(exchange: Exchange) -> int | None:
    """The output token budget of the request, under either name."""
    asked = exchange.request.json
    found = asked.get("max_completion_tokens", asked.get("max_tokens"))
    return found if isinstance(found, int) else None


def tool_schemas(exchange: Exchange) -> dict[str, Any]:
    """The parameter schemas that the request offered, in either form, by function name."""
    offered, older = (exchange.request.json.get(name) for name in ("tools", "functions"))
    tools = offered if isinstance(offered, list) else []
    functions = [object_in(tool, "function") for tool in tools if isinstance(tool, dict)]
    functions += older if isinstance(older, list) else []
    named = (f for f in functions if isinstance(f, dict) and isinstance(f.get("name"), str))
    return {function["name"]: function.get("parameters", {}) for function in named}


def parsed(text: Any) -> object:
    """The JSON value of a text; None where it is not JSON."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None


def object_in(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """The object under a name; empty where there is anything else."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _first(values: Iterator[Any]) -> Any:
    """The first value that says something; null and empty say nothing."""
    return next((value for value in values if value), None)
