"""The shape of an answer: keys, JSON types, events, headers; never a value.

A shape is flat: a place (`body.usage.input_tokens`) and what stands there (`integer`), so
that two answers are compared by comparing two tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Any
from urllib.parse import urlsplit

from conformance import sse
from conformance.model import Exchange, Recording, Request, Response

Shape = Mapping[str, str]
"""What stands at each place of an answer."""

ABSENT = "absent"
_THEN = " > "
_OR = " or "
_KINDS_SHOWN = 4
_FIRST = ("status", "response", "ended", "body")

# Clients act on these; dates, server names and the ids of proxies come and go.
_NAMES = frozenset({"request-id", "x-request-id", "x-should-retry", "location", "www-authenticate"})
_PREFIXES = ("retry-after", "anthropic-ratelimit-", "x-ratelimit-")
_OF_STREAMS = frozenset({"content-length", "cache-control"})
_TYPES = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    dict: "object",
    list: "array",
}


@dataclass(frozen=True)
class ShapeChange:
    """One place where the answers of two runs to the same request differ in shape.

    `exchange` counts the answers of the scenario from 1; 0 is the scenario as a whole.
    """

    scenario: str
    exchange: int
    where: str
    a: str
    b: str


def shape_changes(
    a: Mapping[str, Recording], b: Mapping[str, Recording]
) -> tuple[ShapeChange, ...]:
    """The differences in shape of the scenarios that both runs have, in order."""
    return tuple(
        change for name in a if name in b for change in _of_scenario(name, a[name], b[name])
    )


def shape(exchange: Exchange) -> Shape:
    """The shape of what came back."""
    response = exchange.response
    if response is None:
        kind = exchange.failure.kind if exchange.failure else "unknown"
        return {"response": f"none ({kind})"}
    whole = {"status": str(response.status), "ended": str(response.ended)}
    return whole | _headers(exchange, response) | _body(exchange, response)


def _of_scenario(name: str, a: Recording, b: Recording) -> Iterator[ShapeChange]:
    ours, theirs = _answers(a), _answers(b)
    if len(ours) != len(theirs):
        yield ShapeChange(name, 0, "exchanges", _count(a, ours), _count(b, theirs))
    shapes_before, shapes_after = _shapes(ours), _shapes(theirs)
    for place, other in _paired(ours, theirs):
        (before, had), (after, has) = shapes_before[place], shapes_after[other]
        # Which of several equal requests gets which answer may be a race.
        if before not in has or after not in had:
            for where, old, new in changes(before, after):
                yield ShapeChange(name, place + 1, where, old, new)


def _paired(ours: list[Exchange], theirs: list[Exchange]) -> Iterator[tuple[int, int]]:
    """The places of the answers to the same request: those sent at once come in any order.

    What only one of the runs sent is paired in the order that is left.
    """
    waiting = dict(enumerate(map(_asked, theirs)))
    same: dict[int, int] = {}
    for place, asked in enumerate(map(_asked, ours)):
        found = next((other for other, sent in waiting.items() if sent == asked), None)
        if found is not None:
            same[place] = found
            del waiting[found]
    rest = iter(waiting)
    for place in range(len(ours)):
        other = same[place] if place in same else next(rest, None)
        if other is not None:
            yield place, other


def _asked(exchange: Exchange) -> tuple[str | bytes, ...]:
    """What was sent, with whose key, to whichever host."""
    request, url = exchange.request, urlsplit(exchange.request.url)
    return (request.method, url.path, url.query, request.body, exchange.credential)


def _shapes(answers: list[Exchange]) -> list[tuple[Shape, list[Shape]]]:
    """The shape of each answer, and those of all answers to an equal request."""
    requests = [(exchange.request, exchange.credential) for exchange in answers]
    shapes = [shape(exchange) for exchange in answers]
    equal: dict[tuple[Request, str], list[Shape]] = defaultdict(list)
    for request, found in zip(requests, shapes, strict=True):
        if found not in equal[request]:
            equal[request].append(found)
    return [(found, equal[request]) for request, found in zip(requests, shapes, strict=True)]


def _answers(recording: Recording) -> list[Exchange]:
    return [exchange for exchange in recording.final if exchange.side == "client"]


def _count(recording: Recording, answers: list[Exchange]) -> str:
    reason = f" ({recording.not_recorded})" if recording.not_recorded else ""
    return f"{len(answers)}{reason}"


def changes(a: Shape, b: Shape) -> Iterator[tuple[str, str, str]]:
    """The places where two shapes differ, without what follows from a place told before."""
    told: tuple[str, ...] = ()
    for where in sorted({*a, *b}, key=_order):
        before, after = a.get(where, ABSENT), b.get(where, ABSENT)
        if before != after and not where.startswith(told):
            told = (*told, *_implied(where, before, after))
            yield (where, *_where_they_part(before, after))


def _order(where: str) -> tuple[int, str]:
    """The status first, because it explains the rest."""
    return (_FIRST.index(where) if where in _FIRST else len(_FIRST), where)


def _implied(where: str, before: str, after: str) -> tuple[str, ...]:
    """The beginnings of the places that differ because this one does."""
    if where == "status":
        return ("body.", "events", "headers.c")
    if where == "body":
        return ("body.", "body[", "events")
    if where == "events" and ABSENT not in (before, after):
        return ()
    return (f"{where}.", f"{where}[")


def _where_they_part(before: str, after: str) -> tuple[str, str]:
    """Two long sequences from the first event in which they differ."""
    ours, theirs = before.split(_THEN), after.split(_THEN)
    if len(ours) < 2 or len(theirs) < 2:
        return before, after
    pairs = enumerate(zip_longest(ours, theirs))
    start = next(number for number, (one, other) in pairs if one != other)
    return _from(ours, start), _from(theirs, start)


def _from(kinds: list[str], start: int) -> str:
    """Some of a sequence of events, with the one before for orientation."""
    first = max(0, start - 1)
    some = kinds[first : first + _KINDS_SHOWN]
    rest = ["..."] if first + _KINDS_SHOWN < len(kinds) else []
    return _THEN.join([*(["..."] if first else []), *some, *(rest or ["end"])])


def _headers(exchange: Exchange, response: Response) -> dict[str, str]:
    found = {"headers.content-type": response.media_type or ABSENT}
    encoding = response.header("content-encoding")
    if encoding:
        found["headers.content-encoding"] = encoding
    for name in {name.lower() for name, _ in response.headers}:
        of_stream = exchange.is_streamed and name in _OF_STREAMS
        if name in _NAMES or name.startswith(_PREFIXES) or of_stream:
            found[f"headers.{name}"] = "present"
    return found


def _body(exchange: Exchange, response: Response) -> dict[str, str]:
    if not response.body:
        return {"body": "empty"}
    if response.media_type == "text/event-stream" and exchange.events:
        return {"body": "events", **_events(exchange.events)}
    if response.json is None and response.body.strip() != b"null":
        return {"body": "HTML" if response.is_html else "text, no JSON"}
    return json_shape(response.json, "body")


def json_shape(value: Any, top: str) -> dict[str, str]:
    """Every place in a JSON value with its type; the members of a list share one place."""
    found: dict[str, set[str]] = defaultdict(set)
    waiting = [(top, value)]
    while waiting:
        where, current = waiting.pop()
        found[where].add(_TYPES[type(current)])
        if isinstance(current, dict):
            waiting += [(f"{where}.{key}", member) for key, member in current.items()]
        elif isinstance(current, list):
            waiting += [(f"{where}[]", member) for member in current]
    return {where: _OR.join(sorted(types)) for where, types in found.items()}


def _events(events: Iterable[sse.Event]) -> dict[str, str]:
    """The order of the kinds, each told once in a row, and the shape of each kind's data."""
    # A ping comes by the clock: where it stands, and whether one comes at all, is no shape.
    told = [event for event in events if event.type != "ping"]
    shapes: dict[str, set[str]] = defaultdict(set)
    for event in told:
        if event.object:
            for where, types in json_shape(event.object, f"events.{_label(event)}").items():
                shapes[where] |= set(types.split(_OR))
    order = {"events": _THEN.join(kind for kind, _ in groupby(map(_kind, told)))}
    return order | {where: _OR.join(sorted(types)) for where, types in shapes.items()}


def _label(event: sse.Event) -> str:
    """What the data of an event are called: its type, or `chunk` for OpenAI's."""
    if isinstance(event.object.get("choices"), list):
        return "chunk"
    return event.type or event.name


def _kind(event: sse.Event) -> str:
    data = event.object
    if not data:
        return event.data if event.data == sse.DONE else "no JSON object"
    choices = data.get("choices")
    if isinstance(choices, list):
        return f"chunk({' '.join(_parts(data, choices))})"
    inner = data.get("content_block") or data.get("delta")
    part = inner.get("type") if isinstance(inner, dict) else None
    return f"{_label(event)}({part})" if part else _label(event)


def _parts(chunk: Mapping[str, Any], choices: list[Any]) -> list[str]:
    """What a chunk of a completion brings."""
    found: list[str] = []
    for choice in choices:
        delta = choice.get("delta") if isinstance(choice, dict) else None
        members = delta.items() if isinstance(delta, dict) else ()
        found += [key for key, value in members if value not in (None, "", [])]
        if isinstance(choice, dict) and choice.get("finish_reason"):
            found.append("finish")
    return sorted(set(found)) + (["usage"] if chunk.get("usage") else [])
