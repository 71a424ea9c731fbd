"""Faults of a Responses stream: the names, numbers and order of its events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from reference_gateway.chat import Json
from reference_gateway.faults.places import RESPONSES, Frames, events, payloads, streams
from reference_gateway.faults.registry import fault
from reference_gateway.wire import Frame

_DESCRIPTION = "OpenAI API description, ResponseStreamEvent"
_PYTHON = "openai for Python, lib/streaming/responses: raises on it"
_ENDS = ("response.completed", "response.incomplete")


def _renumbered(change: Callable[[Frame], Iterable[Frame]]) -> Callable[[Frames], Frames]:
    """Leave out, repeat or add events, and number what is sent without a gap."""

    async def changed(frames: Frames) -> Frames:
        number = 0
        async for frame in frames:
            for other in change(frame):
                data = other.data if isinstance(other.data, dict) else {}
                yield replace(other, data={**data, "sequence_number": number})
                number += 1

    return changed


def _without(name: str) -> Callable[[Frames], Frames]:
    return _renumbered(lambda frame: [] if frame.event == name else [frame])


def whole(frame: Frame) -> Json:
    """The finished response that an event carries; empty where it is another event."""
    data = frame.data if isinstance(frame.data, dict) else {}
    found: Json = data["response"] if frame.event in _ENDS else {}
    return found


@fault(
    "openai-responses-stream-event-names-differ",
    events(RESPONSES),
    kills=("OAI-RESP-005",),
    origin=_DESCRIPTION,
)
def names_differ(frame: Frame) -> Iterable[Frame]:
    """The name of an event is not its type."""
    return [replace(frame, event=str(frame.event).removeprefix("response."))]


@fault(
    "openai-responses-stream-without-event-names",
    events(RESPONSES),
    kills=("OAI-RESP-005",),
    origin="OpenRouter, recorded: Responses streams without event lines",
)
def without_names(frame: Frame) -> Iterable[Frame]:
    """Events have no name."""
    return [replace(frame, event=None)]


@fault(
    "openai-responses-stream-numbers-skip",
    payloads(RESPONSES),
    kills=("OAI-RESP-005",),
    origin=_DESCRIPTION,
)
def numbers_skip(data: Json) -> None:
    """Every second number is left out."""
    data["sequence_number"] *= 2


@fault(
    "openai-responses-stream-without-numbers",
    payloads(RESPONSES),
    kills=("OAI-RESP-005",),
    origin="OpenAI, recorded in early 2025: events without sequence_number",
)
def without_numbers(data: Json) -> None:
    """Events are not numbered."""
    del data["sequence_number"]


@fault(
    "openai-responses-stream-without-created",
    streams(RESPONSES),
    kills=("OAI-RESP-006",),
    origin=_PYTHON,
)
def without_created(frames: Frames) -> Frames:
    """The stream begins with `response.in_progress`."""
    return _without("response.created")(frames)


@fault(
    "openai-responses-stream-item-not-added",
    streams(RESPONSES),
    kills=("OAI-RESP-006",),
    origin=_PYTHON,
)
def item_not_added(frames: Frames) -> Frames:
    """Content comes before its item was opened."""
    return _without("response.output_item.added")(frames)


@fault(
    "openai-responses-stream-part-not-added",
    streams(RESPONSES),
    kills=("OAI-RESP-006",),
    origin=_PYTHON,
)
def part_not_added(frames: Frames) -> Frames:
    """Text comes before its content part was opened."""
    return _without("response.content_part.added")(frames)


@fault(
    "openai-responses-stream-item-not-done",
    streams(RESPONSES),
    kills=("OAI-RESP-006",),
    origin=_DESCRIPTION,
)
def item_not_done(frames: Frames) -> Frames:
    """Items are never closed."""
    return _without("response.output_item.done")(frames)


@fault(
    "openai-responses-stream-without-end",
    events(RESPONSES),
    kills=("OAI-RESP-006",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/2358",
)
def without_end(frame: Frame) -> Iterable[Frame]:
    """The stream ends without the finished response."""
    return [] if whole(frame) else [frame]


def _as_chunk(frame: Frame) -> Json:
    data = frame.data if isinstance(frame.data, dict) else {}
    delta = {"content": data["delta"]} if "delta" in data else {}
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [choice]}


@fault(
    "openai-responses-stream-of-chat",
    events(RESPONSES),
    kills=("OAI-RESP-005", "OAI-RESP-006"),
    origin="https://github.com/vllm-project/semantic-router/issues/2446",
)
def of_chat(frame: Frame) -> Iterable[Frame]:
    """The stream consists of the chunks of a chat completion."""
    chunk = Frame(None, _as_chunk(frame))
    return [chunk, Frame(None, "[DONE]")] if whole(frame) else [chunk]


@fault(
    "openai-responses-stream-ends-twice",
    streams(RESPONSES),
    kills=("OAI-RESP-006",),
    origin=_DESCRIPTION,
)
def ends_twice(frames: Frames) -> Frames:
    """The finished response is sent twice."""
    return _renumbered(lambda frame: [frame, frame] if whole(frame) else [frame])(frames)


@fault(
    "openai-responses-stream-other-item-id",
    payloads(RESPONSES),
    kills=("OAI-RESP-006",),
    origin=_DESCRIPTION,
)
def other_item_id(data: Json) -> None:
    """Deltas name an item that does not exist."""
    if "item_id" in data:
        data["item_id"] = "msg_0"


@fault(
    "openai-responses-stream-index-from-one",
    payloads(RESPONSES),
    kills=("OAI-RESP-006",),
    origin=_DESCRIPTION,
)
def index_from_one(data: Json) -> None:
    """Output items are counted from 1."""
    if "output_index" in data:
        data["output_index"] += 1


@fault(
    "openai-responses-stream-without-content-index",
    payloads(RESPONSES),
    kills=("OAI-RESP-006",),
    origin=_DESCRIPTION,
)
def without_content_index(data: Json) -> None:
    """Deltas of text do not say to which part they belong."""
    data.pop("content_index", None)
