"""The questions that scenarios ask: short, cheap, and the same on both protocols.

They provoke structure (a forced tool, a stop sequence, a small budget) rather than
words, because a model's answer cannot be written down beforehand.
"""

from __future__ import annotations

from typing import Any

HELLO = "Say hello."
COUNT = "Count from 1 to 200, separated by spaces."
COUNT_TO_NINE = "Count from 1 to 9, separated by spaces."
WEATHER = "What is the weather in Paris? Use the tool."
WEATHER_TWICE = "What is the weather in Paris and in Tokyo? Use the tool once for each city."
STOP = "5"
OTHER_STOP = "harbour"
EMOJI = "Repeat exactly, and say nothing else: 🦊🐻‍❄️ 東京 naïve café 👩‍👩‍👧‍👦 🇫🇷"
TOOL_RESULT = "18 degrees, fog-4711"

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
TOOL_NAME = "get_weather"
TOOL_ABOUT = "Current weather of a city."

BUDGET = 1024
"""Output tokens where an answer is expected: room for models that think first."""

SMALL_BUDGET = 16


def user(text: str) -> list[dict[str, Any]]:
    """A conversation of one user message, on either protocol."""
    return [{"role": "user", "content": text}]
