"""What an OpenAI-compatible upstream says, chunk by chunk, becomes the right pieces."""

from __future__ import annotations

import pytest
from upstream_told import (
    DONE,
    ESTIMATE,
    Json,
    answer,
    chunk,
    finish,
    said,
    streamed,
    weather,
)

from reference_gateway.pieces import (
    ArgumentsDelta,
    CallStart,
    NextChoice,
    Piece,
    Signature,
    Start,
    TextDelta,
    ThinkingDelta,
)
from reference_gateway.signatures import sign

STOP = chunk(finish="stop")
CALLS = chunk(finish="tool_calls")


def begun(id: str = "call_1", name: str = "weather") -> Piece:
    return CallStart(id, name, 0)


def argued(*texts: str) -> list[Piece]:
    return [ArgumentsDelta(text, 0) for text in texts]


def thought(*texts: str) -> list[Piece]:
    return [*(ThinkingDelta(text, 0) for text in texts), Signature(sign("".join(texts)))]


SAID = {
    "text": (
        [
            chunk({"role": "assistant", "content": ""}),
            chunk({"content": "Hé"}),
            chunk({"content": " 🎉"}),
            STOP,
        ],
        [TextDelta("Hé", 0), TextDelta(" 🎉", 0)],
    ),
    "text in the first and in the last chunk": (
        [chunk({"role": "assistant", "content": "a"}), chunk({"content": "b"}, "stop")],
        [TextDelta("a", 0), TextDelta("b", 0)],
    ),
    "text that repeats itself": (
        [chunk({"content": "66"}), chunk({"content": "66"}), chunk({"content": "66"}), STOP],
        [TextDelta("66", 0)] * 3,
    ),
    "text that looks like a frame": (
        [chunk({"content": "\r\n\r\ndata: [DONE]\n\n"}), STOP],
        [TextDelta("\r\n\r\ndata: [DONE]\n\n", 0)],
    ),
    "text as a list of parts": (
        [
            chunk(
                {
                    "content": [
                        {"type": "text", "text": "a"},
                        {"type": "unknown"},
                        {"type": "text", "text": "b"},
                    ]
                }
            ),
            STOP,
        ],
        [TextDelta("ab", 0)],
    ),
    "a character split between two chunks": (
        [chunk({"content": "a\ud83c"}), chunk({"content": "\udf78b"}), STOP],
        [TextDelta("a", 0), TextDelta("🍸b", 0)],
    ),
    "half a character": (
        [chunk({"content": "a\ud83c"}), STOP],
        [TextDelta("a", 0), TextDelta("\ufffd", 0)],
    ),
    "half a character before a call": (
        [chunk({"content": "\ud83c"}), weather("{}"), CALLS],
        [TextDelta("\ufffd", 0), begun(), *argued("{}")],
    ),
    "reasoning_content": (
        [
            chunk({"reasoning_content": "I "}),
            chunk({"reasoning_content": "see", "content": None}),
            chunk({"content": "4"}),
            STOP,
        ],
        [*thought("I ", "see"), TextDelta("4", 0)],
    ),
    "reasoning": (
        [
            chunk({"reasoning": "I see", "content": ""}),
            chunk({"content": "4", "reasoning": None}),
            STOP,
        ],
        [*thought("I see"), TextDelta("4", 0)],
    ),
    "both words for reasoning at once": (
        [chunk({"reasoning": "x", "reasoning_content": "x"}), chunk({"content": "4"}), STOP],
        [*thought("x"), TextDelta("4", 0)],
    ),
    "reasoning in a part": (
        [
            chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "x"}]}]}),
            chunk({"content": "4"}),
            STOP,
        ],
        [*thought("x"), TextDelta("4", 0)],
    ),
    "reasoning between texts": (
        [
            chunk({"reasoning": "a"}),
            chunk({"content": "b"}),
            chunk({"reasoning": "c"}),
            chunk({"content": "d"}),
            STOP,
        ],
        [*thought("a"), TextDelta("b", 0), *thought("c"), TextDelta("d", 0)],
    ),
    "reasoning before a call": (
        [chunk({"reasoning": "a"}), weather('{"a":1}'), CALLS],
        [*thought("a"), begun(), *argued('{"a":1}')],
    ),
    "nothing but reasoning": ([chunk({"reasoning": "a"}), chunk(finish="length")], thought("a")),
    "a refusal": (
        [
            chunk({"content": None, "refusal": ""}),
            chunk({"refusal": "I "}),
            chunk({"refusal": "cannot"}),
            STOP,
        ],
        [TextDelta("I ", 0), TextDelta("cannot", 0)],
    ),
    "chunks without choices, delta or sense": (
        [
            chunk(choices=[], prompt_filter_results=[]),
            chunk(choices=None),
            {"object": "ping"},
            chunk(choices=[{"index": 0, "finish_reason": None, "content_filter_offsets": {}}]),
            chunk({"content": "a", "audio": {"data": ""}, "annotations": []}),
            STOP,
        ],
        [TextDelta("a", 0)],
    ),
}


@pytest.mark.parametrize(("events", "expected"), SAID.values(), ids=SAID)
def test_chunks_become_pieces(events: list[object], expected: list[Piece]) -> None:
    pieces = streamed("openai", *events, DONE)
    assert isinstance(pieces[0], Start)
    assert said(pieces) == expected
    finish(pieces)


def test_choices_are_kept_apart() -> None:
    def one(index: int, text: str, ended: str | None = None) -> Json:
        return chunk(choices=[{"index": index, "delta": {"content": text}, "finish_reason": ended}])

    told = [one(0, "a"), one(1, "x"), one(0, "b", "stop"), one(1, "y", "length")]
    pieces = streamed("openai", *told, DONE)
    found = answer(pieces)
    assert [choice.text for choice in found.choices] == ["ab", "xy"]
    assert [choice.stop_reason.value for choice in found.choices] == ["end_turn", "max_tokens"]
    assert NextChoice(1) in pieces


def test_the_count_at_the_start_is_the_estimate() -> None:
    assert streamed("openai", chunk({"content": "a"}), STOP)[0] == Start(ESTIMATE)
