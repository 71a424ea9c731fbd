"""What the scripted model thinks before it answers, and when."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reference_gateway import tokens
from reference_gateway.chat import Prompt, ToolResult
from reference_gateway.pieces import Redacted, Signature, ThinkingDelta
from reference_gateway.signatures import sealed, sign
from reference_gateway.speech import question

_TOKENS_PER_DELTA = 4
_MAX_QUOTE = 200
_HARD = re.compile(r"\d|\b(?:think|why|how|prove|explain|step|weather)\b", re.IGNORECASE)
_SECRET = re.compile(r"\bredacted[ _-]thinking\b", re.IGNORECASE)

Thought = ThinkingDelta | Signature | Redacted


def thoughts(prompt: Prompt) -> list[Thought]:
    """The pieces of the thinking; none where it is off, or not worth it.

    With a budget the model always thinks; where that is left to it, only about a
    question that is not easy. It does not think again about the result of a tool.
    """
    mode = prompt.thinking
    if mode is None or prompt.max_tokens == 0 or _has_results(prompt):
        return []
    if mode.budget_tokens is None and not _HARD.search(question(prompt)):
        return []
    words = tokens.split(_thought(prompt))[: mode.budget_tokens][: prompt.max_tokens]
    shown = _shown(words) if mode.is_shown else _hidden(words)
    return [*shown, *_redacted(prompt, len(words))]


def _shown(words: list[str]) -> Iterator[Thought]:
    for start in range(0, len(words), _TOKENS_PER_DELTA):
        group = words[start : start + _TOKENS_PER_DELTA]
        yield ThinkingDelta("".join(group), len(group))
    yield Signature(sign("".join(words)))


def _hidden(words: list[str]) -> Iterator[Thought]:
    yield Signature(sign(""), len(words))


def _redacted(prompt: Prompt, spent: int) -> Iterator[Thought]:
    if _SECRET.search(question(prompt)) and spent < prompt.max_tokens:
        yield Redacted(sealed(), 1)


def _has_results(prompt: Prompt) -> bool:
    newest = prompt.turns[-1].parts if prompt.turns else ()
    return any(isinstance(part, ToolResult) for part in newest)


def _thought(prompt: Prompt) -> str:
    tool = f" The tool {prompt.tools[0].name} may help." if prompt.tools else ""
    return f"The user writes: {question(prompt)[:_MAX_QUOTE]}{tool} I answer step by step."
