"""GW-PAR: the two protocols of one gateway tell the same about the same question."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from conformance import chat, messages
from conformance.kinds import Protocol
from conformance.model import (
    Exchange,
    Findings,
    Inconclusive,
    NotApplicable,
    Recording,
    Violation,
)
from conformance.registry import RUN, requirement

PLAIN = ("ANT-EP-001", "OAI-HTTP-001")
_FINISH_REASON = {
    "end_turn": {"stop"},
    "stop_sequence": {"stop"},
    "max_tokens": {"length"},
    # A call that was forced by name may end in `stop`, as OpenAI's own does.
    "tool_use": {"tool_calls", "stop"},
    "refusal": {"content_filter"},
}
_ASKED_ALIKE = {
    "anthropic-plain": "openai-plain",
    "anthropic-max-tokens": "openai-length",
    "anthropic-stop-sequence": "openai-stop",
    "anthropic-tool": "openai-tool",
    "anthropic-parallel-tools": "openai-parallel-tools",
}
"""The scenarios that ask the same on both protocols."""


@requirement("GW-PAR-002", on=RUN, symptom="protocols-disagree", needs=PLAIN)
def stop_reasons_map(recordings: Mapping[str, Recording]) -> Findings:
    """What ends an answer is told alike: `end_turn` is `stop`, `max_tokens` is `length`."""
    pairs = list(_pairs(recordings))
    if not pairs:
        yield _unpaired(recordings, "no question was answered by one model on both protocols")
    for one, other in pairs:
        reason = messages.stop(one).get("stop_reason")
        wanted = _FINISH_REASON.get(str(reason))
        found = {str(value) for _, value in chat.finish_reasons(other) if value}
        if wanted and found and not found <= wanted:
            expected = f"{' or '.join(sorted(wanted))}, because messages says {reason}"
            actual = ", ".join(sorted(found))
            yield Violation("finish_reason", expected, actual, exchange=other.id)


@requirement("GW-PAR-003", on=RUN, symptom="protocols-disagree", needs=PLAIN)
def tool_calls_agree(recordings: Mapping[str, Recording]) -> Findings:
    """The same question for tools leads to calls of the same tools with the same arguments."""
    pairs = [(a, b) for a, b in _pairs(recordings) if a.request.json.get("tools")]
    if not pairs:
        yield _unpaired(recordings, "no tool was called by one model on both protocols")
    for one, other in pairs:
        calls = [(use.name, _keys(_parsed(use.arguments))) for use in messages.tool_uses(one)]
        others = [(call.name, _keys(_parsed(call.arguments))) for call in chat.tool_calls(other)]
        if len(calls) != len(others):
            yield Inconclusive("the model called another number of tools on each protocol")
        elif calls != others:
            yield Violation("tool_calls", _shown(calls), _shown(others), exchange=other.id)


@requirement(
    "GW-PAR-006", on=("anthropic-colour", "openai-colour"), symptom="input-dropped", needs=PLAIN
)
def pictures_are_seen_or_refused(recording: Recording) -> Findings:
    """A picture reaches the model or is refused with a 4xx, never dropped in silence."""
    exchange = recording.last
    if exchange.status >= 400:
        return
    read = messages.text if exchange.protocol is Protocol.ANTHROPIC else chat.text
    text = read(exchange)
    if not text.strip():
        yield Inconclusive("the model said nothing about the picture")
    elif "red" not in text.lower():
        shown = " ".join(text.split())[:120]
        yield Violation("text", "the picture's colour, red, or a refusal", shown)


def _pairs(recordings: Mapping[str, Recording]) -> Iterator[tuple[Exchange, Exchange]]:
    """Plain answers of one model to one question, over Anthropic's protocol and over chat."""
    for name, other_name in _ASKED_ALIKE.items():
        both = (recordings.get(name), recordings.get(other_name))
        served = [r.served(streamed=False) for r in both if r is not None]
        if len(served) == 2 and all(served) and _model(served[0][-1]) == _model(served[1][-1]):
            yield served[0][-1], served[1][-1]


def _unpaired(recordings: Mapping[str, Recording], otherwise: str) -> Inconclusive | NotApplicable:
    """Why there is nothing to compare: two protocols that ask different models tell nothing."""
    if _asked(recordings, _ASKED_ALIKE) & _asked(recordings, _ASKED_ALIKE.values()):
        return Inconclusive(otherwise)
    return NotApplicable("no model is asked on both protocols")


def _asked(recordings: Mapping[str, Recording], names: Iterable[str]) -> set[str]:
    """The models that these scenarios asked."""
    found = [recordings[name] for name in names if name in recordings]
    return {_model(exchange) for recording in found for exchange in recording.final}


def _model(exchange: Exchange) -> str:
    return str(exchange.request.json.get("model")).rpartition("/")[2]


def _keys(value: Any) -> tuple[str, ...]:
    return tuple(sorted(value)) if isinstance(value, dict) else ()


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return None


def _shown(calls: list[tuple[str, tuple[str, ...]]]) -> str:
    return "; ".join(f"{name}({', '.join(keys)})" for name, keys in calls) or "no call"
