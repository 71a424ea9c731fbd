"""What becomes of each field of a request that is asked on in the other protocol's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from reference_gateway.chat import Json
from reference_gateway.fields import Field

Allowed = Callable[[Any], bool]
"""Tells of a value whether it can be said upstream."""

# A name, and where it holds an array, `[]` for its elements or the kind of them: `[user]`.
_STEP = re.compile(r"(\w+)(\[\w*\])?")


class Fate(Enum):
    """What the translation does with a field."""

    TRANSLATED = "translated"
    CARRIED = "carried as it is"
    LEFT_OUT = "left out"
    REFUSED = "refused"


@dataclass(frozen=True)
class Rule:
    """What becomes of the field at `path`, and why; other values than `allows` are refused.

    `into` is its name upstream.
    """

    path: str
    fate: Fate
    why: str = ""
    into: str = ""
    allows: Allowed | None = None

    @property
    def can_refuse(self) -> bool:
        """True where some value of the field cannot be said upstream."""
        return self.allows is not None


def translated(path: str, into: str, why: str = "", allows: Allowed | None = None) -> Rule:
    """The field is said upstream in other words."""
    return Rule(path, Fate.TRANSLATED, why, into, allows)


def carried(path: str, into: str = "") -> Rule:
    """The field is said upstream as it came."""
    return Rule(path, Fate.CARRIED, "", into or path)


def left_out(path: str, why: str) -> Rule:
    """Nothing is lost where the field is not said upstream."""
    return Rule(path, Fate.LEFT_OUT, why)


def refused(path: str, why: str, *unless: object) -> Rule:
    """The field changes the answer and has no word upstream; `unless` ask for nothing."""
    return Rule(path, Fate.REFUSED, why, "", among(*unless))


def among(*values: object) -> Allowed:
    """Allow these values; true is not 1."""
    return lambda value: any(value == each and type(value) is type(each) for each in values)


def check(body: Field, rules: tuple[Rule, ...], upstream: str) -> None:
    """Raise `InvalidRequest`, naming the field, for the first that cannot be said upstream."""
    for rule in rules:
        for field in _found(body, rule.path) if rule.allows else ():
            if rule.allows and not rule.allows(field.value):
                why = f"cannot be said to the {upstream} upstream of this model: {rule.why}"
                raise field.refuse(why, "unsupported_parameter")


def carried_of(body: Field, rules: tuple[Rule, ...]) -> Json:
    """The fields that are said upstream as they came, under their names there."""
    return {
        rule.into: field.value
        for rule in rules
        if rule.fate is Fate.CARRIED
        for field in _found(body, rule.path)
    }


def _found(body: Field, path: str) -> Iterator[Field]:
    """The fields at a path that are there; null is absent."""
    found = [body]
    for name, kind in _STEP.findall(path):
        below = [field.get(name) for field in found if isinstance(field.value, dict)]
        found = [each for field in below for each in _elements(field, kind)]
    return (field for field in found if not field.is_absent)


def _elements(field: Field, kind: str) -> Iterator[Field]:
    if not kind:
        yield field
    elif isinstance(field.value, list):
        yield from (each for each in field.items() if _is_kind(each.value, kind[1:-1]))


def _is_kind(value: object, kind: str) -> bool:
    if not kind:
        return True
    return isinstance(value, dict) and kind in (value.get("role"), value.get("type"))
