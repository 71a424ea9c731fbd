"""GW-SSE-002 and -003, ANT-STR-008 and -033, OAI-ERR-011: when the model fails or is silent."""

from __future__ import annotations

from itertools import pairwise

from conformance import chat
from conformance.kinds import Protocol
from conformance.model import (
    Ended,
    Exchange,
    Findings,
    Inconclusive,
    Level,
    Recording,
    Violation,
)
from conformance.registry import requirement
from conformance.requirements.anthropic import UNSERVED
from conformance.sse import DONE

PLAIN = ("ANT-STR-001", "OAI-STREAM-027")
_FULL_SILENCE_S = 120.0
"""The silence that a stream has to survive; a recording says what it was scaled down to."""

_PING_SHARE = 30 / _FULL_SILENCE_S
_LONGEST_SHARES = {Level.MUST: 300 / _FULL_SILENCE_S, Level.SHOULD: 60 / _FULL_SILENCE_S}


@requirement(
    "GW-SSE-003",
    on=("anthropic-broken-stream", "openai-broken-stream"),
    symptom="stream-cut",
    needs=PLAIN,
    needs_lab=True,
)
def a_broken_stream_never_looks_whole(recording: Recording) -> Findings:
    """A stream that breaks upstream ends in an error or a broken connection, never cleanly."""
    exchange = recording.last
    if exchange.status >= 400:
        return
    finished = next(iter(_ends(exchange)), "")
    expected = "an error event, or a broken connection"
    if finished:
        yield Violation("events", expected, finished)
    elif not _has_error(exchange) and exchange.answer.ended is Ended.COMPLETE:
        yield Violation("events", expected, "a clean end of the body, without any error")


def _ends(exchange: Exchange) -> list[str]:
    """What makes a stream look complete."""
    if exchange.protocol is Protocol.ANTHROPIC:
        return ["message_stop"] if any(e.type == "message_stop" for e in exchange.events) else []
    return [f"finish_reason {value}" for _, value in chat.finish_reasons(exchange) if value]


def _has_error(exchange: Exchange) -> bool:
    return any("error" in (e.name, e.type) or e.object.get("error") for e in exchange.events)


@requirement(
    "GW-SSE-002",
    on=("anthropic-silence", "openai-silence"),
    symptom="stream-cut",
    needs=PLAIN,
    needs_lab=True,
    facts=("silence_s",),
)
def a_stream_survives_silence(recording: Recording) -> Findings:
    """A stream survives 120 s without content, with something sent at least every 30 s."""
    exchange, silence_s = recording.last, float(recording.facts["silence_s"])
    if not recording.served(streamed=True):
        yield Inconclusive(UNSERVED)
        return
    if not _is_whole(exchange):
        after = f"{exchange.answer.ended_at_s:.1f} s after the request"
        expected = f"a whole stream after {silence_s:g} s of silence"
        yield Violation("events", expected, f"it ends {after}: {exchange.answer.ended}")
        return
    gap_s = _longest_gap_s(exchange)
    wanted_s = silence_s * _PING_SHARE
    if gap_s > wanted_s:
        expected = f"something at least every {wanted_s:g} s"
        yield Violation("events", expected, f"nothing for {gap_s:.1f} s", Level.SHOULD)


@requirement(
    "ANT-STR-008",
    on="anthropic-silence",
    symptom="stream-cut",
    needs=("ANT-STR-001",),
    needs_lab=True,
    facts=("silence_s",),
)
def silence_is_bridged(recording: Recording) -> Findings:
    """While the model is silent pings go out: no gap exceeds 300 s, and should not 60 s."""
    if not recording.served(streamed=True):
        yield Inconclusive(UNSERVED)
        return
    gap_s, silence_s = _longest_gap_s(recording.last), float(recording.facts["silence_s"])
    for level, share in _LONGEST_SHARES.items():
        if gap_s > silence_s * share:
            expected = f"no gap beyond {silence_s * share:g} s"
            yield Violation("events", expected, f"nothing for {gap_s:.1f} s", level)
            return


def _is_whole(exchange: Exchange) -> bool:
    last = "message_stop" if exchange.protocol is Protocol.ANTHROPIC else DONE
    return any(last in (event.type, event.data) for event in exchange.events)


def _longest_gap_s(exchange: Exchange) -> float:
    """The longest time in which nothing came, neither content nor comment."""
    answer = exchange.answer
    times = [answer.headers_at_s, *(chunk.at_s for chunk in answer.chunks), answer.ended_at_s]
    return max(later - earlier for earlier, later in pairwise(times))


@requirement(
    "ANT-STR-033",
    on="anthropic-refused-upstream",
    symptom="retry-on-fault",
    needs=("ANT-EP-001", "ANT-STR-001"),
    needs_lab=True,
)
def what_fails_at_once_has_a_status(recording: Recording) -> Findings:
    """A failure before the first event is an HTTP status, or an error as the first event."""
    exchange = recording.last
    if exchange.status in (401, 403):
        yield Inconclusive("nobody was let in")
    elif 200 <= exchange.status < 300:
        first = next((event.type for event in exchange.events if event.type != "ping"), "")
        if first != "error":
            expected = "an HTTP status, or an error as the first event"
            yield Violation("events[0]", expected, first or "no event")
    elif exchange.status < 429:
        yield Violation("status", "429 or 5xx, as nothing is wrong with it", str(exchange.status))


@requirement(
    "OAI-ERR-011",
    on="openai-refused-upstream",
    symptom="retry-on-fault",
    needs=("OAI-HTTP-001", "OAI-STREAM-027"),
    needs_lab=True,
)
def overload_is_a_503(recording: Recording) -> Findings:
    """Overload is 503 with a type that says so and with `retry-after`."""
    exchange = recording.last
    if exchange.status in (401, 403):
        yield Inconclusive("nobody was let in")
        return
    error = exchange.answer.object.get("error")
    type = error.get("type") if isinstance(error, dict) else None
    if exchange.status != 503:
        yield Violation("status", "503", str(exchange.status))
    elif type not in ("service_unavailable_error", "server_error"):
        expected = "service_unavailable_error or server_error"
        yield Violation("body.error.type", expected, str(type))
    elif exchange.answer.header("retry-after") is None:
        yield Violation("headers.retry-after", "a time to wait", "absent")
