"""GW-UP-003, -028, -029, -033 and -034: what a sound answer of the upstream becomes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from conformance import chat, messages
from conformance.directions import names
from conformance.kinds import Protocol
from conformance.model import Exchange, Findings, Level, NotApplicable, Recording
from conformance.registry import requirement
from conformance.requirements.lab_passage import READ, SERVED
from conformance.requirements.lab_told import Told, differences, served, unserved

Counts = Mapping[str, Any]

_TOLD_BESIDE = ("reasoning_tokens",)
"""Counts that nothing is charged by."""


@requirement("GW-UP-003", on=names("usage"), symptom="wrong-bill", needs=(*READ, "OAI-CHAT-015"))
def usage_is_the_upstreams(recording: Recording) -> Findings:
    """Tokens are told as the upstream counted them: input, output and what its cache gave.

    Within one protocol every count of the upstream is there; onto the other, Anthropic's
    fresh, written and cached input are together OpenAI's `prompt_tokens`. A translated
    stream, whose count comes last, should begin with an estimate: clients take it from there.
    """
    yield from unserved(recording)
    for told in served(recording):
        yield from _begun_without_input(told)
        upstream, found = told.said["usage"], _usage(told)
        if told.is_same:
            expected, actual = _flat(upstream), _flat(found)
        else:
            client = told.exchange.protocol
            expected, actual = _translated(upstream), _translated(found)
            if client is Protocol.OPENAI:
                expected["total_tokens"] = expected["input"] + expected["output"]
                actual["total_tokens"] = found.get("total_tokens")
        for name, count in expected.items():
            if actual.get(name) != count:
                level = Level.SHOULD if name.endswith(_TOLD_BESIDE) else None
                said = str(actual.get(name, "absent"))
                yield told.violation(f"usage.{name}", str(count), said, level=level)


def _begun_without_input(told: Told) -> Findings:
    """A translated stream for Anthropic's clients that begins as if nothing had been asked."""
    if told.is_same or not told.is_anthropic:
        return
    for where, start in messages.events_of(told.exchange, "message_start"):
        usage = chat.object_in(chat.object_in(start, "message"), "usage")
        if not _translated({"input_tokens": 0, **usage})["input"]:
            place, expected = f"{where}.message.usage.input_tokens", "above 0, if only an estimate"
            yield told.violation(place, expected, "0", level=Level.SHOULD)


def _usage(told: Told) -> Counts:
    if told.is_anthropic:
        return messages.usage(told.exchange)
    found = chat.usages(told.exchange)
    return found[-1][1] if found else {}


def _flat(usage: Counts, before: str = "") -> dict[str, Any]:
    """Every count with its path."""
    found: dict[str, Any] = {}
    for name, value in usage.items():
        found |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {}
        if isinstance(value, int):
            found[f"{before}{name}"] = value
    return found


def _translated(usage: Counts) -> dict[str, Any]:
    """What both protocols count, from a usage of either."""
    if "input_tokens" in usage or "output_tokens" in usage:
        parts = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        counts = [usage.get(name) or 0 for name in parts]
        return {"input": sum(counts), "output": usage.get("output_tokens"), "cached": counts[-1]}
    details = chat.object_in(dict(usage), "prompt_tokens_details")
    found = {"input": usage.get("prompt_tokens"), "output": usage.get("completion_tokens")}
    return {**found, "cached": details.get("cached_tokens")}


@requirement("GW-UP-028", on=names("text"), symptom="stream-lost-text", needs=READ)
def text_arrives_whole(recording: Recording) -> Findings:
    """Text arrives as the upstream said it, however that wrote and cut it."""
    yield from unserved(recording)
    for told in served(recording):
        yield from differences(told, "text", told.told_text, told.text)


@requirement("GW-UP-029", on=names("calls"), symptom="tool-loop", needs=READ)
def calls_arrive_whole(recording: Recording) -> Findings:
    """Every tool call arrives, in order and apart from the others, with its name and arguments.

    Ids are distinct; that they are the upstream's own is good, but a gateway may map them.
    """
    yield from unserved(recording)
    for told in served(recording):
        yield from differences(told, "text", told.told_text, told.text)
        yield from _calls_differ(told)


def _calls_differ(told: Told) -> Findings:
    expected = told.said["calls"]
    found = _calls(told)
    if len(found) != len(expected):
        said = ", ".join(f"{call.name}({call.arguments})" for call in found)[:200]
        yield told.violation("tool calls", f"{len(expected)}", f"{len(found)}: {said}")
        return
    ids = [call.id for call in found]
    if len(set(map(repr, ids))) < len(ids):
        yield told.violation("tool calls", "an id of its own for each", str(ids))
    for call, meant in zip(found, expected, strict=True):
        if call.name != meant["name"]:
            yield told.violation(f"{call.where}.name", meant["name"], str(call.name))
        if call.id != meant["id"]:
            yield told.violation(f"{call.where}.id", meant["id"], str(call.id), level=Level.SHOULD)
        for path, one, other in _unequal(_exact(meant["arguments"]), _exact(call.arguments)):
            yield told.violation(f"{call.where}.arguments{path}", one, other)


def _calls(told: Told) -> Sequence[messages.ToolUse | chat.ToolCall]:
    if told.is_anthropic:
        return messages.tool_uses(told.exchange)
    return chat.tool_calls(told.exchange)


def _exact(text: Any) -> Any:
    """The JSON value of a text with its digits as they are; the text itself where it is none."""
    try:
        return json.loads(text, parse_float=Decimal)
    except (TypeError, ValueError, RecursionError):
        return text


def _unequal(expected: Any, actual: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Where two JSON values differ: the path, and what stands there."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name in expected.keys() | actual.keys():
            yield from _unequal(expected.get(name), actual.get(name), f"{path}.{name}")
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for place, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from _unequal(one, other, f"{path}[{place}]")
    elif expected != actual or isinstance(expected, bool) is not isinstance(actual, bool):
        yield path, str(expected), str(actual)


@requirement("GW-UP-033", on=names("unknown"), symptom="stream-unreadable", needs=READ)
def the_unknown_breaks_nothing(recording: Recording) -> Findings:
    """The text around events, blocks and fields that nobody knows arrives as ever."""
    yield from unserved(recording)
    for told in served(recording):
        yield from differences(told, "text", told.told_text, told.text)


@requirement("GW-UP-034", on=names("compressed"), symptom="answer-unreadable", needs=(SERVED,))
def compressed_answers_are_readable(recording: Recording) -> Findings:
    """What an upstream compressed can be read by the client, as `content-encoding` says.

    It is judged where the gateway offered its upstream to take gzip.
    """
    offered = [e.id for e in recording.upstream if _takes_gzip(e)]
    if recording.upstream and not offered:
        yield NotApplicable("the gateway takes no compressed answers")
        return
    yield from unserved(recording)
    for told in served(recording):
        if any(one.id in offered for one in told.asked):
            coding = told.exchange.answer.header("content-encoding") or "absent"
            where = f"body, content-encoding {coding}"
            yield from differences(told, where, told.told_text, told.text)


def _takes_gzip(exchange: Exchange) -> bool:
    offer = (exchange.request.header("accept-encoding") or "").lower()
    return "gzip" in offer and "gzip;q=0" not in offer.replace(" ", "").split(",")
