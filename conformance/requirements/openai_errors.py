"""OAI-ERR: what an error says to a client about trying again."""

from __future__ import annotations

from conformance.model import Findings, Inconclusive, Recording, Violation
from conformance.registry import requirement
from conformance.requirements.openai_http import LIMITED, error_words

PLAIN = ("OAI-HTTP-001",)
OF_MONEY = {
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "exceeded_current_quota_error",
    "insufficient_balance",
    "budget_exceeded",
}
"""Types and codes that say: pay, do not wait."""


@requirement(
    "OAI-ERR-008", on="openai-capped", symptom="retry-on-money", needs=PLAIN, expects_429=True
)
def quota_and_rate_limit_can_be_told_apart(recording: Recording) -> Findings:
    """A refusal for money is not called a rate limit; as a 429 it names the quota."""
    last = recording.last
    words = error_words(last)
    if words & LIMITED or (last.status == 429 and not words & OF_MONEY):
        found = ", ".join(sorted(words)) or "neither type nor code"
        yield Violation("body.error.code", "insufficient_quota", found)


@requirement(
    "OAI-ERR-013",
    on=("openai-wrong-key", "openai-no-key", "openai-unknown-model", "openai-invalid"),
    symptom="retry-on-fault",
    needs=PLAIN,
    expects_429=True,
)
def permanent_faults_are_not_retried(recording: Recording) -> Findings:
    """A fault that stays is not answered with 408, 409, 429 or `x-should-retry: true`."""
    last = recording.last
    if last.status == 429 and last.answer.header("retry-after"):
        yield Inconclusive("the target limited the rate of a request that it would refuse")
    elif last.status in (408, 409, 429):
        yield Violation("status", "one that clients do not retry", str(last.status))
    elif last.status < 500 and last.answer.header("x-should-retry") == "true":
        yield Violation("headers.x-should-retry", "false, or absent", "true")
