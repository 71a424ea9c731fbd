"""The tokens that an upstream counted: its own object, told once or often, as a neutral usage."""

from __future__ import annotations

from collections.abc import Mapping

from reference_gateway.chat import CacheUse, Json, Usage
from reference_gateway.upstream.native import NativeProtocol, count_of, object_of

# Where vendors put what OpenAI has no field for, or put elsewhere.
_READ = ("prompt_cache_hit_tokens", "cached_tokens")
_WRITTEN = ("cache_write_tokens", "cache_creation_tokens")


class NativeUsage:
    """All that an upstream says of its tokens in the course of one answer.

    Counts are cumulative on both protocols, so a later one replaces an earlier one and is
    never added to it. One that is missing or 0 replaces nothing: last events often carry a
    part only, such as the price.
    """

    def __init__(self, protocol: NativeProtocol) -> None:
        self._protocol = protocol
        self._said: Json = {}

    def add(self, native: object) -> None:
        """Take in one more usage object; anything else says nothing."""
        self._said = _merged(self._said, object_of(native))

    def usage(self, estimate: Usage) -> Usage:
        """The usage as it is known; what was not said is estimated, and marked so."""
        found = _anthropic(self._said) if self._protocol == "anthropic" else _openai(self._said)
        is_estimated = (found.input_tokens == 0 and estimate.input_tokens > 0) or (
            found.output_tokens == 0 and estimate.output_tokens > 0
        )
        return Usage(
            found.input_tokens or estimate.input_tokens,
            found.output_tokens or estimate.output_tokens,
            found.cache,
            found.thinking_tokens,
            is_estimated,
        )


def _merged(old: Json, new: Mapping[str, object]) -> Json:
    found = dict(old)
    for name, value in new.items():
        if isinstance(value, dict):
            found[name] = _merged(object_of(found.get(name)), value)
        elif count_of(value):
            found[name] = value
    return found


def _first(said: Json, *names: str) -> int:
    return next((count for name in names if (count := count_of(said.get(name)))), 0)


def _openai(said: Json) -> Usage:
    """Here the cached tokens are part of the prompt's."""
    details = object_of(said.get("prompt_tokens_details"))
    spent = object_of(said.get("completion_tokens_details"))
    prompt, completion = (
        count_of(said.get("prompt_tokens")),
        count_of(said.get("completion_tokens")),
    )
    thought = count_of(spent.get("reasoning_tokens"))
    # Some count the reasoning beside the completion, and only the total shows it.
    if thought and count_of(said.get("total_tokens")) == prompt + completion + thought:
        completion += thought
    read = min(_first(details, "cached_tokens") or _first(said, *_READ), prompt)
    cache = CacheUse(read, min(_first(details, *_WRITTEN), prompt - read))
    return Usage(prompt, completion, cache, min(thought, completion))


def _anthropic(said: Json) -> Usage:
    """Here the input tokens are only those that the cache had no part in."""
    read = count_of(said.get("cache_read_input_tokens"))
    written = count_of(said.get("cache_creation_input_tokens"))
    split = object_of(said.get("cache_creation"))
    hour = count_of(split.get("ephemeral_1h_input_tokens"))
    minutes = count_of(split.get("ephemeral_5m_input_tokens"))
    # What the split does not tell of was written for the shorter time, as without any split.
    cache = CacheUse(read, max(minutes, written - hour), hour)
    spent = object_of(said.get("output_tokens_details"))
    return Usage(
        count_of(said.get("input_tokens")) + read + cache.written_tokens,
        count_of(said.get("output_tokens")),
        cache,
        count_of(spent.get("thinking_tokens")),
    )
