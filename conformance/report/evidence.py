"""An exchange as a page shows it: request, response, event timeline, marked places.

Pure: values in, values out. What is marked is never cut away, however long the rest.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from conformance.model import Ended, Exchange, Headers, Recording, Request, Response, Verdict
from conformance.report import curl
from conformance.report.attempts import Attempt, attempts, request_id
from conformance.report.listing import Segment, deepest, lines_of, segments, visible
from conformance.report.place import Path, Place, anchor
from conformance.report.place import read as read_place
from conformance.report.timeline import Timeline, timeline


@dataclass(frozen=True)
class Note:
    """What one requirement says about a place."""

    requirement: str
    outcome: str
    expected: str
    actual: str


@dataclass(frozen=True)
class Mark:
    """A place in an exchange that some requirement objects to."""

    id: str
    where: str
    place: Place
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class HeaderRow:
    """One header line; `marks` are the ids of the marks on it."""

    name: str
    value: str
    marks: tuple[str, ...] = ()
    is_absent: bool = False


@dataclass(frozen=True)
class Panel:
    """Everything the page shows of one exchange.

    `marks` are keyed by id; those in `loose` belong to no line and stand at the top.
    """

    id: str
    exchange: Exchange
    file: str
    title: str
    ended: str
    command: str
    variables: tuple[str, ...]
    request_headers: tuple[HeaderRow, ...]
    request_body: tuple[Segment, ...]
    headers: tuple[HeaderRow, ...]
    body: tuple[Segment, ...]
    timeline: Timeline | None
    marks: Mapping[str, Mark]
    loose: tuple[str, ...]
    facts: tuple[Segment, ...] = field(default=())
    attempts: tuple[Attempt, ...] = field(default=())

    @property
    def side(self) -> str:
        """Where it was seen, and behind the gateway as which provider."""
        own = self.exchange
        return f"{own.side}, provider {own.provider}" if own.is_upstream else str(own.side)

    @property
    def request_id(self) -> str:
        """The gateway's id for this exchange; empty where it gave none."""
        return visible(request_id(self.exchange))

    @property
    def said(self) -> tuple[tuple[str, str], ...]:
        """The requirements that object, each with its outcome."""
        notes = (note for mark in self.marks.values() for note in mark.notes)
        return tuple((note.requirement, note.outcome) for note in notes)

    @property
    def objections(self) -> int:
        """How many notes the requirements left on this exchange."""
        return sum(len(mark.notes) for mark in self.marks.values())

    def at(self, part: str) -> tuple[str, ...]:
        """The ids of the marks on a part as a whole, such as `status`."""
        return tuple(mark.id for mark in self.marks.values() if mark.place.part == part)


_ENDED = {
    Ended.COMPLETE: "complete",
    Ended.CUT: "cut: the connection broke before the body was complete",
    Ended.SILENT: "given up: no byte came for too long",
    Ended.OVERDUE: "given up: the answer took longer than the suite waits",
    Ended.ABANDONED: "left by the suite, on purpose, before its end",
}
_LONG = 24_000
_SHORT = 3_000
_REQUEST = 8_000


def marks_of(verdicts: Iterable[Verdict]) -> dict[str, dict[str, Mark]]:
    """The marks on each exchange, by exchange id and then by the mark's own id."""
    notes: dict[tuple[str, str], list[Note]] = defaultdict(list)
    for verdict in verdicts:
        for violation in verdict.violations:
            note = Note(verdict.requirement, verdict.outcome, violation.expected, violation.actual)
            notes[violation.exchange, violation.where].append(note)
    found: dict[str, dict[str, Mark]] = defaultdict(dict)
    for (exchange, where), said in notes.items():
        id = anchor(exchange, f"at {where}")
        earlier = found[exchange][id].notes if id in found[exchange] else ()
        place = read_place(where)
        found[exchange][id] = Mark(id, where, place, (*earlier, *dict.fromkeys(said)))
    return found


def panels(
    recording: Recording, title: str, marks: Mapping[str, Mapping[str, Mark]]
) -> Iterator[Panel]:
    """The panels of a recording; its facts stand with its last exchange."""
    for exchange in recording.exchanges:
        is_last = exchange is recording.exchanges[-1]
        facts = dict(recording.facts) if is_last else {}
        found = _panel(exchange, recording.scenario, title, marks.get(exchange.id, {}), facts)
        yield replace(found, attempts=attempts([recording], [exchange.id]))


def _panel(
    exchange: Exchange,
    scenario: str,
    title: str,
    marks: Mapping[str, Mark],
    facts: Mapping[str, object],
) -> Panel:
    response, request = exchange.response, exchange.request
    places = {id: mark.place for id, mark in marks.items()}
    stream = timeline(exchange, places, is_long=bool(marks))
    listed = response if stream is None else None
    body = _body(listed, _within(marks, "body"), bool(marks)) if listed else ()
    asked = _request_body(request, _within(marks, "request body"))
    request_headers = _rows(request.headers, _within(marks, "request headers"))
    headers = _rows(response.headers, _within(marks, "headers")) if response else ()
    return Panel(
        id=anchor(exchange.id),
        exchange=exchange,
        file=f"{scenario}.json",
        title=title,
        ended=_ended(exchange),
        command=visible(curl.command(request)),
        variables=curl.variables(request),
        request_headers=request_headers,
        request_body=asked,
        headers=headers,
        body=body,
        timeline=stream,
        marks=marks,
        loose=_loose(
            marks,
            _placed((*asked, *body), (*request_headers, *headers), stream),
            response is not None,
        ),
        facts=_facts(facts),
    )


def _placed(
    body: tuple[Segment, ...], headers: tuple[HeaderRow, ...], stream: Timeline | None
) -> set[str]:
    """The ids of the marks that some line carries."""
    rows = [row.marks for row in headers] + [segment.marks for segment in body]
    shown = {id for marks in rows for id in marks}
    return shown | (stream.placed if stream else set())


def _loose(marks: Mapping[str, Mark], placed: set[str], has_status: bool) -> tuple[str, ...]:
    """The marks that no line carries."""
    parts = {"status"} if has_status else set()
    rest = (id for id, mark in marks.items() if mark.place.part not in parts)
    return tuple(id for id in rest if id not in placed)


def _within(marks: Mapping[str, Mark], part: str) -> dict[str, Place]:
    return {id: mark.place for id, mark in marks.items() if mark.place.part == part}


def _ended(exchange: Exchange) -> str:
    if exchange.response is not None:
        return _ENDED[exchange.response.ended]
    failure = exchange.failure
    return visible(f"no response ({failure.kind}): {failure.detail}") if failure else "no response"


def _rows(headers: Headers, marks: Mapping[str, Place]) -> tuple[HeaderRow, ...]:
    """The headers in order, and one row for each that is missed."""
    on: dict[Path, list[str]] = defaultdict(list)
    for id, place in marks.items():
        on[place.path].append(id)
    rows = [
        HeaderRow(visible(name), visible(value), tuple(on.pop((name.lower(),), ())))
        for name, value in headers
    ]
    absent = [HeaderRow(str(path[0]), "", tuple(ids), True) for path, ids in on.items()]
    return (*rows, *absent)


def _body(response: Response, marks: Mapping[str, Place], is_long: bool) -> tuple[Segment, ...]:
    return _listed(response.text, marks, _LONG if is_long else _SHORT)


def _request_body(request: Request, marks: Mapping[str, Place]) -> tuple[Segment, ...]:
    return _listed(request.body.decode("utf-8", errors="replace"), marks, _REQUEST)


def _listed(text: str, marks: Mapping[str, Place], limit: int) -> tuple[Segment, ...]:
    """A body up to a limit, the lines that marks with a path mean marked."""
    lines = lines_of(text, at_any_length=bool(marks))
    on: dict[int, tuple[str, ...]] = {}
    for id, place in marks.items():
        if place.path:
            number = deepest(lines, place.path)
            on[number] = (*on.get(number, ()), id)
    return segments(lines, on, limit) if text else ()


def _facts(facts: Mapping[str, object]) -> tuple[Segment, ...]:
    return segments(lines_of(json.dumps(facts)), {}, _REQUEST) if facts else ()
