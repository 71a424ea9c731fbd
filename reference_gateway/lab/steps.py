"""Steps: what the lab does with one request; docs/lab.md says what each field means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from reference_gateway.chat import Json

CutHow = Literal["close", "reset", "clean"]


class Unsaid(Enum):
    """What stands where a step says nothing, since null says something of its own."""

    UNSAID = "unsaid"


UNSAID = Unsaid.UNSAID


@dataclass(frozen=True)
class Call:
    """A tool call; `id` empty for a new one, `fragments` for how its arguments come."""

    name: str
    arguments: str = "{}"
    id: str = ""
    fragments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """A part of an answer: its thinking, what is redacted, its text, its calls, in this order.

    `signature` None stands for a valid one.
    """

    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    redacted: str | None = None
    calls: tuple[Call, ...] = ()
    fragments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Content:
    """What the answer says, and says of itself; `stop` is the protocol's own word.

    No parts at all leave the words to the scripted model.
    """

    parts: tuple[Part, ...] = ()
    stop: str | None = None
    stop_sequence: str | None = None
    usage: Json | Unsaid | None = UNSAID
    model: str | None = None
    id: str | None = None
    refusal: str | None = None


@dataclass(frozen=True)
class Cut:
    """Where the answer is broken off: after so many events, or bytes of its body."""

    after_events: int | None = None
    after_bytes: int | None = None
    how: CutHow = "close"


@dataclass(frozen=True)
class Silence:
    """A pause after so many events."""

    after_events: int = 0
    for_s: float = 0.0


@dataclass(frozen=True)
class Failure:
    """A native error after so many events; nothing follows it. No body: the usual overload."""

    after_events: int = 0
    body: Json | None = None


@dataclass(frozen=True)
class Manner:
    """How the body comes; a plain one is a single event."""

    first_event_s: float = 0.0
    between_s: float = 0.0
    silence: Silence | None = None
    ping_every_s: float | None = None
    bytes_per_write: int | None = None
    between_writes_s: float = 0.0
    close_after_s: float = 0.0
    cut: Cut | None = None
    error: Failure | None = None
    edits: tuple[str, ...] = ()
    raw: str | None = None


@dataclass(frozen=True)
class Step:
    """What is done with one request; the step without any field is a healthy answer."""

    wait_s: float = 0.0
    close: Literal["close", "reset"] | None = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    answer: Content | None = None
    stream: Manner = Manner()


HEALTHY = Step()
