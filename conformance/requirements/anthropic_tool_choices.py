"""ANT-TOOL: when tools are called, how often, and with which input."""

from __future__ import annotations

import json

from conformance import messages
from conformance.features import quoted, refusals, refused
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Inconclusive, Recording, Violation
from conformance.registry import requirement
from conformance.requirements.anthropic import SHAPED
from conformance.requirements.anthropic_tools import CUT
from conformance.shapes import schema_mismatches

MESSAGE = Kind.ANTHROPIC_MESSAGE
CALLS = (*SHAPED, "ANT-BLK-002", "ANT-BLK-004")


@requirement("ANT-TOOL-003", on="anthropic-tools-none", symptom="tool-loop", needs=SHAPED)
def none_means_no_tool(recording: Recording) -> Findings:
    """`tool_choice` `none` yields no `tool_use`."""
    last = recording.last
    if last.kind is not MESSAGE:
        yield refused(last, "tool_choice none")
    elif messages.tool_uses(last):
        yield Violation("body.content", "no tool_use block", "one", exchange=last.id)


@requirement(
    "ANT-TOOL-004",
    on="anthropic-tools-auto",
    symptom="tool-loop",
    needs=(*SHAPED, "ANT-TOOL-007"),
)
def a_clear_question_yields_a_call(recording: Recording) -> Findings:
    """A question that asks for the tool by name yields a call, though nothing forces one."""
    first = recording.final[0]
    called = any(messages.tool_uses(each) for each in recording.served(streamed=False))
    if first.kind is not MESSAGE:
        yield refused(first, "tools and no tool_choice")
    elif not called:
        tries = len(recording.final)
        yield Violation("body.content", "a tool_use block", f"none in {tries} tries")


@requirement("ANT-TOOL-005", on="anthropic-tools-single", symptom="tool-loop", needs=SHAPED)
def parallel_calls_can_be_disabled(recording: Recording) -> Findings:
    """With `disable_parallel_tool_use` and a forced tool there is exactly one call."""
    last = recording.last
    calls = len(messages.tool_uses(last))
    if last.kind is not MESSAGE:
        yield refused(last, "disable_parallel_tool_use")
    elif not calls and messages.stop(last).get("stop_reason") in CUT:
        yield Inconclusive("the budget was used up before the tool was called")
    elif calls != 1:
        yield Violation("body.content", "one tool_use block", str(calls), exchange=last.id)


@requirement(
    "ANT-TOOL-006", on="anthropic-tools-auto", symptom="tool-loop", needs=(*CALLS, "ANT-CONV-005")
)
def parallel_calls_are_answered_together(recording: Recording) -> Findings:
    """The results of several calls go back in one message."""
    last = recording.last
    results = str(last.request.json).count("'tool_result'")
    if results < 2:
        yield Inconclusive("the model made fewer than two calls at once")
    elif last.status != 200:
        yield refused(last, f"{results} tool results in one message")


@requirement(
    "ANT-TOOL-011",
    on=("anthropic-history", "anthropic-tool-bare"),
    symptom="feature-refused",
    needs=(*SHAPED, "ANT-STR-020", "ANT-TOOL-007"),
)
def every_schema_is_taken(recording: Recording) -> Findings:
    """Nested schemas with `$ref` are accepted, and a tool without parameters gets `{}`."""
    if recording.scenario == "anthropic-history":
        yield from refusals(recording, "a nested tool schema", "a tool without parameters")
        return
    last = recording.last
    if last.status != 200:
        yield refused(last, "a tool without parameters")
    for call in messages.tool_uses(last) if last.status == 200 else ():
        if json.loads(call.arguments) != {}:
            yield Violation(call.where, "{}", call.arguments[:120], exchange=last.id)


@requirement(
    "ANT-TOOL-013",
    on=("anthropic-history", "anthropic-tool-strict"),
    symptom="feature-refused",
    needs=(*SHAPED, "ANT-TOOL-007"),
)
def tool_definitions_take_more(recording: Recording) -> Findings:
    """A tool takes `input_examples`; with `strict` its input fits the schema."""
    if recording.scenario == "anthropic-history":
        yield from refusals(recording, "input examples")
        return
    last = recording.last
    if last.status != 200:
        yield refused(last, "a strict tool")
        return
    schemas = messages.tool_schemas(last)
    for index, block in enumerate(messages.content(last)):
        if block.get("type") == "tool_use" and block.get("name") in schemas:
            where = f"body.content[{index}].input"
            yield from schema_mismatches(block.get("input"), schemas[block["name"]], where)


def has_text_and_calls(exchange: Exchange) -> bool:
    """Whether the answer has both text and calls."""
    return {"text", "tool_use"} <= {str(b.get("type")) for b in messages.content(exchange)}


@requirement("ANT-TOOL-016", on=MESSAGE, when=has_text_and_calls, symptom="tool-loop", needs=SHAPED)
def calls_follow_the_text(exchange: Exchange) -> Findings:
    """Text that explains calls comes before them."""
    types = [str(block.get("type")) for block in messages.content(exchange)]
    if types.index("tool_use") < types.index("text"):
        yield Violation("body.content", "text before tool_use", ", ".join(types))


@requirement(
    "ANT-TOOL-018", on="anthropic-server-tool", symptom="feature-dropped", needs=("ANT-EP-001",)
)
def server_tools_are_not_dropped(recording: Recording) -> Findings:
    """A server tool is served or refused with a 400 that names it, never dropped in silence."""
    last = recording.last
    if last.status == 200 and "server_tool_use" not in last.answer.text:
        expected = "a server_tool_use block, or a 400 that names the tool"
        yield Violation("body.content", expected, "neither", exchange=last.id)
    elif last.status not in (200, 400, 403):
        yield Violation("status", "400 for a server tool", quoted(last), exchange=last.id)
