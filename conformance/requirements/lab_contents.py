"""GW-UP-032 and -035: thinking, refusals and sources of the upstream, as the client sees them."""

from __future__ import annotations

import json
from typing import Any

from conformance import chat, messages
from conformance.directions import names, same
from conformance.model import Exchange, Findings, Level, Recording
from conformance.registry import requirement
from conformance.requirements.lab_passage import READ
from conformance.requirements.lab_told import Told, differences, served, unserved
from conformance.requirements.openai_details import REASONING

Block = tuple[str, ...]


@requirement("GW-UP-032", on=names("thinking"), symptom="feature-dropped", needs=READ)
def thinking_arrives(recording: Recording) -> Findings:
    """Thinking arrives unchanged and in order, redacted blocks too, and never as text.

    A client of the other protocol SHOULD see what was thought, in its own words.
    """
    yield from unserved(recording)
    for told in served(recording):
        if told.is_anthropic and told.is_same:
            yield from _blocks_differ(told)
        else:
            yield from differences(told, "text", told.told_text, told.text)
            yield from _thoughts_are_missing(told)


def _blocks_differ(told: Told) -> Findings:
    expected = [_told_block(part) for part in told.said["parts"]]
    actual = [block for block in _blocks(told.exchange) if block != ("text", "")]
    kinds = [[block[0] for block in blocks] for blocks in (expected, actual)]
    if kinds[0] != kinds[1]:
        yield told.violation("content", ", ".join(kinds[0]), ", ".join(kinds[1]) or "nothing")
        return
    for place, (meant, found) in enumerate(zip(expected, actual, strict=True)):
        if meant != found:
            yield told.violation(f"content[{place}]", str(meant), str(found))


def _told_block(part: dict[str, Any]) -> Block:
    if "thinking" in part:
        return "thinking", part["thinking"], part["signature"]
    if "redacted" in part:
        return "redacted_thinking", part["redacted"]
    return "text", part["text"]


def _blocks(exchange: Exchange) -> list[Block]:
    """The blocks of an Anthropic answer, streamed or not, as far as thinking is concerned."""
    if not exchange.is_streamed:
        return [_block(block) for block in messages.content(exchange)]
    found: dict[str, dict[str, Any]] = {}
    for _, index, start in messages.block_starts(exchange):
        found[repr(index)] = dict(start)
    for _, index, delta in messages.deltas(exchange):
        block = found.setdefault(repr(index), {})
        for name in ("thinking", "signature", "text"):
            if isinstance(delta.get(name), str):
                block[name] = f"{block.get(name) or ''}{delta[name]}"
    return [_block(block) for block in found.values()]


def _block(block: dict[str, Any]) -> Block:
    kind = str(block.get("type"))
    read = {"thinking": ("thinking", "signature"), "redacted_thinking": ("data",)}
    return kind, *(str(block.get(name)) for name in read.get(kind, ("text",)))


def _thoughts_are_missing(told: Told) -> Findings:
    level = None if told.is_same else Level.SHOULD
    shown = _shown_thoughts(told)
    for part in told.said["parts"]:
        thought = part.get("thinking", "")
        if thought not in shown:
            yield told.violation("thinking", thought, shown or "absent", level=level)


def _shown_thoughts(told: Told) -> str:
    if told.is_anthropic:
        blocks = _blocks(told.exchange)
        return "".join(block[1] for block in blocks if block[0] == "thinking")
    holders = _holders(told.exchange)
    return "".join(str(next(filter(None, map(one.get, REASONING)), "")) for one in holders)


def _holders(exchange: Exchange) -> list[dict[str, Any]]:
    """The deltas of a stream, or the messages of a plain answer."""
    if exchange.is_streamed:
        return [delta for _, _, delta in chat.deltas(exchange)]
    return [chat.message(choice) for choice in chat.choices(exchange)]


@requirement(
    "GW-UP-035",
    on=(*same("refusal"), *same("citations")),
    symptom="feature-dropped",
    needs=READ,
)
def refusals_and_sources_arrive(recording: Recording) -> Findings:
    """The text of a refusal and the sources of an answer reach a client of the same protocol."""
    yield from unserved(recording)
    for told in served(recording):
        if "source" in told.said:
            if told.said["source"] not in _values(told.exchange):
                yield told.violation(told.said["variant"], told.said["source"], "absent")
        else:
            yield from differences(told, "text", "", told.text)
            yield from differences(told, "refusal", told.said["refusal"], refusal_text(told))


def refusal_text(told: Told) -> str:
    """What the client is told of a refusal, in its protocol's own place."""
    if told.is_anthropic:
        details = messages.stop(told.exchange).get("stop_details")
        return str(details.get("explanation") or "") if isinstance(details, dict) else ""
    return "".join(str(one.get("refusal") or "") for one in _holders(told.exchange))


def _values(exchange: Exchange) -> str:
    """The JSON of an answer, written in one way."""
    found = [event.json for event in exchange.events] or [exchange.answer.json]
    return json.dumps(found, ensure_ascii=False)
