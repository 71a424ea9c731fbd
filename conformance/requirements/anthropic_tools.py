"""ANT-TOOL and what blocks and stop reasons say about tools: calls in the plain answer."""

from __future__ import annotations

import json

from conformance import messages
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Inconclusive, Level, Part, Recording, Violation
from conformance.registry import requirement
from conformance.requirements.anthropic import SHAPED, STOP_REASONS
from conformance.shapes import matches, mismatches, schema_mismatches

MESSAGE = Kind.ANTHROPIC_MESSAGE
ANSWERS = (Kind.ANTHROPIC_MESSAGE, Kind.ANTHROPIC_STREAM)
STREAMED = ("ANT-STR-001", "ANT-STR-002", "ANT-STR-003", "ANT-STR-014", "ANT-STR-015")

CUT = {"max_tokens", "refusal", "model_context_window_exceeded"}


def has_tool_use(exchange: Exchange) -> bool:
    """Whether the answer calls a tool."""
    return bool(messages.tool_uses(exchange))


def is_known_stop(exchange: Exchange) -> bool:
    """Whether the answer says why it stopped, in the protocol's words."""
    reason = messages.stop(exchange).get("stop_reason")
    return isinstance(reason, str) and reason in STOP_REASONS


@requirement(
    "ANT-MSG-009",
    on=ANSWERS,
    when=is_known_stop,
    symptom="tool-loop",
    needs=(*SHAPED, *STREAMED, "ANT-STR-023", "ANT-STR-031"),
    six="function-calling",
)
def tool_use_stops_say_so(exchange: Exchange) -> Findings:
    """`stop_reason` is `tool_use` exactly when the content has a `tool_use` block."""
    reason = messages.stop(exchange).get("stop_reason")
    calls = len(messages.tool_uses(exchange))
    place = "events.message_delta.delta" if exchange.is_streamed else "body"
    if calls and reason != "tool_use" and reason not in CUT:
        yield Violation(
            f"{place}.stop_reason", f"tool_use, as there are {calls} calls", str(reason)
        )
    elif reason == "tool_use" and not calls:
        yield Violation(place, "a tool_use block", "none, though stop_reason is tool_use")


@requirement(
    "ANT-BLK-002",
    on=MESSAGE,
    when=has_tool_use,
    symptom="tool-loop",
    needs=SHAPED,
    six="function-calling",
)
def tool_input_is_an_object(exchange: Exchange) -> Findings:
    """`tool_use.input` is a JSON object, never a text that holds one."""
    for index, block in enumerate(messages.content(exchange)):
        if block.get("type") == "tool_use":
            yield from mismatches(block, "ANT-BLK-002", f"body.content[{index}]")


@requirement(
    "ANT-BLK-003",
    on=ANSWERS,
    when=has_tool_use,
    symptom="tool-loop",
    needs=(*SHAPED, *STREAMED),
    six="function-calling",
)
def tool_ids_can_be_sent_back(exchange: Exchange) -> Findings:
    """`tool_use.id` matches `^[a-zA-Z0-9_-]+$` and is unique; it starts with `toolu_`."""
    seen: set[str] = set()
    for call in messages.tool_uses(exchange):
        yield from mismatches({"id": call.id}, "ANT-BLK-003", call.where)
        if str(call.id) in seen:
            yield Violation(f"{call.where}.id", "an id of its own", f"{call.id} again")
        seen.add(str(call.id))
        if isinstance(call.id, str) and call.id and not call.id.startswith("toolu_"):
            yield Violation(f"{call.where}.id", "the prefix toolu_", call.id[:12], Level.SHOULD)


@requirement(
    "ANT-BLK-004",
    on=ANSWERS,
    when=has_tool_use,
    symptom="tool-loop",
    needs=(*SHAPED, *STREAMED),
    six="function-calling",
    reads=(Part.REQUEST,),
)
def tool_names_are_those_offered(exchange: Exchange) -> Findings:
    """`tool_use.name` is the name of a tool in the request, byte for byte."""
    offered = messages.tool_schemas(exchange)
    for call in messages.tool_uses(exchange):
        if not isinstance(call.name, str) or call.name not in offered:
            expected = f"one of {', '.join(offered)}"
            yield Violation(f"{call.where}.name", expected, json.dumps(call.name))


@requirement(
    "ANT-TOOL-001",
    on="anthropic-tool",
    symptom="tool-loop",
    needs=(*SHAPED, "ANT-BLK-002", "ANT-BLK-004"),
    six="function-calling",
)
def forced_tool_is_called(recording: Recording) -> Findings:
    """A tool forced by name is called, alone, with arguments that fit its schema."""
    exchange = recording.last
    if exchange.kind is not MESSAGE:
        yield refused_tool(exchange)
        return
    wanted = exchange.request.json["tool_choice"]["name"]
    calls = messages.tool_uses(exchange)
    found = [call.name for call in calls]
    if not calls and messages.stop(exchange).get("stop_reason") in CUT:
        yield Inconclusive("the budget was used up before the tool was called")
    elif not calls or set(map(str, found)) != {wanted}:
        actual = ", ".join(map(str, found)) or "no tool_use block"
        yield Violation("body.content", f"tool_use of {wanted}", actual, exchange=exchange.id)
    schema = messages.tool_schemas(exchange)[wanted]
    for index, block in enumerate(messages.content(exchange)):
        is_object = matches(block, "ANT-BLK-002")
        if block.get("type") == "tool_use" and block.get("name") == wanted and is_object:
            where = f"body.content[{index}].input"
            yield from schema_mismatches(block.get("input"), schema, where)


@requirement("ANT-TOOL-002", on="anthropic-parallel-tools", symptom="tool-loop", needs=SHAPED)
def any_tool_means_some_tool(recording: Recording) -> Findings:
    """`tool_choice` `any` yields at least one `tool_use`."""
    if recording.last.kind is not MESSAGE:
        yield refused_tool(recording.last)
    elif messages.tool_uses(recording.last):
        return
    elif messages.stop(recording.last).get("stop_reason") in CUT:
        yield Inconclusive("the budget was used up before a tool was called")
    else:
        yield Violation("body.content", "at least one tool_use block", "none")


def refused_tool(exchange: Exchange) -> Violation:
    """What is wrong where a request with a tool is not answered, though tools are claimed."""
    words = " ".join(exchange.answer.text.split())[:160]
    expected = "200 for a valid request with tools"
    return Violation("status", expected, f"{exchange.status}: {words}", exchange=exchange.id)


@requirement(
    "ANT-TOOL-007",
    on="anthropic-tool-round-trip",
    symptom="tool-loop",
    needs=(*SHAPED, "ANT-BLK-002", "ANT-BLK-004", "ANT-TOOL-001"),
)
def tool_results_are_taken(recording: Recording) -> Findings:
    """A tool result sent back with the echoed call is answered with 200."""
    last = recording.last
    if "tool_result" not in last.request.body.decode(errors="replace"):
        yield Inconclusive("there was no tool call to answer")
    elif last.status != 200:
        yield refused_tool(last)
