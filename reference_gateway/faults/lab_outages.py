"""Faults of a provider's outage: what a client is told of it, and how often it is tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.errors import (
    GatewayError,
    InternalError,
    InvalidRequest,
    UpstreamBroken,
    UpstreamFailed,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from reference_gateway.faults.places import BOTH, Frames, refusals, replies, streams
from reference_gateway.faults.registry import Install, fault
from reference_gateway.faults.upstream_places import attempts, falling_back, upstream_refusals
from reference_gateway.seams import MayFallBack, Refuse, Reply, Seams
from reference_gateway.upstream.providers import Provider
from reference_gateway.wire import Frame

ORIGIN = "gateway contract: GW-UP"
_OFTEN = 13


def _refused_with(failure: UpstreamFailed, *statuses: int) -> bool:
    return isinstance(failure, UpstreamRefused) and failure.status in statuses


@fault(
    "lab-outage-as-page",
    replies(BOTH, 502),
    kills=("GW-UP-008", "GW-UP-010"),
    origin="https://github.com/Kilo-Org/cloud/issues/4670",
)
def outage_as_page(call: Call, found: Reply) -> Reply:
    """A provider that fails is answered with a page of HTML."""
    del call
    headers = {**found.headers, "Content-Type": "text/html"}
    return replace(found, headers=headers, body=b"<html><body>Bad Gateway</body></html>")


@fault(
    "lab-outage-as-500",
    upstream_refusals(BOTH),
    kills=("GW-UP-008",),
    origin="https://github.com/Kilo-Org/cloud/issues/4670",
)
def outage_as_500(call: Call, failure: UpstreamFailed, proceed: Refuse) -> GatewayError:
    """An answer that is none is told as if the gateway itself had broken down."""
    return InternalError() if isinstance(failure, UpstreamBroken) else proceed(call, failure)


@fault(
    "lab-outage-as-200",
    replies(BOTH, 502),
    kills=("GW-UP-009",),
    origin="https://github.com/azrtydxb/Fastllm-proxy/issues/28",
)
def outage_as_200(call: Call, found: Reply) -> Reply:
    """A failed provider is a 200 with an error in its body."""
    del call
    return replace(found, status=200)


@fault(
    "lab-outage-as-empty-stream",
    streams(BOTH),
    kills=("GW-UP-009",),
    origin="https://github.com/diegosouzapw/OmniRoute/issues/8210",
)
async def outage_as_empty_stream(frames: Frames) -> Frames:
    """A stream whose provider fails at once is a 200 that ends without a word."""
    has_begun = False
    try:
        async for frame in frames:
            has_begun = True
            yield frame
    except (UpstreamBroken, UpstreamUnreachable):
        if has_begun:
            raise


def _failed_at_once(tell: Callable[[Call, GatewayError], Frame]) -> Install:
    """What a stream is told whose provider fails before it has begun."""

    def install(seams: Seams) -> Seams:
        async def begun(call: Call, found: Frames) -> Frames:
            has_begun = False
            try:
                async for frame in found:
                    has_begun = True
                    yield frame
            except UpstreamFailed as problem:
                if has_begun:
                    raise
                yield tell(call, problem)

        def frames(call: Call, found: Frames) -> Frames:
            return begun(call, seams.frames(call, found))

        return replace(seams, frames=frames)

    return install


@fault(
    "lab-head-before-the-provider",
    _failed_at_once,
    kills=("GW-UP-009",),
    origin="https://github.com/headroomlabs-ai/headroom/issues/3083",
)
def head_before_the_provider(call: Call, problem: GatewayError) -> Frame:
    """A stream's 200 is sent before its provider is asked; what fails then is its first event."""
    return call.wire.error_frame(problem, call.request_id)


@fault(
    "lab-outage-as-bad-request",
    upstream_refusals(BOTH),
    kills=("GW-UP-008", "GW-UP-010", "GW-UP-036"),
    origin="https://github.com/cloudflare/ai/issues/436",
)
def outage_as_bad_request(call: Call, failure: UpstreamFailed, proceed: Refuse) -> GatewayError:
    """A provider that fails is answered with 400, as if the request were wrong."""
    if isinstance(failure, UpstreamBroken | UpstreamUnreachable) or _refused_with(failure, 500):
        return InvalidRequest("The request could not be completed.")
    return proceed(call, failure)


@fault(
    "lab-outage-without-words",
    refusals(BOTH, 502),
    kills=("GW-UP-008", "GW-UP-010"),
    origin="https://github.com/vaaraio/vaara/issues/699",
)
def outage_without_words(body: Json) -> None:
    """The message of a provider's failure is empty."""
    body["error"]["message"] = ""


@fault(
    "lab-timeout-as-bad-request",
    upstream_refusals(BOTH),
    kills=("GW-UP-011",),
    origin="https://github.com/cloudflare/ai/issues/436",
)
def timeout_as_bad_request(call: Call, failure: UpstreamFailed, proceed: Refuse) -> GatewayError:
    """A provider that says nothing is answered with 400."""
    if isinstance(failure, UpstreamTimeout):
        return InvalidRequest("The request could not be completed.")
    return proceed(call, failure)


@fault(
    "lab-timeout-as-500",
    upstream_refusals(BOTH),
    kills=("GW-UP-011",),
    origin="https://github.com/apache/apisix/issues/13481",
)
def timeout_as_500(call: Call, failure: UpstreamFailed, proceed: Refuse) -> GatewayError:
    """A provider that says nothing is a breakdown of the gateway."""
    return InternalError() if isinstance(failure, UpstreamTimeout) else proceed(call, failure)


@fault("lab-tried-without-end", attempts, kills=("GW-UP-012",), origin=ORIGIN)
def tried_without_end(call: Call, found: Sequence[Provider]) -> Sequence[Provider]:
    """A request that the provider fails is sent again and again."""
    del call
    return [provider for provider in found for _ in range(_OFTEN)]


@fault(
    "lab-bad-request-fails-over",
    falling_back,
    kills=("GW-UP-012",),
    origin="https://github.com/EasyMetaAu/helm-api/issues/370",
)
def bad_request_fails_over(
    call: Call, failure: UpstreamFailed, has_begun: bool, proceed: MayFallBack
) -> bool:
    """What one provider has refused with 400 is sent to the next one."""
    if _refused_with(failure, 400):
        return not has_begun
    return proceed(call, failure, has_begun)


def _always_again(is_again: Callable[[UpstreamFailed], bool]) -> Install:
    """Every provider is asked twice, also after what is no failure of its own."""

    def install(seams: Seams) -> Seams:
        def asked(call: Call, found: Sequence[Provider]) -> Sequence[Provider]:
            return [provider for provider in seams.attempts(call, found) for _ in range(2)]

        def may_fall_back(call: Call, failure: UpstreamFailed, has_begun: bool) -> bool:
            if is_again(failure):
                return not has_begun
            return seams.may_fall_back(call, failure, has_begun)

        return replace(seams, attempts=asked, may_fall_back=may_fall_back)

    return install


@fault(
    "lab-bad-request-tried-again",
    _always_again,
    kills=("GW-UP-012",),
    origin="https://github.com/SAIL-Research-Lab/cheetahclaws/issues/72",
)
def bad_request_tried_again(failure: UpstreamFailed) -> bool:
    """What the provider has refused with 400 is sent to it once more."""
    return _refused_with(failure, 400)
