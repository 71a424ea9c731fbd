"""Tokens: a text is cut into them, and a prompt is counted in them, alike on both protocols."""

from __future__ import annotations

import json
import re

from reference_gateway.chat import Prompt, Text, Tool, ToolCall, ToolResult, Turn

# Marks that belong to the character before them: combining accents, variation
# selectors, keycaps, skin tones. A token must not begin with one, or a
# client would see half of what the reader sees as one character.
_MARK = "[\u0300-\u036f\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]"
_TOKEN = re.compile(
    r"\s*(?:"
    rf"(?:\w{_MARK}*){{1,8}}"
    r"|[\U0001f1e6-\U0001f1ff]{2}"
    rf"|[^\w\s]{_MARK}*(?:\u200d[^\s]{_MARK}*)*"
    r")|\s+"
)
# What a conversation costs beyond its words; keeps every count above zero.
PROMPT_OVERHEAD_TOKENS = 3
PART_OVERHEAD_TOKENS = 1
CALL_OVERHEAD_TOKENS = 4


def split(text: str) -> list[str]:
    """The tokens of a text; joined, they are the text."""
    return _TOKEN.findall(text)


def count(text: str) -> int:
    """The number of tokens of a text."""
    return sum(1 for _ in _TOKEN.finditer(text))


def count_prompt(prompt: Prompt) -> int:
    """The input tokens of a request: system, turns and tools; never 0.

    Counted over parts rather than messages, because the protocols group the same
    conversation into messages differently.
    """
    total = PROMPT_OVERHEAD_TOKENS
    total += sum(PART_OVERHEAD_TOKENS + count(text) for text in prompt.system)
    total += sum(_count_turn(turn) for turn in prompt.turns)
    return total + sum(_count_tool(tool) for tool in prompt.tools)


def _count_turn(turn: Turn) -> int:
    return sum(PART_OVERHEAD_TOKENS + _count_part(part) for part in turn.parts)


def _count_part(part: Text | ToolCall | ToolResult) -> int:
    if isinstance(part, ToolCall):
        return count(part.name) + count(canonical(json.loads(part.arguments or "{}")))
    return count(part.text)


def _count_tool(tool: Tool) -> int:
    return CALL_OVERHEAD_TOKENS + count(f"{tool.name} {tool.description} {canonical(tool.schema)}")


def canonical(value: object) -> str:
    """JSON text that does not depend on key order or white space."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
