"""OAI-TOOL: how freely tools are called, and the forms of a call that may be asked for."""

from __future__ import annotations

import json

from conformance import chat
from conformance.kinds import Kind
from conformance.model import (
    Exchange,
    Findings,
    Inconclusive,
    Level,
    NotApplicable,
    Part,
    Recording,
    Violation,
)
from conformance.registry import requirement
from conformance.requirements.anthropic_tools import refused_tool
from conformance.requirements.openai import SHAPED
from conformance.requirements.openai_tools import WHOLE, has_calls, is_cut, takes_nothing
from conformance.shapes import schema_mismatches

COMPLETION = Kind.OPENAI_COMPLETION
STREAM = Kind.OPENAI_STREAM
ANSWERS = (COMPLETION, STREAM)
REASONED = (*SHAPED, "OAI-CHAT-011", "OAI-CHAT-012")
PARSED = (*SHAPED, *WHOLE, "OAI-TOOL-002", "OAI-TOOL-004", "OAI-TOOL-006", "OAI-TOOL-024")
_PLACE = "body.choices[0].message.tool_calls"


def calls_without_parameters(exchange: Exchange) -> bool:
    """Whether a function without parameters is called."""
    return any(takes_nothing(exchange, call) for call in chat.tool_calls(exchange))


def has_several_calls(exchange: Exchange) -> bool:
    """Whether more than one tool is called."""
    return len(chat.tool_calls(exchange)) > 1


@requirement(
    "OAI-TOOL-007",
    on=ANSWERS,
    when=calls_without_parameters,
    symptom="tool-loop",
    needs=(*SHAPED, *WHOLE, "OAI-TOOL-004", "OAI-TOOL-005"),
    reads=(Part.REQUEST,),
)
def no_arguments_are_an_empty_object(exchange: Exchange) -> Findings:
    """A call of a function without parameters has the arguments `{}`, not an empty string."""
    for call in chat.tool_calls(exchange):
        if takes_nothing(exchange, call) and call.arguments == "":
            yield Violation(f"{call.where}.function.arguments", "{}", "an empty string")


@requirement("OAI-TOOL-009", on="openai-tool-none", symptom="tool-loop", needs=REASONED)
def none_means_no_tool(recording: Recording) -> Findings:
    """`tool_choice` `none` yields no tool call, and ends with `stop`."""
    exchange = recording.last
    if exchange.kind is not COMPLETION:
        yield refused_tool(exchange)
    elif has_calls(exchange):
        names = ", ".join(str(call.name) for call in chat.tool_calls(exchange))
        yield Violation(_PLACE, "no tool call", f"a call of {names}")
    elif is_cut(exchange):
        yield Inconclusive("the budget was used up before the answer was complete")
    else:
        for where, reason in chat.finish_reasons(exchange):
            if reason != "stop":
                yield Violation(where, "stop", json.dumps(reason))


@requirement("OAI-TOOL-011", on="openai-tool-serial", symptom="tool-loop", needs=SHAPED)
def one_call_at_a_time(recording: Recording) -> Findings:
    """`parallel_tool_calls: false` yields one call at most."""
    exchange = recording.last
    if "parallel_tool_calls" not in exchange.request.json:
        yield NotApplicable("the target refuses parallel_tool_calls")
    elif exchange.kind is not COMPLETION:
        yield refused_tool(exchange)
    elif has_several_calls(exchange):
        found = len(chat.tool_calls(exchange))
        yield Violation(_PLACE, "one call at most", str(found))


@requirement(
    "OAI-TOOL-012",
    on=("openai-parallel-tools", "openai-parallel-tools-stream"),
    symptom="tool-loop",
    needs=(*PARSED, "OAI-TOOL-010"),
)
def parallel_calls_are_each_complete(recording: Recording) -> Findings:
    """Two cities asked about give two calls, each with its own city."""
    exchange = recording.last
    if exchange.kind not in ANSWERS:
        yield NotApplicable("the target refuses tool_choice required")
        return
    calls = chat.tool_calls(exchange)
    asked = [json.dumps(chat.parsed(call.arguments), sort_keys=True) for call in calls]
    place = "events" if exchange.is_streamed else _PLACE
    if is_cut(exchange):
        yield Inconclusive("the budget was used up before the tools were called")
    elif len(calls) == 1:
        yield Violation(place, "a call for each city", "one call", Level.SHOULD)
    elif len(set(asked)) < len(asked) and "{}" not in asked:
        yield Violation(place, "a city of its own in each call", "the same arguments twice")


@requirement("OAI-TOOL-013", on="openai-tool-strict", symptom="tool-loop", needs=PARSED)
def strict_arguments_are_valid(recording: Recording) -> Findings:
    """With `strict` the arguments of every call are valid against the schema."""
    exchange = recording.last
    if exchange.kind is not COMPLETION:
        yield refused_tool(exchange)
        return
    if not has_calls(exchange) or is_cut(exchange):
        yield Inconclusive("there was no complete tool call")
    for call in chat.tool_calls(exchange):
        schema, where = chat.tool_schemas(exchange)[call.name], f"{call.where}.function.arguments"
        yield from schema_mismatches(chat.parsed(call.arguments), schema, where)


@requirement("OAI-TOOL-014", on="openai-tool-allowed", symptom="tool-loop", needs=PARSED)
def only_allowed_tools_are_called(recording: Recording) -> Findings:
    """`allowed_tools` restricts the calls to the subset."""
    exchange = recording.last
    if exchange.kind is not COMPLETION:
        yield NotApplicable("the target refuses allowed_tools")
        return
    subset = exchange.request.json["tool_choice"]["allowed_tools"]["tools"]
    allowed = {tool["function"]["name"] for tool in subset}
    for call in chat.tool_calls(exchange):
        if call.name not in allowed:
            expected = f"one of {', '.join(sorted(allowed))}"
            yield Violation(f"{call.where}.function.name", expected, json.dumps(call.name))


@requirement(
    "OAI-TOOL-019",
    on="openai-functions",
    symptom="tool-loop",
    needs=(*SHAPED, "OAI-TOOL-008", "OAI-TOOL-015"),
)
def functions_are_answered_in_their_own_form(recording: Recording) -> Findings:
    """`functions` are answered with `function_call` and its finish reason, in one form only."""
    exchange = recording.last
    if exchange.kind is not COMPLETION:
        yield NotApplicable("the target refuses functions")
        return
    for number, choice in enumerate(chat.choices(exchange)):
        message, where = chat.message(choice), f"body.choices[{number}]"
        if message.get("tool_calls"):
            yield Violation(f"{where}.message.tool_calls", "function_call", "tool_calls")
        elif not isinstance(message.get("function_call"), dict):
            yield Violation(f"{where}.message.function_call", "an object", "none")
        elif choice.get("finish_reason") not in ("function_call", "stop"):
            actual = json.dumps(choice.get("finish_reason"))
            yield Violation(f"{where}.finish_reason", "function_call", actual)


@requirement(
    "OAI-TOOL-025",
    on=STREAM,
    when=has_several_calls,
    symptom="tool-loop",
    needs=(*WHOLE, "OAI-STREAM-006"),
)
def fragments_of_a_call_are_contiguous(exchange: Exchange) -> Findings:
    """The fragments of a call come one after the other, not between those of another."""
    seen: list[tuple[str, str]] = []
    for fragment in chat.fragments(exchange):
        call = (repr(fragment.choice), repr(fragment.fields.get("index")))
        before = [other for other in seen if other[0] == call[0]]
        if call in before[:-1] and before[-1] != call:
            expected = "the fragments of one call after the other"
            yield Violation(
                fragment.where, expected, f"call {call[1]} goes on after {before[-1][1]}"
            )
            return
        if not before or before[-1] != call:
            seen.append(call)
