"""Instances of a JSON Schema: the smallest that also says what the user asked about."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from reference_gateway.arguments import Schema, Source, is_city_like
from reference_gateway.patterns import UnsupportedPattern, example

# Recursive schemas end here, and so do those that ask for too much.
_MAX_DEPTH = 8
_MAX_VALUES = 500
_MAX_LENGTH = 1_000
_MAX_MERGES = 32
_MAX_PASSES = 16
# From here on the branch is taken that comes to an end soonest.
_DEEP = 2
_TYPES = ("object", "array", "integer", "number", "boolean", "null", "string")
_BRANCHED = ("anyOf", "oneOf")
_FORMATS = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "time": "03:04:05Z",
    "duration": "P1D",
    "email": "ada@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}


def instance(schema: Schema, source: Source) -> Any:
    """A value that is valid against the schema; required properties and cities are filled."""
    return _Writer(schema, source).value(schema, "", 0)


class _Writer:
    """Writes a value for one schema; `$ref` is looked up in its root."""

    def __init__(self, root: Schema, source: Source) -> None:
        self.root = root
        self.source = source
        self.values_left = _MAX_VALUES
        self.heights = _heights(root)

    def value(self, schema: object, name: str, depth: int) -> Any:
        """A value for the property `name`."""
        self.values_left -= 1
        if self.values_left < 0:
            return None
        found = self.resolved(_mapping(schema), depth)
        if "const" in found:
            return found["const"]
        if _list(found.get("enum")):
            return found["enum"][0]
        return self.typed(found, _type(found), name, depth)

    def resolved(self, schema: Schema, depth: int) -> Schema:
        """The schema with references followed, parts merged and one branch chosen."""
        for _ in range(_MAX_MERGES):
            word = next((key for key in ("$ref", "allOf", *_BRANCHED) if key in schema), None)
            if word is None:
                break
            rest = {key: value for key, value in schema.items() if key != word}
            schema = _merged(rest, self.chosen(word, schema[word], depth))
        return schema

    def chosen(self, word: str, value: object, depth: int) -> Sequence[Schema]:
        """The schemas that a keyword adds: what it refers to, all parts, or one branch."""
        if word == "$ref":
            return [_lookup(self.root, value)]
        found = [_mapping(branch) for branch in _list(value)]
        if word == "allOf" or not found:
            return found
        heights = [_height(branch, self.heights) for branch in found]
        ends = min(heights) if depth >= _DEEP else next(filter(math.isfinite, heights), heights[0])
        return [found[heights.index(ends)]]

    def typed(self, schema: Schema, kind: str, name: str, depth: int) -> Any:
        """A value of one JSON type."""
        if kind == "object":
            return self.object(schema, depth)
        if kind == "array":
            return self.array(schema, name, depth)
        if kind in ("integer", "number"):
            return _number(schema, is_integer=kind == "integer")
        if kind == "string":
            return self.string(schema, name)
        return {"boolean": True, "null": None}[kind]

    def array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        """As few elements as are allowed, but one where there may be one."""
        items = schema.get("items")
        is_easy = depth < _DEEP or not _height(_mapping(items), self.heights)
        least = _length(schema, "minItems", 0)
        count = max(least, min(1 if is_easy else 0, _length(schema, "maxItems", 1)))
        return [self.value(items, name, depth + 1) for _ in range(count)]

    def object(self, schema: Schema, depth: int) -> dict[str, Any]:
        """An object with what is required, and with every city-like property."""
        if depth > _MAX_DEPTH:
            return {}
        properties, required = _mapping(schema.get("properties")), _strings(schema.get("required"))
        names = [name for name in properties if name in required or is_city_like(name)]
        names += [name for name in required if name not in properties]
        others = schema.get("additionalProperties")
        return {name: self.value(properties.get(name, others), name, depth + 1) for name in names}

    def string(self, schema: Schema, name: str) -> str:
        """A string of the wanted pattern, format and length."""
        least = _length(schema, "minLength", 0)
        if isinstance(schema.get("pattern"), str):
            return _matching(schema["pattern"], least) or self.source.string(name)
        found = _FORMATS.get(str(schema.get("format"))) or self.source.string(name)
        padded = found.ljust(least, "x")
        return padded[: _length(schema, "maxLength", len(padded))]


def _matching(pattern: str, length: int) -> str:
    """A text that matches and is at least so long; empty where none can be made."""
    found = ""
    try:
        for more in range(length + 1):
            found = example(pattern, more)
            if len(found) >= length:
                break
    except UnsupportedPattern:
        return found
    return found


def _heights(root: Schema) -> dict[str, float]:
    """How deep the smallest value of each referenced schema is; infinite where it never ends."""
    heights = dict.fromkeys(_references(root), math.inf)
    for _ in range(_MAX_PASSES):
        found = {name: _height(_lookup(root, name), heights) for name in heights}
        if found == heights:
            break
        heights = found
    return heights


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for child in value.values():
            yield from _references(child)
    for child in _list(value):
        yield from _references(child)


def _height(schema: Schema, heights: dict[str, float]) -> float:
    """How deep the smallest value is, given that of the references."""
    parts = [_height(_mapping(part), heights) for part in _list(schema.get("allOf"))]
    if "$ref" in schema:
        parts.append(heights.get(str(schema["$ref"]), 0))
    for word in _BRANCHED:
        branches = [_height(_mapping(branch), heights) for branch in _list(schema.get(word))]
        parts += [min(branches)] if branches else []
    required, properties = _strings(schema.get("required")), _mapping(schema.get("properties"))
    children = [_mapping(properties.get(name)) for name in required]
    if _length(schema, "minItems", 0):
        children.append(_mapping(schema.get("items")))
    parts += [1 + _height(child, heights) for child in children]
    return max(parts, default=0)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _strings(value: object) -> list[str]:
    return [entry for entry in _list(value) if isinstance(entry, str)]


def _length(schema: Schema, name: str, default: int) -> int:
    found = schema.get(name, default)
    return min(max(found, 0), _MAX_LENGTH) if isinstance(found, int) else default


def _type(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((word for word in kind if word != "null"), "null")
    if kind is None:
        kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
    return kind if kind in _TYPES else "string"


def _merged(rest: Schema, parts: Sequence[Schema]) -> Schema:
    """Schemas that all hold at once, as one."""
    for part in parts:
        properties = {**_mapping(rest.get("properties")), **_mapping(part.get("properties"))}
        required = [*_strings(rest.get("required")), *_strings(part.get("required"))]
        rest = {**part, **rest}
        if properties:
            rest |= {"properties": properties, "required": required}
    return rest


def _lookup(root: Schema, reference: object) -> Schema:
    found: Any = root
    for step in str(reference).removeprefix("#").split("/")[1:]:
        found = _mapping(found).get(step.replace("~1", "/").replace("~0", "~"))
    return _mapping(found)


def _number(schema: Schema, *, is_integer: bool) -> int | float:
    """1 where that is allowed, else the next number that is."""
    step = _fraction(schema.get("multipleOf")) or Fraction(0)
    if is_integer:
        step = step if step.denominator == 1 and step else max(step, Fraction(1))
    low, high = _bounds(schema, step or Fraction(1, 1000))
    found = max(Fraction(1), low) if low is not None else Fraction(1)
    found = min(found, high) if high is not None else found
    if step:
        up = step * math.ceil(found / step)
        found = up if high is None or up <= high else step * math.floor(found / step)
    return int(found) if found.denominator == 1 else float(found)


def _bounds(schema: Schema, step: Fraction) -> tuple[Fraction | None, Fraction | None]:
    """The least and the greatest value; next to an exclusive bound, by a step or half the way."""
    low, high = _fraction(schema.get("minimum")), _fraction(schema.get("maximum"))
    above, below = (_fraction(schema.get(f"exclusive{word}")) for word in ("Minimum", "Maximum"))
    if above is not None and below is not None:
        step = min(step, (below - above) / 2)
    if above is not None:
        low = max(above + step, low) if low is not None else above + step
    if below is not None:
        high = min(below - step, high) if high is not None else below - step
    return low, high


def _fraction(value: object) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Fraction(str(value)) if math.isfinite(value) else None
