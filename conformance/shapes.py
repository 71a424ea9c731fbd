"""JSON Schemas by requirement id, compiled once: the shape of every answer.

The schemas (draft 2020-12) are open objects with a minimal required core; what
they demand is named in `schemas/SOURCE`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry, Resource

from conformance.fit import Test, test_of
from conformance.model import Violation

_ADDRESS = "https://gateway-conformance.example/schemas/"
_FILES = {"ANT": "anthropic.json", "OAI": "openai.json"}


def mismatches(value: Any, requirement: str, where: str = "body") -> Iterator[Violation]:
    """Every place where a value departs from the shape that a requirement demands."""
    if _fits(requirement)(value):
        return
    for error in sorted(_validator(requirement).iter_errors(value), key=_place):
        yield Violation(
            where=f"{where}{_place(error)}",
            expected=_expectation(error.validator, error.validator_value),
            actual=_shown(error.instance),
        )


def matches(value: Any, requirement: str) -> bool:
    """Whether a value has the shape that a requirement demands."""
    return _fits(requirement)(value)


def schema_mismatches(value: Any, schema: Any, where: str) -> Iterator[Violation]:
    """Every place where a value departs from a schema given in a request."""
    for error in Draft202012Validator(schema).iter_errors(value):
        expected = _expectation(error.validator, error.validator_value)
        yield Violation(f"{where}{_place(error)}", expected, _shown(error.instance))


@cache
def _fits(requirement: str) -> Test:
    """The quick test for a requirement's shape, or jsonschema's where there is none."""
    contents = _registry().contents(f"{_ADDRESS}{_FILES[requirement.partition('-')[0]]}")
    try:
        return test_of(contents["$defs"][requirement])
    except KeyError:
        return _validator(requirement).is_valid


@cache
def _validator(requirement: str) -> Draft202012Validator:
    file = _FILES[requirement.partition("-")[0]]
    return Draft202012Validator(
        {"$ref": f"{_ADDRESS}{file}#/$defs/{requirement}"}, registry=_registry()
    )


def _place(error: ValidationError) -> str:
    return error.json_path.removeprefix("$")


@cache
def _registry() -> Registry[Any]:
    found = files("conformance.schemas").iterdir()
    resources = [
        Resource.from_contents(json.loads(file.read_text(encoding="utf-8")))
        for file in found
        if file.name.endswith(".json")
    ]
    return Registry().with_resources([(resource.id() or "", resource) for resource in resources])


def _expectation(keyword: Any, value: Any) -> str:
    words = {
        "required": "the keys",
        "type": "type",
        "const": "exactly",
        "enum": "one of",
        "minLength": "a text of at least this many characters:",
        "minimum": "at least",
        "minItems": "at least this many elements:",
        "maxItems": "at most this many elements:",
        "pattern": "a text matching",
    }
    shown = " or ".join(map(str, value)) if isinstance(value, list) else json.dumps(value)
    return f"{words.get(keyword, keyword)} {shown}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"an object with the keys {', '.join(value) or '(none)'}"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:117]}..."
