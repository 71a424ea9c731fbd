"""The small parts of passing on: one member of a JSON text, blocks of a stream, its opening."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from reference_gateway.errors import UpstreamBroken
from reference_gateway.upstream.events import Block, Event, blocks
from reference_gateway.upstream.opening import opened
from reference_gateway.upstream.splice import added, replaced, without


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"model":"a"}', '{"model":"new"}'),
        (
            '{ "n" : 1e400,\n"model" : "a" , "m":[1.0]}',
            '{ "n" : 1e400,\n"model" : "new" , "m":[1.0]}',
        ),
        ('{"model":"a","model":["b"]}', '{"model":"new","model":"new"}'),
        ('{"inner":{"model":"a"}}', '{"inner":{"model":"a"}}'),
        (' {"mo\\u0064el":null}', ' {"mo\\u0064el":"new"}'),
        ("{}", "{}"),
        ("[1]", "[1]"),
    ],
)
def test_one_member_is_replaced_and_nothing_else(text: str, expected: str) -> None:
    assert replaced(text, ("model",), "new") == expected


def test_a_member_further_in_is_replaced() -> None:
    text = '{"model":"x","message":{"id":1, "model":"a"} }'
    assert replaced(text, ("message", "model"), "new") == text.replace('"a"', '"new"')


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{}", '{"n":1}'), ("{ }", '{"n":1 }'), ('{"a":2 }', '{"a":2,"n":1 }')],
)
def test_a_member_is_added_at_the_end(text: str, expected: str) -> None:
    assert added(text, "n", 1) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"n":1}', "{}"),
        ('{"n":null, "a":2}', '{"a":2}'),
        ('{"a":2 , "n":{"n":1}}', '{"a":2}'),
        ('{"a":2,"n":1,"b":3,"n":1}', '{"a":2,"b":3}'),
        ('{"a":{"n":1}}', '{"a":{"n":1}}'),
    ],
)
def test_a_member_is_taken_out_with_its_comma(text: str, expected: str) -> None:
    assert without(text, "n") == expected


async def _given(items: Iterable[bytes]) -> AsyncIterator[bytes]:
    for item in items:
        yield item


def _blocks(chunks: Iterable[bytes]) -> list[Block]:
    async def read() -> list[Block]:
        return [block async for block in blocks(_given(chunks))]

    return asyncio.run(read())


STREAM = (
    "event: a\r\ndata: caf\u00e9\r\ndata: \U0001f600\r\n\r\n: hi\n\ndata:x\n\r\n\rdata: y\r\r"
).encode()
EVENTS = [Event("a", "caf\u00e9\n\U0001f600"), None, Event(None, "x"), Event(None, "y")]


@pytest.mark.parametrize("size", range(1, len(STREAM) + 1))
def test_blocks_are_the_same_however_the_stream_is_cut(size: int) -> None:
    found = _blocks(STREAM[start : start + size] for start in range(0, len(STREAM), size))
    assert b"".join(block.raw for block in found) == STREAM
    assert [block.event for block in found] == EVENTS


def test_what_no_blank_line_ends_is_no_event() -> None:
    assert [block.raw for block in _blocks([b"data: a\n\n", b"data: b\n"])] == [b"data: a\n\n"]


def test_a_stream_that_is_not_utf_8_is_broken() -> None:
    with pytest.raises(UpstreamBroken):
        _blocks([b"data: \xff\n\n"])


def test_a_byte_order_mark_is_no_part_of_the_first_event() -> None:
    (found,) = _blocks([b"\xef\xbb\xbfdata: a\n\n"])
    assert found.event == Event(None, "a")


class _Source:
    """Items that come when they are told to."""

    def __init__(self) -> None:
        self.items: asyncio.Queue[int | None] = asyncio.Queue()

    async def read(self) -> AsyncIterator[int]:
        while (item := await self.items.get()) is not None:
            yield item


def test_an_opening_waits_for_content() -> None:
    async def play() -> None:
        source = _Source()
        found = opened(source.read(), lambda item: item > 0, longest_s=60)
        first = asyncio.ensure_future(anext(found))
        source.items.put_nowait(0)
        source.items.put_nowait(-1)
        while not source.items.empty():
            await asyncio.sleep(0)
        assert not first.done()
        source.items.put_nowait(5)
        source.items.put_nowait(None)
        assert [await first, *[item async for item in found]] == [0, -1, 5]

    asyncio.run(play())


def test_an_opening_waits_for_a_moment_only() -> None:
    async def play() -> None:
        source = _Source()
        found = opened(source.read(), lambda item: item > 0, longest_s=0.01)
        source.items.put_nowait(0)
        assert await anext(found) == 0
        for item in (-1, 5, 6, None):
            source.items.put_nowait(item)
        assert [item async for item in found] == [-1, 5, 6]

    asyncio.run(play())


@pytest.mark.parametrize("items", [[], [0], [0, 0]])
def test_an_opening_without_content_is_handed_out_at_the_end(items: list[int]) -> None:
    async def play() -> list[int]:
        source = _Source()
        for item in (*items, None):
            source.items.put_nowait(item)
        return [item async for item in opened(source.read(), lambda item: item > 0)]

    assert asyncio.run(play()) == items
