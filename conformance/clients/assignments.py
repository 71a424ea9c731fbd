"""What a client is asked to do, and what shows that it did: a question, tools, results.

A library is given a tool of ours; an agent brings its own and is asked to run commands,
whose output also lands in files, so that it is known what really ran. Where the model
takes orders the question ends with them, and where a lab stands behind the gateway it is
told what to answer: nothing is left to the model then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LINE = "Grüße, 世界! 👩\u200d🚀 🏳️\u200d🌈 cafe\u0301 नमस्ते 🧪 left\u2028right {nonce} the end…"
"""Joined emoji, a combining accent, three scripts, a line separator: a cut would show."""

CITIES = ("Zürich", "São Paulo")
THOUGHT = "17 · 23 → 17 · 20 + 17 · 3 → 340 + 51"
WEATHER = {
    "name": "get_weather",
    "description": "Current weather of a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}

Call = Callable[[str], tuple[str, Mapping[str, Any]]]
"""From a command to the name and the arguments of the tool that runs it."""


@dataclass(frozen=True)
class Assignment:
    """One task in words, and what its end must hold.

    `whole` is all that the answer is to say, `words` are parts of it. `runs` are what has to
    be run, as `Done.runs` says it. A scripted model makes the `calls`, thinks what it `thinks`,
    and `says` the rest.
    """

    prompt: str
    whole: str = ""
    words: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    tools: tuple[Mapping[str, Any], ...] = ()
    results: Mapping[str, str] = field(default_factory=dict)
    calls: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    thinks: str = ""
    says: str = ""


def text(nonce: str, orders: bool) -> Assignment:
    """A line to repeat."""
    line = LINE.format(nonce=nonce)
    order = f" [[say {_json(line)}]]" if orders else ""
    prompt = f"Repeat the following line exactly, and say nothing else: {line}{order}"
    return Assignment(prompt, whole=line if orders else "", words=(nonce,), says=line)


def weather(nonce: str, orders: bool, count: int) -> Assignment:
    """A question that a tool of ours answers, for so many cities."""
    cities = CITIES[:count]
    calls = tuple(("get_weather", {"city": city}) for city in cities)
    asked = " and in ".join(cities)
    prompt = (
        f"What is the weather in {asked}? Use the tool for each city, and then repeat word"
        f" for word what it answers.{_orders(calls) if orders else ''}"
    )
    results = {city: f"{nonce}-{place}: rain 🌧 and fög" for place, city in enumerate(cities)}
    return Assignment(
        prompt,
        words=tuple(results.values()) if orders else _nonces(nonce, count),
        runs=tuple(ran(name, arguments) for name, arguments in calls),
        tools=(WEATHER,),
        results=results,
        calls=calls,
        says=" ".join(results.values()),
    )


def commands(nonce: str, orders: bool, count: int, call: Call) -> Assignment:
    """Commands that an agent is to run with its own tool."""
    lines = [f"echo '{nonce}-{n} Zürich 世界' | tee ran-{n}.txt" for n in range(count)]
    calls = tuple(call(line) for line in lines)
    asked = " and ".join(f"`{line}`" for line in lines)
    once = "these commands, both at once," if count > 1 else "this command"
    order = _orders(calls) if orders else ""
    prompt = f"Run {once} in a shell: {asked}. Then answer with the output and nothing else.{order}"
    outputs = tuple(f"{nonce}-{n} Zürich 世界" for n in range(count))
    return Assignment(
        prompt,
        words=outputs if orders else _nonces(nonce, count),
        runs=tuple(wrote(f"ran-{n}.txt", f"{line}\n") for n, line in enumerate(outputs)),
        results=dict(zip(lines, outputs, strict=True)),
        calls=calls,
        says=" ".join(outputs),
    )


def thought() -> Assignment:
    """A question worth thinking about."""
    prompt = "Think about it step by step: what is 17 times 23?"
    return Assignment(prompt, thinks=THOUGHT, says="17 · 23 = 391 ✓")


def ran(name: str, arguments: Any) -> str:
    """A tool that was run, as one text."""
    return f"{name}({_json(arguments)})"


def wrote(name: str, content: str) -> str:
    """What a command left in its file, as one text."""
    return f"{name}: {content!r}"


def _nonces(nonce: str, count: int) -> tuple[str, ...]:
    return tuple(f"{nonce}-{number}" for number in range(count))


def _orders(calls: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    return "".join(f" [[call {name} {_json(arguments)}]]" for name, arguments in calls)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
