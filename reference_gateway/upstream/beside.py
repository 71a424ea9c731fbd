"""Reading a stream beside its way to the client: what it costs, and whether it is complete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reference_gateway import tokens
from reference_gateway.chat import Json, Usage
from reference_gateway.upstream.native import (
    NativeProtocol,
    count_of,
    object_of,
    objects_of,
    text_of,
)
from reference_gateway.upstream.native_usage import NativeUsage

_ANTHROPIC_TEXTS = ("text", "thinking", "partial_json")
_OPENAI_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")


class Beside:
    """What was seen of one answer, of which so many `choices` were asked for.

    It `has_content` as soon as it has said anything, and `is_over` when it has said that
    nothing follows.
    """

    def __init__(self, protocol: NativeProtocol, input_tokens: int, choices: int = 1) -> None:
        self._protocol = protocol
        self._native = NativeUsage(protocol)
        self._input_tokens = input_tokens
        self._choices = choices
        self._begun: set[int] = set()
        self._finished: set[int] = set()
        self._produced = 0
        self._is_counted = False
        self.is_over = False

    @property
    def has_content(self) -> bool:
        """True when more was said than that an answer begins."""
        return self._produced > 0 or bool(self._finished) or self.is_over

    @property
    def is_finished(self) -> bool:
        """True when only the usage and the end may follow, and neither is needed."""
        return self._protocol == "openai" and len(self._finished) >= self._choices

    @property
    def is_complete(self) -> bool:
        """True when all of the answer that began has also ended."""
        if self._protocol == "anthropic" and not self.is_over:
            return False
        return bool(self._finished) and self._begun <= self._finished

    @property
    def usage(self) -> Usage:
        """The usage by now: what the provider counted, and until it has, at least our own count."""
        found = self._native.usage(Usage(self._input_tokens, self._produced))
        if self._is_counted:
            return found
        return replace(found, output_tokens=max(found.output_tokens, self._produced))

    def read(self, data: Json) -> None:
        """Take in one event."""
        if self._protocol == "anthropic":
            self._read_event(data)
        else:
            self._read_chunk(data)

    def read_whole(self, document: Json) -> None:
        """Count an answer that was not streamed."""
        self._count(_texts(document.get("content")))
        for choice in objects_of(document.get("choices")):
            self._count(_texts(choice.get("message")))

    def _read_event(self, data: Json) -> None:
        kind, delta = data.get("type"), object_of(data.get("delta"))
        if kind == "message_start":
            self._native.add(object_of(data.get("message")).get("usage"))
        elif kind == "message_delta":
            self._native.add(data.get("usage"))
            self._is_counted |= count_of(object_of(data.get("usage")).get("output_tokens")) > 0
            if delta.get("stop_reason"):
                self._finished.add(0)
        elif kind == "message_stop":
            self.is_over = True
        self._count(text_of(delta.get(name)) for name in _ANTHROPIC_TEXTS)

    def _read_chunk(self, data: Json) -> None:
        self._native.add(data.get("usage"))
        self._is_counted |= count_of(object_of(data.get("usage")).get("completion_tokens")) > 0
        for choice in objects_of(data.get("choices")):
            self._begun.add(count_of(choice.get("index")))
            delta = object_of(choice.get("delta"))
            self._count(text_of(delta.get(name)) for name in _OPENAI_TEXTS)
            for call in objects_of(delta.get("tool_calls")):
                function = object_of(call.get("function"))
                self._count(text_of(function.get(name)) for name in ("name", "arguments"))
            if choice.get("finish_reason"):
                self._finished.add(count_of(choice.get("index")))

    def _count(self, texts: Iterable[str]) -> None:
        self._produced += sum(map(tokens.count, texts))


def _texts(value: object) -> Iterator[str]:
    """Every text inside a value."""
    if isinstance(value, str):
        yield value
    for child in value.values() if isinstance(value, dict) else ():
        yield from _texts(child)
    for child in value if isinstance(value, list) else ():
        yield from _texts(child)
