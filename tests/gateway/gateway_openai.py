"""Chat completions with every optional field, by what they are about."""

from __future__ import annotations

from typing import Any

from gateway_live import openai_tool

# A single red pixel.
RED_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
LONG_ID = "call_" + "0123456789" * 4
CLOSED = {
    "type": "object",
    "properties": {"colour": {"enum": ["red", "blue"]}, "count": {"type": "integer"}},
    "required": ["colour", "count"],
    "additionalProperties": False,
}


def user(content: Any) -> dict[str, Any]:
    """A message of the user."""
    return {"role": "user", "content": content}


def part(text: str) -> dict[str, Any]:
    """A part of a content."""
    return {"type": "text", "text": text}


def picture(url: str, **more: Any) -> dict[str, Any]:
    """A picture as a part of a content."""
    return {"type": "image_url", "image_url": {"url": url, **more}}


def schema(wanted: dict[str, Any]) -> dict[str, Any]:
    """A format that asks for JSON after a schema."""
    named = {"name": "answer", "strict": True, "schema": wanted}
    return {"type": "json_schema", "json_schema": named}


def results() -> list[dict[str, Any]]:
    """A call with a long foreign id, and its result as text parts."""
    function = {"name": "get_weather", "arguments": '{"city": "Paris"}'}
    call = {"id": LONG_ID, "type": "function", "function": function}
    said = {"role": "assistant", "tool_calls": [call]}
    answered = {"role": "tool", "tool_call_id": LONG_ID, "content": [part("18 degrees")]}
    return [user("Weather in Paris?"), said, answered]


ORDER = "End every answer with the word ZEBRA."
NEWS = openai_tool("get_news")
FUNCTION = openai_tool()["function"]
ALLOWED = {"mode": "required", "tools": [{"type": "function", "function": {"name": "get_news"}}]}
BODIES: dict[str, dict[str, Any]] = {
    "conversation": {
        "messages": [
            {"role": "system", "content": ORDER},
            user("My number is 7."),
            {"role": "assistant", "content": "Noted."},
            user("Which one is it?"),
        ]
    },
    "parts": {"messages": [user([part("First."), part("Second.")])]},
    "developer": {"messages": [{"role": "developer", "content": ORDER}, user("Hello.")]},
    "picture": {
        "messages": [user([part("Which colour?"), picture(f"data:image/png;base64,{RED_PIXEL}")])]
    },
    "assistant last": {"messages": [user("Say"), {"role": "assistant", "content": "Hello"}]},
    "foreign result": {"messages": results(), "tools": [openai_tool()]},
    "stop text": {"messages": [user("Count from 1 to 9")], "stop": "3 4"},
    "choices": {"messages": [user("Count from 1 to 9")], "n": 2},
    "accepted": {
        "messages": [user("Why?")],
        "metadata": {"a": "b"},
        "temperature": 1,
        "top_p": 1,
        "reasoning_effort": "low",
        "verbosity": "low",
    },
    "json": {"messages": [user("JSON, please.")], "response_format": {"type": "json_object"}},
    "schema": {"messages": [user("JSON, please.")], "response_format": schema(CLOSED)},
    "likelihoods": {"messages": [user("Say hello.")], "logprobs": True, "top_logprobs": 2},
    "function": {
        "messages": [user("Paris?")],
        "functions": [FUNCTION],
        "function_call": {"name": "get_weather"},
    },
    "allowed": {
        "messages": [user("Weather in Paris?")],
        "tools": [openai_tool(), NEWS],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": ALLOWED},
    },
    "unicode": {"messages": [user("Repeat: 👩‍👩‍👧‍👦 left\u2028right")]},
    "unpadded": {
        "messages": [user("Why?")],
        "stream_options": {"include_usage": True, "include_obfuscation": False},
    },
}
"""What comes on top of the model."""
