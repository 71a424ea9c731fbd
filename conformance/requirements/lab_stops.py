"""GW-UP-030, -031 and ANT-MSG-013: how answers of the upstream end."""

from __future__ import annotations

from conformance import messages
from conformance.directions import names, same
from conformance.kinds import Protocol
from conformance.model import Findings, Level, Recording
from conformance.registry import requirement
from conformance.requirements.lab_contents import refusal_text
from conformance.requirements.lab_passage import READ, SERVED
from conformance.requirements.lab_told import Told, served, unserved

_WORDS: dict[Protocol, dict[str, tuple[str, ...]]] = {
    Protocol.ANTHROPIC: {
        "stop": ("end_turn",),
        "length": ("max_tokens",),
        "tool_calls": ("tool_use",),
        "content_filter": ("refusal",),
        "model_context_window_exceeded": ("model_context_window_exceeded", "max_tokens"),
    },
    Protocol.OPENAI: {
        "end_turn": ("stop",),
        "stop_sequence": ("stop",),
        "max_tokens": ("length",),
        "tool_use": ("tool_calls",),
        "refusal": ("content_filter",),
        "model_context_window_exceeded": ("length",),
    },
}
"""The words of a client for those of the upstream; a word of its own stays as it is."""

_LEGAL = {
    Protocol.ANTHROPIC: (
        *("end_turn", "max_tokens", "stop_sequence", "tool_use"),
        *("pause_turn", "refusal", "model_context_window_exceeded"),
    ),
    Protocol.OPENAI: ("stop", "length", "tool_calls", "content_filter", "function_call"),
}
_LATE_S = 2.0
"""How long after the upstream's last event a stream may take to end."""

_BESIDE = (*names("usage"), *names("calls"))
"""Here other rules say what is wrong with an answer that did not come."""

_TRANSLATED = tuple(name for name in names("refusal") if name not in same("refusal"))


@requirement(
    "GW-UP-030",
    on=(*names("stops"), *_TRANSLATED, *_BESIDE),
    symptom="protocols-disagree",
    needs=READ,
)
def stop_reasons_are_translated(recording: Recording) -> Findings:
    """Why an answer ended arrives in the client's words, streamed as plain."""
    if recording.scenario not in _BESIDE:
        yield from unserved(recording)
    for told in served(recording):
        expected = _expected(told)
        if told.stop not in expected:
            yield told.violation("stop reason", " or ".join(expected), str(told.stop))
        elif told.is_anthropic and told.is_same and "stop_sequence" in told.said:
            matched = messages.stop(told.exchange).get("stop_sequence")
            if matched != told.said["stop_sequence"]:
                yield told.violation("stop_sequence", told.said["stop_sequence"], str(matched))


def _expected(told: Told) -> tuple[str, ...]:
    said = told.said.get("stop", "refusal")
    client = told.exchange.protocol
    words = _WORDS[client].get(said, (said,)) if client else (said,)
    refusal = told.said.get("refusal")
    if refusal is None:
        return words
    # A model's own refusal is an answer at OpenAI: it may end as one where it can be read.
    is_read = refusal in (told.text, refusal_text(told))
    refused = ("refusal",) if told.is_anthropic else ("content_filter",)
    return (*refused, "end_turn" if told.is_anthropic else "stop") if is_read else refused


@requirement("GW-UP-031", on=names("endings"), symptom="answer-cut", needs=READ)
def streams_end_without_usage(recording: Recording) -> Findings:
    """A stream ends as its protocol says, whatever its upstream leaves out at the end.

    It does not wait (SHOULD) for what no longer comes.
    """
    yield from unserved(recording)
    for told in served(recording):
        ended_at_s = _ended_at_s(told)
        if ended_at_s is None:
            end = "message_stop" if told.is_anthropic else "[DONE]"
            yield told.violation("events", end, "the stream ends without it")
        elif told.said.get("lingers_s"):
            yield from _lateness(told, ended_at_s)
        yield from _illegal_stop(told)


def _ended_at_s(told: Told) -> float | None:
    """When the last event of the protocol came; None where it never did."""
    for event in told.exchange.events:
        if (event.type == "message_stop") if told.is_anthropic else (event.data == "[DONE]"):
            return event.at_s
    return None


def _lateness(told: Told, ended_at_s: float) -> Findings:
    answered = [one.response for one in told.asked if one.response is not None]
    last_s = max((chunk.at_s for one in answered for chunk in one.chunks), default=ended_at_s)
    if ended_at_s > last_s + _LATE_S:
        waited = f"after {ended_at_s - last_s:.1f} s"
        expected = f"within {_LATE_S:g} s of the upstream's last event"
        yield told.violation("the last event", expected, waited, level=Level.SHOULD)


def _illegal_stop(told: Told) -> Findings:
    """A new word of the upstream may pass on to its own protocol, but not to the other."""
    client = told.exchange.protocol
    legal = _LEGAL[client] if client else ()
    if told.is_same:
        legal = (*legal, told.said["stop"])
    if told.stop not in legal:
        yield told.violation("stop reason", f"one of {', '.join(legal)}", str(told.stop))


@requirement(
    "ANT-MSG-013", on="lab-refusal-anthropic-anthropic", symptom="error-in-200", needs=(SERVED,)
)
def a_refusal_is_an_answer(recording: Recording) -> Findings:
    """A refusal of the model is a 200 with `stop_reason` refusal, though nothing was said."""
    yield from unserved(recording)
    for told in served(recording):
        if told.stop != "refusal":
            yield told.violation("stop_reason", "refusal", str(told.stop))
