"""OAI-TOOL: tool calls in the plain answer."""

from __future__ import annotations

import json
from typing import Any

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
from conformance.profile import Profile
from conformance.registry import requirement
from conformance.requirements import openai
from conformance.requirements.anthropic_tools import refused_tool
from conformance.requirements.openai_sse import READABLE
from conformance.shapes import schema_mismatches

COMPLETION = Kind.OPENAI_COMPLETION
STREAM = Kind.OPENAI_STREAM
ANSWERS = (COMPLETION, STREAM)
WHOLE = (*READABLE, "OAI-TOOL-020", "OAI-TOOL-021", "OAI-TOOL-022", "OAI-TOOL-023")


def takes_nothing(exchange: Exchange, call: chat.ToolCall) -> bool:
    """Whether the called function was offered without parameters."""
    schemas = chat.tool_schemas(exchange)
    if not isinstance(call.name, str) or call.name not in schemas:
        return False
    return not (isinstance(schemas[call.name], dict) and schemas[call.name].get("properties"))


def has_calls(exchange: Exchange) -> bool:
    """Whether the answer calls a tool."""
    return bool(chat.tool_calls(exchange))


def is_cut(exchange: Exchange) -> bool:
    """Whether the answer was cut by its budget or a filter."""
    reasons = [reason for _, reason in chat.finish_reasons(exchange)]
    return "length" in reasons or "content_filter" in reasons


def is_whole(exchange: Exchange) -> bool:
    """Whether the answer calls a tool and was not cut."""
    return has_calls(exchange) and not is_cut(exchange)


@requirement("OAI-TOOL-001", on="openai-tool-auto", symptom="tool-loop", needs=openai.SHAPED)
def the_model_can_call(recording: Recording) -> Findings:
    """A question that calls for the tool yields a tool call and `finish_reason` `tool_calls`."""
    exchange = recording.last
    if exchange.kind is not COMPLETION:
        yield refused_tool(exchange)
        return
    if not has_calls(exchange):
        yield Inconclusive("the model answered without the tool")
        return
    for where, reason in chat.finish_reasons(exchange):
        if reason != "tool_calls":
            yield Violation(where, "tool_calls", json.dumps(reason), exchange=exchange.id)


@requirement(
    "OAI-TOOL-002",
    on=ANSWERS,
    when=has_calls,
    symptom="tool-loop",
    needs=(*openai.SHAPED, *WHOLE),
    six="function-calling",
)
def call_ids_are_unique(exchange: Exchange) -> Findings:
    """Every tool call has a non-empty `id` of its own."""
    seen: set[Any] = set()
    for call in chat.tool_calls(exchange):
        if not isinstance(call.id, str) or not call.id:
            yield Violation(f"{call.where}.id", "a non-empty string", json.dumps(call.id))
        elif call.id in seen:
            yield Violation(f"{call.where}.id", "an id of its own", f"{call.id} again")
        seen.add(json.dumps(call.id) if not isinstance(call.id, str) else call.id)


@requirement(
    "OAI-TOOL-003",
    on=COMPLETION,
    when=has_calls,
    symptom="tool-loop",
    needs=openai.SHAPED,
    six="function-calling",
)
def call_type_is_function(exchange: Exchange) -> Findings:
    """Every tool call has the type `function`."""
    for call in chat.tool_calls(exchange):
        if call.type != "function":
            yield Violation(f"{call.where}.type", "function", json.dumps(call.type))


@requirement(
    "OAI-TOOL-004",
    on=ANSWERS,
    when=has_calls,
    symptom="tool-loop",
    needs=(*openai.SHAPED, *WHOLE),
    six="function-calling",
    reads=(Part.REQUEST,),
)
def call_names_are_those_offered(exchange: Exchange) -> Findings:
    """`function.name` is the name of a tool in the request, byte for byte."""
    offered = chat.tool_schemas(exchange)
    for call in chat.tool_calls(exchange):
        if not isinstance(call.name, str) or call.name not in offered:
            expected = f"one of {', '.join(offered)}"
            yield Violation(f"{call.where}.function.name", expected, json.dumps(call.name))


@requirement(
    "OAI-TOOL-005",
    on=COMPLETION,
    when=has_calls,
    symptom="tool-loop",
    needs=openai.SHAPED,
    six="function-calling",
)
def arguments_are_a_text(exchange: Exchange) -> Findings:
    """`function.arguments` is a string that holds JSON, never an object."""
    for call in chat.tool_calls(exchange):
        if not isinstance(call.arguments, str):
            level = Level.SHOULD if call.arguments is None else None
            where, actual = f"{call.where}.function.arguments", type(call.arguments).__name__
            yield Violation(where, "a string", actual, level)


@requirement(
    "OAI-TOOL-006",
    on=COMPLETION,
    when=is_whole,
    symptom="tool-loop",
    needs=(*openai.SHAPED, "OAI-TOOL-005"),
    six="function-calling",
)
def arguments_parse(exchange: Exchange, profile: Profile) -> Findings:
    """`function.arguments` parses as a JSON object."""
    yield from unparsable(exchange, profile)


def unparsable(exchange: Exchange, profile: Profile) -> Findings:
    """The calls whose arguments are no JSON object."""
    for call in chat.tool_calls(exchange):
        if call.arguments == "" and takes_nothing(exchange, call):
            continue  # OAI-TOOL-007 owns it
        if isinstance(call.arguments, str) and not isinstance(chat.parsed(call.arguments), dict):
            where = f"{call.where}.function.arguments"
            # Databricks sends "" for no arguments: a SHOULD for vendors.
            tolerated = profile.kind == "vendor" and not call.arguments
            level = Level.SHOULD if tolerated else None
            yield Violation(where, "a JSON object", call.arguments[:80] or "an empty string", level)


@requirement(
    "OAI-TOOL-008",
    on=("openai-tool", "openai-tool-stream"),
    symptom="tool-loop",
    needs=(*openai.SHAPED, *WHOLE, "OAI-TOOL-004", "OAI-TOOL-005", "OAI-TOOL-024"),
    six="function-calling",
)
def named_tool_is_called(recording: Recording) -> Findings:
    """A tool forced by name is called, and no other; either finish_reason is fine."""
    exchange = recording.last
    if exchange.kind not in ANSWERS:
        yield refused_tool(exchange)
        return
    wanted = exchange.request.json["tool_choice"]["function"]["name"]
    calls = chat.tool_calls(exchange)
    if not calls and is_cut(exchange):
        yield Inconclusive("the budget was used up before the tool was called")
    elif {str(call.name) for call in calls} != {wanted}:
        found = ", ".join(str(call.name) for call in calls) or "no tool call"
        place = "events" if exchange.is_streamed else "body.choices[0].message.tool_calls"
        yield Violation(place, f"a call of {wanted}", found, exchange=exchange.id)
    for call in calls:
        arguments = chat.parsed(call.arguments)
        if call.name == wanted and isinstance(arguments, dict):
            schema = chat.tool_schemas(exchange)[wanted]
            yield from schema_mismatches(arguments, schema, f"{call.where}.function.arguments")


@requirement("OAI-TOOL-010", on="openai-parallel-tools", symptom="tool-loop", needs=openai.SHAPED)
def required_means_some_tool(recording: Recording) -> Findings:
    """`tool_choice` `required` yields at least one call, or a 4xx."""
    exchange = recording.last
    if 400 <= exchange.status < 500:
        yield NotApplicable("the target refuses tool_choice required")
    elif exchange.kind is not COMPLETION:
        yield refused_tool(exchange)
    elif not has_calls(exchange) and is_cut(exchange):
        yield Inconclusive("the budget was used up before a tool was called")
    elif not has_calls(exchange):
        yield Violation("body.choices[0].message.tool_calls", "at least one call", "none")


@requirement(
    "OAI-TOOL-015",
    on="openai-tool-round-trip",
    symptom="tool-loop",
    needs=(*openai.SHAPED, "OAI-CHAT-007", "OAI-TOOL-006", "OAI-TOOL-008"),
)
def tool_results_are_taken(recording: Recording) -> Findings:
    """A tool result sent back with the echoed message is answered with 200."""
    last = recording.last
    if "tool_call_id" not in last.request.body.decode(errors="replace"):
        yield Inconclusive("there was no tool call to answer")
    elif last.status != 200:
        yield refused_tool(last)
