"""What the scripted model says: it counts, echoes, recalls, quotes tools, or is friendly."""

from __future__ import annotations

import itertools
import re

from reference_gateway.chat import Prompt, Text, ToolCall, ToolResult, Turn
from reference_gateway.sight import seen

_COUNT = re.compile(
    r"\b(?:count|list|numbers?|numbered|write|print|recite)\b[^\n]{0,80}?"
    r"(\d{1,9})\s*(?:to|through|until|up to|-|\u2013|\.\.)\s*(\d{1,9})",
    re.IGNORECASE,
)
_WITH = r"(?:reply|respond|answer)(?: only| exactly| just)* with(?: only| exactly| just)*"
_WORD = r"(?: (?:the|this|these) (?:\w+ )?(?:word|text|string|number|sentence|line)s?)"
_ECHO = re.compile(
    rf"(?:\b{_WITH}(?:{_WORD}:?|:)|\b{_WITH} (?=[\"'“])|\becho:"
    r"|\brepeat[^:\n]{0,60}:|(?:^|[.!?]\s+|\bplease )say(?: exactly)?:?)\s+(.+)",
    re.IGNORECASE | re.DOTALL,
)
_RECALL = re.compile(r"\b(?:I (?:told|gave|said|mentioned)|earlier|remember|recall)", re.IGNORECASE)
_ORDER = re.compile(
    r"\bwith (?:only |exactly |just )*(?:the )?(?:single |one )?(?:word|text|string)s?:?"
    r"\s+[\"'“]?([^\s\"'”.,]+)",
    re.IGNORECASE,
)
_LAST_WORD = re.compile(
    r"\b(?:end|finish|close)\b[^.]{0,30} with the word\s+[\"'“]?([^\s\"'”.,]+)", re.IGNORECASE
)
_ANNOUNCE = re.compile(r"\bfirst (?:say|tell|explain)\b", re.IGNORECASE)
_LENGTH = re.compile(r"\b(\d{1,4})[ -]words?\b", re.IGNORECASE)
_STORY = (
    "Once a small gateway stood between many clients and one model and it carried every"
    " word from one side to the other without losing a single one of them"
)
_QUOTES = "\"'“”"
# Agents put what they know about the session beside what the user asked, in such elements.
_CONTEXT = re.compile(
    r"<(system-reminder|environment_context|environment_details|user_instructions)>.*?</\1>",
    re.DOTALL,
)
_MAX_QUOTE = 400


def question(prompt: Prompt) -> str:
    """The text of the newest user turn, without what an agent says of the session."""
    users = [turn for turn in prompt.turns if turn.role == "user"]
    return _CONTEXT.sub("", _said(users[-1])).strip() if users else ""


def answer_text(prompt: Prompt) -> str:
    """The whole text of an answer that calls no tool."""
    results = [
        part for turn in prompt.turns[-1:] for part in turn.parts if isinstance(part, ToolResult)
    ]
    if results:
        return " ".join(filter(None, [*map(_quote, results), seen(prompt)]))
    orders = " ".join(prompt.system)
    last_words = [found[1] for found in _LAST_WORD.finditer(orders)]
    order = None if last_words else _ORDER.search(orders)
    if order:
        return order[1]
    return " ".join([_reaction(question(prompt), prompt), *last_words])


def announcement(prompt: Prompt, calls: list[ToolCall]) -> str:
    """What is said before tools are called, where that was asked for."""
    is_wanted = prompt.choice.mode == "auto" and _ANNOUNCE.search(question(prompt))
    names = ", ".join(dict.fromkeys(call.name for call in calls))
    return f"I will call {names} now." if is_wanted else ""


def _quote(result: ToolResult) -> str:
    if result.is_error:
        return f"The tool failed: {result.text}"
    return f"The tool answered: {result.text}" if result.text else "The tool answered nothing."


def _said(turn: Turn) -> str:
    return "\n".join(part.text for part in turn.parts if isinstance(part, Text))


def _reaction(asked: str, prompt: Prompt) -> str:
    count = _COUNT.search(asked)
    if count:
        return _counted(int(count[1]), int(count[2]), asked, prompt.max_tokens)
    echo = _ECHO.search(asked)
    if echo and not _RECALL.search(asked):
        return echo[1].strip().strip(_QUOTES)
    sight = seen(prompt)
    if sight:
        return sight
    length = _LENGTH.search(asked)
    if length:
        return " ".join(itertools.islice(itertools.cycle(_STORY.split()), int(length[1])))
    return _friendly(asked, prompt)


def _counted(first: int, last: int, asked: str, max_tokens: int) -> str:
    """The numbers; no more of them than the budget can hold."""
    separator = next(
        (mark for word, mark in (("comma", ", "), ("line", "\n")) if word in asked), " "
    )
    numbers = range(first, min(last, first + max_tokens) + 1)
    return separator.join(str(number) for number in numbers)


def _friendly(asked: str, prompt: Prompt) -> str:
    earlier = [_said(turn) for turn in prompt.turns[:-1] if turn.role == "user"]
    memory = f" Before that you said: {' / '.join(earlier)[:_MAX_QUOTE]}" if earlier else ""
    greeting = asked[:_MAX_QUOTE] or "nothing at all"
    return f"Thank you for your message. You wrote: {greeting}{memory}"
