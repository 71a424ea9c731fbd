"""Turns as every provider may expect them: merged by role, each tool call answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from reference_gateway.chat import Text, ToolCall, ToolResult, Turn
from reference_gateway.errors import InvalidRequest


@dataclass
class Conversation:
    """A conversation while it is read: its turns, and the system texts that stand among them."""

    turns: list[Turn] = field(default_factory=list)
    system: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    def instruct(self, texts: Iterable[str]) -> None:
        """Add system texts, which stand after all that was said so far."""
        said = sum(len(turn.parts) for turn in self.turns)
        for text in texts:
            self.system.append(text)
            self.places.append(said)


def merge(turns: list[Turn]) -> tuple[Turn, ...]:
    """Join consecutive turns of the same role."""
    merged: list[Turn] = []
    for turn in turns:
        if merged and merged[-1].role == turn.role:
            merged[-1] = Turn(turn.role, merged[-1].parts + turn.parts)
        else:
            merged.append(turn)
    return tuple(merged)


def check_calls(turns: tuple[Turn, ...], param: str = "messages") -> None:
    """Raise `InvalidRequest` unless each call is answered in the next turn, and only those are.

    `param` is where the conversation stands in the request.
    """
    open_calls: list[str] = []
    for turn in turns:
        _check_results(turn, open_calls, param)
        open_calls = [part.id for part in turn.parts if isinstance(part, ToolCall)]
    if open_calls:
        raise _unanswered(open_calls, param)


def _check_results(turn: Turn, open_calls: list[str], param: str) -> None:
    results = [part for part in turn.parts if isinstance(part, ToolResult)]
    unknown = [result.call_id for result in results if result.call_id not in open_calls]
    if unknown:
        raise InvalidRequest(
            f"{param}: tool result for {unknown[0]!r}, which answers no tool call of the"
            " message before it",
            param=param,
        )
    missing = set(open_calls) - {result.call_id for result in results}
    if missing:
        raise _unanswered(sorted(missing), param)


def _unanswered(ids: list[str], param: str) -> InvalidRequest:
    return InvalidRequest(
        f"{param}: tool calls without a result immediately after: {', '.join(ids)}",
        param=param,
    )


def has_text_before_result(turn: Turn) -> bool:
    """True when a tool result comes after text, which Anthropic refuses."""
    kinds = [type(part) for part in turn.parts]
    return ToolResult in kinds and Text in kinds[: _last_result(kinds)]


def _last_result(kinds: list[type]) -> int:
    return max(index for index, kind in enumerate(kinds) if kind is ToolResult)
