"""Reading the members of a step: numbers, texts, headers, and objects of known members."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from reference_gateway.fields import Field
from reference_gateway.wire import dump

Read = Callable[[Field], Any]
T = TypeVar("T")
MAX_WAIT_S = 600.0
_MIN_INTERVAL_S = 0.001
_STATUSES = range(200, 600)
_NULLABLE = ("body", "usage")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def reader(kind: Callable[..., T], readers: Mapping[str, Read]) -> Callable[[Field], T]:
    """A reader of an object whose members are read by these."""
    return lambda field: kind(**members(field, readers))


def members(field: Field, readers: Mapping[str, Read]) -> dict[str, Any]:
    """The members of an object, each as its reader reads it; null is mostly as absent."""
    check_names(field, readers)
    return {
        name: readers[name](field.get(name))
        for name, value in field.object().items()
        if value is not None or name in _NULLABLE
    }


def check_names(field: Field, known: Mapping[str, Read] | tuple[str, ...]) -> None:
    """Raise `InvalidRequest` for a member that is not known, naming those that are."""
    for name in field.object():
        if name not in known:
            raise field.get(name).refuse(f"is not known here; known: {', '.join(known)}")


def seconds(field: Field) -> float:
    """A time to wait."""
    field.number(0, MAX_WAIT_S)
    return float(field.value)


def interval(field: Field) -> float:
    """A time after which something happens again and again."""
    field.number(_MIN_INTERVAL_S, MAX_WAIT_S)
    return float(field.value)


def count(field: Field) -> int:
    """A number of things, 0 or more."""
    return field.integer(0)


def status(field: Field) -> int:
    """The status of a final answer."""
    if field.integer(0) not in _STATUSES:
        raise field.refuse(f"must be from {_STATUSES.start} to {_STATUSES.stop - 1}")
    return int(field.value)


def texts(field: Field) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(text.text() for text in field.items())


def word(*allowed: str) -> Read:
    """A reader of one of these words."""
    return lambda field: field.word(allowed)


def headers(field: Field) -> tuple[tuple[str, str], ...]:
    """Header fields as an object, or as a list of pairs where one comes more than once."""
    if isinstance(field.value, dict):
        return tuple(_named(name, field.get(name)) for name in field.object())
    return tuple(_pair(pair) for pair in field.items())


def _pair(field: Field) -> tuple[str, str]:
    if len(field.array()) != len(("name", "value")):
        raise field.refuse("must be a name and a value")
    name, value = field.items()
    return _named(name.text(), value)


def _named(name: str, value: Field) -> tuple[str, str]:
    if not _HEADER_NAME.fullmatch(name):
        raise value.refuse("is not the name of a header field")
    if any(character in value.text() for character in "\r\n\0"):
        raise value.refuse("must be one line")
    return name, value.text()


def body(field: Field) -> bytes:
    """A string as it is, or the JSON of anything else."""
    text = field.value if isinstance(field.value, str) else dump(field.value)
    return text.encode("utf-8", "surrogatepass")


def decoded(field: Field) -> bytes:
    """Bytes that are written in base64."""
    try:
        return base64.b64decode(field.text(), validate=True)
    except binascii.Error as error:
        raise field.refuse("must be base64") from error


def nullable(field: Field) -> Any:
    """An object, or null where that says something of its own."""
    return None if field.is_absent else field.object()


def each(read: Callable[[Field], T]) -> Callable[[Field], tuple[T, ...]]:
    """A reader of a list."""
    return lambda field: tuple(read(each) for each in field.items())


def positive(field: Field) -> int:
    """A number of things, 1 or more."""
    return field.integer(1)
