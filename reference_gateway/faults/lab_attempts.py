"""Faults of what a gateway remembers from one attempt to the next, or forgets."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.errors import UpstreamFailed, UpstreamRefused
from reference_gateway.faults.registry import Install, fault
from reference_gateway.faults.upstream_places import Pieces
from reference_gateway.ledger import Charge, Hold, Ledger
from reference_gateway.pieces import TextDelta
from reference_gateway.seams import Headers, Reply, Seams
from reference_gateway.upstream.providers import Provider
from reference_gateway.wire import dump

ORIGIN = "gateway contract: GW-UP"


def _asked_anew(edit: Callable[[Json], None]) -> Install:
    """The body of every attempt for a request but the first."""

    def install(seams: Seams) -> Seams:
        asked: Counter[str] = Counter()

        def request(
            call: Call, provider: Provider, headers: Headers, body: bytes
        ) -> tuple[Headers, bytes]:
            asked[call.request_id] += 1
            if asked[call.request_id] > 1:
                document = json.loads(body)
                edit(document)
                body = dump(document).encode()
            return seams.provider_request(call, provider, headers, body)

        return replace(seams, provider_request=request)

    return install


@fault("lab-fallback-without-tools", _asked_anew, kills=("GW-UP-013",), origin=ORIGIN)
def fallback_without_tools(body: Json) -> None:
    """The provider that takes over is not told of the tools."""
    body.pop("tools", None)


@fault("lab-fallback-at-another-temperature", _asked_anew, kills=("GW-UP-013",), origin=ORIGIN)
def fallback_at_another_temperature(body: Json) -> None:
    """The provider that takes over is asked with the gateway's own temperature."""
    if "temperature" in body:
        body["temperature"] = 1


def _headers_kept(choose: Callable[[Headers], Headers]) -> Install:
    """An answer has header fields of the last attempt that failed."""

    def install(seams: Seams) -> Seams:
        failed: dict[str, Headers] = {}

        def provider_reply(call: Call, found: Reply) -> Reply:
            found = seams.provider_reply(call, found)
            if found.status >= 400:
                failed[call.request_id] = choose(found.headers)
            return found

        def reply(call: Call, found: Reply) -> Reply:
            found = seams.reply(call, found)
            kept = failed.pop(call.request_id, {}) if found.status < 400 else {}
            return replace(found, headers={**found.headers, **kept})

        return replace(seams, provider_reply=provider_reply, reply=reply)

    return install


@fault(
    "lab-failed-headers-kept",
    _headers_kept,
    kills=("GW-UP-014",),
    origin="https://github.com/maximhq/bifrost/issues/7199",
)
def failed_headers_kept(headers: Headers) -> Headers:
    """The limits of the provider that failed stand in the answer of the one that took over."""
    return {name: headers[name] for name in headers if "ratelimit" in name}


def _told_in_the_text(words: Callable[[UpstreamFailed], str]) -> Install:
    """A translated answer begins with words about the attempt that failed before it."""

    def install(seams: Seams) -> Seams:
        failed: dict[str, str] = {}

        def may_fall_back(call: Call, failure: UpstreamFailed, has_begun: bool) -> bool:
            failed[call.request_id] = words(failure)
            return seams.may_fall_back(call, failure, has_begun)

        async def told(call: Call, found: Pieces) -> Pieces:
            async for piece in seams.upstream_pieces(call, found):
                if isinstance(piece, TextDelta) and call.request_id in failed:
                    yield replace(piece, text=failed.pop(call.request_id) + piece.text)
                else:
                    yield piece

        return replace(seams, may_fall_back=may_fall_back, upstream_pieces=told)

    return install


@fault("lab-failure-in-the-text", _told_in_the_text, kills=("GW-UP-014",), origin=ORIGIN)
def failure_in_the_text(failure: UpstreamFailed) -> str:
    """The answer of the provider that takes over begins with the failure of the first one."""
    return f"[{failure.message}] "


LeaveOut = Callable[[Sequence[Provider], Mapping[str, int]], list[Provider]]


def _remembered(leave_out: LeaveOut) -> Install:
    """Who is asked depends on how whoever was asked last has refused."""

    def install(seams: Seams) -> Seams:
        asked: dict[str, str] = {}
        refused: dict[str, int] = {}

        def request(
            call: Call, provider: Provider, headers: Headers, body: bytes
        ) -> tuple[Headers, bytes]:
            asked[call.request_id] = provider.name
            return seams.provider_request(call, provider, headers, body)

        def may_fall_back(call: Call, failure: UpstreamFailed, has_begun: bool) -> bool:
            if isinstance(failure, UpstreamRefused) and call.request_id in asked:
                refused[asked[call.request_id]] = failure.status
            return seams.may_fall_back(call, failure, has_begun)

        def attempts(call: Call, found: Sequence[Provider]) -> Sequence[Provider]:
            kept = leave_out(seams.attempts(call, found), refused)
            for provider in found if not kept else ():
                del refused[provider.name]
            return kept

        return replace(
            seams, provider_request=request, may_fall_back=may_fall_back, attempts=attempts
        )

    return install


@fault(
    "lab-limited-for-ever",
    _remembered,
    kills=("GW-UP-016",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/5770",
)
def limited_for_ever(found: Sequence[Provider], refused: Mapping[str, int]) -> list[Provider]:
    """A provider that was limited once is never asked again where there is another one."""
    return [provider for provider in found if refused.get(provider.name) != 429] or list(found)


@fault(
    "lab-out-after-one-failure",
    _remembered,
    kills=("GW-UP-015",),
    origin="https://github.com/BerriAI/litellm/issues/17464",
)
def out_after_one_failure(found: Sequence[Provider], refused: Mapping[str, int]) -> list[Provider]:
    """A provider that failed once is not asked the next time, and there is no other."""
    is_alone = len(found) == 1
    return [one for one in found if not (is_alone and refused.get(one.name) == 500)]


@fault(
    "lab-out-after-a-bad-request",
    _remembered,
    kills=("GW-UP-015",),
    origin="https://github.com/SAIL-Research-Lab/cheetahclaws/issues/72",
)
def out_after_a_bad_request(
    found: Sequence[Provider], refused: Mapping[str, int]
) -> list[Provider]:
    """A request that was wrong takes its provider out for the next one."""
    is_alone = len(found) == 1
    return [one for one in found if not (is_alone and refused.get(one.name) == 400)]


def _once_begun(falls_back: Callable[[UpstreamFailed], bool]) -> Install:
    """What becomes of a provider that fails after it has said 200, before any content."""

    def install(seams: Seams) -> Seams:
        begun: set[str] = set()

        def provider_reply(call: Call, found: Reply) -> Reply:
            if found.status < 300:
                begun.add(call.request_id)
            return seams.provider_reply(call, found)

        def may_fall_back(call: Call, failure: UpstreamFailed, has_begun: bool) -> bool:
            if call.request_id in begun and not falls_back(failure):
                return False
            return seams.may_fall_back(call, failure, has_begun)

        return replace(seams, provider_reply=provider_reply, may_fall_back=may_fall_back)

    return install


@fault(
    "lab-no-fallback-on-error-event",
    _once_begun,
    kills=("GW-UP-017",),
    origin="https://github.com/BerriAI/litellm/issues/6957",
)
def no_fallback_on_error_event(failure: UpstreamFailed) -> bool:
    """An error in the first event of a stream is not a reason to ask the next provider."""
    return not isinstance(failure, UpstreamRefused)


@fault(
    "lab-no-fallback-on-cut-stream",
    _once_begun,
    kills=("GW-UP-017",),
    origin="https://github.com/BerriAI/litellm/issues/40404",
)
def no_fallback_on_cut_stream(failure: UpstreamFailed) -> bool:
    """A stream that is cut before any content is not a reason to ask the next provider."""
    return isinstance(failure, UpstreamRefused)


def _charged_by_attempt(price: Callable[[Charge], int]) -> Install:
    """Attempts that failed are charged beside the one that answered."""

    def install(seams: Seams) -> Seams:
        keys: dict[str, Hold] = {}
        failed: Counter[str] = Counter()

        async def reserve(call: Call, hold: Hold, ledger: Ledger) -> None:
            keys[call.request_id] = hold
            await seams.reserve(call, hold, ledger)

        def may_fall_back(call: Call, failure: UpstreamFailed, has_begun: bool) -> bool:
            failed[call.request_id] += 1
            return seams.may_fall_back(call, failure, has_begun)

        async def settle(call: Call, charge: Charge, ledger: Ledger) -> None:
            for number in range(failed[call.request_id]):
                other = f"{call.request_id}-{number}"
                amount = price(charge)
                await ledger.reserve(replace(keys[call.request_id], request_id=other))
                await ledger.settle(replace(charge, request_id=other, amount_nanousd=amount))
            await seams.settle(call, charge, ledger)

        return replace(seams, reserve=reserve, may_fall_back=may_fall_back, settle=settle)

    return install


@fault(
    "lab-failed-attempts-charged",
    _charged_by_attempt,
    kills=("GW-UP-001",),
    origin="https://github.com/Comfy-Org/ComfyUI/issues/16204",
)
def failed_attempts_charged(charge: Charge) -> int:
    """An answer is charged once for every provider that was asked for it."""
    return charge.amount_nanousd
