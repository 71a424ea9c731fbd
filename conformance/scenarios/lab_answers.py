"""Sound answers of an upstream, some of them oddly written: usage, text, tool calls, thinking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.kinds import Protocol
from conformance.scenarios.lab_telling import Telling, both, declared

ANTHROPIC, OPENAI = Protocol.ANTHROPIC, Protocol.OPENAI
STOPS = {
    ANTHROPIC: {"end": "end_turn", "length": "max_tokens", "tools": "tool_use"},
    OPENAI: {"end": "stop", "length": "length", "tools": "tool_calls"},
}
"""Why an answer ended, in the words of each protocol."""

USAGE: Mapping[Protocol, dict[str, Any]] = {
    ANTHROPIC: {
        "input_tokens": 210,
        "cache_creation_input_tokens": 300,
        "cache_read_input_tokens": 724,
        "output_tokens": 57,
    },
    OPENAI: {
        "prompt_tokens": 1234,
        "completion_tokens": 57,
        "total_tokens": 1291,
        "prompt_tokens_details": {"cached_tokens": 724},
        "completion_tokens_details": {"reasoning_tokens": 20},
    },
}
"""Counts that no estimate of these short texts would come to."""

_COUNTED = "哈" * 40 + " counted by the upstream."
_SIXES = ["6"] * 10
_FRAGMENTS = [
    *("naïve caf", "e\u0301 東", "京 🦊", "👩‍", "👩‍👧 🇫", "🇷", "\n\n", "    ", "1. ", "\n", " "),
    *_SIXES,
    *(" abab", "abab", " ", "哈", "哈", "哈", " 2012 ", "012", "\r\n", "data: ", "[DONE]", "\n\n"),
    *(
        "event: error\r\n\r\n",
        ": ping\n",
        '{"type":"message_stop"} ',
        "\\ud83e \\u0000 ",
        "</s> end.",
    ),
]
TEXT = "".join(_FRAGMENTS)
"""What gateways have lost or changed: characters of many bytes, repeated, blank, protocol-like."""

TOOL_NAME = "store_order"
_SCHEMA = {"type": "object", "properties": {"id": {"type": "integer"}, "note": {"type": "string"}}}
_FUNCTION = {"name": TOOL_NAME, "description": "Stores.", "parameters": _SCHEMA}
_TOOLS: Mapping[Protocol, Mapping[str, Any]] = {
    ANTHROPIC: {"tools": [{"name": TOOL_NAME, "description": "Stores.", "input_schema": _SCHEMA}]},
    OPENAI: {"tools": [{"type": "function", "function": _FUNCTION}]},
}
_ARGUMENTS = (
    '{"id": 7411238950624813097, "note": "🦊 東京 \\"quoted\\"\\r\\ndata: [DONE]", "share": 0.1}',
    '{"id": 10000000000000001, "note": "6666666666", "parts": [[], {}, null, "", false]}',
    "{}",
)
_IDS = {ANTHROPIC: "toolu_01LabCall{}aBcDeF", OPENAI: "call_LabCall{}aBcDeFgHiJ"}
_THOUGHTS: Mapping[Protocol, list[dict[str, Any]]] = {
    ANTHROPIC: [
        {"thinking": "First 6666, then 東京 🦊.", "signature": "TGFiIHNpZ25hdHVyZSAx"},
        {"redacted": "TGFiIHJlZGFjdGVkIGRhdGE"},
        {"text": "It is "},
        {"thinking": "A second look.", "signature": "TGFiIHNpZ25hdHVyZSAy"},
        {"text": "Paris."},
    ],
    OPENAI: [{"thinking": "First 6666, then 東京 🦊."}, {"text": "It is Paris."}],
}
_THINKING: Mapping[Protocol, dict[str, Any]] = {
    ANTHROPIC: {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2048},
    OPENAI: {"reasoning_effort": "low"},
}


def _counted(upstream: Protocol) -> Iterator[Telling]:
    answer = {"text": _COUNTED, "stop": STOPS[upstream]["length"], "usage": USAGE[upstream]}
    yield from both("counted", answer)
    if upstream is OPENAI:
        edits = {"edits": ["usage_early"]}
        variant = "counted in the finishing chunk without, and then with the cached tokens"
    else:
        edits, variant = {"edits": ["usage_twice"]}, "counted twice"
    yield Telling(variant, answer, streamed=True, stream=edits)


def _spoken(upstream: Protocol) -> Iterator[Telling]:
    answer = {"text": TEXT, "stop": STOPS[upstream]["end"]}
    small = {"fragments": _FRAGMENTS}
    yield Telling("in pieces of 7 bytes", answer, stream={"bytes_per_write": 7})
    manners: tuple[tuple[str, dict[str, Any]], ...] = (
        ("in single bytes", {"bytes_per_write": 1}),
        ("in CR LF, with comments", {**small, "edits": ["comments", "crlf"]}),
        ("without a space after the colon, with a charset", {"edits": ["no_space", "charset"]}),
        ("with characters escaped", {**small, "edits": ["escaped"]}),
    )
    for variant, stream in manners:
        yield Telling(variant, answer, streamed=True, stream=stream)


def _called(upstream: Protocol) -> Iterator[Telling]:
    apart, after = _calls(upstream, (0, 1, 2)), _calls(upstream, (1, 0))
    stop = STOPS[upstream]["tools"]
    said = {"text": "Both at once.", "calls": after, "stop": stop}
    yield Telling("calls after text", said, more=_TOOLS)
    yield Telling("parallel calls", {"calls": apart, "stop": stop}, streamed=True, more=_TOOLS)
    edits = ["arguments_with_finish", "escaped"] if upstream is OPENAI else ["pings", "escaped"]
    variant = "calls after text, the last fragment with the finishing chunk, characters escaped"
    if upstream is ANTHROPIC:
        variant = "calls after text, with pings between, characters escaped"
    yield Telling(variant, said, streamed=True, stream={"edits": edits}, more=_TOOLS)
    if upstream is OPENAI:
        whole = {"edits": ["whole_calls"]}
        answer = {"calls": apart, "stop": stop}
        yield Telling("calls in one chunk each", answer, streamed=True, stream=whole, more=_TOOLS)


def _calls(upstream: Protocol, numbers: tuple[int, ...]) -> list[dict[str, Any]]:
    return [
        {
            "id": _IDS[upstream].format(number),
            "name": TOOL_NAME,
            "arguments": _ARGUMENTS[number],
            "fragments": _pieces(_ARGUMENTS[number]),
        }
        for number in numbers
    ]


def _pieces(text: str) -> list[str]:
    """Five characters each, so numbers and escapes are cut."""
    return [text[at : at + 5] for at in range(0, len(text), 5)]


def _thought(upstream: Protocol) -> Iterator[Telling]:
    answer = {"parts": _THOUGHTS[upstream], "stop": STOPS[upstream]["end"]}
    yield from both("thought", answer, more=_THINKING)


declared("usage", "Answers whose upstream counts their tokens", _counted)
declared("text", "One text, written in five ways", _spoken)
declared("calls", "Tool calls", _called)
declared(
    "thinking", "Thinking, plain and streamed", _thought, optional=("reasoning_effort", "thinking")
)
