"""Answers that end before their end: the upstream breaks off, or the client goes away.

Each request has a script of its own, so that what came upstream for it is known by its
mark, whatever else the gateway sent: `facts["marks"]` names them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from conformance.control import Ability
from conformance.kinds import Protocol
from conformance.lab import Script, Step
from conformance.recorder import Gateway
from conformance.registry import Play, scenario
from conformance.scenarios import prompts
from conformance.scenarios.lab_directions import directed
from conformance.scenarios.lab_passage import BUDGET, asked
from conformance.scenarios.lab_provoked import STREAMED, Failure, meet

WORDS = ("The ", "ferry ", "leaves ", "at ", "seven ", "past ", "nine.")
"""What an upstream says that breaks off; it never gets to the last two."""

_SAID = 5
_BEFORE_WORDS = {Protocol.OPENAI: 1, Protocol.ANTHROPIC: 3}
"""The events of the lab before the first piece of text: role; start, block and ping."""

ABANDONED_AFTER = 8
LEFT_AFTER_S = 0.25
_LONG_S = 2.5
"""How long an upstream takes whose client does not wait: short of what a gateway bears."""

_PIECE_S = 0.03
_ENDLESS: Step = {
    "answer": {"fragments": [f"{number} " for number in range(100)]},
    "stream": {"between_s": _PIECE_S},
}
_STALLED: Step = {
    "answer": {"fragments": [f"{number} " for number in range(40)]},
    "stream": {"between_s": _PIECE_S, "silence": {"after_events": 20, "for_s": _LONG_S}},
}
_LATE: Step = {"wait_s": _LONG_S}


def _breaks(upstream: Protocol) -> tuple[Failure, ...]:
    """The ways in which a stream breaks off behind some of its words."""
    after = {"after_events": _BEFORE_WORDS[upstream] + _SAID}
    manners: Mapping[str, Step] = {
        "the connection is closed": {"cut": {**after, "how": "close"}},
        "the body ends early": {"cut": {**after, "how": "clean"}},
        "an error is reported": {"error": after},
    }
    answer = {"fragments": list(WORDS)}
    return tuple(
        Failure(name, {"answer": answer, "stream": {"between_s": 0.005, **manner}}, True)
        for name, manner in manners.items()
    )


@directed("cut", exchanges=3, exclusive=True)
async def cut(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Streams that the upstream breaks off behind some words."""
    for failure in _breaks(upstream):
        await meet(gateway, client, f"lab_{upstream}", failure)


@directed("left", exchanges=3, providers="_fallback")
async def left(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A stream and a plain answer whose client goes away, then one that it waits for."""
    role = f"lab_{upstream}_fallback"
    slow = _STALLED if client is upstream else _ENDLESS
    streamed = await _script(gateway, "stream", upstream, slow)
    text, more = f"{prompts.COUNT} {streamed.mark}", STREAMED[client]
    await asked(gateway, client, role, text, more, abandon_after=ABANDONED_AFTER)
    await gateway.lab.collect(streamed)
    plain = await _script(gateway, "plain", upstream, _LATE)
    text = f"{prompts.HELLO} {plain.mark}"
    await asked(gateway, client, role, text, leave_after_s=LEFT_AFTER_S)
    await gateway.lab.collect(plain)
    last = await _script(gateway, "next", upstream)
    await asked(gateway, client, role, f"{prompts.HELLO} {last.mark}")
    for script in (last, streamed, plain):  # Also what was sent late, for nobody.
        await gateway.lab.collect(script)


async def _script(gateway: Gateway, name: str, upstream: Protocol, *steps: Step) -> Script:
    """A script whose steps are played by the first of two providers, noted under a name."""
    script = await gateway.lab.script(by_provider={f"{upstream}-first": list(steps)})
    gateway.facts.setdefault("marks", {})[name] = script.mark
    return script


_FAILED: Step = {"status": 500}
_STEPS_IN_CAP = 4
_INPUT_TOKENS = 100


async def still_served(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Requests that failed upstream, and some whose client went away, then a sound one."""
    role, key = f"lab_{upstream}_fallback", await _own_key(gateway, f"lab_{upstream}_fallback")
    failed = Failure("failed", _FAILED, then=_FAILED)
    gone: Step = {"answer": {"fragments": ["Hm."]}, "stream": {"cut": {"after_events": 1}}}
    for failure in (failed, failed, Failure("broke off", gone, True, then=gone)):
        await meet(gateway, client, role, failure, key=key)
    silent = Failure("left", _LATE, then=_LATE)
    for _ in range(2):
        await meet(gateway, client, role, silent, key=key, leave_after_s=LEFT_AFTER_S)
    sound = f"lab_{upstream}" if f"lab_{upstream}" in gateway.models else role
    await meet(gateway, client, sound, Failure("sound", {}), key=key)


async def _own_key(gateway: Gateway, role: str) -> str:
    """A key with room for a few such requests at a time, where one can be made to order."""
    price = gateway.prices.get(gateway.models[role])
    able = gateway.tenancy.issuer.abilities if gateway.tenancy else frozenset()
    if price is None or Ability.KEYS not in able:
        return "valid"
    step = 1000 * (_INPUT_TOKENS * price.input + BUDGET * price.output)
    await gateway.tenants.issue("unlucky", cap_nanousd=round(_STEPS_IN_CAP * step))
    return "unlucky"


async def again(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """The same question twice, plain, then twice as a stream, the first of which is cut."""
    role = f"lab_{upstream}"
    for steps, more in (((), {}), (_cut_once(upstream), STREAMED[client])):
        script = await gateway.lab.script(*steps)
        for _ in range(2):
            await asked(gateway, client, role, f"{prompts.HELLO} {script.mark}", more)
            await gateway.lab.collect(script)


def _cut_once(upstream: Protocol) -> tuple[Step, ...]:
    return (_breaks(upstream)[0].step,)


for _protocol in Protocol:
    _same: dict[str, Any] = {"clients": (_protocol,), "upstreams": (_protocol,)}
    directed("still-served", exchanges=6, providers="_fallback", exclusive=True, **_same)(
        still_served
    )
    directed("again", exchanges=4, **_same)(again)


def _apart(client: Protocol) -> Play:
    """Conversations at the same time over one client protocol, half of them to each upstream."""
    other = next(protocol for protocol in Protocol if protocol is not client)
    roles = (f"lab_{client}", f"lab_{other}")

    async def play(gateway: Gateway) -> None:
        """Four conversations at once, each with its own mark in all of its turns."""
        scripts = [await gateway.lab.script() for _ in range(2 * len(roles))]
        gateway.facts["marks"] = {str(n): script.mark for n, script in enumerate(scripts)}
        await asyncio.gather(
            *(
                _conversation(gateway, client, roles[n // 2], script, is_streamed=n % 2 == 1)
                for n, script in enumerate(scripts)
            )
        )
        for script in scripts:
            await gateway.lab.collect(script)

    return scenario(
        f"lab-apart-{client}",
        protocol=client,
        exchanges=2 * len(roles),
        cost=2 * len(roles) * BUDGET,
        lab=roles,
        upstream="faulty",
    )(play)


async def _conversation(
    gateway: Gateway, client: Protocol, role: str, script: Script, *, is_streamed: bool
) -> None:
    turns = ("We agreed on a word: {}", "Our word is {}", "Say our word again: {}")
    roles = ("user", "assistant", "user")
    said = [
        {"role": role, "content": turn.format(script.mark)}
        for role, turn in zip(roles, turns, strict=True)
    ]
    more = STREAMED[client] if is_streamed else {}
    await asked(gateway, client, role, "", {"messages": said, **more})


for _protocol in Protocol:
    _apart(_protocol)
