"""Where what went on differs from what was asked: JSON values and tools.

Members of an object may come in another order, and 1 is 1.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from conformance.asked.facts import Asked, Tool

ABSENT = "nothing"
_SHOWN = 160
_SILENT = ("required", "$defs", "definitions")


@dataclass(frozen=True)
class Difference:
    """One place in what went on, what was to stand there, and what does."""

    where: str
    expected: str
    actual: str


def of_values(expected: Any, actual: Any, where: str) -> Iterator[Difference]:
    """The first difference between two JSON values; none where they are the same."""
    yield from islice(_of_values(expected, actual, where), 1)


def _of_values(expected: Any, actual: Any, where: str) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name in [*expected, *(actual.keys() - expected.keys())]:
            place = f"{where}.{name}"
            if name in expected and name in actual:
                yield from _of_values(expected[name], actual[name], place)
            else:
                yield Difference(place, _member(expected, name), _member(actual, name))
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (mine, theirs) in enumerate(zip(expected, actual, strict=True)):
            yield from _of_values(mine, theirs, f"{where}[{index}]")
    elif expected != actual or isinstance(expected, bool) is not isinstance(actual, bool):
        yield Difference(where, shown(expected), shown(actual))


def of_tools(asked: Asked, got: Asked) -> Iterator[Difference]:
    """Tools that are missing, added, or changed in description or schema."""
    theirs = {tool.name: tool for tool in got.tools}
    for tool in asked.tools:
        if tool.name in theirs:
            yield from _of_tool(tool, theirs.pop(tool.name))
        else:
            yield Difference("tools", f"the tool {tool.name}", ABSENT)
    for name, tool in theirs.items():
        yield Difference(tool.where, "only the tools that were offered", f"{name} beside them")


def _of_tool(mine: Tool, theirs: Tool) -> Iterator[Difference]:
    if theirs.description.strip() != mine.description.strip():
        where = f"{theirs.where}.description"
        yield Difference(where, shown(mine.description), shown(theirs.description))
    yield from of_values(_said(mine.schema), _said(theirs.schema), f"{theirs.where}: schema")


def _said(schema: Any) -> Any:
    """A schema without the members that say nothing when they are empty: some gateways add them."""
    if not isinstance(schema, dict):
        return schema
    return {name: value for name, value in schema.items() if value or name not in _SILENT}


def _member(holder: dict[str, Any], name: str) -> str:
    return shown(holder[name]) if name in holder else ABSENT


def shown(value: Any) -> str:
    """A value as it is read in a report."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:_SHOWN]
