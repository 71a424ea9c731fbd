"""Requests over the Messages protocol as Claude Code sends them."""

from __future__ import annotations

from typing import Any

from conformance.kinds import Kind, Protocol
from conformance.model import Exchange
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.anthropic import STREAMED, TOOL
from conformance.scenarios.anthropic_history import BARE, EPHEMERAL, called
from conformance.scenarios.features import Body, Feature, field, text, together, tool

ANTHROPIC = Protocol.ANTHROPIC

BETAS = "claude-code-20250219,context-management-2025-06-27,advanced-tool-use-2025-11-20"
CLIENT = {
    "anthropic-beta": BETAS,
    "x-app": "cli",
    "x-claude-code-session-id": "00000000-0000-4000-8000-000000000000",
    "x-claude-code-agent-id": "agent-1",
    "x-claude-code-parent-agent-id": "agent-0",
    "anthropic-dangerous-direct-browser-access": "true",
}
FEATURES: dict[str, Feature] = {
    "a system prompt in blocks": field(
        "system", [text("x-anthropic-billing-header: cc_version=2"), text("You are terse.")]
    ),
    "tool results as arrays": called("toolu_cc", content=[text(prompts.TOOL_RESULT)]),
    "metadata.user_id": field("metadata", {"user_id": "user_1_account__session_1"}),
    "context_management": field(
        "context_management", {"edits": [{"type": "clear_tool_uses_20250919"}]}
    ),
    "cache_control": field("cache_control", EPHEMERAL),
    "eager_input_streaming": tool({**BARE, "eager_input_streaming": True}),
    "defer_loading": tool({**BARE, "name": "ring_bell", "defer_loading": True}),
}
ADAPTIVE: dict[str, Feature] = {
    "adaptive thinking": field("thinking", {"type": "adaptive"}),
    "output_config": field("output_config", {"effort": "low"}),
}
CODE = '<file path="src/main.py"><![CDATA[\nif a < b && c > d: exec("<script>")\n]]></file>\n'
CODE_BYTES = 2_000_000


@scenario(
    "anthropic-claude-code",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_STREAM,),
    cost=prompts.BUDGET,
    capabilities=("tools",),
)
async def claude_code(gateway: Gateway) -> None:
    """A request with the headers and fields that Claude Code sends, streamed."""
    style = gateway.style(ANTHROPIC, "bearer")

    async def ask(body: Body) -> Exchange:
        asked = {"model": gateway.models["anthropic"], **body}
        path = "/messages?beta=true"
        return await gateway.post(ANTHROPIC, path, asked, style=style, extra=CLIENT)

    base: dict[str, Any] = {
        "max_tokens": prompts.BUDGET,
        "messages": [{"role": "user", "content": prompts.HELLO}],
        "tools": [TOOL],
        **STREAMED,
    }
    more = ADAPTIVE if gateway.claims("thinking_adaptive") else {}
    await together(gateway, base, {**FEATURES, **more}, ask)


@scenario(
    "anthropic-large-code",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_ERROR,),
    models=("unsupported",),
    opt_in="large",
)
async def large_code(gateway: Gateway) -> None:
    """Megabytes of code and tags, to a model that does not exist: nobody pays for them."""
    code = CODE * (CODE_BYTES // len(CODE))
    asked = {"max_tokens": prompts.BUDGET, "messages": prompts.user(code)}
    await gateway.messages(asked | {"model": gateway.models["unsupported"]})
