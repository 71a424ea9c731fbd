"""What the gateway itself has to know of a request that it passes on as it came.

Nothing is checked: the provider knows its own protocol better, and signs what it sends.
"""

from __future__ import annotations

from collections.abc import Iterator

from reference_gateway import tokens
from reference_gateway.call import Call
from reference_gateway.catalogue import Model
from reference_gateway.chat import CacheMark, Json, Prompt
from reference_gateway.upstream.native import object_of

# What a picture or a file may come to, whose bytes say nothing about it.
_FILE_TOKENS = 1_600
_FILE_NAMES = ("data", "file_data")
_MOST_TOKENS = 1_000_000
_MOST_CHOICES = 128
_HOUR_S = 3_600


def outline(call: Call, model: Model) -> Prompt:
    """The prompt without its contents: budget, choices, and whether it is to be streamed."""
    asked = call.asked
    return Prompt(
        model=model.name,
        system=(),
        turns=(),
        max_tokens=_max_tokens(asked, model),
        stream=asked.get("stream") is True,
        include_usage=object_of(asked.get("stream_options")).get("include_usage") is True,
        choices=min(_whole(asked.get("n")) or 1, _MOST_CHOICES),
        cache_marks=(CacheMark(0, _HOUR_S),) if b'"cache_control"' in call.body else (),
    )


def input_tokens(call: Call) -> int:
    """Our own count of everything that the request says."""
    return tokens.PROMPT_OVERHEAD_TOKENS + sum(_counts(call.asked))


def _max_tokens(asked: Json, model: Model) -> int:
    named = (_whole(asked.get(name)) for name in ("max_completion_tokens", "max_tokens"))
    return min(next(filter(None, named), model.max_output_tokens), _MOST_TOKENS)


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _counts(value: object, name: str = "") -> Iterator[int]:
    if isinstance(value, str):
        is_file = name in _FILE_NAMES or value.startswith("data:")
        yield _FILE_TOKENS if is_file else tokens.count(value)
    elif isinstance(value, dict):
        for inner, child in value.items():
            yield from _counts(child, inner)
    elif isinstance(value, list):
        for child in value:
            yield from _counts(child, name)
