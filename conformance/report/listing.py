"""Bodies as numbered lines that can be marked, shortened and shown without loss of sense.

JSON is laid out anew, but nothing in it is changed: double keys stay, and numbers are
written as they came. Characters that a page would hide are made visible.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.report.place import Path

LONGEST_LINE = 2_000
"""Characters of one line that are shown."""

LONGEST_JSON = 300_000
"""Characters of JSON that are laid out although nothing in it is marked."""

_WIDTH = 88
_AROUND = 3
# Controls, marks that turn the direction of text, a byte order mark, half surrogates.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True)
class Line:
    """One line of a listing and the path of the value that starts on it."""

    text: str
    path: Path = ()


@dataclass(frozen=True)
class Segment:
    """Lines to be shown together: plain, marked by `marks`, or `left_out` lines."""

    text: str = ""
    marks: tuple[str, ...] = ()
    left_out: int = 0


class _Literal(str):
    """A number, or a constant, as it was written."""


class _Object(tuple[tuple[str, Any], ...]):
    """The members of a JSON object in order, double keys included."""


def visible(text: str) -> str:
    """The text with every character that a page would hide written as its code."""
    return _HIDDEN.sub(_code, text)


def lines_of(text: str, *, at_any_length: bool = False) -> list[Line]:
    """The text as lines: laid out with paths where it is JSON, as it came where not.

    JSON of more than LONGEST_JSON characters is laid out only on demand: it takes
    a second for each million.
    """
    if len(text) > LONGEST_JSON and not at_any_length:
        return [_shown(Line(line)) for line in text.split("\n")]
    try:
        value = json.loads(
            text,
            object_pairs_hook=_Object,
            parse_int=_Literal,
            parse_float=_Literal,
            parse_constant=_Literal,
        )
        return [_shown(line) for line in _laid_out(value, (), "", "", "")]
    except (ValueError, RecursionError):
        return [_shown(Line(line)) for line in text.split("\n")]


def deepest(lines: Sequence[Line], path: Path) -> int:
    """The number of the line where the path, or the longest part of it there is, starts."""
    first = {line.path: number for number, line in reversed(list(enumerate(lines)))}
    while path not in first and path:
        path = path[:-1]
    return first.get(path, 0)


def segments(
    lines: Sequence[Line], marks: Mapping[int, tuple[str, ...]], limit: int
) -> tuple[Segment, ...]:
    """The lines up to `limit` characters, and the marked ones with what stands around."""
    kept = _kept(lines, marks, limit)
    found: list[Segment] = []
    waiting: list[str] = []
    left_out = 0
    for number, line in enumerate(lines):
        if number not in kept:
            left_out += 1
            continue
        if left_out or number in marks:
            found += [*_plain(waiting), *_gap(left_out)]
            waiting, left_out = [], 0
        if number in marks:
            found.append(Segment(line.text, marks[number]))
        else:
            waiting.append(line.text)
    return (*found, *_plain(waiting), *_gap(left_out))


def _kept(lines: Sequence[Line], marks: Mapping[int, object], limit: int) -> set[int]:
    kept = {near for number in marks for near in range(number - _AROUND, number + _AROUND + 1)}
    size = 0
    for number, line in enumerate(lines):
        size += len(line.text) + 1
        if size > limit and number:
            break
        kept.add(number)
    return kept


def _plain(texts: list[str]) -> list[Segment]:
    return [Segment("\n".join(texts))] if texts else []


def _gap(left_out: int) -> list[Segment]:
    return [Segment(left_out=left_out)] if left_out else []


def _laid_out(value: Any, path: Path, pad: str, label: str, comma: str) -> Iterator[Line]:
    flat = _flat(value)
    if flat is not None and (not isinstance(value, list | _Object) or _fits(pad, label, flat)):
        yield Line(f"{pad}{label}{flat}{comma}", path)
        return
    opening, closing = "{}" if isinstance(value, _Object) else "[]"
    yield Line(f"{pad}{label}{opening}", path)
    members = _members(value)
    for position, (key, name, member) in enumerate(members, 1):
        last = position == len(members)
        yield from _laid_out(member, (*path, key), f"{pad}  ", name, "" if last else ",")
    yield Line(f"{pad}{closing}{comma}", (*path, ""))


def _members(value: Any) -> list[tuple[str | int, str, Any]]:
    if isinstance(value, _Object):
        return [(key, f"{_string(key)}: ", member) for key, member in value]
    return [(number, "", member) for number, member in enumerate(value)]


def _flat(value: Any) -> str | None:
    """The value on one line; None for what holds objects or lists."""
    if not isinstance(value, list | _Object):
        return _scalar(value)
    members = _members(value)
    if any(isinstance(member, list | _Object) for _, _, member in members):
        return None
    inside = ", ".join(f"{name}{_scalar(member)}" for _, name, member in members)
    return f"{{{inside}}}" if isinstance(value, _Object) else f"[{inside}]"


def _fits(pad: str, label: str, flat: str) -> bool:
    return len(pad) + len(label) + len(flat) <= _WIDTH


def _scalar(value: Any) -> str:
    if isinstance(value, _Literal):
        return str(value)
    return _string(value) if isinstance(value, str) else json.dumps(value)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _shown(line: Line) -> Line:
    text = visible(line.text[:LONGEST_LINE])
    rest = len(line.text) - LONGEST_LINE
    if rest > 0:
        text += f" [{rest:,} more characters of this line left out]"
    return Line(text, line.path)


def _code(found: re.Match[str]) -> str:
    return f"\u27e8U+{ord(found[0]):04X}\u27e9"
