"""Invalid Messages requests as a table: each is wrong in exactly one way.

A row is one request. Rows with the same id belong to one requirement, and are sent by one
scenario, `anthropic-val-010` for ANT-VAL-010; nothing else is sent for that requirement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from conformance.kinds import Kind, Protocol
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.anthropic import HELLO, TOOL
from conformance.scenarios.anthropic_access import FIRST

ABSENT = object()
"""Stands for a field that is left out."""

BUDGET = 64
"""Output tokens: what is served in error must not cost much."""

Changes = Mapping[str, Any]


@dataclass(frozen=True)
class Invalid:
    """One invalid request: `body` is sent as it is, or the fields that differ from a valid one."""

    id: str
    wrong: str
    body: bytes | Changes
    capabilities: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    def content(self, model: str) -> bytes | Changes:
        """What is sent to a model."""
        if isinstance(self.body, bytes):
            return self.body
        asked = {"model": model, **HELLO, "max_tokens": BUDGET, **self.body}
        return {name: value for name, value in asked.items() if value is not ABSENT}


def _said(role: str, content: object) -> dict[str, Any]:
    return {"role": role, "content": content}


def _asked(content: object) -> Changes:
    return {"messages": [_said("user", content)]}


def _turns(*turns: dict[str, Any]) -> Changes:
    return {"messages": [*prompts.user(prompts.WEATHER), *turns], "tools": [TOOL]}


def _tool(**changes: Any) -> Changes:
    tool = {**TOOL, **changes}
    return {"tools": [{name: value for name, value in tool.items() if value is not ABSENT}]}


def _image(media_type: str, data: str) -> Changes:
    source = {"type": "base64", "media_type": media_type, "data": data}
    return _asked([{"type": "image", "source": source}, _TEXT])


def _thinking(budget_tokens: int, **changes: Any) -> Changes:
    thinking = {"type": "enabled", "budget_tokens": budget_tokens}
    return {"max_tokens": 2048, "thinking": thinking, **changes}


_TEXT = {"type": "text", "text": prompts.HELLO}
_CACHED = {**_TEXT, "cache_control": {"type": "ephemeral"}}
_CALL = _said(
    "assistant",
    [{"type": "tool_use", "id": "toolu_01", "name": prompts.TOOL_NAME, "input": {"city": "Paris"}}],
)
_RESULT = {"type": "tool_result", "tool_use_id": "toolu_01", "content": prompts.TOOL_RESULT}
_SYSTEM = _said("system", "Answer in English.")
_ANY = {"type": "any"}
_OPENAI_TOOL = {
    "type": "function",
    "function": {"name": prompts.TOOL_NAME, "parameters": prompts.SCHEMA},
}
# The smallest PNG that is one: a single pixel.
_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5Erk"
    "Jggg=="
)

ROWS = (
    Invalid("ANT-VAL-010", "A body that is not JSON", b"{bad"),
    Invalid("ANT-VAL-011", "An empty body", b""),
    Invalid("ANT-VAL-012", "A list for a body", b"[]"),
    Invalid("ANT-VAL-012", "a text for a body", b'"x"'),
    Invalid("ANT-VAL-013", "No model", {"model": ABSENT}),
    Invalid("ANT-VAL-014", "No messages", {"messages": ABSENT}),
    Invalid("ANT-VAL-016", "Messages that are no list", {"messages": prompts.HELLO}),
    Invalid("ANT-VAL-016", "a message that is a text", {"messages": [prompts.HELLO]}),
    Invalid("ANT-VAL-017", "No max_tokens", {"max_tokens": ABSENT}),
    Invalid("ANT-VAL-018", "A negative max_tokens", {"max_tokens": -1}),
    Invalid("ANT-VAL-018", "max_tokens as a text", {"max_tokens": "64"}),
    Invalid("ANT-VAL-018", "max_tokens with a fraction", {"max_tokens": 64.5}),
    Invalid("ANT-VAL-021", "The role tool", {"messages": [_said("tool", prompts.HELLO)]}),
    Invalid(
        "ANT-VAL-026",
        "A temperature of 2",
        {"temperature": 2.0},
        ("sampling",),
        FIRST,
    ),
    Invalid(
        "ANT-VAL-026",
        "a temperature of -1",
        {"temperature": -1},
        ("sampling",),
        FIRST,
    ),
    Invalid("ANT-VAL-028", "A block of no known type", _asked([_TEXT, {"type": "zzz_unknown"}])),
    Invalid("ANT-VAL-029", "A text block without text", _asked([_TEXT, {**_TEXT, "text": ""}])),
    Invalid(
        "ANT-VAL-030",
        "No content in a message that is not the last",
        {"messages": [_said("user", []), _said("user", prompts.HELLO)]},
    ),
    Invalid(
        "ANT-VAL-032",
        "A tool call that nothing answers",
        _turns(_CALL, _said("user", prompts.HELLO)),
        ("tools",),
    ),
    Invalid(
        "ANT-VAL-033",
        "A tool result that answers no call",
        _turns(_CALL, _said("user", [_RESULT, {**_RESULT, "tool_use_id": "toolu_99"}])),
        ("tools",),
    ),
    Invalid(
        "ANT-VAL-034",
        "Text before a tool result",
        _turns(_CALL, _said("user", [_TEXT, _RESULT])),
        ("tools",),
    ),
    Invalid("ANT-VAL-035", "Two tools of one name", {"tools": [TOOL, TOOL]}, ("tools",)),
    Invalid("ANT-VAL-036", "A tool name with a space", _tool(name="get weather"), ("tools",)),
    Invalid("ANT-VAL-036", "a tool name of 129 characters", _tool(name="w" * 129), ("tools",)),
    Invalid("ANT-VAL-037", "A tool without a name", _tool(name=ABSENT), ("tools",)),
    Invalid("ANT-VAL-037", "a tool without a schema", _tool(input_schema=ABSENT), ("tools",)),
    Invalid(
        "ANT-VAL-037",
        "a tool schema that is no object's",
        _tool(input_schema={"type": "string"}),
        ("tools",),
    ),
    Invalid("ANT-VAL-038", "A tool in OpenAI's form", {"tools": [_OPENAI_TOOL]}, ("tools",)),
    Invalid("ANT-VAL-039", "A tool forced where there is none", {"tool_choice": _ANY}, ("tools",)),
    Invalid(
        "ANT-VAL-040",
        "A forced tool that is not offered",
        {**_tool(), "tool_choice": {"type": "tool", "name": "no_such_tool"}},
        ("tools",),
    ),
    Invalid(
        "ANT-VAL-041", "A tool choice as a text", {**_tool(), "tool_choice": "auto"}, ("tools",)
    ),
    Invalid(
        "ANT-VAL-041",
        "a tool choice of no known type",
        {**_tool(), "tool_choice": {"type": "zzz_unknown"}},
        ("tools",),
    ),
    Invalid(
        "ANT-VAL-042",
        "An image that is no base64",
        _image("image/png", "@@ no base64 @@"),
        ("vision",),
    ),
    Invalid("ANT-VAL-043", "An image of type bmp", _image("image/bmp", _PNG), ("vision",)),
    Invalid(
        "ANT-VAL-045",
        "A stop sequence of white space",
        {"stop_sequences": ["\n"]},
        ("stop_sequences",),
    ),
    Invalid("ANT-VAL-046", "Stop sequences as a text", {"stop_sequences": prompts.STOP}),
    Invalid("ANT-VAL-047", "Five blocks with cache_control", _asked([_CACHED] * 5), ("cache",)),
    Invalid(
        "ANT-VAL-048",
        "A thinking budget of 1,000 tokens",
        _thinking(1000),
        ("thinking_enabled",),
    ),
    Invalid(
        "ANT-VAL-048",
        "a thinking budget as large as max_tokens",
        _thinking(2048),
        ("thinking_enabled",),
    ),
    Invalid(
        "ANT-VAL-049",
        "Thinking with a temperature of 0.5",
        _thinking(1024, temperature=0.5),
        ("thinking_enabled",),
        FIRST,
    ),
    Invalid(
        "ANT-VAL-050",
        "Thinking with a forced tool",
        _thinking(1024, tools=[TOOL], tool_choice=_ANY),
        ("thinking_enabled",),
    ),
    Invalid(
        "ANT-VAL-057",
        "A schema for the answer that leaves it open",
        {"output_config": {"format": {"type": "json_schema", "schema": prompts.SCHEMA}}},
        ("structured_outputs",),
    ),
    Invalid(
        "ANT-VAL-058",
        "A system message between a tool call and its result",
        _turns(_CALL, _SYSTEM, _said("user", [_RESULT])),
        ("mid_system", "tools"),
    ),
    Invalid(
        "ANT-VAL-058",
        "a system message after an assistant's",
        _turns(_said("assistant", "Hello."), _SYSTEM, _said("user", prompts.HELLO)),
        ("mid_system", "tools"),
    ),
)


def _declare(id: str, rows: tuple[Invalid, ...]) -> None:
    async def play(gateway: Gateway) -> None:
        for row in rows:
            content = row.content(gateway.models["anthropic"])
            await gateway.post(Protocol.ANTHROPIC, "/messages", content, extra=row.extra)

    play.__doc__ = f"{'; '.join(row.wrong for row in rows)}."
    scenario(
        f"anthropic-{id.removeprefix('ANT-').lower()}",
        protocol=Protocol.ANTHROPIC,
        yields=(Kind.ANTHROPIC_ERROR,),
        exchanges=len(rows),
        capabilities=rows[0].capabilities,
    )(play)


for _id, _rows in groupby(ROWS, key=lambda row: row.id):
    _declare(_id, tuple(_rows))
