"""Edits: what is odd about a streamed answer, by name; each is one small function.

An edit of the events sees all of them as a list; those of the other protocol's events it leaves
alone. An edit of the text sees the bytes of each event.
"""

from __future__ import annotations

from collections.abc import Callable

from reference_gateway.lab import frame_edits, text_edits
from reference_gateway.wire import Frame

FrameEdit = Callable[[list[Frame]], list[Frame]]
TextEdit = Callable[[bytes], bytes]

FRAME_EDITS: dict[str, FrameEdit] = {
    "no_done": frame_edits.no_done,
    "no_start": frame_edits.no_start,
    "no_role": frame_edits.no_role,
    "no_message_stop": frame_edits.no_message_stop,
    "no_block_stop": frame_edits.no_block_stop,
    "no_finish": frame_edits.no_finish,
    "no_event_names": frame_edits.no_event_names,
    "no_usage": frame_edits.no_usage,
    "usage_twice": frame_edits.usage_twice,
    "usage_on_every_chunk": frame_edits.usage_on_every_chunk,
    "usage_with_finish": frame_edits.usage_with_finish,
    "usage_early": frame_edits.usage_early,
    "arguments_with_finish": frame_edits.arguments_with_finish,
    "whole_calls": frame_edits.whole_calls,
    "no_call_index": frame_edits.no_call_index,
    "empty_choices": frame_edits.empty_choices,
    "duplicate_events": frame_edits.duplicate_events,
    "unknown_event": frame_edits.unknown_event,
    "unknown_field": frame_edits.unknown_field,
    "comments": frame_edits.comments,
    "pings": frame_edits.pings,
    "after_done": frame_edits.after_done,
}
"""What is odd about the events."""

TEXT_EDITS: dict[str, TextEdit] = {
    "escaped": text_edits.escaped,
    "several_lines": text_edits.several_lines,
    "no_space": text_edits.no_space,
    "crlf": text_edits.crlf,
    "cr": text_edits.cr,
}
"""What is odd about how each event is written."""

BODY_EDITS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "bom": text_edits.bom,
    "broken_event": text_edits.broken_event,
    "unterminated": text_edits.unterminated,
    "one_write": text_edits.one_write,
}
"""What is odd about one event among the written ones."""

MANNER_EDITS = ("late_close", "charset", "json_instead")
"""What is odd about the answer around its events; they are in `plays`."""

EDITS = (*FRAME_EDITS, *TEXT_EDITS, *BODY_EDITS, *MANNER_EDITS)
"""All names that a step may use."""


def edited(frames: list[Frame], names: tuple[str, ...]) -> list[Frame]:
    """The events after the edits of them, in the order in which they are named."""
    for name in names:
        if name in FRAME_EDITS:
            frames = FRAME_EDITS[name](frames)
    return frames


def rewritten(events: list[bytes], names: tuple[str, ...]) -> list[bytes]:
    """The written events after the other edits, in the order in which they are named."""
    for name in names:
        if name in TEXT_EDITS:
            events = [TEXT_EDITS[name](event) for event in events]
        elif name in BODY_EDITS:
            events = BODY_EDITS[name](events)
    return events
