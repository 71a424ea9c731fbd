"""The quick test of a shape and jsonschema say the same."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from conformance.fit import test_of as fit_of

SCHEMAS = {
    id: schema
    for name in ("anthropic.json", "openai.json")
    for id, schema in json.loads((files("conformance.schemas") / name).read_text("utf-8"))[
        "$defs"
    ].items()
}


def _words(value: Any) -> set[str]:
    """Every text in the schemas: property names, constants, patterns."""
    if isinstance(value, dict):
        return set(value) | {word for inner in value.values() for word in _words(inner)}
    if isinstance(value, list):
        return {word for inner in value for word in _words(inner)}
    return {value} if isinstance(value, str) else set()


WORDS = st.sampled_from([*sorted(_words(SCHEMAS)), "", "msg_1", "a b"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.sampled_from([0.0, 1.0, 1.5, -1.0, 1e300])
    | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)


def fitting(schema: Any) -> st.SearchStrategy[Any]:
    """Values near a schema: objects with its properties, each near its own schema or not."""
    names = schema.get("properties", {}) if isinstance(schema, dict) else {}
    inner = {name: fitting(part) | VALUES for name, part in names.items()}
    constants = [schema[key] for key in ("const",) if key in schema] + schema.get("enum", [])
    lists = st.lists(fitting(schema["items"]), max_size=2) if "items" in schema else st.nothing()
    objects = st.fixed_dictionaries({}, optional=inner) if inner else st.nothing()
    return st.one_of(VALUES, lists, objects, *(st.just(value) for value in constants))


@pytest.mark.parametrize("id", list(SCHEMAS))
def test_every_schema_has_a_quick_test(id: str) -> None:
    assert fit_of(SCHEMAS[id])({}) in (True, False)


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_quick_test_agrees_with_jsonschema(data: st.DataObject) -> None:
    schema = SCHEMAS[data.draw(st.sampled_from(sorted(SCHEMAS)))]
    value = data.draw(fitting(schema))

    assert fit_of(schema)(value) is Draft202012Validator(schema).is_valid(value)


def test_a_keyword_without_a_quick_test_is_left_to_jsonschema() -> None:
    with pytest.raises(KeyError):
        fit_of({"type": "object", "propertyNames": {"maxLength": 3}})
