"""Whether a value fits a schema: a quick yes or no, compiled from the schema once.

Nearly everything fits, and saying so takes jsonschema a hundred times as long. What does
not fit goes to jsonschema, which alone explains what is wrong. A test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Test = Callable[[Any], bool]


def _integer(value: Any) -> bool:
    is_whole = isinstance(value, float) and value.is_integer()
    return is_whole or (isinstance(value, int) and not isinstance(value, bool))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Mapping[str, Test] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": _integer,
    "number": _number,
}


def test_of(schema: Mapping[str, Any]) -> Test:
    """The test for a schema; raises KeyError for a keyword that has none here."""
    tests = [
        _KEYWORDS[keyword](value, schema)
        for keyword, value in schema.items()
        if keyword not in ("then", "else", "title", "description", "$comment")
    ]
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def _type(names: str | list[str], _: Mapping[str, Any]) -> Test:
    if isinstance(names, str):
        return _TYPES[names]
    tests = [_TYPES[name] for name in names]
    return lambda value: any(test(value) for test in tests)


def _properties(schemas: Mapping[str, Any], _: Mapping[str, Any]) -> Test:
    tests = [(name, test_of(schema)) for name, schema in schemas.items()]
    return lambda value: (
        not isinstance(value, dict)
        or all(name not in value or test(value[name]) for name, test in tests)
    )


def _required(names: list[str], _: Mapping[str, Any]) -> Test:
    wanted = frozenset(names)
    return lambda value: not isinstance(value, dict) or wanted <= value.keys()


def _one_of(values: list[Any], _: Mapping[str, Any]) -> Test:
    if not all(isinstance(value, str) or value is None for value in values):
        raise KeyError("enum")  # numbers and booleans are equal in ways of their own
    return lambda found: (found is None or isinstance(found, str)) and found in values


def _items(schema: Mapping[str, Any], _: Mapping[str, Any]) -> Test:
    test = test_of(schema)
    return lambda value: not isinstance(value, list) or all(map(test, value))


def _if(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Test:
    test, then = test_of(schema), test_of(whole.get("then", {}))
    otherwise = test_of(whole.get("else", {}))
    return lambda value: then(value) if test(value) else otherwise(value)


def _all_of(schemas: list[Mapping[str, Any]], _: Mapping[str, Any]) -> Test:
    tests = [test_of(schema) for schema in schemas]
    return lambda value: all(test(value) for test in tests)


def _any_of(schemas: list[Mapping[str, Any]], _: Mapping[str, Any]) -> Test:
    tests = [test_of(schema) for schema in schemas]
    return lambda value: any(test(value) for test in tests)


def _not(schema: Mapping[str, Any], _: Mapping[str, Any]) -> Test:
    test = test_of(schema)
    return lambda value: not test(value)


def _pattern(pattern: str, _: Mapping[str, Any]) -> Test:
    search = re.compile(pattern).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _min_length(least: int, _: Mapping[str, Any]) -> Test:
    return lambda value: not isinstance(value, str) or len(value) >= least


def _min_items(least: int, _: Mapping[str, Any]) -> Test:
    return lambda value: not isinstance(value, list) or len(value) >= least


def _minimum(least: float, _: Mapping[str, Any]) -> Test:
    return lambda value: not _number(value) or value >= least


_KEYWORDS: Mapping[str, Callable[[Any, Mapping[str, Any]], Test]] = {
    "type": _type,
    "properties": _properties,
    "required": _required,
    "const": lambda value, whole: _one_of([value], whole),
    "enum": _one_of,
    "items": _items,
    "if": _if,
    "allOf": _all_of,
    "anyOf": _any_of,
    "not": _not,
    "pattern": _pattern,
    "minLength": _min_length,
    "minItems": _min_items,
    "minimum": _minimum,
}
