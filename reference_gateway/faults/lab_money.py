"""Faults of what is charged for an upstream's answer, or for its failure."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from http import HTTPStatus

from reference_gateway.call import Call
from reference_gateway.chat import NO_CACHE, Json, Usage
from reference_gateway.errors import GatewayError, UpstreamFailed
from reference_gateway.faults.registry import Install, fault
from reference_gateway.ledger import Charge, Hold, Ledger
from reference_gateway.seams import Reply, Seams

_BYTES_A_TOKEN = 4
_OUTPUTS = ("output_tokens", "completion_tokens")
Recount = Callable[[Call, Usage, list[Json]], Usage]


def _recounted(change: Recount) -> Install:
    """What is charged for, given every usage that a provider told in its own words."""

    def install(seams: Seams) -> Seams:
        # With the call itself, so that its id is nobody else's.
        told: dict[int, tuple[Call, list[Json]]] = {}

        def reply(call: Call, found: Reply) -> Reply:
            # A stream has no body here, and where it is translated nothing shows its usage.
            if found.body and found.status < HTTPStatus.MULTIPLE_CHOICES:
                _, usages = told.setdefault(id(call), (call, []))
                usages += _usages(found.body.decode(errors="replace"))
            return seams.provider_reply(call, found)

        async def passed(call: Call, found: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
            _, usages = told.setdefault(id(call), (call, []))
            async for chunk in seams.passed_bytes(call, found):
                for line in chunk.decode(errors="replace").splitlines():
                    usages += _usages(line.removeprefix("data:"))
                yield chunk

        async def settle(call: Call, charge: Charge, ledger: Ledger) -> None:
            if id(call) in told:
                usage = change(call, charge.usage, told.pop(id(call))[1])
                model = seams.resolve(call, str(call.asked["model"]))
                charge = replace(charge, usage=usage, amount_nanousd=model.price_nanousd(usage))
            await seams.settle(call, charge, ledger)

        return replace(seams, provider_reply=reply, passed_bytes=passed, settle=settle)

    return install


def _usages(text: str) -> Iterator[Json]:
    """The usage objects in a JSON text; none in any other text."""
    try:
        document = json.loads(text)
    except ValueError:
        return
    holders = [document, document.get("message")] if isinstance(document, dict) else []
    for holder in holders:
        if isinstance(holder, dict) and isinstance(holder.get("usage"), dict):
            yield holder["usage"]


@fault(
    "lab-cumulative-usage-summed",
    _recounted,
    kills=("GW-UP-039",),
    origin="https://github.com/tensorzero/tensorzero/issues/5481",
)
def cumulative_usage_summed(call: Call, usage: Usage, told: list[Json]) -> Usage:
    """The counts of a stream are added up, though each of them is that of all so far."""
    del call
    outputs = [int(one.get(name) or 0) for one in told for name in _OUTPUTS]
    return replace(usage, output_tokens=max(usage.output_tokens, sum(outputs)))


@fault(
    "lab-cached-tokens-at-full-price",
    _recounted,
    kills=("GW-UP-039",),
    origin="https://github.com/QuantumNous/new-api/issues/6158",
)
def cached_tokens_at_full_price(call: Call, usage: Usage, told: list[Json]) -> Usage:
    """What the upstream read from its cache is charged as if it were new."""
    del call, told
    return replace(usage, cache=NO_CACHE)


@fault(
    "lab-charged-by-own-estimate",
    _recounted,
    kills=("GW-UP-039",),
    origin="https://github.com/Augustas11/macprovider/issues/278",
)
def charged_by_own_estimate(call: Call, usage: Usage, told: list[Json]) -> Usage:
    """The input is charged by the length of the request, whatever the upstream counted."""
    del told
    return replace(usage, input_tokens=len(call.body) // _BYTES_A_TOKEN, cache=NO_CACHE)


@fault(
    "lab-uncounted-answer-free",
    _recounted,
    kills=("GW-UP-041",),
    origin="https://github.com/api7/aisix/issues/794",
)
def uncounted_answer_free(call: Call, usage: Usage, told: list[Json]) -> Usage:
    """An answer whose upstream tells no usage costs nothing."""
    del call
    is_told = any(int(one.get(name) or 0) for one in told for name in _OUTPUTS)
    return usage if is_told else Usage(0, 0)


def _failing(change: Callable[[Call], int]) -> Install:
    """What a request costs in input tokens that no provider has answered."""

    def install(seams: Seams) -> Seams:
        held: dict[int, tuple[Hold, Ledger]] = {}
        charging: set[asyncio.Task[None]] = set()

        async def reserve(call: Call, hold: Hold, ledger: Ledger) -> None:
            await seams.reserve(call, hold, ledger)
            held[id(call)] = hold, ledger

        async def settle(call: Call, charge: Charge, ledger: Ledger) -> None:
            held.pop(id(call), None)
            await seams.settle(call, charge, ledger)

        async def charge(call: Call) -> None:
            hold, ledger = held.pop(id(call))
            model = seams.resolve(call, str(call.asked["model"]))
            usage, id_ = Usage(change(call), 0), f"{hold.request_id}_failed"
            amount, key = model.price_nanousd(usage), hold.key
            await ledger.reserve(Hold(id_, key, amount))
            await ledger.settle(Charge(id_, key.id, key.account, model.name, usage, amount))

        def refusal(call: Call, failure: UpstreamFailed) -> GatewayError:
            if id(call) in held:
                task = asyncio.ensure_future(charge(call))
                charging.add(task)
                task.add_done_callback(charging.discard)
            return seams.refusal(call, failure)

        return replace(seams, reserve=reserve, settle=settle, refusal=refusal)

    return install


@fault(
    "lab-failure-charged",
    _failing,
    kills=("GW-UP-001", "GW-UP-040"),
    origin="https://github.com/theopenco/llmgateway/issues/3443",
)
def failure_charged(call: Call) -> int:
    """A request that no provider answered is charged for its prompt, by an estimate."""
    return len(call.body) // _BYTES_A_TOKEN
