"""Settings out of TOML: a table becomes a value, or a complaint that names the setting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar, get_args

from reference_gateway.catalogue import Model, Task
from reference_gateway.errors import UsageError
from reference_gateway.upstream.providers import PROTOCOLS, Provider, check_key

T = TypeVar("T")
Table = dict[str, Any]


def filled(kind: type[T], table: Table, where: str) -> T:
    """The value that a table describes; raises `UsageError` for what is wrong with it."""
    settings = {field.name: field for field in fields(kind)}  # type: ignore[arg-type] # dataclasses
    for name in table:
        if name not in settings:
            raise UsageError(f"{where}: unknown setting {name!r}; known: {', '.join(settings)}")
    for name, field in settings.items():
        if name not in table and field.default is MISSING:
            raise UsageError(f"{where}: {name} is missing")
    read = {
        name: _read(value, str(settings[name].type), where, name) for name, value in table.items()
    }
    return kind(**read)


def _read(value: object, kind: str, where: str, name: str) -> object:
    if kind in _TABLES:
        return tuple(_TABLES[kind](row, f"{where}: {name}") for row in _rows(value, where, name))
    wanted, fits, read = _KINDS["key" if name == "key" else kind]
    if not fits(value):
        # What stands in the place of a key may be one.
        shown = "" if name == "key" else f", not {_shown(value)}"
        raise UsageError(f"{where}: {name} must be {wanted}{shown}")
    return read(value)


def _rows(value: object, where: str, name: str) -> list[Table]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise UsageError(f"{where}: {name} must be tables, [[{name}]]")
    return value


def _provider(table: Table, where: str) -> Provider:
    return filled(Provider, table, f"{where}: {table.get('name', '?')}")


def _model(table: Table, where: str) -> Model:
    """A model; it is shown under its name where nothing else is said."""
    where = f"{where}: {table.get('name', '?')}"
    shown = {"display_name": table["name"]} if isinstance(table.get("name"), str) else {}
    found = filled(Model, {**shown, **table}, where)
    if found.task == "embedding":
        raise UsageError(f"{where}: providers serve no embeddings")
    return found


def _shown(value: object) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: object) -> bool:
    return _is_whole(value) or (isinstance(value, Decimal) and value.is_finite() and value >= 0)


def _is_rate(value: object) -> bool:
    return _is_number(value) and value != 0


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_presets(value: object) -> bool:
    if not isinstance(value, list) or not value:
        return False
    return all(_is_whole(entry) and entry > 0 for entry in value) and len(set(value)) == len(value)


_TABLES: dict[str, Callable[[Table, str], object]] = {
    "tuple[Provider, ...]": _provider,
    "tuple[Model, ...]": _model,
}
# By the type of the setting: what it has to be, whether it is, and how it is read.
_KINDS: dict[str, tuple[str, Callable[[Any], bool], Callable[[Any], object]]] = {
    "bool": ("true or false", lambda value: isinstance(value, bool), bool),
    "int": ("a whole number, 0 or more", _is_whole, int),
    "float": ("a number, 0 or more", _is_number, float),
    "Price": ("a number, 0 or more", _is_number, Fraction),
    "Decimal": ("a number above 0", _is_rate, Decimal),
    "str": ("a string", _is_text, str),
    "str | None": ("a string", _is_text, str),
    "key": (
        "env:NAME, the environment variable that holds it",
        lambda value: _is_text(value) and check_key(value),
        str,
    ),
    "Protocol": (f"one of {', '.join(PROTOCOLS)}", lambda value: value in PROTOCOLS, str),
    "Task": (f"one of {', '.join(get_args(Task))}", lambda value: value in get_args(Task), str),
    "tuple[str, ...]": ("a list of strings", _are_texts, tuple),
    "tuple[int, ...]": ("a list of different whole numbers above 0", _are_presets, tuple),
}
