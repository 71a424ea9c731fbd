"""Where a violation points: `events[3].data.index` read into its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

Path = tuple[str | int, ...]
"""Keys and positions from the top of a JSON value to a place inside it."""

PARTS = ("status", "headers", "body", "events", "blocks")

_REQUEST = "request."
_HEAD = re.compile(r"(?P<part>[a-z]+)(?:\[(?P<index>\d*)\])?")
_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<number>\d+)\]|\['(?P<quoted>[^']*)'\]")
_UNSAFE = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(frozen=True)
class Place:
    """A part of an exchange, the number of an event or block in it, the path inside.

    `part` is one of PARTS, `request headers` or `request body`, or empty where the
    exchange as a whole is meant.
    """

    part: str
    index: int | None = None
    path: Path = ()


def read(where: str) -> Place:
    """The place that a violation's `where` names."""
    if where.startswith(_REQUEST):
        inner = read(where.removeprefix(_REQUEST))
        is_known = inner.part in ("headers", "body")
        return replace(inner, part=f"request {inner.part}") if is_known else Place("")
    head = _HEAD.match(where)
    if head is None or head["part"] not in PARTS:
        return Place("")
    part, rest = head["part"], where[head.end() :]
    if part == "headers":
        return Place(part, None, (rest.removeprefix(".").lower(),))
    path = tuple(_step(step) for step in _STEP.finditer(rest))
    if part == "events" and path[:1] == ("data",):
        path = path[1:]
    return Place(part, int(head["index"]) if head["index"] else None, path)


def anchor(exchange: str, where: str = "") -> str:
    """The id in the page of an exchange, or of a place in it: `anthropic-plain-1-status`."""
    return _UNSAFE.sub("-", f"{exchange} {where}").strip("-")


def _step(step: re.Match[str]) -> str | int:
    if step["number"] is not None:
        return int(step["number"])
    return step["name"] if step["name"] is not None else step["quoted"]
