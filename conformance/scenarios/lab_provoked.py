"""Failures that are played on purpose: one request for each, with a script of its own.

The step of a failure is played as often as a gateway may try, and a little more, so that
who never gives up is seen to. `facts["variants"]` says which exchange met which failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.kinds import Protocol
from conformance.lab import Step
from conformance.model import Exchange
from conformance.recorder import Gateway
from conformance.scenarios import anthropic, openai, prompts
from conformance.scenarios.lab_passage import asked

OFTEN = 12
"""How often a failure is played: more often than anybody should try."""

UNREACHABLE = ("refused", "none")
"""The failures in which nobody listens at the first provider: then nothing of it is seen."""

STREAMED: Mapping[Protocol, Mapping[str, Any]] = {
    Protocol.ANTHROPIC: anthropic.STREAMED,
    Protocol.OPENAI: openai.STREAMED_WITH_USAGE,
}


@dataclass(frozen=True)
class Failure:
    """What the upstream does to one request, under a name that a rule knows it by.

    It is meant for the first provider of a model that has two; `then` is what the others do.
    """

    name: str
    step: Step
    is_streamed: bool = False
    then: Step = field(default_factory=dict)


async def meet(
    gateway: Gateway,
    client: Protocol,
    role: str,
    failure: Failure,
    body: Mapping[str, Any] | None = None,
    **how: Any,
) -> Exchange:
    """Ask the model of a role one question that meets this failure."""
    steps, others = [failure.step] * OFTEN, [failure.then] * OFTEN
    has_two = role.endswith(("_fallback", "_refused"))
    script = await gateway.lab.script(
        *(others if has_two else steps), by_provider={f"{role.split('_')[1]}-first": steps}
    )
    more = {**(body or {}), **(STREAMED[client] if failure.is_streamed else {})}
    exchange = await asked(gateway, client, role, f"{prompts.HELLO} {script.mark}", more, **how)
    gateway.facts.setdefault("variants", {})[exchange.id] = failure.name
    await gateway.lab.collect(script)
    return exchange


def error(upstream: Protocol, type: str, message: str) -> dict[str, Any]:
    """An error in the upstream's own envelope."""
    if upstream is Protocol.ANTHROPIC:
        return {"type": "error", "error": {"type": type, "message": message}}
    return {"error": {"message": message, "type": type, "param": None, "code": None}}
