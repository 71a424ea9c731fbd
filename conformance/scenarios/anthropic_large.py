"""Messages requests that are too large: sent only where the user includes `large`."""

from __future__ import annotations

from conformance.kinds import Kind, Protocol
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.anthropic import HELLO

ANTHROPIC = Protocol.ANTHROPIC
ERROR = (Kind.ANTHROPIC_ERROR,)

WORDS = 1_100_000
"""One token each, more than a context window of a million tokens holds."""
BYTES = 32 * 1024 * 1024 + 1
"""The documented limit of a body is 32 MB: a text of this length is over it."""


@scenario("anthropic-val-052", protocol=ANTHROPIC, yields=ERROR, opt_in="large")
async def too_long(gateway: Gateway) -> None:
    """A prompt of 1,100,000 words."""
    await gateway.messages(HELLO | {"messages": prompts.user("word " * WORDS)})


@scenario(
    "anthropic-val-053",
    protocol=ANTHROPIC,
    yields=(*ERROR, Kind.ANTHROPIC_MESSAGE),
    exchanges=2,
    cost=prompts.SMALL_BUDGET,
    opt_in="large",
)
async def too_large(gateway: Gateway) -> None:
    """A body of more than 32 MB, most of it one word, and a sound request after it."""
    await gateway.messages(HELLO | {"messages": prompts.user("w" * BYTES)})
    await gateway.messages(HELLO | {"max_tokens": prompts.SMALL_BUDGET})
