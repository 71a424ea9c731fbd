"""Faults of the second provider: not asked, asked too late, or for something else."""

from __future__ import annotations

from collections.abc import Callable

from reference_gateway.call import Call
from reference_gateway.errors import UpstreamFailed, UpstreamRefused, UpstreamUnreachable
from reference_gateway.faults.registry import fault
from reference_gateway.faults.upstream_places import falling_back
from reference_gateway.seams import MayFallBack

ORIGIN = "gateway contract: GW-UP"
Failed = Callable[[Call, UpstreamFailed], None]


@fault("lab-no-fallback", falling_back, kills=("GW-UP-001", "GW-UP-017"), origin=ORIGIN)
def no_fallback(call: Call, failure: UpstreamFailed, has_begun: bool, proceed: MayFallBack) -> bool:
    """The second provider is never asked."""
    del call, failure, has_begun, proceed
    return False


@fault("lab-no-fallback-on-limits", falling_back, kills=("GW-UP-001",), origin=ORIGIN)
def no_fallback_on_limits(
    call: Call, failure: UpstreamFailed, has_begun: bool, proceed: MayFallBack
) -> bool:
    """A provider that is limited is not replaced by the next one."""
    is_limit = isinstance(failure, UpstreamRefused) and failure.status == 429
    return not is_limit and proceed(call, failure, has_begun)


@fault("lab-no-fallback-unreachable", falling_back, kills=("GW-UP-001",), origin=ORIGIN)
def no_fallback_unreachable(
    call: Call, failure: UpstreamFailed, has_begun: bool, proceed: MayFallBack
) -> bool:
    """A provider that nobody can connect to is not replaced by the next one."""
    return not isinstance(failure, UpstreamUnreachable) and proceed(call, failure, has_begun)


@fault(
    "lab-fallback-half-way",
    falling_back,
    kills=("GW-UP-002",),
    origin="https://github.com/aden-hive/hive/issues/5923",
)
def fallback_half_way(
    call: Call, failure: UpstreamFailed, has_begun: bool, proceed: MayFallBack
) -> bool:
    """When a stream breaks after some words, the next provider begins anew behind them."""
    return has_begun or proceed(call, failure, has_begun)
