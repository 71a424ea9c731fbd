"""Models with two providers, the first of which fails: before, at and after its first words.

The second one always says the same, which nothing else says: whether it is heard, and alone,
shows in the client's answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from conformance.control import Ability
from conformance.kinds import Protocol
from conformance.lab import Step
from conformance.nonces import FIRST, REFUSAL, SECOND, TRACE
from conformance.recorder import Gateway
from conformance.scenarios import anthropic, openai, prompts
from conformance.scenarios.lab_directions import directed
from conformance.scenarios.lab_errors import refusing
from conformance.scenarios.lab_passage import asked
from conformance.scenarios.lab_provoked import Failure, error, meet
from conformance.scenarios.money import note_charges

ANTHROPIC, OPENAI = Protocol.ANTHROPIC, Protocol.OPENAI

_TRACES = {
    "request-id": f"req_{TRACE}",
    "x-request-id": f"req_{TRACE}",
    "x-lab-attempt": TRACE,
    "x-ratelimit-remaining-requests": TRACE,
    "anthropic-ratelimit-requests-remaining": TRACE,
}
_PAGE = f"<html><body>502 Bad Gateway {TRACE}</body></html>"
_TAKES_OVER: Step = {"answer": {"text": SECOND}}
_ASKED: Mapping[Protocol, Mapping[str, Any]] = {
    ANTHROPIC: {
        "system": "You watch birds.",
        "tools": [anthropic.TOOL],
        "temperature": 0.25,
        "stop_sequences": ["fig-stop"],
    },
    OPENAI: {
        "tools": [openai.TOOL],
        "temperature": 0.25,
        "stop": ["fig-stop"],
    },
}
"""What is asked beside the question, so that a second provider can be seen to be asked it too."""


def _failing(upstream: Protocol, status: int) -> Step:
    return refusing(upstream, status, f"It failed, {TRACE}.", **_TRACES)


def _before_it_begins(upstream: Protocol, is_translated: bool) -> list[Failure]:
    page = {"status": 502, "body": _PAGE, "headers": _TRACES}
    found = [Failure("500", _failing(upstream, 500), is_translated, _TAKES_OVER)]
    if not is_translated:
        found += [
            Failure("429", _failing(upstream, 429), True, _TAKES_OVER),
            Failure("529", _failing(upstream, 529), False, _TAKES_OVER),
            Failure("HTML", page, True, _TAKES_OVER),
            Failure("reset", {"close": "reset"}, False, _TAKES_OVER),
            Failure("400", refusing(upstream, 400, REFUSAL), False, _TAKES_OVER),
        ]
    return found


def _before_content(upstream: Protocol, is_translated: bool) -> list[Failure]:
    overload = error(upstream, "overloaded_error", f"Overloaded, {TRACE}.")
    told: Step = {"stream": {"error": {"after_events": 1, "body": overload}}}
    cut: Step = {"answer": {"fragments": FIRST}, "stream": {"cut": {"after_events": 1}}}
    found = [Failure("error before content", told, True, _TAKES_OVER)]
    return found if is_translated else [*found, Failure("cut", cut, True, _TAKES_OVER)]


def _after_content(upstream: Protocol, is_translated: bool) -> list[Failure]:
    slowly = {"fragments": FIRST, "between_s": 0.02}
    overload = error(upstream, "overloaded_error", "Overloaded.")
    told: Step = {"stream": {**slowly, "error": {"after_events": 6, "body": overload}}}
    cut: Step = {"stream": {**slowly, "cut": {"after_events": 6}}}
    found = [Failure("error", told, True, _TAKES_OVER)]
    return found if is_translated else [*found, Failure("cut", cut, True, _TAKES_OVER)]


_LIMIT_S = 1
_LATER_S = 1.3


async def come_again(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A provider that wants to be left alone for a second, and a question after that time."""
    role = f"lab_{upstream}_fallback"
    busy = refusing(upstream, 429, "Slow down.", **{"retry-after": str(_LIMIT_S)})
    await meet(gateway, client, role, Failure("limited", busy, False, _TAKES_OVER))
    await asyncio.sleep(_LATER_S)
    await meet(gateway, client, role, Failure("later", {}, False, {}))


# First of all: later on a gateway may have a reason of its own to leave the provider alone.
for _one in Protocol:
    _same: Any = {"clients": (_one,), "upstreams": (_one,)}
    directed(
        "come-again", exchanges=2, providers="_fallback", exclusive=True, opt_in="slow", **_same
    )(come_again)


@directed("fallback", exchanges=0, meets=_before_it_begins, providers="_fallback", exclusive=True)
async def fallback(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Questions whose first provider fails before it has said anything; then what they cost."""
    role, key = f"lab_{upstream}_fallback", await _own_key(gateway)
    for failure in _before_it_begins(upstream, client is not upstream):
        await meet(gateway, client, role, failure, _ASKED[client], key=key)
    if key != "valid":
        served = len(gateway.recording.served(False)) + len(gateway.recording.served(True))
        await note_charges(gateway, key, requests=served)


async def _own_key(gateway: Gateway) -> str:
    """A key of which all charges are this scenario's, where the adapter lists them."""
    able = gateway.tenancy.issuer.abilities if gateway.tenancy else frozenset()
    if not {Ability.KEYS, Ability.CHARGES} <= able:
        return "valid"
    await gateway.tenants.issue("falling")
    return "falling"


@directed("opening", exchanges=0, meets=_before_content, providers="_fallback", exclusive=True)
async def opening(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Streams whose first provider breaks off, or reports an error, before any content."""
    for failure in _before_content(upstream, client is not upstream):
        await meet(gateway, client, f"lab_{upstream}_fallback", failure)


@directed("midway", exchanges=0, meets=_after_content, providers="_fallback", exclusive=True)
async def midway(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Streams whose first provider breaks off, or reports an error, after some words."""
    for failure in _after_content(upstream, client is not upstream):
        await meet(gateway, client, f"lab_{upstream}_fallback", failure)


@directed("unreachable", exchanges=2, providers="_refused", exclusive=True)
async def unreachable(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Questions whose first provider nobody can connect to; at the second one both fail."""
    role, is_streamed = f"lab_{upstream}_refused", client is upstream
    reached = Failure("refused", {}, is_streamed, _TAKES_OVER)
    await meet(gateway, client, role, reached)
    both = Failure("none", {}, not is_streamed, refusing(upstream, 500, "Internal error."))
    await meet(gateway, client, role, both)


async def too_slow(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A question whose first provider says nothing, and hangs up at last."""
    silence_s = gateway.silence_s
    silent = Failure("silence", {"wait_s": silence_s, "close": "close"}, False, _TAKES_OVER)
    role = f"lab_{upstream}_fallback"
    await meet(gateway, client, role, silent, silent_for_s=silence_s)


async def recovery(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A refused and a failed question, each between two good ones."""
    role = f"lab_{upstream}"
    await _good(gateway, client, role)
    for status in (400, 500):
        bad = refusing(upstream, status, REFUSAL)
        script = await gateway.lab.script(*[bad] * 3)
        await asked(gateway, client, role, f"{prompts.HELLO} {script.mark}")
        await gateway.lab.collect(script)
        await _good(gateway, client, role)


async def _good(gateway: Gateway, client: Protocol, role: str) -> None:
    script = await gateway.lab.script()
    exchange = await asked(gateway, client, role, f"{prompts.HELLO} {script.mark}")
    gateway.facts.setdefault("variants", {})[exchange.id] = "good"
    await gateway.lab.collect(script)


# What becomes of a provider is the same matter whichever way its answers take.
for _one in Protocol:
    _same = {"clients": (_one,), "upstreams": (_one,)}
    directed("recovery", exchanges=5, exclusive=True, **_same)(recovery)
    directed("too-slow", providers="_fallback", opt_in="slow", **_same)(too_slow)
