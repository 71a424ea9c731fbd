"""The order of a chat completion stream (section 3b of the page), choice by choice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from conformance import sse
from conformance.grammar.breach import Breach, at, key
from conformance.model import Violation


class Choice(StrEnum):
    """Where one choice of a chat completion stream stands."""

    START = "before its first delta"
    OPEN = "in its deltas"
    FINISHED = "after its finish_reason"


CHOICE_STEPS: Mapping[tuple[Choice, str], Choice] = {
    (Choice.START, "role"): Choice.OPEN,
    (Choice.OPEN, "delta"): Choice.OPEN,
    (Choice.OPEN, "finish"): Choice.FINISHED,
}
"""What may follow what; an empty delta is legal everywhere."""

CHOICE_BREACHES: Mapping[tuple[Choice, str], tuple[str, str, Choice]] = {
    (Choice.START, "delta"): ("OAI-STREAM-007", 'role "assistant" in the first delta', Choice.OPEN),
    (Choice.START, "finish"): (
        "OAI-STREAM-007",
        'role "assistant" in the first delta',
        Choice.FINISHED,
    ),
    (Choice.OPEN, "role"): ("OAI-STREAM-008", "role in the first delta only", Choice.OPEN),
    (Choice.FINISHED, "role"): ("OAI-STREAM-008", "role in the first delta only", Choice.FINISHED),
    (Choice.FINISHED, "delta"): (
        "OAI-STREAM-011",
        "no content or tool call after finish_reason",
        Choice.FINISHED,
    ),
    (Choice.FINISHED, "finish"): ("OAI-STREAM-010", "one finish_reason", Choice.FINISHED),
}


def symbols(choice: Mapping[str, Any]) -> Iterator[str]:
    """What one choice of one chunk says, as symbols of the table."""
    delta = choice.get("delta")
    delta = delta if isinstance(delta, dict) else {}
    if delta.get("role"):
        yield "role"
    if any(delta.get(key) for key in ("content", "tool_calls", "refusal", "function_call")):
        yield "delta"
    if choice.get("finish_reason") is not None:
        yield "finish"


def chunks(events: tuple[sse.Event, ...]) -> Iterator[tuple[sse.Event, dict[str, Any]]]:
    """The events that are chunks: JSON objects without a top-level error."""
    for event in events:
        if isinstance(event.json, dict) and not event.object.get("error"):
            yield event, event.object


def choices(chunk: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The choices of a chunk that are objects."""
    found = chunk.get("choices")
    yield from (
        (choice for choice in found if isinstance(choice, dict)) if isinstance(found, list) else ()
    )


def has_error(events: tuple[sse.Event, ...]) -> bool:
    """Whether the stream says that it failed: a top-level, truthy `error`."""
    return any(event.object.get("error") for event in events)


def walk(events: tuple[sse.Event, ...]) -> Iterator[Breach]:
    """Every breach in the order of a stream, each choice on its own."""
    states: dict[Any, Choice] = {}
    for event, chunk in chunks(events):
        for choice in choices(chunk):
            index = key(choice.get("index"))
            states.setdefault(index, Choice.START)
            for symbol in symbols(choice):
                step = (states[index], symbol)
                yield from _choice_step(event, step)
                states[index] = _choice_next(step)
    if not has_error(events):
        for index, state in states.items():
            if state is not Choice.FINISHED:
                actual = f"none for choice {index}"
                yield Breach("OAI-STREAM-010", Violation("events", "one finish_reason", actual))


def _choice_step(event: sse.Event, step: tuple[Choice, str]) -> Iterator[Breach]:
    if step in CHOICE_BREACHES:
        id, expected, _ = CHOICE_BREACHES[step]
        yield Breach(id, at(event, expected, f"{step[1]} {step[0]}"))


def _choice_next(step: tuple[Choice, str]) -> Choice:
    return CHOICE_STEPS[step] if step in CHOICE_STEPS else CHOICE_BREACHES[step][2]
