"""What a request costs whose upstream counts its tokens in its own way, fails, or counts none."""

from __future__ import annotations

import asyncio
from typing import Any

from conformance.control import Ability
from conformance.kinds import Protocol
from conformance.lab import Step
from conformance.recorder import Gateway
from conformance.scenarios.lab_directions import directed
from conformance.scenarios.lab_provoked import Failure, error, meet

REPORTED = ("cached", "cumulative", "taken over")
"""Answers whose upstream says what they used."""

UNREPORTED = ("uncounted", "uncounted stream")
"""Answers whose upstream says nothing of that."""

FAILED = ("failed", "broke off")
"""Requests that got no content from anybody."""

_Bill = tuple[int, int | None]
_KEY = "metered"
_SETTLED_WITHIN_S = 5.0
_ONE_LOOK_MORE_S = 0.05


def _usage(upstream: Protocol, fresh: int, cached: int, output: int) -> dict[str, Any]:
    """Tokens as an upstream of this protocol counts them."""
    if upstream is Protocol.ANTHROPIC:
        return {
            "input_tokens": fresh,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": cached,
            "output_tokens": output,
        }
    return {
        "prompt_tokens": fresh + cached,
        "completion_tokens": output,
        "total_tokens": fresh + cached + output,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def _said(upstream: Protocol, *counts: int) -> dict[str, Any]:
    return {"text": "Seven ferries.", "usage": _usage(upstream, *counts)}


def _cases(upstream: Protocol) -> tuple[Failure, ...]:
    """What the first provider does, and the second; sound answers come first."""
    broken = error(upstream, "api_error", "It failed. " * 40)
    down: Step = {"status": 500, "body": broken}
    opened: Step = {
        "answer": _said(upstream, 1_300, 0, 50),
        "stream": {"cut": {"after_events": 1}},
    }
    counting: Step = {
        "answer": _said(upstream, 211, 1_000, 37),
        "stream": {"edits": ["usage_on_every_chunk"]},
    }
    text = {"text": "Nobody counts these words, and they are not free."}
    return (
        Failure("cached", {"answer": _said(upstream, 173, 2_000, 29)}),
        Failure("cumulative", counting, is_streamed=True),
        Failure("uncounted", {"answer": {**text, "usage": None}}),
        Failure(
            "uncounted stream",
            {"answer": {**text, "usage": None}, "stream": {"edits": ["no_usage"]}},
            is_streamed=True,
        ),
        Failure("taken over", down, then={"answer": _said(upstream, 401, 0, 43)}),
        Failure("failed", down, then=down),
        Failure("broke off", opened, is_streamed=True, then=opened),
    )


@directed(
    "charged",
    exchanges=7,
    providers="_fallback",
    exclusive=True,
    abilities=(Ability.KEYS, Ability.SPENT),
    priced=True,
)
async def charged(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Answers and failures with a key of their own, and after each what it has cost."""
    await gateway.tenants.issue(_KEY)
    gateway.facts["paid"] = {}
    for case in _cases(upstream):
        before = await _bill(gateway)
        exchange = await meet(gateway, client, f"lab_{upstream}_fallback", case, key=_KEY)
        is_owed = case.name not in FAILED and 200 <= exchange.status < 300
        after = await _settled(gateway, before, is_owed=is_owed)
        paid = {"nanousd": after[0] - before[0]}
        if before[1] is not None and after[1] is not None:
            paid["charges"] = after[1] - before[1]
        gateway.facts["paid"][exchange.id] = paid


async def _settled(gateway: Gateway, before: _Bill, *, is_owed: bool) -> _Bill:
    """The bill, once it is longer than it was; a look later, so that a second charge is seen."""
    waited_s, pause_s = 0.0, 0.02
    while is_owed and waited_s < _SETTLED_WITHIN_S:
        if not _is_same(before, await _bill(gateway)):
            break
        await asyncio.sleep(pause_s)
        waited_s, pause_s = waited_s + pause_s, pause_s * 2
    await asyncio.sleep(_ONE_LOOK_MORE_S)
    return await _bill(gateway)


def _is_same(before: _Bill, after: _Bill) -> bool:
    """True as long as some part of the bill has still to come."""
    return any(old is not None and old == new for old, new in zip(before, after, strict=True))


async def _bill(gateway: Gateway) -> _Bill:
    """What the key has spent, and in how many charges that cost something, where they are told."""
    tenants = gateway.tenants
    spent = await tenants.spent_nanousd(_KEY)
    if Ability.CHARGES not in tenants.issuer.abilities:
        return spent, None
    return spent, sum(row["cost_nanousd"] > 0 for row in await tenants.charges(_KEY))
