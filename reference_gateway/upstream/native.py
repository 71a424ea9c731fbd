"""Reading what an upstream sent: values of the wrong type count as absent, never as a crash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from reference_gateway.chat import Json
from reference_gateway.errors import UpstreamBroken

NativeProtocol = Literal["openai", "anthropic"]
"""What an upstream speaks."""

DONE = "[DONE]"
"""What stands in the last event of an OpenAI-compatible stream, in place of JSON."""


def document_of(data: str) -> Json:
    """The JSON object of an event or a body; raises `UpstreamBroken` where it is none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UpstreamBroken("The model's answer is not JSON.") from error
    if not isinstance(found, dict):
        raise UpstreamBroken("The model's answer is no JSON object.")
    return found


def object_of(value: object) -> Json:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def objects_of(value: object) -> list[Json]:
    """The objects of a list; none where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text_of(value: object) -> str:
    """The text, or an empty one."""
    return value if isinstance(value, str) else ""


def count_of(value: object) -> int:
    """The number of tokens; 0 where it is no number that can be one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 < value < float("inf") else 0


def json_text(value: Any) -> str:
    """A value as JSON text; raises `UpstreamBroken` for a number that JSON cannot say."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise UpstreamBroken("The model called a tool with a number that is none.") from error


def texts_of(content: object, kind: str = "text") -> Iterator[str]:
    """The texts of content: a string, or a list of parts that hold one each under `kind`."""
    if isinstance(content, str):
        yield content
    for part in objects_of(content):
        yield from texts_of(part.get(kind))
