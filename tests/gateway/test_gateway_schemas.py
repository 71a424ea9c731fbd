"""Arguments of tool calls are instances of the tool's schema, however odd the schema is."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from gateway_live import Live, anthropic_tool, openai_tool

_NODE = {"type": "object", "required": list("abcdefgh"), "properties": {}}
_NODE["properties"] = {name: {"$ref": "#/$defs/node"} for name in "abcdefgh"}
VALID: dict[str, Any] = {
    "nothing": {"type": "object", "properties": {}},
    "types": {
        "type": "object",
        "properties": {
            "text": {"type": "string", "minLength": 12},
            "short": {"type": "string", "maxLength": 2},
            "count": {"type": "integer", "minimum": 7},
            "share": {"type": "number", "maximum": 0.5},
            "step": {"type": "integer", "multipleOf": 5, "exclusiveMinimum": 5},
            "flag": {"type": "boolean"},
            "unit": {"enum": ["celsius", "kelvin"]},
            "none": {"type": "null"},
            "day": {"type": "string", "format": "date"},
            "maybe": {"type": ["null", "string"]},
            "list": {"type": "array", "items": {"type": "integer"}, "minItems": 3},
        },
        "required": [
            *("text", "short", "count", "share", "step", "flag", "unit", "none"),
            *("day", "maybe", "list"),
        ],
        "additionalProperties": False,
    },
    "references": {
        "type": "object",
        "properties": {"place": {"$ref": "#/$defs/place"}, "way": {"anyOf": [{"type": "integer"}]}},
        "required": ["place", "way"],
        "$defs": {
            "place": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            }
        },
    },
}
HOSTILE: dict[str, Any] = {
    "wrong types": {
        "type": "object",
        "properties": {"a": {"type": "array", "minItems": "x"}, "b": {"minimum": []}, "c": 7},
        "required": ["a", "b", "c", {}, 5],
    },
    "not even lists": {"type": "object", "properties": [], "required": 5, "anyOf": 3},
    "endless": {"type": "object", "properties": {}, "$ref": "#"},
    "exploding": {"type": "object", "$ref": "#/$defs/node", "$defs": {"node": _NODE}},
    "huge": {
        "type": "object",
        "properties": {
            "city": {"type": "string", "minLength": 10**12},
            "places": {"type": "array", "minItems": 10**12, "items": {"type": "integer"}},
        },
        "required": ["places"],
    },
}


@pytest.mark.parametrize("name", VALID)
def test_arguments_are_valid(gateway: Live, name: str) -> None:
    tool = anthropic_tool(schema=VALID[name])
    answer = gateway.messages("Go.", tools=[tool], tool_choice={"type": "any"}).json()
    jsonschema.validate(answer["content"][0]["input"], VALID[name])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_schema_never_makes_a_5xx(gateway: Live, name: str) -> None:
    schema = HOSTILE[name]
    answer = gateway.messages(
        "Go.", tools=[anthropic_tool(schema=schema)], tool_choice={"type": "any"}
    )
    assert answer.status_code < 500
    strict = openai_tool(schema=schema)
    strict["function"]["strict"] = True
    for tool in (openai_tool(schema=schema), strict):
        assert gateway.chat("Go.", tools=[tool], tool_choice="required").status_code < 500
