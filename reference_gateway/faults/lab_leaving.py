"""Faults of answers that end early: the upstream breaks off, or the client goes away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import aiohttp

from reference_gateway.call import Call
from reference_gateway.errors import UpstreamFailed
from reference_gateway.faults.places import BOTH, events
from reference_gateway.faults.registry import Install, fault
from reference_gateway.faults.upstream_places import Passed, abandonment, passed_bytes
from reference_gateway.ledger import Charge, Hold, Ledger
from reference_gateway.seams import Abandon, Headers, Seams
from reference_gateway.upstream.client import Exchange
from reference_gateway.upstream.providers import SCRIPTED, Provider
from reference_gateway.wire import Frame

_DRAINED_WITHIN_S = 30.0
_AGAIN_WITHIN_S = 2.0
_KEPT_BACK = 12


@fault(
    "lab-cut-as-bad-request",
    events(BOTH),
    kills=("GW-UP-036",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/3055",
)
def cut_as_bad_request(frame: Frame) -> Iterable[Frame]:
    """A stream that breaks off upstream ends in an invalid_request_error."""
    if isinstance(frame.data, dict) and isinstance(frame.data.get("error"), dict):
        frame.data["error"]["type"] = "invalid_request_error"
    return [frame]


@fault(
    "lab-cut-as-normal-end",
    passed_bytes(BOTH),
    kills=("GW-UP-036",),
    origin="https://github.com/icebear0828/codex-proxy/issues/108",
)
async def cut_as_normal_end(found: Passed) -> Passed:
    """A stream that breaks off half-way upstream ends as if nothing more was to come."""
    has_begun = False
    try:
        async for chunk in found:
            has_begun = True
            yield chunk
    except UpstreamFailed:
        if not has_begun:
            raise


@fault(
    "lab-cut-becomes-502",
    passed_bytes(BOTH),
    kills=("GW-UP-036",),
    origin="https://github.com/api7/aisix/issues/177",
)
async def cut_becomes_502(found: Passed) -> Passed:
    """The first events of a stream are kept back; one that breaks off in them is just a 502."""
    held: list[bytes] = []
    is_flowing = False
    async for chunk in found:
        held.append(chunk)
        is_flowing = is_flowing or len(held) > _KEPT_BACK
        while is_flowing and held:
            yield held.pop(0)
    for chunk in held:
        yield chunk


@fault(
    "lab-call-not-cancelled",
    abandonment,
    kills=("GW-SSE-007", "GW-UP-038"),
    origin="https://github.com/Menci/Floway/issues/447",
)
async def call_not_cancelled(call: Call, exchange: Exchange, proceed: Abandon) -> None:
    """The upstream's answer is read to its end, however long that takes, for nobody."""
    del call, proceed
    await exchange.drained(_DRAINED_WITHIN_S)


@fault(
    "lab-plain-call-not-cancelled",
    abandonment,
    kills=("GW-UP-038",),
    origin="https://github.com/BerriAI/litellm/issues/37140",
)
async def plain_call_not_cancelled(call: Call, exchange: Exchange, proceed: Abandon) -> None:
    """A plain answer is waited for although its client has hung up."""
    if call.wants_stream:
        await proceed(call, exchange)
    else:
        await exchange.drained(_DRAINED_WITHIN_S)


def _asked_again(change: type[_Again]) -> Install:
    """What is done with a request whose client has left, by whoever knows what it was."""

    def install(seams: Seams) -> Seams:
        again = change(seams)
        return replace(
            seams,
            attempts=again.attempts,
            provider_request=again.request,
            abandon=again.abandon,
        )

    return install


class _Again:
    """What was sent for each call, and who else could have been asked."""

    def __init__(self, seams: Seams) -> None:
        self._seams = seams
        # With the call itself, so that its id is nobody else's.
        self._others: dict[int, tuple[Call, Sequence[Provider]]] = {}
        self._sent: dict[int, tuple[Headers, bytes]] = {}

    def attempts(self, call: Call, providers: Sequence[Provider]) -> Sequence[Provider]:
        found = self._seams.attempts(call, providers)
        self._others[id(call)] = call, found[1:]
        return found

    def request(
        self, call: Call, provider: Provider, headers: Headers, body: bytes
    ) -> tuple[Headers, bytes]:
        headers, body = self._seams.provider_request(call, provider, headers, body)
        self._sent[id(call)] = headers, body
        return headers, body

    async def abandon(self, call: Call, exchange: Exchange) -> None:
        await self._seams.abandon(call, exchange)
        _, others = self._others[id(call)]
        headers, body = self._sent[id(call)]
        timeout = aiohttp.ClientTimeout(total=_AGAIN_WITHIN_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            for provider in others:
                url = provider.url("openai" if provider.protocol == "openai" else "anthropic")
                async with session.post(url, data=body, headers=headers) as answer:
                    await answer.read()


@fault(
    "lab-abort-fails-over",
    _asked_again,
    kills=("GW-UP-037",),
    origin="https://github.com/dwgx/WindsurfAPI/issues/225",
)
class AbortFailsOver(_Again):
    """A client that leaves counts as a failure of its provider: the next one is asked."""


def _set_aside(change: type[_Deposit]) -> Install:
    """The money of a request that goes to a provider."""

    def install(seams: Seams) -> Seams:
        deposit = change(seams)
        return replace(seams, reserve=deposit.reserve, settle=deposit.settle)

    return install


class _Deposit:
    """Sets aside a deposit for each such request, and gives it back to those that succeed."""

    def __init__(self, seams: Seams) -> None:
        self._seams = seams
        self._held: dict[str, str] = {}

    async def reserve(self, call: Call, hold: Hold, ledger: Ledger) -> None:
        await self._seams.reserve(call, hold, ledger)
        if self._seams.resolve(call, str(call.asked["model"])).providers != (SCRIPTED.name,):
            self._held[call.request_id] = f"{call.request_id}_deposit"
            await ledger.reserve(replace(hold, request_id=self._held[call.request_id]))

    async def settle(self, call: Call, charge: Charge, ledger: Ledger) -> None:
        await self._seams.settle(call, charge, ledger)
        if call.request_id in self._held:
            await ledger.release(self._held.pop(call.request_id))


@fault(
    "lab-deposit-not-refunded",
    _set_aside,
    kills=("GW-UP-044",),
    origin="https://github.com/QuantumNous/new-api/issues/4429",
)
class DepositNotRefunded(_Deposit):
    """What was set aside for a request that fails or is given up is never given back."""
