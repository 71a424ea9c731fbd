"""What a verdict carries beside its outcome: how it counts, and what it rests on."""

from __future__ import annotations

from enum import StrEnum


class Flag(StrEnum):
    """A flag of a verdict; `direct:OUTCOME` is one too, in `conformance.direct`.

    FLAKY: it passed, on an answer that an earlier try did not get. UNSCORED: newer than
    the edition, so it does not decide. BAD_BASELINE: its baseline entry is expired, or it
    passes now, or fails in another way. EXPECTED: not run, as the baseline says.
    UNEXPECTED: not run although the baseline does not say so, or run although it does.
    """

    FLAKY = "flaky"
    UNSCORED = "unscored"
    BAD_BASELINE = "bad_baseline"
    EXPECTED = "expected"
    UNEXPECTED = "unexpected"
