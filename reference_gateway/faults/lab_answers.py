"""Faults of what a provider's answer becomes: its counts, its text, its tool calls."""

from __future__ import annotations

import json
from dataclasses import replace

from reference_gateway.chat import NO_CACHE, Json
from reference_gateway.faults.places import ANTHROPIC, BOTH, OPENAI
from reference_gateway.faults.registry import fault
from reference_gateway.faults.upstream_places import (
    Passed,
    Pieces,
    passed_bytes,
    passed_payloads,
    provider_documents,
    upstream_finishes,
    upstream_pieces,
)
from reference_gateway.pieces import ArgumentsDelta, CallStart, Finish, Piece, TextDelta
from reference_gateway.wire import dump

_BEYOND_BMP = 0xFFFF


@fault(
    "lab-usage-estimated",
    upstream_pieces(BOTH),
    kills=("GW-UP-003", "GW-UP-039"),
    origin="https://github.com/Augustas11/macprovider/issues/278",
)
async def usage_estimated(pieces: Pieces) -> Pieces:
    """The gateway's own estimate of the output takes the place of the provider's count."""
    length = 0
    async for piece in pieces:
        length += len(piece.text.encode()) if isinstance(piece, TextDelta) else 0
        if isinstance(piece, Finish):
            yield replace(piece, usage=replace(piece.usage, output_tokens=1 + length // 4))
        else:
            yield piece


@fault(
    "lab-input-counted-twice",
    upstream_finishes(OPENAI),
    kills=("GW-UP-003", "GW-UP-039"),
    origin="https://github.com/envoyproxy/ai-gateway/issues/2239",
)
def input_counted_twice(finish: Finish) -> Finish:
    """The input is added up over the events that tell it."""
    usage = finish.usage
    return replace(finish, usage=replace(usage, input_tokens=2 * usage.input_tokens))


@fault(
    "lab-cached-tokens-lost",
    upstream_finishes(ANTHROPIC),
    kills=("GW-UP-003", "GW-UP-039"),
    origin="https://github.com/QuantumNous/new-api/issues/7472",
)
def cached_tokens_lost(finish: Finish) -> Finish:
    """What the provider's cache gave is told as fresh input."""
    return replace(finish, usage=replace(finish.usage, cache=NO_CACHE))


@fault(
    "lab-passed-usage-without-details",
    passed_payloads(OPENAI),
    kills=("GW-UP-003",),
    origin="https://github.com/CherryHQ/cherry-studio/issues/19338",
)
def passed_usage_without_details(chunk: Json) -> None:
    """The usage of a stream that is passed on loses its details."""
    if chunk.get("usage"):
        chunk["usage"].pop("prompt_tokens_details", None)


@fault(
    "lab-text-decoded-by-chunk",
    upstream_pieces(BOTH),
    kills=("GW-UP-028",),
    origin="https://github.com/musistudio/claude-code-router/issues/1672",
)
async def text_decoded_by_chunk(pieces: Pieces) -> Pieces:
    """Characters of four bytes are cut by the network, and each half decoded by itself."""
    async for piece in pieces:
        yield replace(piece, text=_halved(piece.text)) if isinstance(piece, TextDelta) else piece


def _halved(text: str) -> str:
    return "".join("\ufffd\ufffd" if ord(one) > _BEYOND_BMP else one for one in text)


@fault(
    "lab-repeats-dropped",
    upstream_pieces(BOTH),
    kills=("GW-UP-028",),
    origin="https://github.com/Quorinex/Kiro-Go/issues/138",
)
async def repeats_dropped(pieces: Pieces) -> Pieces:
    """A fragment that equals the one before it is taken for a replay."""
    last: Piece | None = None
    async for piece in pieces:
        if not isinstance(piece, TextDelta) or piece != last:
            yield piece
        last = piece


@fault(
    "lab-blank-fragments-dropped",
    passed_payloads(BOTH),
    kills=("GW-UP-028",),
    origin="gateway contract: GW-UP-028",
)
def blank_fragments_dropped(event: Json) -> None:
    """A fragment of nothing but white space is taken for empty, where it is passed on."""
    holders = [choice.get("delta", {}) for choice in event.get("choices", ())]
    holders += [event["delta"]] if isinstance(event.get("delta"), dict) else []
    for delta in holders:
        for name in ("content", "text"):
            if delta.get(name) and not delta[name].strip():
                delta[name] = ""


@fault(
    "lab-done-in-the-text",
    passed_bytes(BOTH),
    kills=("GW-UP-028", "GW-UP-029"),
    origin="https://github.com/Kong/kong/issues/12903",
)
async def done_in_the_text(chunks: Passed) -> Passed:
    """A text that says `[DONE]` is not handed on, as if it were the end."""
    async for chunk in chunks:
        if b"[DONE]" not in chunk or b"data: [DONE]\n" in chunk:
            yield chunk


@fault(
    "lab-answered-calls-merged",
    upstream_pieces(OPENAI),
    kills=("GW-UP-029",),
    origin="https://github.com/BerriAI/litellm/issues/33678",
)
async def parallel_calls_merged(pieces: Pieces) -> Pieces:
    """The arguments of several calls are put into the first of them."""
    has_call = False
    async for piece in pieces:
        if not isinstance(piece, CallStart) or not has_call:
            yield piece
        has_call = has_call or isinstance(piece, CallStart)


@fault(
    "lab-arguments-tail-lost",
    upstream_pieces(OPENAI),
    kills=("GW-UP-029", "OAI-TOOL-006"),
    origin="https://github.com/QuantumNous/new-api/issues/6046",
)
async def arguments_tail_lost(pieces: Pieces) -> Pieces:
    """The last fragment of the arguments is lost where it comes with the end."""
    held: Piece | None = None
    async for piece in pieces:
        if held is not None and not isinstance(piece, Finish):
            yield held
        held = piece if isinstance(piece, ArgumentsDelta) else None
        if held is None:
            yield piece


@fault(
    "lab-calls-after-text-lost",
    upstream_pieces(BOTH),
    kills=("GW-UP-029",),
    origin="https://github.com/BerriAI/litellm/issues/2716",
)
async def calls_after_text_lost(pieces: Pieces) -> Pieces:
    """An answer that has begun with text is taken for one without calls."""
    has_text = False
    async for piece in pieces:
        has_text = has_text or isinstance(piece, TextDelta)
        if not (has_text and isinstance(piece, CallStart | ArgumentsDelta)):
            yield piece


@fault(
    "lab-large-numbers-rounded",
    provider_documents(BOTH),
    kills=("GW-UP-029",),
    origin="https://github.com/google/adk-python/issues/3592",
)
def large_numbers_rounded(document: Json) -> None:
    """Whole numbers in the arguments of a call are read as doubles."""
    for block in document.get("content", ()):
        if block.get("type") == "tool_use":
            block["input"] = json.loads(_rounded(dump(block["input"])))
    for choice in document.get("choices", ()):
        for call in choice["message"].get("tool_calls") or ():
            call["function"]["arguments"] = _rounded(call["function"]["arguments"])


def _rounded(arguments: str) -> str:
    return dump(json.loads(arguments, parse_int=lambda digits: int(float(digits))))
