"""Ways to spoil one field of a canonical exchange."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

from conformance.imports.entry import Raw
from tests.offline.openai_examples import Example

Spoil = Callable[[Example], tuple[Raw, ...]]


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _changed(example: Example, change: Callable[[Any], None]) -> tuple[Raw, ...]:
    """The exchange with its answer changed in place; the events of a stream are a list then."""
    is_stream = isinstance(example.answer, tuple)
    answer: Any = deepcopy(list(example.answer) if is_stream else example.answer)
    change(answer)
    return (replace(example, answer=tuple(answer) if is_stream else answer).raw(),)


def put(*path: Any, to: Any) -> Spoil:
    """One field with another value; the first key of a path into a stream is an event."""
    return lambda example: _changed(
        example, lambda answer: _at(answer, path[:-1]).__setitem__(path[-1], to)
    )


def drop(*path: Any) -> Spoil:
    """One field, or one event, left out."""
    return lambda example: _changed(
        example, lambda answer: _at(answer, path[:-1]).__delitem__(path[-1])
    )


def insert(place: int, event: Any) -> Spoil:
    """One more event in a stream."""
    return lambda example: _changed(example, lambda answer: answer.insert(place, event))


def everywhere(key: str, to: Any) -> Spoil:
    """One field with another value in every chunk of a stream."""

    def change(events: Any) -> None:
        for event in events:
            if isinstance(event, dict):
                event[key] = to

    return lambda example: _changed(example, change)


def text(old: str, new: str) -> Spoil:
    """Other bytes in the body."""

    def spoil(example: Example) -> tuple[Raw, ...]:
        raw = example.raw()
        assert raw.body is not None and old.encode() in raw.body
        return (replace(raw, body=raw.body.replace(old.encode(), new.encode(), 1)),)

    return spoil


def typed(media_type: str) -> Spoil:
    """Another content type."""
    return lambda example: (replace(example.raw(), headers=(("content-type", media_type),)),)


def unasked(parameter: str) -> Spoil:
    """The answer to a request without one of its parameters."""

    def spoil(example: Example) -> tuple[Raw, ...]:
        asked = {key: value for key, value in example.asked.items() if key != parameter}
        return (replace(example, asked=asked).raw(),)

    return spoil


def said_twice(example: Example) -> tuple[Raw, ...]:
    """Two different answers that have the same id."""
    other = put("usage", "prompt_tokens", to=30)(example)
    return (example.raw(), *put("usage", "total_tokens", to=39)(_read(example, other[0])))


def _read(example: Example, raw: Raw) -> Example:
    return replace(example, answer=json.loads(raw.body or b""))
