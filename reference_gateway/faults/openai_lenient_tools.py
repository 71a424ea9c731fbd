"""Faults of reading tools in chat completions: what does not fit is dropped, silently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_gateway.chat import Json
from reference_gateway.faults.openai_lenient import dropped, each_message, lenient
from reference_gateway.faults.places import Edit

ORIGIN = "OpenAI API reference, chat completions: tools, tool_choice and tool messages"


def _each_function(change: Callable[[Json], None]) -> Edit:
    def edit(body: Json) -> None:
        tools = body.get("tools")
        for tool in tools if isinstance(tools, list) else []:
            if isinstance(tool, dict) and isinstance(tool.get("function"), dict):
                change(tool["function"])

    return edit


def _kept(is_kept: Callable[[Json], bool]) -> Edit:
    """The tools that are kept; where none is, there are no tools."""

    def edit(body: Json) -> None:
        tools = body.get("tools")
        if isinstance(tools, list):
            body["tools"] = [tool for tool in tools if is_kept(tool)] or None

    return edit


def _has_name(tool: Json) -> bool:
    return "function" not in tool or bool(tool["function"].get("name"))


def _joins_words(function: Json) -> None:
    if isinstance(function.get("name"), str):
        function["name"] = function["name"].replace(" ", "_")


def _forgets_schema(function: Json) -> None:
    if isinstance(function.get("parameters"), dict) and "objekt" in function["parameters"].values():
        del function["parameters"]


def _forgets_strict(function: Json) -> None:
    parameters = function.get("parameters") or {}
    if parameters.get("additionalProperties") is not False:
        function.pop("strict", None)


def _names(body: Json) -> set[str]:
    tools = body.get("tools")
    functions = [tool.get("function") or {} for tool in tools] if isinstance(tools, list) else []
    return {str(function.get("name")) for function in functions}


def _forgets_choice(body: Json) -> None:
    choice = body.get("tool_choice")
    function = choice.get("function") if isinstance(choice, dict) else None
    if isinstance(function, dict) and function.get("name") not in _names(body):
        del body["tool_choice"]


def _is_bare(choice: object) -> bool:
    return choice == {"type": "function"}


def _forgets_requirement(body: Json) -> None:
    if not body.get("tools") and body.get("tool_choice") == "required":
        del body["tool_choice"]


def _called(messages: list[Any], index: int) -> set[str]:
    """The ids of the calls that the tool message at this place may answer."""
    while index and messages[index - 1].get("role") == "tool":
        index -= 1
    before = messages[index - 1] if index else {}
    return {str(call.get("id")) for call in before.get("tool_calls") or []}


def _forgets_results(is_lost: Callable[[set[str], Json], bool]) -> Edit:
    """Drops the tool messages that are lost, told from the calls before them."""

    def edit(body: Json) -> None:
        messages = body.get("messages")
        if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
            return
        body["messages"] = [
            message
            for index, message in enumerate(messages)
            if message.get("role") != "tool" or not is_lost(_called(messages, index), message)
        ]

    return edit


def _is_stray(calls: set[str], message: Json) -> bool:
    del message
    return not calls


def _is_unmatched(calls: set[str], message: Json) -> bool:
    return bool(calls) and message.get("tool_call_id") not in {None, *calls}


def _forgets_calls(body: Json) -> None:
    """Calls that no tool message follows are taken out of the message that made them."""
    messages = body.get("messages")
    following = messages[1:] if isinstance(messages, list) else []
    for message, after in zip(messages or (), following, strict=False):
        if "tool_calls" in message and after.get("role") != "tool":
            del message["tool_calls"]
            message["content"] = "..."


def _guesses_call(message: Json) -> None:
    if message.get("role") == "tool":
        message.setdefault("tool_call_id", "call_1")


_ROWS: tuple[tuple[str, str, str, Edit], ...] = (
    ("text", "034", "A text for tools is dropped.", dropped("tools", lambda v: isinstance(v, str))),
    ("bare", "036", "A tool without function is dropped.", _kept(lambda tool: "function" in tool)),
    ("nameless", "037", "A function without name is dropped.", _kept(_has_name)),
    ("spaced", "038", "A function's name loses its space.", _each_function(_joins_words)),
    ("schema", "039", "What is no JSON Schema is dropped.", _each_function(_forgets_schema)),
    ("strict", "040", "strict is dropped with an open schema.", _each_function(_forgets_strict)),
    (
        "choice",
        "041",
        "An unknown choice is dropped.",
        dropped("tool_choice", lambda v: v == "bogus"),
    ),
    ("required", "042", "A required call without tools is dropped.", _forgets_requirement),
    ("unknown", "043", "The choice of an unknown tool is dropped.", _forgets_choice),
    ("unnamed", "044", "A choice that names nothing is dropped.", dropped("tool_choice", _is_bare)),
    ("stray-result", "045", "A result without call is dropped.", _forgets_results(_is_stray)),
    ("open-call", "046", "A call without result is dropped.", _forgets_calls),
    ("result-id", "047", "A result without id is that of a call.", each_message(_guesses_call)),
    ("wrong-id", "048", "A result of no call is dropped.", _forgets_results(_is_unmatched)),
)

for _slug, _number, _summary, _edit in _ROWS:
    lenient(f"openai-lenient-tools-{_slug}", f"OAI-VAL-{_number}", _summary, _edit, ORIGIN)
