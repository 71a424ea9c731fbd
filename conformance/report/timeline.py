"""A stream as a drawing and a table: every event with its time, gap, data and marks.

Long streams are shortened in the middle; a marked event and its neighbours stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.model import Exchange, Response
from conformance.report.listing import Segment, deepest, lines_of, segments, visible
from conformance.report.place import Place
from conformance.report.scale import Scale, scale
from conformance.sse import Block, Event

_MOST_ROWS = {True: 300, False: 40}
_TAIL = 6
_AROUND = 3
_LONGEST_DATA = 400
_LONGEST_MARKED = 8_000


@dataclass(frozen=True)
class Row:
    """One event, or the gap where `left_out` events are not shown.

    Times in milliseconds. The row without an index is the end of the stream.
    """

    index: int | None = None
    at_ms: float = 0
    gap_ms: float = 0
    name: str = ""
    data: str = ""
    listing: tuple[Segment, ...] = ()
    marks: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class Framing:
    """The raw lines of a block that some requirement objects to."""

    index: int
    lines: tuple[str, ...]
    is_terminated: bool
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Timeline:
    """The stream of one exchange."""

    rows: tuple[Row, ...]
    framing: tuple[Framing, ...]
    scale: Scale
    events: int
    comments: int
    ended_ms: float

    @property
    def placed(self) -> set[str]:
        """The ids of the marks that some row or block carries."""
        rows = {id for row in self.rows for id in row.marks}
        return rows | {id for block in self.framing for id in block.marks}


def timeline(exchange: Exchange, places: Mapping[str, Place], *, is_long: bool) -> Timeline | None:
    """The timeline of a stream; None for an answer that is none."""
    response = exchange.response
    if response is None or not _is_stream(response) or not exchange.events:
        return None
    events = exchange.events
    marks = _on_rows(events, places)
    on_blocks = {id: place for id, place in places.items() if place.part == "blocks"}
    rows = _rows(events, marks, places, is_long)
    on_end = _on_end(marks, places)
    arrivals_s = [event.at_s for event in events]
    return Timeline(
        rows=(*rows, _end(response, events[-1].at_s, on_end)),
        framing=_framing(exchange.blocks, on_blocks) if on_blocks else (),
        scale=scale(arrivals_s, response.ended_at_s, marks, bool(on_end)),
        events=len(events),
        comments=response.body.count(b"\n:") + response.body.startswith(b":"),
        ended_ms=response.ended_at_s * 1000,
    )


def _is_stream(response: Response) -> bool:
    if response.media_type == "text/event-stream":
        return True
    return response.json is None and response.body.lstrip().startswith((b"data:", b"event:", b":"))


def _on_rows(events: tuple[Event, ...], places: Mapping[str, Place]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for id, place in places.items():
        number = _event_of(events, place) if place.part == "events" else None
        if number is not None:
            found[number] = (*found.get(number, ()), id)
    return found


def _event_of(events: tuple[Event, ...], place: Place) -> int | None:
    """The event that a place means: by its number, or the last one with that name."""
    if place.index is not None:
        return place.index if place.index < len(events) else None
    name = place.path[0] if place.path else None
    return next((e.index for e in reversed(events) if name in (e.name, e.type)), None)


def _on_end(marks: Mapping[int, tuple[str, ...]], places: Mapping[str, Place]) -> tuple[str, ...]:
    """The marks on the stream as a whole: what is missing is missed where it ends."""
    placed = {id for ids in marks.values() for id in ids}
    whole = (id for id, place in places.items() if place.part in ("events", "body"))
    return tuple(id for id in whole if id not in placed)


def _end(response: Response, last_s: float, marks: tuple[str, ...]) -> Row:
    gap_ms = max(0.0, response.ended_at_s - last_s) * 1000
    at_ms = response.ended_at_s * 1000
    return Row(None, at_ms, gap_ms, "", f"end of the body: {response.ended}", marks=marks)


def _rows(
    events: tuple[Event, ...],
    marks: Mapping[int, tuple[str, ...]],
    places: Mapping[str, Place],
    is_long: bool,
) -> tuple[Row, ...]:
    kept = _kept(len(events), marks, _MOST_ROWS[is_long])
    rows: list[Row] = []
    left_out = 0
    for number, event in enumerate(events):
        if number not in kept:
            left_out += 1
            continue
        if left_out:
            rows.append(Row(left_out=left_out))
            left_out = 0
        gap_s = event.at_s - (events[number - 1].at_s if number else 0)
        rows.append(_row(event, gap_s, marks.get(number, ()), places))
    return tuple(rows)


def _kept(count: int, marks: Mapping[int, object], most: int) -> set[int]:
    if count <= most:
        return set(range(count))
    kept = set(range(most - _TAIL)) | set(range(count - _TAIL, count))
    return kept | {n for mark in marks for n in range(mark - _AROUND, mark + _AROUND + 1)}


def _row(
    event: Event,
    gap_s: float,
    marks: tuple[str, ...],
    places: Mapping[str, Place],
) -> Row:
    return Row(
        index=event.index,
        at_ms=event.at_s * 1000,
        gap_ms=gap_s * 1000,
        name=visible(event.name),
        data="" if marks else _shortened(event.data),
        listing=_listing(event, marks, places) if marks else (),
        marks=marks,
    )


def _listing(
    event: Event, marks: tuple[str, ...], places: Mapping[str, Place]
) -> tuple[Segment, ...]:
    """The data laid out, the lines that marks with a path mean marked."""
    lines = lines_of(event.data)
    on: dict[int, tuple[str, ...]] = {}
    for id in marks:
        path = places[id].path if places[id].index is not None else places[id].path[1:]
        if path:
            number = deepest(lines, path)
            on[number] = (*on.get(number, ()), id)
    return segments(lines, on, _LONGEST_MARKED)


def _shortened(data: str) -> str:
    text = visible(data)
    rest = len(text) - _LONGEST_DATA
    return text if rest <= 0 else f"{text[:_LONGEST_DATA]} [{rest:,} more characters]"


def _framing(blocks: tuple[Block, ...], places: Mapping[str, Place]) -> tuple[Framing, ...]:
    on: dict[int, tuple[str, ...]] = {}
    for id, place in places.items():
        if place.index is not None and place.index < len(blocks):
            on[place.index] = (*on.get(place.index, ()), id)
    return tuple(_block(index, blocks[index], marks) for index, marks in sorted(on.items()))


def _block(index: int, block: Block, marks: tuple[str, ...]) -> Framing:
    lines = [_raw(f"{line.field}: {line.value}", line.end) for line in block.lines]
    return Framing(index, tuple(lines), block.terminated, marks)


def _raw(text: str, end: str) -> str:
    """A line with its end written out, so that CR and LF can be told apart."""
    ending = json.dumps(end)[1:-1] if end else " (no line end)"
    return f"{_shortened(text)}{ending}"
