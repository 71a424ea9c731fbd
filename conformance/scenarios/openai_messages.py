"""What may be said to a chat completion: roles, parts, pictures, and odd but legal histories.

Each nonce is a word that no model says of itself; where it comes back, what held it
has reached the model.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from typing import Any

from conformance.model import Exchange
from conformance.nonces import COLOUR, LAST_WORD, NUMBER, PARTS
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.openai import COMPLETION, OPENAI, ask, content
from conformance.scenarios.tries import TRIES, until

ORDER = f"End every answer with the word {LAST_WORD}."
_TURNS: list[dict[str, Any]] = [
    {"role": "user", "content": f"My parcel has the number {NUMBER}."},
    {"role": "assistant", "content": "Thank you, noted."},
    {"role": "user", "content": "Which number does my parcel have?"},
]
_PART_TEXTS = (
    f"The first shelf is {PARTS[0]}.",
    f"The second shelf is {PARTS[1]}. Repeat both names.",
)


def _parts(*texts: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text} for text in texts]


def says(*words: str) -> Callable[[Exchange], bool]:
    """Whether an answer holds all these words."""
    return lambda exchange: all(word.lower() in content(exchange).lower() for word in words)


@scenario("openai-conversation", protocol=OPENAI, yields=COMPLETION, cost=TRIES * prompts.BUDGET)
async def conversation(gateway: Gateway) -> None:
    """An order in a system message, and in the third turn a question about the first."""
    messages = [{"role": "system", "content": ORDER}, *_TURNS]
    await until(says(LAST_WORD, NUMBER), lambda: ask(gateway, {"messages": messages}))


@scenario(
    "openai-text-parts", protocol=OPENAI, yields=COMPLETION, cost=(TRIES + 1) * prompts.BUDGET
)
async def text_parts(gateway: Gateway) -> None:
    """System and user content as two text parts each; where refused, the user's alone."""
    system = {"role": "system", "content": _parts("Be brief.", ORDER)}
    user = {"role": "user", "content": _parts(*_PART_TEXTS)}
    body = {"messages": [system, user]}
    exchange = await until(says(LAST_WORD, *PARTS), lambda: ask(gateway, body))
    if exchange.status in (400, 422):
        await ask(gateway, {"messages": [user]})


@scenario(
    "openai-developer",
    protocol=OPENAI,
    yields=COMPLETION,
    cost=TRIES * prompts.BUDGET,
    optional=("developer",),
)
async def developer(gateway: Gateway) -> None:
    """An order in a developer message."""
    messages = [{"role": "developer", "content": ORDER}, *prompts.user(prompts.HELLO)]
    await until(says(LAST_WORD), lambda: ask(gateway, {"messages": messages}))


@scenario(
    "openai-image",
    protocol=OPENAI,
    yields=COMPLETION,
    cost=TRIES * prompts.BUDGET,
    capabilities=("vision",),
)
async def image(gateway: Gateway) -> None:
    """A picture of one colour as a data URI, and the question which colour it is."""
    url = f"data:image/png;base64,{base64.b64encode(red_png()).decode()}"
    text = "Which colour is this picture? Answer with its plain English name."
    picture = {"type": "image_url", "image_url": {"url": url, "detail": "low"}}
    messages = [{"role": "user", "content": [*_parts(text), picture]}]

    await until(says(COLOUR), lambda: ask(gateway, {"messages": messages}))


@scenario(
    "openai-odd-histories",
    protocol=OPENAI,
    yields=COMPLETION,
    exchanges=2,
    cost=2 * prompts.SMALL_BUDGET,
)
async def odd_histories(gateway: Gateway) -> None:
    """A system message alone; two users in a row, an empty assistant, an assistant last."""
    alone = [{"role": "system", "content": "Say hello."}]
    odd = [
        *prompts.user("Say"),
        *prompts.user("hello."),
        {"role": "assistant", "content": ""},
        *prompts.user("Please."),
        {"role": "assistant", "content": "Hello"},
    ]
    for messages in (alone, odd):
        await ask(gateway, {"messages": messages}, prompts.SMALL_BUDGET)


def red_png(side: int = 32) -> bytes:
    """A square picture, all of it red."""
    rows = (b"\0" + b"\xff\0\0" * side) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(*chunk) for chunk in chunks)


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
