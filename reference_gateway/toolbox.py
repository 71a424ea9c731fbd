"""Which tools the scripted model calls, and for which cities."""

from __future__ import annotations

import re

from reference_gateway.arguments import command_in, wants_city, wants_command
from reference_gateway.chat import Prompt, Tool, ToolResult
from reference_gateway.speech import question

# Subjects are the words of a tool's name that say what it is about.
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")
_NOT_SUBJECTS = frozenset(
    ("call", "fetch", "find", "from", "list", "look", "lookup", "make", "read", "search", "tool")
)
_MIN_SUBJECT = 4
_ASKED_TO_USE = re.compile(
    r"\b(?:use|call|using|calling)\b[^.\n]{0,40}\b(?:tool|function)s?\b", re.IGNORECASE
)
_SHELL = re.compile(r"bash|shell|exec|run|terminal", re.IGNORECASE)
_MAX_CALLS = 8
_CITIES = (
    "Amsterdam|Athens|Bangkok|Barcelona|Beijing|Berlin|Bogotá|Boston|Brussels|"
    "Budapest|Cairo|Chicago|Copenhagen|Delhi|Dubai|Dublin|Geneva|Hamburg|Helsinki|"
    "Istanbul|Jakarta|Kyiv|Kyoto|Lagos|Lima|Lisbon|London|Madrid|Manila|Melbourne|"
    "Miami|Milan|Montreal|Moscow|Mumbai|Munich|München|Nairobi|Oslo|Paris|Prague|"
    "Reykjavik|Rome|Santiago|Seattle|Seoul|Shanghai|Singapore|Stockholm|Sydney|"
    "Tokyo|Toronto|Vancouver|Vienna|Warsaw|Zurich|Zürich"
)
_CITY = re.compile(
    rf"\b(?:New York|San Francisco|Los Angeles|São Paulo|{_CITIES})\b"
    r"|(?<=\bin )[A-Z][^\W\d_]+(?:[ -][A-Z][^\W\d_]+)*"
)


def choose_calls(prompt: Prompt) -> list[tuple[str, str | None]]:
    """The calls to make, as tool name and city; empty when the answer is text."""
    tools = _chosen(prompt)
    cities = _cities(question(prompt))
    calls: list[tuple[str, str | None]] = []
    for tool in tools:
        wanted = cities if wants_city(tool.schema) and cities else [None]
        calls += [(tool.name, city) for city in wanted]
    return calls[: _MAX_CALLS if prompt.choice.parallel else 1]


def _chosen(prompt: Prompt) -> list[Tool]:
    if prompt.choice.mode == "named":
        return [tool for tool in prompt.tools if tool.name == prompt.choice.name]
    if prompt.choice.mode == "none" or not prompt.tools:
        return []
    allowed = prompt.choice.allowed
    tools = [tool for tool in prompt.tools if not allowed or tool.name in allowed]
    asked = question(prompt)
    mentioned = _shells(tools, asked) or [tool for tool in tools if _is_mentioned(tool, asked)]
    if prompt.choice.mode == "any":
        return mentioned or tools[:1]
    if _has_results(prompt):
        return []
    return mentioned or (tools[:1] if _ASKED_TO_USE.search(asked) else [])


def _shells(tools: list[Tool], asked: str) -> list[Tool]:
    """The one tool that runs a command, where the user asks for one to be run."""
    if command_in(asked) is None:
        return []
    found = [tool for tool in tools if wants_command(tool.schema)]
    return [tool for tool in found if _SHELL.search(tool.name)][:1] or found[:1]


def _has_results(prompt: Prompt) -> bool:
    newest = prompt.turns[-1].parts if prompt.turns else ()
    return any(isinstance(part, ToolResult) for part in newest)


def _is_mentioned(tool: Tool, asked: str) -> bool:
    if tool.name in asked:
        return True
    words = {word.lower() for word in _WORDS.findall(tool.name)}
    subjects = {word for word in words if len(word) >= _MIN_SUBJECT} - _NOT_SUBJECTS
    said = set(re.findall(r"\w+", asked.lower()))
    return bool(subjects & said)


def _cities(asked: str) -> list[str | None]:
    return list(dict.fromkeys(match.group() for match in _CITY.finditer(asked)))
