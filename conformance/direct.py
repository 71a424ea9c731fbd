"""Gateway and provider side by side: whose fault a failure is.

With `--reference-url` the same scenarios go to the provider too, and each verdict on the
gateway carries the provider's outcome as a flag, `direct:OUTCOME`.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from conformance.model import Outcome, Verdict

FOLDER = "direct"
"""Where in a run folder the provider's recordings are."""

_FLAG = "direct:"
_BROKEN = (Outcome.FAIL, Outcome.WARN)


class Difference(StrEnum):
    """How gateway and provider stand to one requirement."""

    SAME = ""
    BOTH = "fails on both"
    GATEWAY = "gateway only"
    DIRECT = "direct only"


def flagged(verdict: Verdict, direct: Verdict) -> Verdict:
    """The verdict on the gateway with the provider's outcome on it."""
    return replace(verdict, flags=(*verdict.flags, f"{_FLAG}{direct.outcome}"))


def direct_outcome(verdict: Verdict) -> Outcome | None:
    """What the provider itself did; None where it was not asked."""
    found = [flag for flag in verdict.flags if flag.startswith(_FLAG)]
    return Outcome(found[0].removeprefix(_FLAG)) if found else None


def difference(verdict: Verdict) -> Difference:
    """Whether gateway, provider or both break the requirement."""
    direct = direct_outcome(verdict)
    if direct is None:
        return Difference.SAME
    if verdict.outcome in _BROKEN:
        return Difference.BOTH if direct in _BROKEN else Difference.GATEWAY
    return Difference.DIRECT if direct in _BROKEN else Difference.SAME
