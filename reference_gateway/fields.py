"""Reading a JSON document field by field; a complaint names the field's path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from reference_gateway.chat import Json
from reference_gateway.errors import InvalidRequest

# Deeper documents are refused: json and our own readers recurse.
MAX_DEPTH = 128
_NAMES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}


def read_document(body: bytes) -> object:
    """The JSON value of a body; raises `InvalidRequest` for anything that is not clean JSON."""
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        if b"\\u" in body:
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The request body is not valid JSON.") from error
    if _depth(document) > MAX_DEPTH:
        raise InvalidRequest(f"The request body is nested deeper than {MAX_DEPTH} levels.")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _depth(document: object) -> int:
    depth, level = 0, [document]
    while level:
        depth += 1
        level = [child for value in level for child in _children(value)]
    return depth


def _children(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


@dataclass(frozen=True)
class Field:
    """A value and where it stands; null and absent are the same.

    `brackets` chooses between the protocols' spellings of a path:
    `messages[0].role` and `messages.0.role`.
    """

    value: Any
    path: str = ""
    brackets: bool = False

    @property
    def is_absent(self) -> bool:
        """True for null too."""
        return self.value is None

    def refuse(self, why: str, code: str | None = None) -> InvalidRequest:
        """The complaint about this field, to be raised."""
        return InvalidRequest(
            f"{self.path or 'request body'}: {why}", param=self.path or None, code=code
        )

    def require(self) -> Field:
        """Return this field, which has to be there."""
        if self.is_absent:
            raise self.refuse("Field required", "missing_required_parameter")
        return self

    def get(self, name: str) -> Field:
        """The member of an object."""
        path = f"{self.path}.{name}" if self.path else name
        return Field(self.object().get(name), path, self.brackets)

    def items(self) -> Iterator[Field]:
        """The elements of an array."""
        for index, value in enumerate(self.array()):
            yield self.at(index, value)

    def at(self, index: int, value: object) -> Field:
        """The element of an array."""
        step = f"[{index}]" if self.brackets else f".{index}"
        return Field(value, f"{self.path}{step}", self.brackets)

    def object(self) -> Json:
        """The value, which has to be an object."""
        found: Json = self._typed(dict)
        return found

    def array(self) -> list[Any]:
        """The value, which has to be an array."""
        found: list[Any] = self._typed(list)
        return found

    def text(self) -> str:
        """The value, which has to be a string."""
        found: str = self._typed(str)
        return found

    def flag(self, default: bool) -> bool:
        """The value, which has to be a boolean where it is given."""
        return default if self.is_absent else bool(self._typed(bool))

    def word(self, allowed: tuple[str, ...]) -> str:
        """The value, which has to be one of these strings."""
        found = self.text()
        if found not in allowed:
            raise self.refuse(f"must be one of {', '.join(allowed)}", "invalid_value")
        return found

    def integer(self, low: int) -> int:
        """The value, which has to be an integer and not below `low`."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.refuse("must be an integer", "invalid_type")
        if self.value < low:
            raise self.refuse(f"must be at least {low}", "integer_below_min_value")
        return self.value

    def number(self, low: float, high: float) -> float | None:
        """The value, which has to be a number of the range where it is given."""
        if self.is_absent:
            return None
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.refuse("must be a number", "invalid_type")
        if not low <= self.value <= high:
            code = "decimal_below_min_value" if self.value < low else "decimal_above_max_value"
            raise self.refuse(f"range: {low:g}..{high:g}", code)
        return self.value

    def _typed(self, wanted: type) -> Any:
        if not isinstance(self.value, wanted):
            self.require()
            raise self.refuse(f"must be {_NAMES[wanted]}", "invalid_type")
        return self.value
