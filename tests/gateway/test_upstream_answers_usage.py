"""What an upstream counted reaches the client's answer, on whichever protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from upstream_told import (
    DONE,
    ESTIMATE,
    call,
    chunk,
    counted,
    ended,
    finish,
    plain,
    started,
    streamed,
    text_block,
)

from reference_gateway import tokens
from reference_gateway.chat import CacheUse, Usage
from reference_gateway.errors import UpstreamBroken, UpstreamTimeout
from reference_gateway.pieces import Finish, Piece, Start
from reference_gateway.upstream import reading
from reference_gateway.upstream.events import Event
from reference_gateway.upstream.native_usage import NativeUsage
from reference_gateway.upstream.reading import pieces_of_stream

A, STOP = chunk({"content": "a"}), chunk(finish="stop")
FULL = counted(100, 20, prompt_tokens_details={"cached_tokens": 40})
USED = Usage(100, 20, CacheUse(40))

STREAMS = {
    "in a chunk of its own": [A, STOP, chunk(choices=[], usage=FULL)],
    "with the end": [A, chunk(finish="stop", usage=FULL)],
    "with the end, and fuller after it": [
        A,
        chunk(finish="stop", usage=counted(100, 20)),
        chunk(choices=[], usage=FULL),
    ],
    "twice the same": [A, chunk(finish="stop", usage=FULL), chunk(choices=[], usage=FULL)],
    "with the price after it": [
        A,
        chunk(finish="stop", usage=FULL),
        chunk(choices=[], usage={"prompt_tokens": 0, "completion_tokens": 0, "cost": 0.01}),
    ],
    "with every chunk": [
        chunk({"content": "a"}, usage=counted(100, 1)),
        chunk({"content": "b"}, usage=counted(100, 2)),
        chunk(finish="stop", usage=FULL),
    ],
    "null in every other chunk": [
        chunk({"content": "a"}, usage=None),
        chunk(finish="stop", usage=None),
        chunk(choices=[], usage=FULL),
    ],
    "a first guess that was too high": [
        chunk({"content": "a"}, usage=counted(100, 33)),
        chunk(finish="stop", usage=FULL),
    ],
}


@pytest.mark.parametrize("events", STREAMS.values(), ids=STREAMS)
def test_the_fullest_count_of_a_stream_is_the_usage(events: list[Any]) -> None:
    assert finish(streamed("openai", *events, DONE)).usage == USED


OPENAI = {
    "cached tokens are part of the prompt": (FULL, USED),
    "cached tokens in a vendor's own field": (
        counted(100, 20, prompt_cache_hit_tokens=40),
        USED,
    ),
    "written ones as well": (
        counted(100, 20, prompt_tokens_details={"cached_tokens": 40, "cache_write_tokens": 50}),
        Usage(100, 20, CacheUse(40, 50)),
    ),
    "never more than the prompt": (
        counted(100, 20, prompt_tokens_details={"cached_tokens": 400, "cache_write_tokens": 50}),
        Usage(100, 20, CacheUse(100)),
    ),
    "reasoning is part of the completion": (
        counted(100, 20, completion_tokens_details={"reasoning_tokens": 15}),
        Usage(100, 20, thinking_tokens=15),
    ),
    "reasoning beside the completion": (
        counted(100, 20, completion_tokens_details={"reasoning_tokens": 15})
        | {"total_tokens": 135},
        Usage(100, 35, thinking_tokens=15),
    ),
    "values of the wrong type": (
        counted(100, 20, prompt_tokens_details=None, completion_tokens_details=[1])
        | {"total_tokens": "120"},
        Usage(100, 20),
    ),
}


@pytest.mark.parametrize(("native", "expected"), OPENAI.values(), ids=OPENAI)
def test_openais_counts_are_read(native: dict[str, Any], expected: Usage) -> None:
    usage = NativeUsage("openai")
    usage.add(native)
    assert usage.usage(Usage(1, 1)) == expected


ANTHROPIC = {
    "plain": ({"input_tokens": 10, "output_tokens": 5}, Usage(10, 5)),
    "the cache stands beside the input": (
        {
            "input_tokens": 10,
            "cache_read_input_tokens": 40,
            "cache_creation_input_tokens": 50,
            "output_tokens": 5,
        },
        Usage(100, 5, CacheUse(40, 50)),
    ),
    "written for five minutes and for an hour": (
        {
            "input_tokens": 10,
            "cache_creation_input_tokens": 50,
            "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 30},
            "output_tokens": 5,
        },
        Usage(60, 5, CacheUse(0, 20, 30)),
    ),
    "a split that leaves a rest": (
        {
            "input_tokens": 10,
            "cache_creation_input_tokens": 1000,
            "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 200},
            "output_tokens": 5,
        },
        Usage(1010, 5, CacheUse(0, 800, 200)),
    ),
    "thinking": (
        {
            "input_tokens": 10,
            "output_tokens": 50,
            "output_tokens_details": {"thinking_tokens": 30},
        },
        Usage(10, 50, thinking_tokens=30),
    ),
    "null for the cache": (
        {
            "input_tokens": 10,
            "cache_read_input_tokens": None,
            "cache_creation": None,
            "output_tokens": 5,
        },
        Usage(10, 5),
    ),
}


@pytest.mark.parametrize(("native", "expected"), ANTHROPIC.values(), ids=ANTHROPIC)
def test_anthropics_counts_are_read(native: dict[str, Any], expected: Usage) -> None:
    usage = NativeUsage("anthropic")
    usage.add(native)
    assert usage.usage(Usage(1, 1)) == expected


FIRST = {"input_tokens": 60, "cache_read_input_tokens": 40, "output_tokens": 1}
EVENTS = {
    "the last one counts again": ended(input_tokens=60, cache_read_input_tokens=40),
    "the last one counts only the output": ended(),
    "the last one says 0": ended(input_tokens=0, cache_read_input_tokens=0),
    "two of them": [ended(output_tokens=3)[0], *ended()],
}


@pytest.mark.parametrize("last", EVENTS.values(), ids=EVENTS)
def test_the_counts_of_a_stream_are_cumulative(last: list[Any]) -> None:
    pieces = streamed("anthropic", started(**FIRST), *text_block(0, "a"), *last)
    assert pieces[0] == Start(100, CacheUse(40))
    assert finish(pieces).usage == Usage(100, 5, CacheUse(40))


def test_what_the_upstream_does_not_count_is_counted_here_and_marked() -> None:
    text = "One two three four five."
    fragments = [chunk({"content": character}) for character in text]
    usage = finish(streamed("openai", *fragments, STOP, DONE)).usage
    assert usage == Usage(ESTIMATE, tokens.count(text), is_estimated=True)


def test_thinking_and_calls_are_counted_too() -> None:
    said = [chunk({"reasoning": "I think so."}), chunk(call(0, '{"a":1}', id="c", name="f"))]
    usage = finish(streamed("openai", *said, chunk(finish="tool_calls"), DONE)).usage
    expected = tokens.count("I think so.") + tokens.count('{"a":1}') + tokens.count("f")
    assert usage.output_tokens == expected + tokens.CALL_OVERHEAD_TOKENS


@pytest.mark.parametrize("usage", [None, {}, counted(0, 0), "none", {"prompt_tokens": True}])
def test_a_count_that_says_nothing_is_replaced(usage: object) -> None:
    found = finish(plain("openai", {"choices": [_choice("a b")], "usage": usage})).usage
    assert found == Usage(ESTIMATE, 2, is_estimated=True)


def test_half_a_count_is_kept() -> None:
    document = {"choices": [_choice("a b")], "usage": {"completion_tokens": 33}}
    assert finish(plain("openai", document)).usage == Usage(ESTIMATE, 33, is_estimated=True)


def test_an_answer_without_a_word_has_no_output() -> None:
    refused = {**_choice(""), "finish_reason": "content_filter"}
    document = {"choices": [refused], "usage": counted(10, 0)}
    assert finish(plain("openai", document)).usage == Usage(10, 0)


def test_the_start_of_an_anthropic_stream_has_the_upstreams_count() -> None:
    assert streamed("anthropic", started(), *ended())[0] == Start(10)


async def _lingering(*events: Event, then: Exception | None = None) -> AsyncIterator[Event]:
    """These events; then the connection breaks, or nothing comes any more."""
    for event in events:
        yield event
    if then is not None:
        raise then
    await asyncio.Event().wait()


def _collected(events: AsyncIterator[Event]) -> list[Piece]:
    async def collected() -> list[Piece]:
        return [piece async for piece in pieces_of_stream("openai", events, ESTIMATE)]

    return asyncio.run(collected())


TOLD = [
    Event(None, '{"choices":[{"index":0,"delta":{"content":"a"}}]}'),
    Event(None, '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'),
]


def test_done_is_not_waited_for_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_LINGER_S", 0.01)
    assert isinstance(_collected(_lingering(*TOLD))[-1], Finish)


def test_nothing_is_waited_for_after_done() -> None:
    assert isinstance(_collected(_lingering(*TOLD, Event(None, DONE)))[-1], Finish)


def test_a_complete_answer_survives_the_break_of_its_connection() -> None:
    end = _collected(_lingering(*TOLD, then=UpstreamBroken()))[-1]
    assert isinstance(end, Finish) and end.usage.is_estimated


@pytest.mark.parametrize("failure", [UpstreamBroken, UpstreamTimeout])
def test_an_answer_that_is_not_complete_does_not_survive_it(
    failure: type[UpstreamBroken | UpstreamTimeout],
) -> None:
    with pytest.raises(failure):
        _collected(_lingering(TOLD[0], then=failure()))


def _choice(content: str) -> dict[str, Any]:
    return {"index": 0, "message": {"content": content}, "finish_reason": "stop"}
