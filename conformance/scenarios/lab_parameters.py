"""Parameters, formats, thinking and cache marks as an upstream must get them.

What a gateway may refuse stands in a request of its own, beside nothing else.
"""

from __future__ import annotations

from typing import Any

from conformance.kinds import Protocol
from conformance.recorder import Gateway
from conformance.scenarios import anthropic, openai, prompts
from conformance.scenarios.anthropic_thinking import answering
from conformance.scenarios.lab_directions import ANTHROPIC, OPENAI, directed, send

STOPS = ("<END>", "<STOP>")
BUDGET = 77
TOP_P = 0.25
PENALTY = 0.5
CHOICES = 2
TOP_K = 5
VERDICT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "verdict": {"type": "string", "enum": ["fine", "naïve"]},
        "line": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    },
    "required": ["verdict", "line"],
    "additionalProperties": False,
}
THOUGHT_BUDGET = 1_024
ANSWER_BUDGET = 2_048
EFFORT = {ANTHROPIC: "max", OPENAI: "xhigh"}
SIGNATURE = "EqQBCkgIARABGAIiQL8/thought+signed=="
REDACTED = "EmwKAhgBEgy3va3pzix/redacted+data=="
_SAID = "I ask for the weather."
_SHORT, _LONG = {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}


@directed("parameters", exchanges=2, budget=BUDGET)
async def parameters(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Temperature 0 and one stop sequence, then a small top_p and two, streamed."""
    stop = "stop_sequences" if client is ANTHROPIC else "stop"
    one: Any = STOPS[:1] if client is ANTHROPIC else STOPS[0]
    for more in (
        {"temperature": 0, stop: one},
        {"top_p": TOP_P, stop: STOPS, "stream": True},
    ):
        script = await gateway.lab.script()
        body = {"messages": prompts.user(f"{prompts.COUNT_TO_NINE} {script.mark}")}
        await send(gateway, client, upstream, body | more, BUDGET)
        await gateway.lab.collect(script)


async def _with(gateway: Gateway, client: Protocol, upstream: Protocol, more: Any) -> None:
    script = await gateway.lab.script()
    body = {"messages": prompts.user(f"{prompts.HELLO} {script.mark}")}
    await send(gateway, client, upstream, body | more)
    await gateway.lab.collect(script)


@directed("top-k", clients=(ANTHROPIC,))
async def top_k(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A bound on how many tokens may come next."""
    await _with(gateway, client, upstream, {"top_k": TOP_K})


@directed("penalty", clients=(OPENAI,))
async def penalty(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A penalty on what was said before."""
    await _with(gateway, client, upstream, {"presence_penalty": PENALTY})


@directed("choices", clients=(OPENAI,))
async def choices(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Two answers to one question."""
    await _with(gateway, client, upstream, {"n": CHOICES})


@directed("schema")
async def schema(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """An answer that is to follow a JSON schema."""
    if client is ANTHROPIC:
        format: dict[str, Any] = {"type": "json_schema", "schema": VERDICT}
        await _with(gateway, client, upstream, {"output_config": {"format": format}})
        return
    named = {"name": "verdict", "strict": True, "schema": VERDICT}
    format = {"type": "json_schema", "json_schema": named}
    await _with(gateway, client, upstream, {"response_format": format})


@directed("effort", budget=ANSWER_BUDGET)
async def effort(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """The highest effort, in the client's word for it."""
    if client is ANTHROPIC:
        more = {"thinking": {"type": "adaptive"}, "output_config": {"effort": EFFORT[client]}}
        await _with(gateway, client, upstream, more)
    else:
        await _with(gateway, client, upstream, {"reasoning_effort": EFFORT[client]})


@directed("thinking-budget", budget=ANSWER_BUDGET, clients=(ANTHROPIC,))
async def thinking_budget(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A budget for thinking."""
    mode = {"type": "enabled", "budget_tokens": THOUGHT_BUDGET}
    await _with(gateway, client, upstream, {"thinking": mode, "max_tokens": ANSWER_BUDGET})


@directed(
    "thoughts", exchanges=3, budget=ANSWER_BUDGET, clients=(ANTHROPIC,), upstreams=(ANTHROPIC,)
)
async def thoughts(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Thinking, sent back as it came, and then the same history of one who does not think."""
    call = {"id": "toolu_weather06", "name": prompts.TOOL_NAME, "arguments": '{"city": "Paris"}'}
    parts = [
        {"thinking": "Paris, then.", "signature": SIGNATURE},
        {"redacted": REDACTED},
        {"text": _SAID},
        {"calls": [call]},
    ]
    script = await gateway.lab.script({"answer": {"parts": parts}})
    asks = prompts.user(f"{prompts.WEATHER} {script.mark}")
    body = {"messages": asks, "tools": [anthropic.TOOL]}
    mode = {"thinking": {"type": "enabled", "budget_tokens": THOUGHT_BUDGET}}
    called = await send(gateway, client, upstream, body | mode, ANSWER_BUDGET)
    await gateway.lab.collect(script)
    if not answering(called):
        return
    answer, results = answering(called)
    thoughtless = [b for b in answer["content"] if b.get("type") in ("text", "tool_use")]
    for echo, how in ((answer, mode), ({**answer, "content": thoughtless}, {})):
        again = body | how | {"messages": [*asks, echo, results]}
        await send(gateway, client, upstream, again, ANSWER_BUDGET)
        await gateway.lab.collect(script)


@directed("marks", upstreams=(ANTHROPIC,))
async def marks(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Marks for the prompt cache, on a tool, the system's text and a message."""
    script = await gateway.lab.script()
    rules = [{"type": "text", "text": "Answer in one word.", "cache_control": _SHORT}]
    text = f"{prompts.HELLO} {script.mark}"
    asks = {
        "role": "user",
        "content": [
            {"type": "text", "text": "Politely.", "cache_control": _SHORT},
            {"type": "text", "text": text},
        ],
    }
    if client is ANTHROPIC:
        tools = [{**anthropic.TOOL, "cache_control": _LONG}]
        body: dict[str, Any] = {"system": rules, "messages": [asks], "tools": tools}
    else:
        tools = [{**openai.TOOL, "cache_control": _LONG}]
        body = {"messages": [{"role": "system", "content": rules}, asks], "tools": tools}
    await send(gateway, client, upstream, body)
    await gateway.lab.collect(script)
