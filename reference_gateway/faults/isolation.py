"""Faults of requests that are not kept apart: answers and pieces of somebody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json, Prompt, Text, Turn
from reference_gateway.faults.registry import Install, fault
from reference_gateway.seams import Seams
from reference_gateway.wire import Frame

Question = tuple[str, int]
"""Beginning and length of a question: a key that is too coarse."""

_BEGINNING = 30
_SHORTEST = 60


def _question(prompt: Prompt) -> Question | None:
    """The coarse key of a lone question; None for anything that is not just one.

    A question with a directive stands for an answer that goes wrong, and is left alone.
    """
    if len(prompt.turns) != 1 or prompt.tools:
        return None
    asked = "".join(part.text for part in prompt.turns[0].parts if isinstance(part, Text))
    is_one = len(asked) >= _SHORTEST and "[[" not in asked
    return (asked[:_BEGINNING], len(asked)) if is_one else None


def _remembered(change: Callable[[Prompt, dict[Question, tuple[Turn, ...]]], Prompt]) -> Install:
    """After a request was read, with a memory that all requests share."""

    def install(seams: Seams) -> Seams:
        memory: dict[Question, tuple[Turn, ...]] = {}
        return replace(seams, prompt=lambda call: change(seams.prompt(call), memory))

    return install


@fault(
    "gateway-cache-crosses-users",
    _remembered,
    kills=("GW-SAFE-004", "GW-SSE-004"),
    origin="https://github.com/diegosouzapw/OmniRoute/issues/3740",
)
def cache_crosses_users(prompt: Prompt, memory: dict[Question, tuple[Turn, ...]]) -> Prompt:
    """A question is answered as the first one that began alike, whoever asked that."""
    key = _question(prompt)
    return prompt if key is None else replace(prompt, turns=memory.setdefault(key, prompt.turns))


def _between_streams(change: Callable[[Json, Question, dict[Question, str]], None]) -> Install:
    """On the data of every event, with a buffer that all streams share."""

    def install(seams: Seams) -> Seams:
        buffer: dict[Question, str] = {}

        async def crossed(call: Call, found: AsyncIterator[Frame]) -> AsyncIterator[Frame]:
            key = _question(seams.prompt(call))
            async for frame in found:
                if key is not None and isinstance(frame.data, dict):
                    change(frame.data, key, buffer)
                yield frame

        return replace(seams, frames=lambda call, found: seams.frames(call, crossed(call, found)))

    return install


@fault(
    "gateway-streams-crossed",
    _between_streams,
    kills=("GW-SSE-004", "GW-SAFE-004"),
    origin="https://github.com/BerriAI/litellm/issues/35023",
)
def streams_crossed(data: Json, key: Question, buffer: dict[Question, str]) -> None:
    """Streams whose questions begin alike get each other's pieces of text."""
    for delta, name in _texts(data):
        delta[name], buffer[key] = buffer.get(key, delta[name]), delta[name]


def _texts(data: Json) -> list[tuple[Json, str]]:
    """The objects in an event that hold a piece of text, and under which name."""
    choices = data.get("choices") or []
    deltas = [choice.get("delta") for choice in choices if isinstance(choice, dict)]
    found = [(delta, "content") for delta in deltas if delta and delta.get("content")]
    own = data.get("delta")
    return [*found, (own, "text")] if isinstance(own, dict) and own.get("text") else found
