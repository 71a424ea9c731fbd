"""Anthropic Messages, inbound: where `cache_control` stands, as marks on the prompt."""

from __future__ import annotations

from collections.abc import Iterator

from reference_gateway.chat import CacheMark
from reference_gateway.fields import Field

_TTL_S = {"5m": 300, "1h": 3_600}
_MAX_MARKS = 4


def read_marks(body: Field) -> tuple[CacheMark, ...]:
    """The marked prefixes of a body whose messages were read; raises `InvalidRequest`.

    A mark inside the content of a tool result, or on the whole body, counts for what
    ends there.
    """
    places = [*_elements(body.get("tools")), *_system(body), *_blocks(body)]
    marks = [
        CacheMark(length, ttl_s)
        for length, place in enumerate(places, start=1)
        for ttl_s in ttls_s(place)
    ]
    automatic = body.get("cache_control")
    if not automatic.is_absent:
        marks.append(CacheMark(len(places), _ttl_s(automatic)))
    if len(marks) > _MAX_MARKS:
        raise body.get("cache_control").refuse(
            f"A maximum of {_MAX_MARKS} blocks with cache_control may be provided."
            f" Found {len(marks)}."
        )
    return tuple(marks)


def _system(body: Field) -> Iterator[Field]:
    yield from _elements(body.get("system"))
    for message in body.get("messages").items():
        if _is_system(message):
            yield from _elements(message.get("content"))


def _blocks(body: Field) -> Iterator[Field]:
    for message in body.get("messages").items():
        if not _is_system(message):
            yield from _elements(message.get("content"))


def _is_system(message: Field) -> bool:
    return message.get("role").value in ("system", "developer")


def _elements(field: Field) -> list[Field]:
    """The blocks of a content; a text is one of its own."""
    if field.is_absent:
        return []
    return list(field.items()) if isinstance(field.value, list) else [field]


def ttls_s(place: Field) -> Iterator[int]:
    """How long to keep what ends at a place; nothing where it is not marked."""
    if not isinstance(place.value, dict):
        return
    if not place.get("cache_control").is_absent:
        yield _ttl_s(place.get("cache_control"))
    if place.value.get("type") == "tool_result":
        for block in _elements(place.get("content")):
            yield from ttls_s(block)


def _ttl_s(control: Field) -> int:
    control.get("type").word(("ephemeral",))
    ttl = control.get("ttl")
    return _TTL_S["5m" if ttl.is_absent else ttl.word(tuple(_TTL_S))]
