"""A long conversation with tools over the Messages protocol, and what clients send in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.kinds import Kind, Protocol
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.anthropic import TOOL
from conformance.scenarios.features import (
    Feature,
    assistant,
    field,
    text,
    together,
    tool,
    turns,
    user,
)

ANTHROPIC = Protocol.ANTHROPIC
MESSAGE = (Kind.ANTHROPIC_MESSAGE,)
EPHEMERAL: dict[str, Any] = {"type": "ephemeral"}

NESTED: dict[str, Any] = {
    "name": "plan_journey",
    "description": "Plans a journey 🧭 across several cities (東京, München).",
    "input_schema": {
        "type": "object",
        "$defs": {"stop": {"type": "object", "properties": {"city": {"type": "string"}}}},
        "properties": {
            "stops": {"type": "array", "items": {"$ref": "#/$defs/stop"}},
            "means": {"type": "string", "enum": ["train", "ship"], "description": "How."},
        },
        "additionalProperties": False,
    },
}
BARE: dict[str, Any] = {
    "name": "ping_station",
    "description": "Checks that the weather station answers.",
    "input_schema": {"type": "object", "properties": {}},
}


def called(
    id: str,
    call: Mapping[str, Any] | None = None,
    before: tuple[dict[str, Any], ...] = (),
    after: tuple[dict[str, Any], ...] = (),
    **result: Any,
) -> Feature:
    """A tool that was called and answered; `result` is what its result holds.

    `call` is what the call holds beside its id, name and input; `before` stands before it,
    `after` follows the result.
    """
    use = {"type": "tool_use", "id": id, "name": prompts.TOOL_NAME, "input": {"city": "Paris"}}
    answer = {"type": "tool_result", "tool_use_id": id, **result}
    return turns(
        user(text(prompts.WEATHER)),
        assistant(*before, {**use, **(call or {})}),
        user(answer, *after),
        assistant(text("Noted.")),
    )


FEATURES: dict[str, Feature] = {
    "a tool result as a string": called("toolu_string", content=prompts.TOOL_RESULT),
    "a tool result as an array": called("toolu_array", content=[text(prompts.TOOL_RESULT)]),
    "a tool result without content": called("toolu_empty"),
    "a failed tool result as a string": called("toolu_failed", content="no", is_error=True),
    "a failed tool result as an array": called("toolu_no", content=[text("no")], is_error=True),
    "text after a tool result": called(
        "toolu_text", content=prompts.TOOL_RESULT, after=(text("Thank you."),)
    ),
    "a tool id of another origin": called("call_abc-123", content=prompts.TOOL_RESULT),
    "a caller on the echoed call": called(
        "toolu_caller", {"caller": {"type": "direct"}}, content=prompts.TOOL_RESULT
    ),
    "text before the echoed call": called(
        "toolu_said", before=(text("I will look."),), content=prompts.TOOL_RESULT
    ),
    "a nested tool schema": tool(NESTED),
    "a tool without parameters": tool(BARE),
    "a tool of type custom": tool({**BARE, "name": "ring_bell", "type": "custom"}),
    "input examples": tool({**TOOL, "name": "get_tide", "input_examples": [{"city": "Brest"}]}),
    "content as strings": turns(
        {"role": "user", "content": "Remember the word fog-4711."},
        {"role": "assistant", "content": "I will."},
    ),
    "content as arrays": turns(user(text("Thank you.")), assistant(text("You are welcome."))),
    "metadata.user_id": field("metadata", {"user_id": "conformance"}),
    "cache_control on a system block": field(
        "system", [text("You are terse."), text("You are kind.", cache_control=EPHEMERAL)]
    ),
    "cache_control on a tool": tool({**BARE, "name": "dim_light", "cache_control": EPHEMERAL}),
    "cache_control on a text block": turns(
        user(text("Go on.", cache_control={**EPHEMERAL, "ttl": "5m"})), assistant(text("Yes."))
    ),
    "cache_control on a tool result": called(
        "toolu_cached", content=prompts.TOOL_RESULT, cache_control={**EPHEMERAL, "ttl": "5m"}
    ),
    "thinking disabled": field("thinking", {"type": "disabled"}),
}


@scenario(
    "anthropic-history",
    protocol=ANTHROPIC,
    yields=MESSAGE,
    cost=prompts.BUDGET,
    capabilities=("tools",),
)
async def history(gateway: Gateway) -> None:
    """A conversation with everything in it that clients send back, in one request."""
    base = {
        "max_tokens": prompts.BUDGET,
        "messages": [{"role": "user", "content": prompts.HELLO}],
        "tools": [TOOL],
    }
    await together(gateway, base, FEATURES)
