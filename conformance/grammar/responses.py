"""The order of a Responses stream (section 8.4 of the page), one output item at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from conformance import sse
from conformance.grammar.breach import Breach, at
from conformance.model import Violation


class Response(StrEnum):
    """Where a Responses stream stands."""

    START = "before response.created"
    CREATED = "before response.in_progress"
    OPEN = "between output items"
    ITEM = "inside an output item"
    PART = "inside a content part"
    SAID = "after the text of a content part"
    CALLED = "after the arguments of a call"
    ENDED = "after the end of the response"
    FAILED = "after an error event"


_TEXT = {
    f"response.{kind}.{step}": f"text {step}"
    for kind in ("output_text", "refusal")
    for step in ("delta", "done")
}
SYMBOLS: Mapping[str, str] = {
    "response.created": "created",
    "response.queued": "queued",
    "response.in_progress": "in_progress",
    "response.output_item.added": "item added",
    "response.output_item.done": "item done",
    "response.content_part.added": "part added",
    "response.content_part.done": "part done",
    **_TEXT,
    "response.function_call_arguments.delta": "arguments delta",
    "response.function_call_arguments.done": "arguments done",
    "response.completed": "end",
    "response.incomplete": "end",
    "response.failed": "failed",
    "error": "error",
}
"""The events whose order is laid down; reasoning, tools of the vendor's own, annotations
and unknown events are legal anywhere before the end."""

_AFTER: Mapping[str, Response] = {
    "created": Response.CREATED,
    "queued": Response.CREATED,
    "in_progress": Response.OPEN,
    "item added": Response.ITEM,
    "item done": Response.OPEN,
    "part added": Response.PART,
    "part done": Response.ITEM,
    "text delta": Response.PART,
    "text done": Response.SAID,
    "arguments delta": Response.ITEM,
    "arguments done": Response.CALLED,
    "end": Response.ENDED,
    "failed": Response.ENDED,
    "error": Response.FAILED,
}
"""Where each event leads, from wherever it came: after a breach the walk goes on from there."""

_ALLOWED: Mapping[Response, tuple[str, ...]] = {
    Response.START: ("created", "error"),
    Response.CREATED: ("queued", "in_progress", "failed", "error"),
    Response.OPEN: ("item added", "end", "failed", "error"),
    Response.ITEM: (
        "part added",
        "arguments delta",
        "arguments done",
        "item done",
        "failed",
        "error",
    ),
    Response.PART: ("text delta", "text done", "failed", "error"),
    Response.SAID: ("part done", "failed", "error"),
    Response.CALLED: ("item done", "failed", "error"),
    Response.FAILED: ("failed",),
    Response.ENDED: (),
}

STEPS: Mapping[tuple[Response, str], Response] = {
    (state, symbol): _AFTER[symbol] for state, symbols in _ALLOWED.items() for symbol in symbols
}
"""What may follow what."""

EXPECTED: Mapping[Response, str] = {
    Response.START: "response.created first",
    Response.CREATED: "response.in_progress",
    Response.OPEN: "response.output_item.added, or the end of the response",
    Response.ITEM: "a content part, arguments, or response.output_item.done",
    Response.PART: "text, or the .done of the text",
    Response.SAID: "response.content_part.done",
    Response.CALLED: "response.output_item.done",
    Response.FAILED: "response.failed",
    Response.ENDED: "nothing after the end of the response",
}
_INSIDE_PART = ("part added", "part done", "text delta", "text done")
_INSIDE_ITEM = (*_INSIDE_PART, "arguments delta", "arguments done")


def has_error(events: tuple[sse.Event, ...]) -> bool:
    """Whether the stream says that it failed half-way."""
    return any(symbol(event) == "error" for event in events)


def symbol(event: sse.Event) -> str:
    """What an event is in the table; empty for one that is legal anywhere."""
    if not event.type and event.object.get("error"):
        return "error"  # Without its type, but plain to see.
    found = SYMBOLS.get(event.type, "")
    part = event.object.get("part")
    if found in ("part added", "part done") and isinstance(part, dict):
        # Parts of reasoning are filled by events of their own.
        return found if part.get("type") in ("output_text", "refusal") else ""
    return found


class _Walk:
    """One walk along a stream: the state, and the output item that is open."""

    def __init__(self) -> None:
        self.state = Response.START
        self.items = 0
        self.item_id: Any = None

    def step(self, event: sse.Event) -> Iterator[Breach]:
        found = symbol(event)
        if not found:
            return
        if (self.state, found) not in STEPS:
            yield self._breach(event)
        yield from self._places(event, found)
        if self.state is not Response.ENDED:
            self.state = _AFTER[found]

    def _breach(self, event: sse.Event) -> Breach:
        id = "OAI-RESP-010" if self.state is Response.FAILED else "OAI-RESP-006"
        return Breach(id, at(event, EXPECTED[self.state], f"{event.type} {self.state}"))

    def _places(self, event: sse.Event, found: str) -> Iterator[Breach]:
        """The numbers and ids by which clients put an event where it belongs."""
        data = event.object
        if found == "item added":
            yield from self._number(event, self.items)
            self.items += 1
            item = data.get("item")
            self.item_id = item.get("id") if isinstance(item, dict) else None
        elif found in _INSIDE_ITEM or found == "item done":
            yield from self._number(event, max(self.items - 1, 0))
        named = data.get("item_id")
        is_other = not isinstance(named, str) or named != self.item_id
        if found in _INSIDE_ITEM and self.items and is_other:
            expected = f"item_id {self.item_id!r} of the open item"
            yield Breach("OAI-RESP-006", at(event, expected, f"{named!r}"))
        part = data.get("content_index")
        is_number = isinstance(part, int) and not isinstance(part, bool)
        if found in _INSIDE_PART and not is_number:
            actual = f"{part!r}"
            yield Breach("OAI-RESP-006", at(event, "an integer content_index", actual))

    def _number(self, event: sse.Event, wanted: int) -> Iterator[Breach]:
        index = event.object.get("output_index")
        if index != wanted:
            yield Breach("OAI-RESP-006", at(event, f"output_index {wanted}", f"{index!r}"))

    def end(self) -> Iterator[Breach]:
        if self.state is Response.ENDED:
            return
        found = f"the stream ends {self.state}"
        if self.state is Response.FAILED:
            yield Breach("OAI-RESP-010", Violation("events", "response.failed, last", found))
        else:
            expected = "response.completed, .incomplete or .failed, last"
            yield Breach("OAI-RESP-006", Violation("events", expected, found))


def walk(events: tuple[sse.Event, ...]) -> Iterator[Breach]:
    """Every breach in the order of a stream."""
    steps = _Walk()
    for event in events:
        yield from steps.step(event)
    yield from steps.end()
