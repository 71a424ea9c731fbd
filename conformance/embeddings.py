"""Reading embeddings: vectors as numbers, or as base64 of little-endian float32."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Sequence
from typing import Any

from conformance.model import Exchange

_SANE = 1e6
"""No embedding has larger numbers; bytes in the wrong order nearly always do."""

_FLOATS = 1e300
"""JSON can spell larger integers, which no float holds."""


def entries(exchange: Exchange) -> list[dict[str, Any]]:
    """The entries of the answer that are objects."""
    found = exchange.answer.object.get("data")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def wants_base64(exchange: Exchange) -> bool:
    """Whether the request asks for base64."""
    return exchange.request.json.get("encoding_format") == "base64"


def inputs(exchange: Exchange) -> int:
    """How many inputs the request has; an array of token ids is one."""
    asked = exchange.request.json.get("input")
    if not isinstance(asked, list) or all(isinstance(one, int) for one in asked):
        return 1
    return len(asked)


def numbers(value: Any) -> list[float] | None:
    """The numbers of a list of at least one; None for anything else."""
    is_vector = isinstance(value, list) and bool(value) and all(map(_is_number, value))
    return list(map(float, value)) if is_vector else None


def vector(value: Any) -> list[float] | None:
    """The numbers of an embedding in either form; None where it is neither."""
    return unpacked(value) if isinstance(value, str) else numbers(value)


def unpacked(text: str) -> list[float] | None:
    """The float32 numbers in base64, or None where it is none or their bytes are swapped."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    if not data or len(data) % 4:
        return None
    found = list(struct.unpack(f"<{len(data) // 4}f", data))
    return found if all(math.isfinite(one) and abs(one) < _SANE for one in found) else None


def distance(one: Sequence[float], other: Sequence[float]) -> float:
    """The largest difference between two vectors; infinite where their lengths differ."""
    if len(one) != len(other):
        return math.inf
    return max((abs(a - b) for a, b in zip(one, other, strict=True)), default=0.0)


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and -_FLOATS < value < _FLOATS
