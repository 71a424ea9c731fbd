"""Text and calls of an upstream come through whole, whatever they are and however they are cut."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from upstream_told import (
    DONE,
    answer,
    body,
    call,
    chunk,
    ended,
    frames,
    read,
    said,
    sse,
    started,
    text_block,
    tool_block,
)

from reference_gateway.anthropic_answer import ANTHROPIC
from reference_gateway.openai_answer import OPENAI
from reference_gateway.pieces import Piece
from reference_gateway.wire import dump

FEW = settings(max_examples=30, deadline=None, database=None, derandomize=True)
# Every character there is, and the halves of those that JSON may escape in two.
TEXTS = st.lists(st.text(st.characters(exclude_categories=[]), min_size=1, max_size=8), max_size=6)


def _read(protocol: Any, *events: Any) -> list[Piece]:
    raw = sse(*events)
    return read(protocol, raw, 50)


@FEW
@given(TEXTS)
def test_text_comes_through_to_the_last_character(texts: list[str]) -> None:
    expected = _joined("".join(texts))
    chunks = [chunk({"content": text}) for text in texts]
    pieces = _read("openai", *chunks, chunk(finish="stop"), DONE)
    told = frames(ANTHROPIC, pieces)
    deltas = [event["delta"]["text"] for event in told if event["type"] == "content_block_delta"]
    assert "".join(deltas) == answer(pieces).text == expected
    dump(told).encode()
    pieces = _read("anthropic", started(), *text_block(0, *texts), *ended())
    contents = [delta.get("content", "") for delta in _deltas(frames(OPENAI, pieces))]
    assert "".join(contents) == expected


@FEW
@given(
    st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=8,
        ),
        min_size=1,
    ),
    st.booleans(),
    st.integers(1, 9),
)
def test_arguments_come_through_to_the_last_digit(
    arguments: dict[str, Any], ascii_only: bool, size: int
) -> None:
    text = json.dumps(arguments, ensure_ascii=ascii_only)
    parts = [text[start : start + size] for start in range(0, len(text), size)]
    first = chunk(call(0, "", id="call_1", name="weather"))
    chunks = [chunk(call(0, part)) for part in parts]
    pieces = _read("openai", first, *chunks, chunk(finish="tool_calls"), DONE)
    assert answer(pieces).calls[0].arguments == text
    assert body(ANTHROPIC, pieces)["content"][0]["input"] == arguments
    inside = [event for event in frames(ANTHROPIC, pieces) if "index" in event]
    assert "".join(_fragments(inside, 0)) == text
    pieces = _read("anthropic", started(), *tool_block(0, *parts), *ended("tool_use"))
    assert answer(pieces).calls[0].arguments == text


@FEW
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), min_size=3, max_size=30))
def test_calls_by_turns_never_mix(turns: list[tuple[int, int]]) -> None:
    texts = [json.dumps({"call": number, "text": "x" * 20}) for number in range(3)]
    rest, chunks = list(texts), []
    for number in range(3):
        chunks.append(chunk(call(number, "", id=f"call_{number}", name="weather")))
    for number, size in [*turns, *((number, 99) for number in range(3))]:
        chunks.append(chunk(call(number, rest[number][:size])))
        rest[number] = rest[number][size:]
    pieces = _read("openai", *chunks, chunk(finish="tool_calls"), DONE)
    assert [found.arguments for found in answer(pieces).calls] == texts
    assert len([piece for piece in said(pieces) if type(piece).__name__ == "CallStart"]) == 3


def _joined(text: str) -> str:
    """The text with its surrogates in pairs; what is left alone is lost."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _deltas(chunks: list[Any]) -> list[dict[str, Any]]:
    choices = [choice for each in chunks if each != DONE for choice in each["choices"]]
    return [choice["delta"] for choice in choices]


def _fragments(events: list[dict[str, Any]], index: int) -> list[str]:
    own = [event for event in events if event["index"] == index]
    return [event["delta"]["partial_json"] for event in own if "delta" in event]
