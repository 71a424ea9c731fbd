"""Reading answers of the Responses API, streamed or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.model import Exchange
from conformance.sse import DONE, Event

LIFECYCLE = ("created", "queued", "in_progress", "completed", "incomplete", "failed")
LAST = ("response.completed", "response.incomplete", "response.failed")


@dataclass(frozen=True)
class Item:
    """One output item, as the finished response has it."""

    where: str
    fields: dict[str, Any]

    @property
    def type(self) -> Any:
        """What the item is."""
        return self.fields.get("type")

    @property
    def texts(self) -> list[Any]:
        """The texts of a message's `output_text` parts."""
        return [part.get("text") for part in parts(self.fields) if part.get("type") == _TEXT]


_TEXT = "output_text"


def events(exchange: Exchange) -> tuple[Event, ...]:
    """The events of a stream; `[DONE]` may end it or not."""
    return tuple(event for event in exchange.events if event.data.strip() != DONE)


def lifecycle(exchange: Exchange) -> Iterator[tuple[Event, dict[str, Any]]]:
    """The events that carry the whole response, with it."""
    known = {f"response.{step}" for step in LIFECYCLE}
    for event in events(exchange):
        if event.type in known:
            found = event.object.get("response")
            yield event, found if isinstance(found, dict) else {}


def final(exchange: Exchange) -> tuple[str, dict[str, Any]] | None:
    """The finished response with its place; None where a stream has none."""
    if not exchange.is_streamed:
        return "body", exchange.answer.object
    last = [(event, found) for event, found in lifecycle(exchange) if event.type in LAST]
    return (f"events[{last[-1][0].index}].data.response", last[-1][1]) if last else None


def items(exchange: Exchange) -> list[Item]:
    """The output items of the finished response that are objects."""
    where, found = final(exchange) or ("", {})
    output = found.get("output")
    return [
        Item(f"{where}.output[{number}]", fields)
        for number, fields in enumerate(output if isinstance(output, list) else [])
        if isinstance(fields, dict)
    ]


def parts(item: dict[str, Any]) -> list[dict[str, Any]]:
    """The content parts of a message that are objects."""
    found = item.get("content")
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def joined(exchange: Exchange, kind: str) -> dict[tuple[Any, Any], str]:
    """The deltas of one kind, joined, by output index and content index."""
    found: dict[tuple[Any, Any], str] = {}
    for event in events(exchange):
        if event.type == f"response.{kind}.delta" and isinstance(event.object.get("delta"), str):
            key = place(event)
            found[key] = found.get(key, "") + event.object["delta"]
    return found


def place(event: Event) -> tuple[Any, Any]:
    """Where an event belongs: its output index and its content index."""
    index, part = event.object.get("output_index"), event.object.get("content_index")
    return repr(index), repr(part)
