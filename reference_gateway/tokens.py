"""Tokens: a text is cut into them, and a prompt is counted in them, alike on both protocols."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator

from reference_gateway.chat import (
    Document,
    Image,
    Part,
    Prompt,
    RedactedThinking,
    Tool,
    ToolCall,
    ToolResult,
)

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
# Every image costs the same, whatever its size: one that stands behind a URL is
# never fetched, and must not be cheaper than the same bytes. The same holds for
# documents that are not text.
IMAGE_TOKENS = 85
DOCUMENT_TOKENS = 250


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
    return PROMPT_OVERHEAD_TOKENS + sum(count for _, count in items(prompt))


def items(prompt: Prompt) -> Iterator[tuple[str, int]]:
    """What a prompt consists of, in order, each as a text that identifies it and its tokens.

    The tools come first, then the system texts, then the parts of the turns.
    """
    for tool in prompt.tools:
        yield f"tool {tool.name} {tool.description} {canonical(tool.schema)}", _count_tool(tool)
    for text in prompt.system:
        yield f"system {text}", PART_OVERHEAD_TOKENS + count(text)
    for turn in prompt.turns:
        for part in turn.parts:
            yield f"{turn.role} {_identity(part)}", PART_OVERHEAD_TOKENS + _count_part(part)


def _identity(part: Part) -> str:
    files = part.attachments if isinstance(part, ToolResult) else (part,)
    data = (file.data for file in files if isinstance(file, Image | Document))
    return " ".join([repr(part), *(hashlib.sha256(each).hexdigest() for each in data)])


def _count_part(part: Part) -> int:
    if isinstance(part, ToolCall):
        return count(part.name) + count(canonical(json.loads(part.arguments or "{}")))
    if isinstance(part, Image):
        return IMAGE_TOKENS
    if isinstance(part, Document):
        return count(part.about) + (count(part.text) if part.text else DOCUMENT_TOKENS)
    if isinstance(part, RedactedThinking):
        return count(part.data)
    attached = part.attachments if isinstance(part, ToolResult) else ()
    return count(part.text) + sum(_count_part(attachment) for attachment in attached)


def _count_tool(tool: Tool) -> int:
    return CALL_OVERHEAD_TOKENS + count(f"{tool.name} {tool.description} {canonical(tool.schema)}")


def canonical(value: object) -> str:
    """JSON text that does not depend on key order or white space."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
