"""Bodies that are wrong in exactly one way, by what is wrong, with the field to be named."""

from __future__ import annotations

from typing import Any

from gateway_live import MODEL, anthropic_tool, openai_tool

HELLO = [{"role": "user", "content": "Hello."}]
MESSAGE = {"model": MODEL, "max_tokens": 9, "messages": HELLO}
CHAT = {"model": MODEL, "messages": HELLO}


def _use(call_id: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": "get_weather", "input": {}}


def _call(call_id: str) -> dict[str, Any]:
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": "get_weather", "arguments": "{}"},
    }


def _without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


WRONG_MESSAGES: dict[str, tuple[Any, str]] = {
    "no model": (_without(MESSAGE, "model"), "model"),
    "model is a list": ({**MESSAGE, "model": ["x"]}, "model"),
    "model is empty": ({**MESSAGE, "model": ""}, "model"),
    "no messages": (_without(MESSAGE, "messages"), "messages"),
    "messages empty": ({**MESSAGE, "messages": []}, "messages"),
    "messages is text": ({**MESSAGE, "messages": "hi"}, "messages"),
    "message is text": ({**MESSAGE, "messages": ["hi"]}, "messages.0"),
    "bad role": ({**MESSAGE, "messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
    "content is a number": ({**MESSAGE, "messages": [{"role": "user", "content": 7}]}, "content"),
    "unknown block": (
        {**MESSAGE, "messages": [{"role": "user", "content": [{"type": "x"}]}]},
        "messages.0.content.0.type",
    ),
    "empty text": (
        {**MESSAGE, "messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
        "messages.0.content.0.text",
    ),
    "no max_tokens": (_without(MESSAGE, "max_tokens"), "max_tokens"),
    "max_tokens negative": ({**MESSAGE, "max_tokens": -1}, "max_tokens"),
    "max_tokens fraction": ({**MESSAGE, "max_tokens": 1.5}, "max_tokens"),
    "max_tokens true": ({**MESSAGE, "max_tokens": True}, "max_tokens"),
    "tools is text": ({**MESSAGE, "tools": "x"}, "tools"),
    "openai tool": ({**MESSAGE, "tools": [openai_tool()]}, "tools.0.type"),
    "tool without schema": ({**MESSAGE, "tools": [{"name": "x"}]}, "tools.0.input_schema"),
    "tool name": ({**MESSAGE, "tools": [anthropic_tool("a b")]}, "tools.0.name"),
    "tools alike": ({**MESSAGE, "tools": [anthropic_tool()] * 2}, "unique"),
    "choice without tools": ({**MESSAGE, "tool_choice": {"type": "any"}}, "tool_choice"),
    "choice is text": (
        {**MESSAGE, "tools": [anthropic_tool()], "tool_choice": "auto"},
        "tool_choice",
    ),
    "choice of nothing": (
        {**MESSAGE, "tools": [anthropic_tool()], "tool_choice": {"type": "tool", "name": "x"}},
        "tool_choice.name",
    ),
    "unanswered call": (
        {**MESSAGE, "messages": [*HELLO, {"role": "assistant", "content": [_use("a")]}, *HELLO]},
        "tool calls without a result",
    ),
    "unasked result": (
        {
            **MESSAGE,
            "messages": [
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]}
            ],
        },
        "tool result",
    ),
    "temperature": ({**MESSAGE, "temperature": 2.0}, "temperature"),
    "stream is text": ({**MESSAGE, "stream": "yes"}, "stream"),
    "blank stop": ({**MESSAGE, "stop_sequences": ["\n"]}, "stop_sequences.0"),
}
WRONG_CHATS: dict[str, tuple[Any, str | None]] = {
    "no model": (_without(CHAT, "model"), "model"),
    "model is a number": ({**CHAT, "model": 5}, "model"),
    "no messages": (_without(CHAT, "messages"), "messages"),
    "messages empty": ({**CHAT, "messages": []}, "messages"),
    "message is text": ({**CHAT, "messages": ["hi"]}, "messages[0]"),
    "no role": ({**CHAT, "messages": [{"content": "x"}]}, "messages[0].role"),
    "bad role": ({**CHAT, "messages": [{"role": "bogus", "content": "x"}]}, "messages[0].role"),
    "content is a number": (
        {**CHAT, "messages": [{"role": "user", "content": 7}]},
        "messages[0].content",
    ),
    "picture without url": (
        {**CHAT, "messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        "messages[0].content[0].image_url",
    ),
    "temperature": ({**CHAT, "temperature": 2.1}, "temperature"),
    "temperature is text": ({**CHAT, "temperature": "hot"}, "temperature"),
    "n is 129": ({**CHAT, "n": 129}, "n"),
    "n is 0": ({**CHAT, "n": 0}, "n"),
    "max_tokens negative": ({**CHAT, "max_tokens": -1}, "max_tokens"),
    "five stops": ({**CHAT, "stop": list("abcde")}, "stop"),
    "tools is text": ({**CHAT, "tools": "x"}, "tools"),
    "tool without function": ({**CHAT, "tools": [{"type": "function"}]}, "tools[0].function"),
    "tool without name": (
        {**CHAT, "tools": [{"type": "function", "function": {}}]},
        "tools[0].function.name",
    ),
    "bad schema": (
        {**CHAT, "tools": [openai_tool(schema={"type": "objekt"})]},
        "tools[0].function.parameters",
    ),
    "bad choice": ({**CHAT, "tools": [openai_tool()], "tool_choice": "bogus"}, "tool_choice"),
    "required without tools": ({**CHAT, "tool_choice": "required"}, "tool_choice"),
    "choice of nothing": (
        {
            **CHAT,
            "tools": [openai_tool()],
            "tool_choice": {"type": "function", "function": {"name": "x"}},
        },
        "tool_choice",
    ),
    "tool message without call": (
        {**CHAT, "messages": [*HELLO, {"role": "tool", "tool_call_id": "a", "content": "x"}]},
        "messages.[1].role",
    ),
    "tool message without id": (
        {**CHAT, "messages": [*HELLO, {"role": "tool", "content": "x"}]},
        "messages[1].tool_call_id",
    ),
    "unanswered call": (
        {**CHAT, "messages": [*HELLO, {"role": "assistant", "tool_calls": [_call("a")]}, *HELLO]},
        "messages.[2].role",
    ),
    "top_logprobs alone": ({**CHAT, "top_logprobs": 2}, "top_logprobs"),
    "too many top_logprobs": ({**CHAT, "logprobs": True, "top_logprobs": 21}, "top_logprobs"),
    "functions beside tools": (
        {**CHAT, "tools": [openai_tool()], "functions": [openai_tool()["function"]]},
        "functions",
    ),
    "function_call alone": ({**CHAT, "function_call": "auto"}, "function_call"),
}
NO_JSON = {
    "empty": b"",
    "cut": b'{"model":',
    "not UTF-8": b'{"model":"\xff"}',
    "lone surrogate": b'{"model":"\\ud800"}',
    "deep": b"[" * 100_000,
    "deep enough to read": b"[" * 400 + b"]" * 400,
    "NaN": b'{"model":NaN}',
    "endless number": b"1" * 6000,
    "array": b"[]",
    "text": b'"x"',
    "null": b"null",
}
