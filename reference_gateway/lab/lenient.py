"""Reading requests of either protocol as an upstream that forgives: what is odd is left out.

A gateway may send what the reference gateway's own readers refuse. The lab is there to record
that and to answer, so it takes from such a request what a model needs to answer it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reference_gateway.call import Call
from reference_gateway.catalogue import DEFAULT_OUTPUT_TOKENS
from reference_gateway.chat import Part, Prompt, Text, Tool, ToolCall, ToolChoice, ToolResult, Turn
from reference_gateway.errors import InvalidRequest
from reference_gateway.fields import read_document
from reference_gateway.tokens import canonical
from reference_gateway.turns import merge

_LIMITS = ("max_tokens", "max_completion_tokens")
_FORCED = ("any", "required")


def read_prompt(call: Call) -> Prompt:
    """The prompt of a request; raises `InvalidRequest` only where the body is no JSON object."""
    document = call.document
    try:
        return call.wire.parse(document, call.headers)
    except InvalidRequest:
        if not isinstance(document, dict):
            raise
    except (KeyError, TypeError, ValueError):
        pass  # What a reader did not foresee is odd too.
    return _prompt(_Loose(document))


class _Loose:
    """An object of which every member is there: of the wanted type, or empty."""

    def __init__(self, value: Any) -> None:
        self.value = value if isinstance(value, Mapping) else {}

    def text(self, name: str) -> str:
        found = self.value.get(name)
        return found if isinstance(found, str) else ""

    def object(self, name: str) -> _Loose:
        return _Loose(self.value.get(name))

    def objects(self, name: str) -> list[_Loose]:
        found = self.value.get(name)
        return [_Loose(each) for each in found] if isinstance(found, list) else []

    def joined(self, name: str) -> str:
        """A text, or the texts of a list of parts."""
        texts = [part.text("text") for part in self.objects(name)]
        return self.text(name) or "\n".join(filter(None, texts))


def _prompt(body: _Loose) -> Prompt:
    messages = body.objects("messages")
    orders = [message.joined("content") for message in messages if _is_order(message)]
    turns = [turn for message in messages if not _is_order(message) for turn in _turn(message)]
    return Prompt(
        model=body.text("model"),
        system=tuple(filter(None, [body.joined("system"), *orders])),
        turns=merge(turns),
        max_tokens=_max_tokens(body),
        tools=tuple(tool for tool in map(_tool, body.objects("tools")) if tool.name),
        choice=_choice(body),
        stream=body.value.get("stream") is True,
        include_usage=body.object("stream_options").value.get("include_usage") is True,
    )


def _is_order(message: _Loose) -> bool:
    return message.text("role") in ("system", "developer")


def _turn(message: _Loose) -> Iterator[Turn]:
    role, parts = message.text("role"), tuple(_parts(message))
    if role == "tool":
        yield Turn("user", (ToolResult(message.text("tool_call_id"), message.joined("content")),))
    elif parts:
        yield Turn("assistant" if role == "assistant" else "user", parts)


def _parts(message: _Loose) -> Iterator[Part]:
    if message.text("content"):
        yield Text(message.text("content"))
    for part in message.objects("content"):
        if part.text("text"):
            yield Text(part.text("text"))
        elif part.text("type") == "tool_use":
            input = canonical(part.object("input").value)
            yield ToolCall(part.text("id"), part.text("name"), input)
        elif part.text("type") == "tool_result":
            yield ToolResult(part.text("tool_use_id"), part.joined("content"))
    for call in message.objects("tool_calls"):
        called = call.object("function")
        yield ToolCall(call.text("id"), called.text("name"), _arguments(called))


def _arguments(called: _Loose) -> str:
    """The arguments, for a count of their tokens; what is no JSON is none."""
    try:
        return canonical(read_document(called.text("arguments").encode(errors="surrogatepass")))
    except InvalidRequest:
        return "{}"


def _tool(tool: _Loose) -> Tool:
    """A tool of either protocol; one without a schema takes anything."""
    named = tool.object("function") if tool.object("function").value else tool
    schema = named.object("parameters").value or named.object("input_schema").value
    return Tool(named.text("name"), named.text("description"), {"type": "object", **schema})


def _choice(body: _Loose) -> ToolChoice:
    wanted = body.object("tool_choice")
    kind = body.text("tool_choice") or wanted.text("type")
    name = wanted.text("name") or wanted.object("function").text("name")
    if name:
        return ToolChoice("named", name)
    if kind in _FORCED:
        return ToolChoice("any")
    return ToolChoice("none") if kind == "none" else ToolChoice()


def _max_tokens(body: _Loose) -> int:
    given = [body.value.get(name) for name in _LIMITS]
    limits = [limit for limit in given if type(limit) is int and limit > 0]
    return min(limits, default=DEFAULT_OUTPUT_TOKENS)
