"""The order of an Anthropic stream (section 3.1 of the page)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from conformance import sse
from conformance.grammar.breach import Breach, at, key
from conformance.model import Level, Violation


class Message(StrEnum):
    """Where an Anthropic stream stands."""

    START = "before message_start"
    OPEN = "between content blocks"
    BLOCK = "inside a content block"
    ENDING = "after message_delta"
    STOPPED = "after message_stop"
    FAILED = "after an error event"


MESSAGE_STEPS: Mapping[tuple[Message, str], Message] = {
    (Message.START, "message_start"): Message.OPEN,
    (Message.START, "error"): Message.FAILED,
    (Message.OPEN, "content_block_start"): Message.BLOCK,
    (Message.OPEN, "message_delta"): Message.ENDING,
    (Message.OPEN, "error"): Message.FAILED,
    (Message.BLOCK, "content_block_delta"): Message.BLOCK,
    (Message.BLOCK, "content_block_stop"): Message.OPEN,
    (Message.BLOCK, "error"): Message.FAILED,
    (Message.ENDING, "message_delta"): Message.ENDING,
    (Message.ENDING, "message_stop"): Message.STOPPED,
    (Message.ENDING, "error"): Message.FAILED,
}
"""What may follow what. `ping` and unknown events are legal anywhere before the end."""

MESSAGE_BREACHES: Mapping[tuple[Message, str], tuple[str, str, Message]] = {
    (Message.OPEN, "message_start"): ("ANT-STR-011", "one message_start", Message.OPEN),
    (Message.BLOCK, "message_start"): ("ANT-STR-011", "one message_start", Message.BLOCK),
    (Message.ENDING, "message_start"): ("ANT-STR-011", "one message_start", Message.ENDING),
    (Message.OPEN, "content_block_delta"): ("ANT-STR-016", "an open block", Message.OPEN),
    (Message.OPEN, "content_block_stop"): ("ANT-STR-016", "an open block", Message.OPEN),
    (Message.OPEN, "message_stop"): ("ANT-STR-023", "message_delta before it", Message.STOPPED),
    (Message.BLOCK, "content_block_start"): (
        "ANT-STR-010",
        "content_block_stop of the open block first",
        Message.BLOCK,
    ),
    (Message.BLOCK, "message_delta"): (
        "ANT-STR-018",
        "content_block_stop of every block first",
        Message.ENDING,
    ),
    (Message.BLOCK, "message_stop"): (
        "ANT-STR-018",
        "content_block_stop of every block first",
        Message.STOPPED,
    ),
    (Message.ENDING, "content_block_start"): (
        "ANT-STR-023",
        "every block before message_delta",
        Message.BLOCK,
    ),
    (Message.ENDING, "content_block_delta"): ("ANT-STR-016", "an open block", Message.ENDING),
    (Message.ENDING, "content_block_stop"): ("ANT-STR-016", "an open block", Message.ENDING),
}
"""What a wrong step breaks, what was expected, and where the walk goes on."""

MESSAGE_EVENTS = frozenset(
    {
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
        "error",
    }
)

ALLOWED_DELTAS: Mapping[str, frozenset[str]] = {
    "text": frozenset({"text_delta", "citations_delta"}),
    "tool_use": frozenset({"input_json_delta"}),
    "server_tool_use": frozenset({"input_json_delta"}),
    "mcp_tool_use": frozenset({"input_json_delta"}),
    "thinking": frozenset({"thinking_delta", "signature_delta"}),
    "redacted_thinking": frozenset(),
    "compaction": frozenset({"compaction_delta"}),
}
KNOWN_DELTAS = frozenset().union(*ALLOWED_DELTAS.values())


@dataclass
class _MessageWalk:
    state: Message = Message.START
    started: int = 0
    open: dict[Any, str] = field(default_factory=dict)
    stop_reason: Any = None

    def step(self, event: sse.Event) -> Iterator[Breach]:
        if self.state in (Message.STOPPED, Message.FAILED):
            yield self._after_the_end(event)
            return
        if event.type not in MESSAGE_EVENTS:
            return
        if self.state is Message.START and (self.state, event.type) not in MESSAGE_STEPS:
            yield Breach("ANT-STR-011", at(event, "message_start first", event.type))
            self.state = Message.OPEN
        yield from self._move(event)

    def _move(self, event: sse.Event) -> Iterator[Breach]:
        yield from self._content(event)
        step = (self.state, event.type)
        if step in MESSAGE_STEPS:
            self.state = MESSAGE_STEPS[step]
        else:
            id, expected, self.state = MESSAGE_BREACHES[step]
            yield Breach(id, at(event, expected, f"{event.type} {step[0]}"))
        if self.state is Message.OPEN and self.open:
            self.state = Message.BLOCK

    def _content(self, event: sse.Event) -> Iterator[Breach]:
        checks: Mapping[str, Callable[[sse.Event], Iterator[Breach]]] = {
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "content_block_stop": self._block_stop,
            "message_delta": self._message_delta,
            "message_stop": self._message_stop,
        }
        if event.type in checks:
            yield from checks[event.type](event)

    def _block_start(self, event: sse.Event) -> Iterator[Breach]:
        index = event.object.get("index")
        if index != self.started:
            yield Breach("ANT-STR-014", at(event, f"index {self.started}", f"index {index!r}"))
        self.started += 1
        block = event.object.get("content_block")
        self.open[key(index)] = str(block.get("type")) if isinstance(block, dict) else ""

    def _block_delta(self, event: sse.Event) -> Iterator[Breach]:
        index = event.object.get("index")
        if key(index) not in self.open:
            if self.open:
                yield Breach("ANT-STR-016", at(event, self._open(), f"index {index!r}"))
            return
        block, delta = self.open[key(index)], event.object.get("delta")
        kind = delta.get("type") if isinstance(delta, dict) else None
        allowed = ALLOWED_DELTAS.get(block, KNOWN_DELTAS)
        if isinstance(kind, str) and kind in KNOWN_DELTAS and kind not in allowed:
            expected = f"a delta of a {block} block"
            yield Breach("ANT-STR-017", at(event, expected, str(kind)))

    def _block_stop(self, event: sse.Event) -> Iterator[Breach]:
        index = event.object.get("index")
        if self.open and key(index) not in self.open:
            yield Breach("ANT-STR-016", at(event, self._open(), f"index {index!r}"))
        self.open.pop(key(index), None)

    def _message_delta(self, event: sse.Event) -> Iterator[Breach]:
        delta = event.object.get("delta")
        self.stop_reason = delta.get("stop_reason") if isinstance(delta, dict) else None
        yield from ()

    def _message_stop(self, event: sse.Event) -> Iterator[Breach]:
        if self.state is Message.ENDING and self.stop_reason is None:
            yield Breach("ANT-STR-023", at(event, "a stop_reason in message_delta before", "null"))

    def _after_the_end(self, event: sse.Event) -> Breach:
        if self.state is Message.STOPPED:
            level = Level.SHOULD if event.type == "ping" else None
            violation = at(event, "nothing after message_stop", event.type or event.data, level)
            return Breach("ANT-STR-028", violation)
        return Breach("ANT-STR-030", at(event, "nothing after the error", event.type or event.data))

    def _open(self) -> str:
        return f"the index of an open block ({', '.join(map(str, self.open))})"

    def end(self) -> Iterator[Breach]:
        if self.state in (Message.STOPPED, Message.FAILED):
            return
        if self.state is Message.START:
            yield Breach("ANT-STR-011", Violation("events", "message_start", "no message_start"))
        found = f"the stream ends {self.state}"
        yield Breach("ANT-STR-028", Violation("events", "one message_stop, last", found))
        yield Breach("ANT-STR-031", Violation("events", "message_stop or an error event", found))


def walk(events: tuple[sse.Event, ...]) -> Iterator[Breach]:
    """Every breach in the order of a stream."""
    steps = _MessageWalk()
    for event in events:
        yield from steps.step(event)
    yield from steps.end()
