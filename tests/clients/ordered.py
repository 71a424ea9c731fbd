"""What a client plays before the lab, and what the lab is told to answer each play with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Step = Mapping[str, Any]

FRAGMENTS = ("Grüße, ", "世界! 👩\u200d", "🚀🏳️\u200d🌈 e", "\u0301 नमस्ते 🧪", " the end…")
"""Joined emoji and a combining accent, across fragments: what is cut or joined anew would show."""

SAID = "".join(FRAGMENTS)
PROMPT = 'Sag «wörtlich»: 你好\t👋🏽 \\ " </s> und\nZeile 2'
THOUGHT = "17·23 = 17·20 + 17·3 → 391 ✓"
SIGNATURE = "RXFRQmxhYi1zaWduYXR1cmU="
COMPLAINT = "temperature: 2,5 ist zu viel («größer als 2»)"
CITIES = ("Zürich", "東京")

USAGE: Mapping[str, Mapping[str, Any]] = {
    "openai": {
        "prompt_tokens": 321,
        "completion_tokens": 45,
        "total_tokens": 366,
        "prompt_tokens_details": {"cached_tokens": 100},
    },
    "anthropic": {
        "input_tokens": 221,
        "output_tokens": 45,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 0,
    },
}
"""The same count in the words of either upstream."""

COUNTED = {"openai": (321, 45), "anthropic": (221, 45)}
"""What a client of each protocol makes of it: Anthropic's input is without what was cached."""

BREAKS: Mapping[str, Step] = {
    "an error": {"error": {"after_events": 5}},
    "a closed connection": {"cut": {"after_events": 5, "how": "close"}},
    "a reset": {"cut": {"after_events": 5, "how": "reset"}, "between_s": 0.02},
    "an end too early": {"cut": {"after_events": 5, "how": "clean"}},
}
"""How an upstream fails in the middle of its words."""


STEMS = ("helper", "iterated")
"""Both ways to read a stream: with the SDK's helper, and event by event."""


@dataclass(frozen=True)
class Play:
    """A case, and the steps that the lab answers its requests with."""

    case: str
    steps: Sequence[Step]

    def given(self, mark: str) -> dict[str, Any]:
        """What the case is given: every prompt of it carries the mark."""
        prompt = f"{PROMPT} {mark}"
        asked = dict.fromkeys(("say", "ask_one", "ask_two", "ask_sum"), prompt)
        return {"case": self.case, **asked}


def plays(client: str, upstream: str) -> dict[str, Play]:
    """Everything that is played by a client of one protocol before an upstream of one."""
    whole = {"text": SAID, "usage": USAGE[upstream]}
    fragments = {"fragments": FRAGMENTS, "usage": USAGE[upstream]}
    split = {"answer": fragments, "stream": {"bytes_per_write": 5}}
    refusal = {"message": COMPLAINT, "type": "invalid_request_error"}
    thought = {"answer": {"thinking": THOUGHT, "signature": SIGNATURE, "text": "391"}}
    iterated = "stream_raw" if client == "anthropic" else "stream_iterated"
    return {
        "text": Play("text", [{"answer": whole}]),
        "helper": Play("stream_helper", [split]),
        "iterated": Play(iterated, [split]),
        **_tools("tool"),
        **_tools("parallel_tools"),
        "thinking": Play("thinking" if client == "anthropic" else "reasoning", [thought, thought]),
        **_broken("helper", "stream_helper", fragments),
        **_broken("iterated", iterated, fragments),
        "cut whole": Play(
            "retried",
            [{"answer": whole, "stream": {"cut": {"after_bytes": 80}}}, {"answer": whole}],
        ),
        "hasty": Play("retried", [_too_many("retry-after", "1"), {"answer": whole}]),
        "too hasty": Play("retried", [_too_many("retry-after-ms", "20")] * 3),
        "refused": Play("text", [{"status": 400, "body": {"type": "error", "error": refusal}}]),
    }


def _tools(case: str) -> dict[str, Play]:
    """One call, and two side by side; then the answer to their results."""
    calls = [
        {"id": f"call_{number}_ab", "name": "get_weather", "arguments": f'{{"city": "{city}"}}'}
        for number, city in enumerate(CITIES)
    ]
    return {
        f"{case} {count}": Play(
            case, [{"answer": {"calls": calls[:count]}}, {"answer": {"text": SAID}}]
        )
        for count in (1, 2)
    }


def _broken(name: str, case: str, answer: Step) -> dict[str, Play]:
    return {
        f"{name}: {how}": Play(case, [{"answer": answer, "stream": stream}])
        for how, stream in BREAKS.items()
    }


def _too_many(header: str, value: str) -> Step:
    return {"status": 429, "headers": {header: value}}
