"""Edits of the events of a streamed answer; docs/lab.md lists them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from reference_gateway.chat import Json
from reference_gateway.wire import Frame

_DONE = "[DONE]"
_UNKNOWN: Json = {"name": "lab", "values": [1, "two", None]}
_COMMENT = Frame(None, "", "the lab is at work")


def no_done(frames: list[Frame]) -> list[Frame]:
    """OpenAI: the `[DONE]` at the end is missing."""
    return [frame for frame in frames if frame.data != _DONE]


def no_start(frames: list[Frame]) -> list[Frame]:
    """Anthropic: `message_start` is missing."""
    return _without("message_start", frames)


def no_message_stop(frames: list[Frame]) -> list[Frame]:
    """Anthropic: `message_stop` is missing."""
    return _without("message_stop", frames)


def no_block_stop(frames: list[Frame]) -> list[Frame]:
    """Anthropic: every `content_block_stop` is missing."""
    return _without("content_block_stop", frames)


def no_finish(frames: list[Frame]) -> list[Frame]:
    """Nothing says why the answer ended: no finishing chunk, no `message_delta`."""
    return [frame for frame in _without("message_delta", frames) if not _is_finish(frame)]


def no_role(frames: list[Frame]) -> list[Frame]:
    """OpenAI: the first chunk, which says the role, is missing."""
    return [frame for frame in frames if not any("role" in delta for delta in _deltas(frame))]


def no_event_names(frames: list[Frame]) -> list[Frame]:
    """Anthropic: no event has an `event:` line; their `type` says what they are."""
    return [Frame(None, frame.data, frame.comment) for frame in frames]


def no_usage(frames: list[Frame]) -> list[Frame]:
    """No usage anywhere, though it was asked for."""
    kept = [frame for frame in frames if not _is_usage(frame)]
    return [_changed(frame, _drop_usage) for frame in kept]


def usage_twice(frames: list[Frame]) -> list[Frame]:
    """The event that says the final usage comes twice."""
    return _doubled(frames, lambda frame: _is_usage(frame) or frame.event == "message_delta")


def usage_on_every_chunk(frames: list[Frame]) -> list[Frame]:
    """OpenAI: every chunk says the usage so far, the last the whole."""
    usage, count = _usage(frames), max(1, len(frames))
    if usage is None:
        return frames

    def so_far(number: int) -> Json:
        produced = usage.get("completion_tokens", 0) * (number + 1) // count
        total = usage.get("prompt_tokens", 0) + produced
        return {**usage, "completion_tokens": produced, "total_tokens": total}

    return [
        _with_usage(frame, so_far(number)) if _has_choices(frame) else frame
        for number, frame in enumerate(frames)
    ]


def usage_with_finish(frames: list[Frame]) -> list[Frame]:
    """OpenAI: the usage stands in the finishing chunk, and no chunk of its own follows."""
    usage = _usage(frames)
    if usage is None:
        return frames
    kept = [frame for frame in frames if not _is_usage(frame)]
    return [_with_usage(frame, usage) if _is_finish(frame) else frame for frame in kept]


def usage_early(frames: list[Frame]) -> list[Frame]:
    """OpenAI: the finishing chunk has the usage without its details, the last chunk all of it."""
    usage = _usage(frames)
    if usage is None:
        return frames
    plain = {name: value for name, value in usage.items() if not name.endswith("_details")}
    return [_with_usage(frame, plain) if _is_finish(frame) else frame for frame in frames]


def arguments_with_finish(frames: list[Frame]) -> list[Frame]:
    """OpenAI: the last fragment of the arguments rides in the finishing chunk."""
    calling = [frame for frame in frames if _calls(frame)]
    if not calling:
        return frames
    kept = [frame for frame in frames if frame is not calling[-1]]

    def ride(chunk: Json) -> None:
        chunk["choices"][0]["delta"]["tool_calls"] = _calls(calling[-1])

    return [_changed(frame, ride) if _is_finish(frame) else frame for frame in kept]


def whole_calls(frames: list[Frame]) -> list[Frame]:
    """OpenAI: every tool call comes whole in one chunk."""
    kept: list[Frame] = []
    begun: dict[int, Json] = {}
    for frame in copy.deepcopy(frames):
        for call in _calls(frame):
            if "id" in call:
                begun[call.get("index", 0)] = call
                kept.append(frame)
            else:
                begun[call.get("index", 0)]["function"]["arguments"] += call["function"][
                    "arguments"
                ]
        if not _calls(frame):
            kept.append(frame)
    return kept


def no_call_index(frames: list[Frame]) -> list[Frame]:
    """OpenAI: no tool call says its `index`."""

    def drop(chunk: Json) -> None:
        for call in _calls_of(chunk):
            call.pop("index", None)

    return [_changed(frame, drop) for frame in frames]


def empty_choices(frames: list[Frame]) -> list[Frame]:
    """OpenAI: the first chunk has no choices, only what a filter says of the prompt."""
    first = next((frame for frame in frames if _has_choices(frame)), None)
    if first is None:
        return frames

    def filtered(chunk: Json) -> None:
        chunk.update(choices=[], prompt_filter_results=[{"prompt_index": 0}])

    return [_changed(first, filtered), *frames]


def duplicate_events(frames: list[Frame]) -> list[Frame]:
    """Every event comes twice."""
    return [each for frame in frames for each in (frame, frame)]


def unknown_event(frames: list[Frame]) -> list[Frame]:
    """The second event is of a kind that nobody knows."""
    if any(frame.event for frame in frames):
        unknown = Frame("lab_unknown", {"type": "lab_unknown", "value": _UNKNOWN})
    else:
        unknown = Frame(None, {"object": "lab.unknown", "value": _UNKNOWN})
    return [*frames[:1], unknown, *frames[1:]]


def unknown_field(frames: list[Frame]) -> list[Frame]:
    """Every event has a field that nobody knows."""
    return [_changed(frame, lambda data: data.update(lab_unknown=_UNKNOWN)) for frame in frames]


def comments(frames: list[Frame]) -> list[Frame]:
    """A comment comes before every event."""
    return [each for frame in frames for each in (_COMMENT, frame)]


def pings(frames: list[Frame]) -> list[Frame]:
    """Anthropic: a `ping` follows every event but the last."""
    ping = Frame("ping", {"type": "ping"})
    last = len(frames) - 1
    return [
        each
        for number, frame in enumerate(frames)
        for each in ((frame, ping) if frame.event and number < last else (frame,))
    ]


def after_done(frames: list[Frame]) -> list[Frame]:
    """One more text comes after the end: after `[DONE]`, or after `message_stop`."""
    said = [frame for frame in frames if _is_text(frame)]
    return [*frames, *said[-1:]]


def _without(event: str, frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames if frame.event != event]


def _doubled(frames: list[Frame], is_meant: Callable[[Frame], bool]) -> list[Frame]:
    return [each for frame in frames for each in ((frame, frame) if is_meant(frame) else (frame,))]


def _changed(frame: Frame, change: Callable[[Json], None]) -> Frame:
    """The event with its JSON changed; what is no JSON stays as it is."""
    if isinstance(frame.data, str):
        return frame
    data = copy.deepcopy(frame.data)
    change(data)
    return Frame(frame.event, data)


def _drop_usage(data: Json) -> None:
    data.pop("usage", None)
    data.get("message", {}).pop("usage", None)


def _with_usage(frame: Frame, usage: Json) -> Frame:
    return _changed(frame, lambda chunk: chunk.update(usage=usage))


def _choices(frame: Frame) -> list[Json]:
    found: list[Json] = [] if isinstance(frame.data, str) else frame.data.get("choices", [])
    return found


def _has_choices(frame: Frame) -> bool:
    return bool(_choices(frame))


def _deltas(frame: Frame) -> list[Json]:
    return [choice.get("delta", {}) for choice in _choices(frame)]


def _calls(frame: Frame) -> list[Json]:
    return [] if isinstance(frame.data, str) else list(_calls_of(frame.data))


def _calls_of(chunk: Json) -> Iterator[Json]:
    for choice in chunk.get("choices", ()):
        yield from choice.get("delta", {}).get("tool_calls", ())


def _is_finish(frame: Frame) -> bool:
    return any(choice.get("finish_reason") for choice in _choices(frame))


def _is_text(frame: Frame) -> bool:
    if any(delta.get("content") for delta in _deltas(frame)):
        return True
    return frame.event == "content_block_delta"


def _is_usage(frame: Frame) -> bool:
    """Whether it is the chunk that has nothing but the usage."""
    is_chunk = not isinstance(frame.data, str) and frame.data.get("choices") == []
    return is_chunk and not isinstance(frame.data, str) and bool(frame.data.get("usage"))


def _usage(frames: list[Frame]) -> Json | None:
    found = (frame.data for frame in frames if _is_usage(frame))
    return next((data["usage"] for data in found if not isinstance(data, str)), None)
