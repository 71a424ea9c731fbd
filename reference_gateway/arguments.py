"""Arguments of a tool call: an instance of the tool's JSON Schema, filled from the prompt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
# Recursive schemas end here, and so do those that ask for too much.
_MAX_DEPTH = 8
_MAX_VALUES = 500
_MAX_LENGTH = 1_000
_CITY_LIKE = re.compile(r"city|location|place|town|destination", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“”]([^\"“”]+)[\"“”]|'([^']+)'(?!\w)")
_FORMATS = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "time": "03:04:05Z",
    "email": "ada@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
}


@dataclass(frozen=True)
class Source:
    """Where values come from: the city that is asked about, and the user's own words."""

    city: str | None
    text: str

    def string(self, name: str) -> str:
        """A value for the string property `name`."""
        if _CITY_LIKE.search(name):
            return self.city or "Paris"
        quoted = _QUOTED.search(self.text)
        return next(filter(None, quoted.groups())) if quoted else "example"


def wants_city(schema: Schema) -> bool:
    """True when one of the properties is named like a city."""
    return any(_CITY_LIKE.search(name) for name in _mapping(schema.get("properties")))


def instance(schema: Schema, source: Source) -> Any:
    """A value that is valid against the schema; required properties and cities are filled."""
    return _Filler(schema, source).value(schema, "", 0)


class _Filler:
    """Walks one schema; `$ref` is looked up in its root."""

    def __init__(self, root: Schema, source: Source) -> None:
        self.root = root
        self.source = source
        self.values_left = _MAX_VALUES

    def value(self, schema: object, name: str, depth: int) -> Any:
        """A value for the property `name`."""
        found = self.resolved(_mapping(schema))
        self.values_left -= 1
        if self.values_left < 0:
            return None
        for word in ("const", "default"):
            if word in found:
                return found[word]
        if _list(found.get("enum")):
            return found["enum"][0]
        return self.typed(found, _type(found), name, depth)

    def resolved(self, schema: Schema) -> Schema:
        """The schema with its reference followed, or its first alternative merged in."""
        for _ in range(_MAX_DEPTH):
            if "$ref" in schema:
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = {**_lookup(self.root, schema["$ref"]), **rest}
                continue
            word = next(
                (key for key in ("anyOf", "oneOf", "allOf") if _list(schema.get(key))), None
            )
            if word is None:
                break
            schema = _merged(schema, word)
        return schema

    def typed(self, schema: Schema, kind: str, name: str, depth: int) -> Any:
        """A value of one JSON type."""
        if kind == "object":
            return self.object(schema, depth)
        if kind == "array":
            count = max(_length(schema, "minItems", 0), 1 if depth < _MAX_DEPTH else 0)
            return [self.value(schema.get("items"), name, depth + 1) for _ in range(count)]
        if kind in ("integer", "number"):
            return _number(schema)
        if kind == "string":
            return self.string(schema, name)
        return {"boolean": True, "null": None}[kind]

    def object(self, schema: Schema, depth: int) -> dict[str, Any]:
        """An object with what is required, and with every city-like property."""
        properties, required = _mapping(schema.get("properties")), _strings(schema.get("required"))
        names = [name for name in properties if name in required or _CITY_LIKE.search(name)]
        names += [name for name in required if name not in properties]
        if depth > _MAX_DEPTH:
            return {}
        return {name: self.value(properties.get(name), name, depth + 1) for name in names}

    def string(self, schema: Schema, name: str) -> str:
        """A string of the wanted format and length."""
        found = _FORMATS.get(str(schema.get("format"))) or self.source.string(name)
        padded = found.ljust(_length(schema, "minLength", 0), "x")
        return padded[: _length(schema, "maxLength", len(padded))]


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _strings(value: object) -> list[str]:
    return [entry for entry in _list(value) if isinstance(entry, str)]


def _length(schema: Schema, name: str, default: int) -> int:
    found = schema.get(name, default)
    return min(max(found, 0), _MAX_LENGTH) if isinstance(found, int) else default


def _bound(schema: Schema, name: str) -> int | float | None:
    found = schema.get(name)
    return found if isinstance(found, int | float) else None


def _type(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((word for word in kind if word != "null"), "null")
    if isinstance(kind, str):
        return (
            kind
            if kind in ("object", "array", "integer", "number", "boolean", "null")
            else ("string")
        )
    return "object" if "properties" in schema else "string"


def _merged(schema: Schema, word: str) -> Schema:
    rest = {key: value for key, value in schema.items() if key != word}
    branches = schema[word] if word == "allOf" else schema[word][:1]
    for branch in branches:
        found = _mapping(branch)
        properties = {**_mapping(rest.get("properties")), **_mapping(found.get("properties"))}
        required = [*_strings(rest.get("required")), *_strings(found.get("required"))]
        rest = {**rest, **found}
        if properties:
            rest |= {"properties": properties, "required": required}
    return rest


def _lookup(root: Schema, reference: object) -> Schema:
    found: Any = root
    for step in str(reference).removeprefix("#").split("/")[1:]:
        found = _mapping(found).get(step.replace("~1", "/").replace("~0", "~"))
    return _mapping(found)


def _number(schema: Schema) -> int | float:
    low, high = _bound(schema, "minimum"), _bound(schema, "maximum")
    above, step = _bound(schema, "exclusiveMinimum"), _bound(schema, "multipleOf")
    low = above + 1 if above is not None else low
    found: int | float = 1 if low is None else max(1, low)
    if step:
        found = step * -(-found // step)
    return found if high is None or found <= high else high
