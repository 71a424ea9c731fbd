"""One member of a JSON text is changed; every other byte of it stays as it was.

Numbers that Python would round, the order of members, white space and escapes: whoever
wrote them meant them, and whoever reads them may depend on them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from reference_gateway.wire import dump

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class _Member:
    """Where a member of an object stands: its name, its value, and the end of the value."""

    name: str
    start: int
    value: int
    end: int


def replaced(text: str, path: tuple[str, ...], value: object) -> str:
    """The text with another value at the path; without such a member it stays as it is.

    Of a name that is given twice both are replaced, since readers differ in which one counts.
    """
    return _replaced(text, _after_space(text, 0), path, dump(value))


def added(text: str, name: str, value: object) -> str:
    """The text of an object with one more member, at its end."""
    members = list(_members(text, _after_space(text, 0)))
    end = members[-1].end if members else text.index("{") + 1
    comma = "," if members else ""
    return f"{text[:end]}{comma}{dump(name)}:{dump(value)}{text[end:]}"


def without(text: str, name: str) -> str:
    """The text of an object without a member, and without the comma that it needed."""
    members = list(_members(text, _after_space(text, 0)))
    for place in reversed(range(len(members))):
        if members[place].name == name:
            start, end = members[place].start, members[place].end
            if place > 0:
                start = members[place - 1].end
            elif len(members) > 1:
                end = members[1].start
            text = text[:start] + text[end:]
            members = list(_members(text, _after_space(text, 0)))
    return text


def _replaced(text: str, start: int, path: tuple[str, ...], value: str) -> str:
    name, *inner = path
    # From the last to the first, so that what stands before is still in its place.
    for member in reversed(list(_members(text, start))):
        if member.name != name:
            continue
        if inner:
            text = _replaced(text, member.value, tuple(inner), value)
        else:
            text = text[: member.value] + value + text[member.end :]
    return text


def _members(text: str, start: int) -> Iterator[_Member]:
    """The members of the object that begins there; none where there is no object."""
    if text[start : start + 1] != "{":
        return
    place = _after_space(text, start + 1)
    while text[place] != "}":
        name, end = _DECODER.raw_decode(text, place)
        value = _after_space(text, _after_space(text, end) + 1)
        _, end = _DECODER.raw_decode(text, value)
        yield _Member(name, place, value, end)
        place = _after_space(text, end)
        if text[place] == ",":
            place = _after_space(text, place + 1)


def _after_space(text: str, start: int) -> int:
    found = _SPACE.match(text, start)
    return found.end() if found else start
