"""What passed only at a second try says so; what did not rest on it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit_exchanges import COMPLETION, exchange, recording

from conformance.flaky import flagged, recovered
from conformance.judge import Judge
from conformance.kinds import Kind
from conformance.model import Exchange, Failure, FailureKind, Outcome, Recording
from conformance.profile import load

ANSWER = exchange(Kind.OPENAI_COMPLETION, COMPLETION, id="openai-plain#2")
OTHER = exchange(Kind.OPENAI_COMPLETION, COMPLETION, id="openai-stop#1")


def tried(status: int = 503, failure: FailureKind | None = None) -> Exchange:
    """A first try of the same request."""
    assert ANSWER.response is not None
    response = None if failure else replace(ANSWER.response, status=status)
    lost = Failure(failure, "gone") if failure else None
    return replace(ANSWER, id="openai-plain#1", response=response, failure=lost, superseded=True)


def run(*exchanges: Exchange) -> dict[str, Recording]:
    """A run with one scenario that was tried, and one that was not."""
    return {
        "openai-plain": Recording("openai-plain", exchanges),
        "openai-stop": recording("openai-stop", OTHER),
    }


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (tried(503), "openai-plain#1 got 503, then openai-plain#2 got 200"),
        (tried(failure=FailureKind.RESET), "openai-plain#1 got reset, then openai-plain#2 got 200"),
    ],
    ids=["5xx", "lost"],
)
def test_both_tries_are_named(first: Exchange, words: str) -> None:
    assert recovered(run(first, ANSWER)) == {"openai-plain#2": words}


@pytest.mark.parametrize(
    "exchanges",
    [
        (tried(429), ANSWER),
        (replace(tried(503), superseded=False), ANSWER),
        (tried(503), replace(ANSWER, request=replace(ANSWER.request, body=b"{}"))),
        (tried(503), replace(ANSWER, credential="wrong")),
        (tried(503), replace(tried(500), id="openai-plain#2", superseded=False)),
        (tried(503),),
        (replace(tried(503), response=ANSWER.response), ANSWER),
    ],
    ids=["429", "no retry", "other request", "other key", "never answered", "alone", "stopped"],
)
def test_nothing_else_is_flaky(exchanges: tuple[Exchange, ...]) -> None:
    assert not recovered(run(*exchanges))


def judged(id: str, *exchanges: Exchange) -> tuple[Outcome, tuple[str, ...], str]:
    """The verdict on a requirement of such a run."""
    recordings = run(*exchanges)
    judge = Judge(recordings, load("generic"))
    verdict = flagged(judge.verdict(id), judge, recovered(recordings))
    return verdict.outcome, verdict.flags, verdict.reason


def test_a_verdict_that_rests_on_a_second_try_is_flaky() -> None:
    outcome, flags, reason = judged("OAI-CHAT-015", tried(), ANSWER)
    assert outcome is Outcome.PASS and flags == ("flaky",)
    assert reason.startswith("held in 2 of 2; flaky: openai-plain#1 got 503, then")


def test_a_verdict_that_rests_on_something_else_is_not() -> None:
    assert judged("OAI-SSE-007", tried(), ANSWER)[1] == ()
    assert judged("OAI-CHAT-015", tried(429), ANSWER)[1] == ()


def test_a_failure_is_no_flakiness() -> None:
    assert ANSWER.response is not None
    wrong = exchange(
        Kind.OPENAI_COMPLETION,
        COMPLETION | {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 5}},
        id="openai-plain#2",
    )
    assert judged("OAI-CHAT-015", tried(), wrong)[:2] == (Outcome.FAIL, ())
