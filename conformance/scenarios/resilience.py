"""Bodies that are far too large, or that never come to their end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from conformance.kinds import Kind, Protocol
from conformance.recorder import PATHS, Gateway
from conformance.registry import scenario
from conformance.scenarios import anthropic, openai, prompts
from conformance.scenarios.anthropic_large import BYTES

ANTHROPIC = Protocol.ANTHROPIC
OPENAI = Protocol.OPENAI

MISSING_BYTES = 100
"""How much less of a stalled body is sent than its length says."""


@scenario(
    "oversized-chat",
    protocol=OPENAI,
    yields=(Kind.OPENAI_ERROR, Kind.OPENAI_COMPLETION),
    exchanges=2,
    cost=prompts.SMALL_BUDGET,
    opt_in="large",
)
async def oversized_chat(gateway: Gateway) -> None:
    """A body of more than 32 MB to `/chat/completions`, and a sound request after it."""
    await openai.ask(gateway, {"messages": prompts.user("w" * BYTES)})
    await openai.ask(gateway, openai.HELLO, prompts.SMALL_BUDGET)


@scenario(
    "anthropic-stalled-body",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_ERROR, Kind.ANTHROPIC_MESSAGE),
    exchanges=2,
    cost=prompts.SMALL_BUDGET,
    opt_in="slow",
)
async def anthropic_stalled(gateway: Gateway) -> None:
    """A body that stops short of its length while the connection stays open, then a sound one."""
    await _stalled(gateway, ANTHROPIC, anthropic.HELLO)
    await gateway.messages(anthropic.HELLO | {"max_tokens": prompts.SMALL_BUDGET})


@scenario(
    "openai-stalled-body",
    protocol=OPENAI,
    yields=(Kind.OPENAI_ERROR, Kind.OPENAI_COMPLETION),
    exchanges=2,
    cost=prompts.SMALL_BUDGET,
    opt_in="slow",
)
async def openai_stalled(gateway: Gateway) -> None:
    """A chat body that stops short of its length while the connection stays open."""
    await _stalled(gateway, OPENAI, openai.HELLO)
    await openai.ask(gateway, openai.HELLO, prompts.SMALL_BUDGET)


async def _stalled(gateway: Gateway, protocol: Protocol, body: Mapping[str, Any]) -> None:
    content = json.dumps({"model": gateway.models[str(protocol)], **body}).encode()
    length = f"content-length: {len(content) + MISSING_BYTES}".encode()
    usual = gateway.credential_lines(protocol)
    lines = (*usual, b"content-type: application/json", length)
    stalled = await gateway.raw(protocol, PATHS[protocol], lines, content)
    gateway.facts["sent"] = {stalled.id: "a body that stalls"}
    gateway.facts["no_http"] = [stalled.id]
