"""Why answers of an upstream end: words that clients branch on, some of them unusual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.kinds import Kind, Protocol
from conformance.scenarios.lab_answers import ANTHROPIC, OPENAI, STOPS, USAGE
from conformance.scenarios.lab_telling import DIRECTIONS, Telling, both, declared
from conformance.scenarios.lab_wire import chunks

_SAID = "Half of an answer, "
REFUSAL = "I cannot help with that."
UNKNOWN_STOP = "lab_unknown"
LINGERS_S = 3
"""How long an upstream keeps its answer open after the last event; nothing comes any more."""


def _stopped(upstream: Protocol) -> Iterator[Telling]:
    if upstream is OPENAI:
        yield from both("content_filter", {"text": _SAID, "stop": "content_filter"})
        return
    window = "model_context_window_exceeded"
    yield from both(window, {"text": _SAID, "stop": window})
    sequence = {"text": _SAID, "stop": "stop_sequence", "stop_sequence": "5"}
    asks = {ANTHROPIC: {"stop_sequences": ["5"]}, OPENAI: {"stop": ["5"]}}
    yield from both("stop_sequence", sequence, more=asks)


def _declined(upstream: Protocol) -> Iterator[Telling]:
    if upstream is ANTHROPIC:
        counted = {"input_tokens": 12, "output_tokens": 0}
        yield from both("refusal", {"text": "", "refusal": REFUSAL, "usage": counted})
        return
    first = {"role": "assistant", "content": None, "refusal": ""}
    words = [{"refusal": REFUSAL[at : at + 6]} for at in range(0, len(REFUSAL), 6)]
    stream = {"raw": chunks([first, *words])}
    yield Telling("refusal", {"refusal": REFUSAL, "stop": "stop"})
    yield Telling("refusal", {"refusal": REFUSAL, "stop": "stop"}, streamed=True, stream=stream)


def _ended(upstream: Protocol) -> Iterator[Telling]:
    unknown = {"text": _SAID, "stop": UNKNOWN_STOP, "usage": USAGE[upstream]}
    yield Telling("a stop reason that nobody knows", unknown, streamed=True)
    if upstream is OPENAI:
        uncounted = {"text": _SAID, "stop": STOPS[upstream]["end"]}
        stream = {"edits": ["no_usage"], "close_after_s": LINGERS_S}
        note = {"lingers_s": LINGERS_S}
        yield Telling("no usage", uncounted, streamed=True, stream=stream, note=note)


declared("stops", "Answers that end early", _stopped)
_ONTO_ITSELF = (OPENAI, OPENAI)
_DECLINES = "A refusal of the model, plain and streamed"
_OTHERS = tuple(one for one in DIRECTIONS if one != _ONTO_ITSELF)
declared("refusal", _DECLINES, _declined, _OTHERS)
# Passed on it is a stream like any other: the rules about all of them judge it too.
_SOUND: dict[str, Any] = {
    "upstream": "sound",
    "yields": (Kind.OPENAI_COMPLETION, Kind.OPENAI_STREAM),
}
declared("refusal", _DECLINES, _declined, [_ONTO_ITSELF], **_SOUND)
declared("endings", "Streams that end unusually", _ended)
