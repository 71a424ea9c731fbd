"""OpenAI Responses, outbound: the response object and the items of its output."""

from __future__ import annotations

from reference_gateway.chat import Json, StopReason, Text, ToolCall, Usage
from reference_gateway.wire import Heading

_REPEATED: Json = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""What a response repeats of its request, with what it says where that is silent."""

CUT_SHORT = {
    StopReason.MAX_TOKENS: "max_output_tokens",
    StopReason.REFUSAL: "content_filter",
}
"""What makes a response incomplete, in the protocol's words."""


def item_of(heading: Heading, number: int, part: Text | ToolCall) -> Json:
    """An output item: a message of one text, or a call."""
    if isinstance(part, Text):
        return message_item(heading, number, [text_part(part.text)])
    return _function_call(heading, number, part)


def message_item(heading: Heading, number: int, content: list[Json]) -> Json:
    """A message of the assistant; it is in progress while it has no content."""
    return {
        "id": f"msg_{heading.token}{number}",
        "type": "message",
        "status": "completed" if content else "in_progress",
        "role": "assistant",
        "content": content,
    }


def text_part(text: str) -> Json:
    """The content part that holds a text."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _function_call(heading: Heading, number: int, call: ToolCall) -> Json:
    return {
        "id": f"fc_{heading.token}{number}",
        "type": "function_call",
        "status": "completed" if call.arguments else "in_progress",
        "call_id": call.id,
        "name": call.name,
        "arguments": call.arguments,
    }


def response_object(heading: Heading, status: str) -> Json:
    """The response before there is anything in it."""
    asked = {name: _given(heading.asked, name, other) for name, other in _REPEATED.items()}
    text, reasoning = heading.asked.get("text") or {}, heading.asked.get("reasoning") or {}
    return {
        "id": f"resp_{heading.token}",
        "object": "response",
        "created_at": heading.created,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": heading.model,
        "output": [],
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None, **reasoning},
        "store": False,
        "text": {"format": {"type": "text"}, **text},
        "usage": None,
        **asked,
    }


def _given(asked: Json, name: str, other: object) -> object:
    found = asked.get(name)
    return other if found is None else found


def ended(heading: Heading, reason: StopReason, output: list[Json], usage: Usage) -> Json:
    """The response when the model has stopped."""
    if reason not in CUT_SHORT:
        found = response_object(heading, "completed")
    else:
        found = response_object(heading, "incomplete")
        found["incomplete_details"] = {"reason": CUT_SHORT[reason]}
        if output and output[-1]["type"] == "message":
            output[-1]["status"] = "incomplete"
    return {**found, "output": output, "usage": _usage(usage)}


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {"cached_tokens": usage.cache.read_tokens},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.thinking_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
