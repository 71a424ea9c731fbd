"""When a request is sent again: after a 429, a lost network, or a 5xx to a valid question.

An answer that breaks off stands: another try would hide it, and be paid for.
"""

from __future__ import annotations

from conformance.model import Exchange, FailureKind

TRIES = 3
"""How often a request is sent at most when it meets a 429 or gets no answer."""

LONGEST_WAIT_S = 20.0
"""The longest `retry-after` that is waited for; a longer one ends the tries."""

LOST = (FailureKind.REFUSED, FailureKind.RESET)
"""The failures before any answer that a moment may mend."""

_BACKOFF_S = 0.2


def pause_s(exchange: Exchange, attempt: int, expects_success: bool) -> float | None:
    """How long to wait before another try; None where the answer stands.

    A 5xx costs nothing; one that persists where success is expected stands.
    """
    if exchange.failure is not None:
        return _BACKOFF_S * 2.0**attempt if exchange.failure.kind in LOST else None
    if exchange.status == 429:
        asked_s = _seconds(exchange.answer.header("retry-after"))
        return asked_s if asked_s <= LONGEST_WAIT_S else None
    return _BACKOFF_S * 2.0**attempt if exchange.status >= 500 and expects_success else None


def _seconds(header: str | None) -> float:
    try:
        return max(0.0, float(header or "1"))
    except ValueError:
        return 1.0
