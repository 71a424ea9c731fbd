"""What an upstream sends, and what becomes of it: pieces, and the frames of a client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Literal

from reference_gateway.chat import Answer
from reference_gateway.pieces import Finish, Piece, Start, gather
from reference_gateway.upstream.events import blocks, events_of
from reference_gateway.upstream.reading import pieces_of, pieces_of_stream
from reference_gateway.wire import Heading, WireFormat

Json = dict[str, Any]
Protocol = Literal["openai", "anthropic"]
DONE = "[DONE]"
ESTIMATE = 7
"""What the gateway thinks that the prompt has."""


def chunk(delta: Json | None = None, finish: str | None = None, **more: Any) -> Json:
    """A chunk with one choice, or where `choices` is given, with these."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [choice], **more}


def call(index: int | None, arguments: str | None, **named: Any) -> Json:
    """The delta of a call; `id` and `name` where they are given."""
    function = {"arguments": arguments, **({"name": named["name"]} if "name" in named else {})}
    told = {"index": index} if index is not None else {}
    told |= {"id": named["id"]} if "id" in named else {}
    return {"tool_calls": [{**told, "function": function}]}


def weather(arguments: str) -> Json:
    """The begin of the first call."""
    return chunk(call(0, arguments, id="call_1", name="weather"))


def time(arguments: str) -> Json:
    """The begin of the second call."""
    return chunk(call(1, arguments, id="call_2", name="time"))


def more(arguments: str, index: int = 0) -> Json:
    """More arguments of a call."""
    return chunk(call(index, arguments))


def counted(prompt: int, completion: int, **details: Any) -> Json:
    """The usage of a chat completion."""
    total = prompt + completion
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": total,
        **details,
    }


def started(**usage: Any) -> Json:
    """A `message_start`."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": []}
    told = {"input_tokens": 10, "output_tokens": 1, **usage}
    return {"type": "message_start", "message": {**message, "usage": told}}


def block(index: int, start: Json, *deltas: Json) -> list[Json]:
    """A whole content block."""
    told = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *told,
        {"type": "content_block_stop", "index": index},
    ]


def text_block(index: int, *texts: str) -> list[Json]:
    """A text block."""
    deltas = [{"type": "text_delta", "text": text} for text in texts]
    return block(index, {"type": "text", "text": ""}, *deltas)


def tool_block(
    index: int, *fragments: str, id: str = "toolu_1", name: str = "weather"
) -> list[Json]:
    """A block of a call."""
    deltas = [{"type": "input_json_delta", "partial_json": text} for text in ("", *fragments)]
    return block(index, {"type": "tool_use", "id": id, "name": name, "input": {}}, *deltas)


def ended(reason: str | None = "end_turn", sequence: str | None = None, **usage: Any) -> list[Json]:
    """The last two events of a message."""
    delta = {"stop_reason": reason, "stop_sequence": sequence}
    told = {"output_tokens": 5, **usage}
    return [{"type": "message_delta", "delta": delta, "usage": told}, {"type": "message_stop"}]


def sse(*events: Json | str) -> bytes:
    """The events as bytes, ASCII escapes and all."""
    lines = []
    for event in events:
        data = event if isinstance(event, str) else json.dumps(event)
        name = event.get("type") if isinstance(event, dict) else None
        lines.append(f"event: {name}\ndata: {data}\n\n" if name else f"data: {data}\n\n")
    return "".join(lines).encode()


def streamed(protocol: Protocol, *events: Json | str) -> list[Piece]:
    """The pieces of a stream, which are the same however its bytes are cut."""
    raw = sse(*events)
    found = read(protocol, raw, len(raw) or 1)
    assert read(protocol, raw, 1) == found
    return found


def read(protocol: Protocol, raw: bytes, size: int) -> list[Piece]:
    """The pieces of a stream that comes in writes of so many bytes."""

    async def pieces() -> list[Piece]:
        events = events_of(blocks(_writes(raw, size)))
        return [piece async for piece in pieces_of_stream(protocol, events, ESTIMATE)]

    return asyncio.run(pieces())


async def _writes(raw: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), size):
        yield raw[start : start + size]


def plain(protocol: Protocol, document: Json) -> list[Piece]:
    """The pieces of an answer that was not streamed."""
    return list(pieces_of(protocol, document, ESTIMATE))


def said(pieces: list[Piece]) -> list[Piece]:
    """What was said between start and finish, the counts left out."""
    return [replace(piece, tokens=0) for piece in pieces if not isinstance(piece, Start | Finish)]


def finish(pieces: list[Piece]) -> Finish:
    """The last piece, which has to be the end."""
    assert isinstance(pieces[-1], Finish)
    return pieces[-1]


def answer(pieces: list[Piece]) -> Answer:
    """The pieces as one answer."""
    return asyncio.run(gather(_each(pieces)))


def body(wire: WireFormat, pieces: list[Piece]) -> Json:
    """The body that a client gets who did not ask for a stream."""
    return wire.answer(_heading(), answer(pieces))


def frames(wire: WireFormat, pieces: list[Piece]) -> list[Any]:
    """The data of the frames that a client gets who asked for a stream; pings left out."""

    async def collected() -> list[Any]:
        return [frame.data async for frame in wire.frames(_heading(), _each(pieces))]

    return [data for data in asyncio.run(collected()) if data != {"type": "ping"}]


async def _each(pieces: list[Piece]) -> AsyncIterator[Piece]:
    for piece in pieces:
        yield piece


def _heading() -> Heading:
    return Heading("token", "lab-openai", 1, include_usage=True)
