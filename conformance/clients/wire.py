"""What went over the wire while a real client worked: what it asked, and what it was sent.

The words are the same for every protocol here: text, calls, thinking, end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from conformance import chat, messages, responses
from conformance.kinds import Kind
from conformance.model import Exchange, Recording

STREAMS = (Kind.ANTHROPIC_STREAM, Kind.OPENAI_STREAM, Kind.OPENAI_RESPONSE_STREAM)
PATHS = ("/messages", "/chat/completions", "/responses")
"""Where a model is asked."""

_SAME_STOP = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
}
_ORDERING = ("system", "developer")


def main_requests(recording: Recording) -> list[Exchange]:
    """What the client asked the model about its task: not titles, and not what to remember.

    These have the system prompt of the first request that offers tools, or else of the first.
    """
    return _main(recording.final)


def upstream_requests(recording: Recording) -> list[Exchange]:
    """What the lab was asked about the client's task."""
    return _main(recording.upstream)


def _main(exchanges: Iterable[Exchange]) -> list[Exchange]:
    asked = [e for e in exchanges if e.request.path.endswith(PATHS)]
    first = next((e for e in asked if e.request.json.get("tools")), next(iter(asked), None))
    return [e for e in asked if first is not None and _system(e) == _system(first)]


def text_of(exchange: Exchange) -> str:
    """The text of an answer, whatever its protocol."""
    if exchange.kind is Kind.OPENAI_RESPONSE_STREAM:
        texts = [text for item in responses.items(exchange) for text in item.texts]
        return "".join(text for text in texts if isinstance(text, str))
    if exchange.kind is Kind.ANTHROPIC_STREAM:
        return messages.text(exchange)
    return chat.text(exchange)


def calls_of(exchange: Exchange) -> Iterator[tuple[Any, Any]]:
    """The tool calls of an answer: name and arguments as a JSON text."""
    if exchange.kind is Kind.OPENAI_RESPONSE_STREAM:
        for item in responses.items(exchange):
            if "call" in str(item.type):
                yield item.fields.get("name"), item.fields.get("arguments")
    elif exchange.kind is Kind.ANTHROPIC_STREAM:
        yield from ((use.name, use.arguments) for use in messages.tool_uses(exchange))
    elif exchange.kind is Kind.OPENAI_STREAM:
        yield from ((call.name, call.arguments) for call in chat.tool_calls(exchange))


def thinking_of(exchange: Exchange) -> dict[str, str]:
    """The thinking of a streamed message, and its signature."""
    found = [delta for _, _, delta in messages.deltas(exchange)]
    return {
        part: "".join(str(delta.get(part, "")) for delta in found)
        for part in ("thinking", "signature")
    }


def end_of(exchange: Exchange) -> tuple[Any, dict[str, set[int]]]:
    """Why an answer stopped, and the token counts that a client may make of its usage."""
    if exchange.kind is Kind.ANTHROPIC_STREAM:
        usage = messages.usage(exchange)
        sent = {usage.get("input_tokens"), messages.input_tokens(exchange)}
        return messages.stop(exchange).get("stop_reason"), _counts(sent, usage.get("output_tokens"))
    if exchange.kind is Kind.OPENAI_STREAM:
        reasons = [reason for _, reason in chat.finish_reasons(exchange)]
        usages = [usage for _, usage in chat.usages(exchange)]
        usage = usages[-1] if usages else {}
        sent = {usage.get("prompt_tokens")}
        return next(iter(reasons), None), _counts(sent, usage.get("completion_tokens"))
    if exchange.kind is Kind.OPENAI_RESPONSE_STREAM:
        _, response = responses.final(exchange) or ("", {})
        told = response.get("usage")
        usage = told if isinstance(told, dict) else {}
        return None, _counts({usage.get("input_tokens")}, usage.get("output_tokens"))
    return None, {}


def same_stop(stop: Any) -> str:
    """Why an answer stopped, in a word for either protocol."""
    return _SAME_STOP.get(str(stop), str(stop))


def _counts(sent: set[Any], said: Any) -> dict[str, set[int]]:
    return {
        "input": {count for count in sent if isinstance(count, int)},
        "output": {said} if isinstance(said, int) else set(),
    }


def _system(exchange: Exchange) -> str:
    """What the system prompt begins with: it tells the client's errands apart."""
    asked = exchange.request.json
    found = asked.get("system", asked.get("instructions"))
    if found is None:
        turns = asked.get("messages")
        heads = [t for t in turns if isinstance(t, dict)] if isinstance(turns, list) else []
        found = next((t.get("content") for t in heads if t.get("role") in _ORDERING), "")
    parts = found if isinstance(found, list) else [found]
    texts = [part.get("text", "") if isinstance(part, dict) else part for part in parts]
    return str(max(map(str, texts), key=len, default=""))[:200]
