"""Where `cache_control` stands in a chat completion request, which clients of Claude send."""

from __future__ import annotations

from collections.abc import Iterator

from reference_gateway.anthropic_marks import ttls_s
from reference_gateway.chat import CacheMark, Json, Prompt
from reference_gateway.fields import Field
from reference_gateway.openai_content import read_turn

_SYSTEM = ("system", "developer")
# What stands behind the content of a message.
_BEHIND = ("tool_calls", "function_call", "refusal")


def read_marks(body: Field, prompt: Prompt) -> tuple[CacheMark, ...]:
    """The marked prefixes of a request that was read as this prompt."""
    tools = [] if body.get("tools").is_absent else body.get("tools").items()
    places = [(tool, number) for number, tool in enumerate(tools, start=1)]
    texts = len(prompt.tools)
    parts = texts + len(prompt.system)
    for message in body.get("messages").items():
        ends = list(_ends(message))
        if message.value["role"] in _SYSTEM:
            places += [(place, texts + length) for place, length in ends]
            texts += ends[-1][1]
        else:
            places += [(place, parts + length) for place, length in ends]
            parts += ends[-1][1]
    return tuple(CacheMark(length, ttl_s) for place, length in places for ttl_s in ttls_s(place))


def _ends(message: Field) -> Iterator[tuple[Field, int]]:
    """Where a prefix may end inside a message, and how much of the message it holds."""
    content = message.get("content")
    for index, block in enumerate(content.items() if isinstance(content.value, list) else ()):
        shorter = {**message.value, "content": content.value[: index + 1]}
        yield block, _length({**shorter, **dict.fromkeys(_BEHIND)})
    yield message, _length(message.value)


def _length(message: Json) -> int:
    """The items that a message adds to its prompt."""
    if message["role"] not in _SYSTEM:
        return len(read_turn(message["role"], Field(message)).parts)
    content = message.get("content")
    return len(content) if isinstance(content, list) else int(content is not None)
