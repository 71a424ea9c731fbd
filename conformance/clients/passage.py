"""One request on its way through the pass-through, and what is known of it so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from conformance.model import (
    Chunk,
    Ended,
    Exchange,
    Failure,
    FailureKind,
    Headers,
    Request,
    Response,
)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass
class Passage:
    """One request on its way; it counts as abandoned until its answer has ended."""

    number: int
    request: Request
    credential: str
    started_at: str = field(
        default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds")
    )
    started: float = field(default_factory=monotonic)
    status: int = 0
    headers: Headers = ()
    headers_at_s: float = 0.0
    chunks: list[Chunk] = field(default_factory=list)
    ended: Ended = Ended.ABANDONED
    ended_at_s: float = 0.0
    failure: Failure | None = None

    @property
    def seconds(self) -> float:
        """How long ago it was sent."""
        return round(monotonic() - self.started, 6)

    @property
    def response(self) -> Response | None:
        """What came back; None where nothing did."""
        if not self.status:
            return None
        return Response(
            status=self.status,
            headers=self.headers,
            chunks=tuple(self.chunks),
            ended=self.ended,
            headers_at_s=self.headers_at_s,
            ended_at_s=self.ended_at_s,
        )

    def exchange(self, scenario: str) -> Exchange:
        """The exchange as it is kept."""
        return Exchange(
            id=f"{scenario}#{self.number}",
            request=self.request,
            response=self.response,
            failure=self.failure,
            started_at=self.started_at,
            credential=self.credential,
        )

    def close(self) -> None:
        """Note when it was over; without any answer the client has left."""
        self.ended_at_s = self.seconds
        if not self.status and self.failure is None:
            left = f"the client left after {self.ended_at_s:g} s without any answer"
            self.failure = Failure(FailureKind.LEFT, left)
