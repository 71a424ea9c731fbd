"""Faults of what a client is told of its provider's failure."""

from __future__ import annotations

from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.errors import (
    GatewayError,
    InternalError,
    InvalidRequest,
    Kind,
    RateLimited,
    UpstreamBroken,
    UpstreamFailed,
    UpstreamRefused,
)
from reference_gateway.faults.places import BOTH, replies
from reference_gateway.faults.registry import fault
from reference_gateway.faults.upstream_places import upstream_refusals
from reference_gateway.seams import Refuse, Reply

ORIGIN = "gateway contract: GW-UP"
_OURS = (401, 403)


def _refused_with(failure: UpstreamFailed, *statuses: int) -> bool:
    return isinstance(failure, UpstreamRefused) and failure.status in statuses


@fault(
    "lab-bad-request-as-outage",
    upstream_refusals(BOTH),
    kills=("GW-UP-004",),
    origin="https://github.com/BerriAI/litellm/issues/10793",
)
def bad_request_as_outage(call: Call, failure: UpstreamFailed, proceed: Refuse) -> GatewayError:
    """A request that the provider refuses with 400 is answered with 502."""
    return UpstreamBroken() if _refused_with(failure, 400) else proceed(call, failure)


@fault("lab-refusal-without-words", upstream_refusals(BOTH), kills=("GW-UP-004",), origin=ORIGIN)
def refusal_without_words(call: Call, failure: UpstreamFailed, proceed: Refuse) -> GatewayError:
    """The client does not get to read what the provider has against its request."""
    if _refused_with(failure, 400):
        return InvalidRequest("The provider of this model refused the request.")
    return proceed(call, failure)


@fault(
    "lab-operators-401-relayed",
    upstream_refusals(BOTH),
    kills=("GW-UP-004",),
    origin="https://github.com/nyroway/nyro/issues/67",
)
def operators_401_relayed(call: Call, failure: UpstreamFailed, proceed: Refuse) -> GatewayError:
    """What the provider says of the operator's key is told to the client as if of its own."""
    if not isinstance(failure, UpstreamRefused) or failure.status not in _OURS:
        return proceed(call, failure)
    relayed = GatewayError(failure.said)
    relayed.kind = Kind(failure.status)
    return relayed


@fault(
    "lab-operators-key-in-message",
    upstream_refusals(BOTH),
    kills=("GW-UP-004",),
    origin="https://github.com/nyroway/nyro/issues/67",
)
def operators_key_in_message(call: Call, failure: UpstreamFailed, proceed: Refuse) -> GatewayError:
    """The 502 for a refused operator's key repeats the provider's words, with a part of the key."""
    if not isinstance(failure, UpstreamRefused) or failure.status not in _OURS:
        return proceed(call, failure)
    return UpstreamBroken(failure.said)


@fault(
    "lab-limit-as-outage",
    upstream_refusals(BOTH),
    kills=("GW-UP-005",),
    origin="https://github.com/pollinations/pollinations/issues/8378",
)
def limit_as_outage(call: Call, failure: UpstreamFailed, proceed: Refuse) -> GatewayError:
    """The provider's 429 is answered with 502."""
    return UpstreamBroken() if _refused_with(failure, 429) else proceed(call, failure)


@fault(
    "lab-retry-after-lost",
    upstream_refusals(BOTH),
    kills=("GW-UP-005", "ANT-HDR-010"),
    origin="https://github.com/Wei-Shaw/claude-relay-service/issues/150",
)
def retry_after_lost(call: Call, failure: UpstreamFailed, proceed: Refuse) -> GatewayError:
    """The provider's 429 arrives, but not when to come again."""
    if not _refused_with(failure, 429):
        return proceed(call, failure)
    kept = {name: failure.headers[name] for name in failure.headers if name != "retry-after"}
    return RateLimited(kept)


@fault(
    "lab-limits-dropped",
    replies(BOTH, 200, 429),
    kills=("ANT-HDR-010",),
    origin="https://github.com/BerriAI/litellm/issues/37767",
)
def limits_dropped(call: Call, found: Reply) -> Reply:
    """What an Anthropic provider says of its limits does not reach the client."""
    del call
    if "x-should-retry" not in found.headers and found.status != 200:
        return found
    kept = {n: v for n, v in found.headers.items() if not n.startswith("anthropic-ratelimit-")}
    return replace(found, headers=kept)


@fault(
    "lab-overload-as-500",
    upstream_refusals(BOTH),
    kills=("GW-UP-005",),
    origin="https://github.com/anthony-chaudhary/fak/issues/5491",
)
def overload_as_500(call: Call, failure: UpstreamFailed, proceed: Refuse) -> GatewayError:
    """The provider's 529 is answered with 500, as if the gateway had broken down."""
    return InternalError() if _refused_with(failure, 529) else proceed(call, failure)
