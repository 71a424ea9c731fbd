"""OpenAI chat completions, inbound: tool messages stand right after the calls they answer."""

from __future__ import annotations

from reference_gateway.errors import InvalidRequest
from reference_gateway.fields import Field


def check_order(messages: Field) -> None:
    """Raise `InvalidRequest`, naming the message as OpenAI does, for a result out of place."""
    open_calls: set[str] = set()
    for index, message in enumerate(messages.items()):
        if message.get("role").value == "tool":
            _answer(index, message, open_calls)
        elif open_calls:
            listed = ", ".join(sorted(open_calls))
            raise _misplaced(index, f"tool calls without a tool message after them: {listed}")
        else:
            open_calls = _called(message)


def _answer(index: int, message: Field, open_calls: set[str]) -> None:
    call_id = message.get("tool_call_id").text()
    if not open_calls:
        raise _misplaced(index, "a tool message has to follow a message with tool_calls")
    if call_id not in open_calls:
        raise InvalidRequest(f"{message.path}: {call_id!r} answers none of the calls before it")
    open_calls.discard(call_id)


def _called(message: Field) -> set[str]:
    calls = message.get("tool_calls")
    return set() if calls.is_absent else {call.get("id").text() for call in calls.items()}


def _misplaced(index: int, why: str) -> InvalidRequest:
    # The dot before the bracket is OpenAI's own.
    return InvalidRequest(f"messages.[{index}].role: {why}", param=f"messages.[{index}].role")
