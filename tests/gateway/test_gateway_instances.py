"""Structured answers are instances of the schema, whatever the documented subset can say."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reference_gateway.arguments import Source
from reference_gateway.instances import instance
from reference_gateway.patterns import UnsupportedPattern, example

_CLOSED = {"additionalProperties": False}


def closed(required: bool = True, **properties: Any) -> dict[str, Any]:
    """An object schema as strict outputs want it: everything required, nothing else allowed."""
    named = {"required": list(properties)} if required else {}
    return {"type": "object", "properties": properties, **named, **_CLOSED}


def held(schema: Any) -> dict[str, Any]:
    """A schema as the only property of an object."""
    return closed(value=schema)


_NODE = closed(
    name={"type": "string"}, next={"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}
)
_TREE = closed(name={"type": "string"}, children={"type": "array", "items": {"$ref": "#"}})
_BINARY = closed(
    left={"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]},
    right={"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]},
)
_EXPRESSION = {
    "anyOf": [
        closed(kind={"const": "sum"}, parts={"$ref": "#/$defs/parts"}),
        closed(kind={"const": "number"}, value={"type": "number"}),
    ]
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "empty object": closed(),
    "every type": closed(
        text={"type": "string"},
        count={"type": "integer"},
        share={"type": "number"},
        flag={"type": "boolean"},
        none={"type": "null"},
        list={"type": "array", "items": {"type": "string"}},
    ),
    "optional only": closed(required=False, text={"type": "string"}),
    "open object": {"type": "object", "properties": {"a": {"type": "string"}}},
    "no type": {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
    "nested": closed(a=closed(b=closed(c=closed(d=closed(e={"type": "integer"}))))),
    "nested arrays": held({"type": "array", "items": {"type": "array", "items": held({})}}),
    "deep arrays": held(
        {"type": "array", "minItems": 2, "items": {"type": "array", "minItems": 2, "items": {}}}
    ),
    "enum": held({"type": "string", "enum": ["b", "a"]}),
    "enum of numbers": held({"type": "integer", "enum": [7, 8]}),
    "enum with null": held({"type": ["string", "null"], "enum": [None, "a"]}),
    "const": held({"const": "only"}),
    "const null": held({"const": None}),
    "const object": held({"const": {"a": [1, 2]}}),
    "nullable": held({"type": ["null", "integer"]}),
    "only null": held({"type": "null"}),
    "any of types": held({"anyOf": [{"type": "integer"}, {"type": "string"}]}),
    "any of objects": held({"anyOf": [closed(a={"type": "string"}), closed(b={"type": "null"})]}),
    "any of beside properties": {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "anyOf": [{"required": ["b"]}, {"required": ["a"]}],
    },
    "nested any of": held({"anyOf": [{"anyOf": [{"type": "boolean"}]}, {"type": "null"}]}),
    "one of": held({"oneOf": [{"type": "integer"}, {"type": "string"}]}),
    "all of": {"allOf": [closed(required=True) | {"additionalProperties": True}, held({})]},
    "minimum": held({"type": "integer", "minimum": 7}),
    "maximum": held({"type": "integer", "maximum": -3}),
    "between": held({"type": "integer", "minimum": 40, "maximum": 40}),
    "exclusive integers": held({"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 6}),
    "fractional bounds": held({"type": "integer", "minimum": 2.5, "maximum": 3.5}),
    "exclusive numbers": held({"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1.1}),
    "narrow numbers": held({"type": "number", "minimum": 0.25, "maximum": 0.5}),
    "small and exclusive": held(
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e-6}
    ),
    "multiple": held({"type": "integer", "multipleOf": 6, "minimum": 13}),
    "multiple below": held({"type": "integer", "multipleOf": 4, "maximum": -1}),
    "multiple of a half": held({"type": "number", "multipleOf": 0.5, "exclusiveMinimum": 1}),
    "zero only": held({"type": "number", "minimum": 0, "maximum": 0}),
    "at least": held({"type": "array", "items": {"type": "string"}, "minItems": 3}),
    "at most": held({"type": "array", "items": {"type": "string"}, "maxItems": 2}),
    "exactly": held({"type": "array", "items": held({}), "minItems": 2, "maxItems": 2}),
    "no elements": held({"type": "array", "items": {"type": "string"}, "maxItems": 0}),
    "short text": held({"type": "string", "maxLength": 2}),
    "long text": held({"type": "string", "minLength": 60}),
    "pattern": held({"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"}),
    "pattern with choices": held({"type": "string", "pattern": "^(?:red|green)(-dark)?$"}),
    "pattern with length": held({"type": "string", "pattern": "^@[a-zA-Z0-9_]+$", "minLength": 9}),
    "pattern with escapes": held({"type": "string", "pattern": r"^\d{2}\.\d+\s\w*$"}),
    "pattern with negation": held({"type": "string", "pattern": r"^[^a-z\]]+$"}),
    **{
        f"format {name}": held({"type": "string", "format": name})
        for name in (
            *("date", "date-time", "time", "duration", "email"),
            *("hostname", "ipv4", "ipv6", "uuid"),
        )
    },
    "reference": {**closed(a={"$ref": "#/$defs/a"}), "$defs": {"a": held({"type": "integer"})}},
    "escaped reference": {**held({"$ref": "#/$defs/a~1b"}), "$defs": {"a/b": {"type": "null"}}},
    "reference chain": {
        **held({"$ref": "#/$defs/a"}),
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"type": "boolean"}},
    },
    "list of nodes": {**held({"$ref": "#/$defs/node"}), "$defs": {"node": _NODE}},
    "tree": _TREE,
    "binary tree": {**held({"$ref": "#/$defs/tree"}), "$defs": {"tree": _BINARY}},
    "expression": {
        **held({"$ref": "#/$defs/expression"}),
        "$defs": {
            "expression": _EXPRESSION,
            "parts": {"type": "array", "minItems": 2, "items": {"$ref": "#/$defs/expression"}},
        },
    },
    "the branch that ends stands last": {
        **held({"$ref": "#/$defs/a"}),
        "$defs": {"a": {"anyOf": [closed(a={"$ref": "#/$defs/a"}), {"type": "string"}]}},
    },
    "city": closed(city={"type": "string"}, unit={"enum": ["celsius", "kelvin"]}),
}


@pytest.mark.parametrize("schema", [pytest.param(s, id=name) for name, s in SCHEMAS.items()])
def test_an_instance_is_valid(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    found = instance(schema, Source("Lima", 'Tell me about "fog".'))

    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(found)
    assert found == instance(schema, Source("Lima", 'Tell me about "fog".'))


@pytest.mark.parametrize("more", [0, 1, 5])
@pytest.mark.parametrize(
    "pattern",
    [
        *("^abc$", "a|b", "^(a|b)+$", "^[a-c]{2,4}x?$", r"^\+?\d{3}-\d{4}$", "^[A-Z][a-z]*$"),
        *(r"^[^\s@]+@[^\s@]+\.[a-z]{2,}$", r"^#[0-9a-fA-F]{6}$", "^(?P<year>[0-9]{4})-.*$", "x*?"),
        *(r"^[\w.-]+$", r"^[]a]$", r"^\$\(\)\[\]\{\}$", "^日本$", "", r"\bword\b", "^a{0}b$"),
    ],
)
def test_an_example_matches_its_pattern(pattern: str, more: int) -> None:
    assert re.search(pattern, example(pattern, more))


@pytest.mark.parametrize(
    "pattern", ["(?=a)b", r"(a)\1", "(a", "a)", "[a", "a\\", r"\p{L}", "(a{900}){900}", "[z-a]"]
)
def test_a_pattern_that_cannot_be_written_is_said_so(pattern: str) -> None:
    with pytest.raises(UnsupportedPattern):
        example(pattern)
