"""What an answer says that it used: tokens in and out, on any endpoint of both protocols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance import sse
from conformance.model import Response

_INPUT = ("prompt_tokens", "input_tokens")
_CACHED = ("cache_creation_input_tokens", "cache_read_input_tokens")
_OUTPUT = ("completion_tokens", "output_tokens")


@dataclass(frozen=True)
class Usage:
    """Tokens, as the gateway reported them."""

    input_tokens: int
    output_tokens: int


def reported(response: Response) -> Usage | None:
    """The usage of an answer, plain or streamed; None where it reports none.

    Within a stream the counts only grow, so the largest of each is the last.
    """
    found = list(_usages(response))
    if not found:
        # A count of tokens, which is free, answers with nothing but the number.
        return Usage(0, 0) if "input_tokens" in response.object else None
    cached = sum(_most(found, (name,)) for name in _CACHED)
    return Usage(_most(found, _INPUT) + cached, _most(found, _OUTPUT))


def _usages(response: Response) -> Iterator[Mapping[str, Any]]:
    if response.media_type == "text/event-stream":
        events = sse.decode((chunk.at_s, chunk.data) for chunk in response.chunks)
        bodies = [event.object for event in events]
    else:
        bodies = [response.object]
    for body in bodies:
        for holder in (body, body.get("message"), body.get("response")):
            usage = holder.get("usage") if isinstance(holder, dict) else None
            if isinstance(usage, dict):
                yield usage


def _most(usages: list[Mapping[str, Any]], names: tuple[str, ...]) -> int:
    counts = [usage.get(name) for usage in usages for name in names]
    return max((count for count in counts if type(count) is int and count > 0), default=0)
