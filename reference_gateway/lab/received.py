"""What the lab received and answered, as it is read over HTTP."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from reference_gateway.chat import Json

Headers = tuple[tuple[str, str], ...]


class Ended(Enum):
    """How the exchange ended; `LEFT` is the gateway's doing and `CUT` the lab's own."""

    COMPLETE = "complete"
    CUT = "cut"
    LEFT = "left"
    OPEN = "open"


@dataclass
class Answered:
    """The answer as far as it was written; the times are seconds since the request came."""

    status: int
    headers: Headers
    headers_at_s: float
    ended_at_s: float | None = None
    chunks: list[tuple[float, bytes]] = field(default_factory=list)


@dataclass
class Received:
    """One request, what was answered, and how it ended."""

    provider: str
    method: str
    path: str
    headers: Headers
    number: int = 0
    body: bytes = b""
    answer: Answered | None = None
    ended: Ended = Ended.OPEN
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=time.monotonic)

    @property
    def size(self) -> int:
        """The bytes that it holds."""
        chunks = self.answer.chunks if self.answer else []
        return len(self.body) + sum(len(chunk) for _, chunk in chunks)

    def begin(self, status: int, headers: Headers) -> None:
        """Note the head of the answer."""
        self.answer = Answered(status, headers, self._now_s())

    def write(self, chunk: bytes) -> None:
        """Note bytes of the answer's body."""
        if self.answer is not None:
            self.answer.chunks.append((self._now_s(), chunk))

    def end(self, how: Ended) -> None:
        """Note how the exchange ended; the first word counts."""
        if self.ended is Ended.OPEN:
            self.ended = how
            if self.answer is not None:
                self.answer.ended_at_s = self._now_s()

    def _now_s(self) -> float:
        return round(time.monotonic() - self.started, 6)


def shown(received: Received) -> Json:
    """A request as JSON."""
    return {
        "number": received.number,
        "provider": received.provider,
        "method": received.method,
        "path": received.path,
        "headers": [list(pair) for pair in received.headers],
        "body_base64": base64.b64encode(received.body).decode(),
        "started_at": received.started_at.isoformat(),
        "answer": _answered(received.answer) if received.answer else None,
        "ended": received.ended.value,
    }


def _answered(answer: Answered) -> Json:
    return {
        "status": answer.status,
        "headers": [list(pair) for pair in answer.headers],
        "headers_at_s": answer.headers_at_s,
        "ended_at_s": answer.ended_at_s,
        "chunks": [[at_s, base64.b64encode(chunk).decode()] for at_s, chunk in answer.chunks],
    }
