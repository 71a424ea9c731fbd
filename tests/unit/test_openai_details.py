"""Rules of the chat protocol that no fault of our own gateway can show."""

from __future__ import annotations

from typing import Any

import pytest
from unit_exchanges import COMPLETION, OPENAI_ERROR, choice, chunk, exchange, recording

from conformance import sse
from conformance.judge import Judge
from conformance.kinds import Kind
from conformance.model import Exchange, Level, Outcome, Verdict
from conformance.profile import load
from conformance.registry import requirements

GENERIC = load("generic")
FIRST = chunk(choice(role="assistant", content=None, refusal=""))
NO = chunk(choice(refusal="I cannot help with that."))
END = chunk(choice(finish="stop"))
FAILED = {"error": {"message": "The upstream closed the connection.", "type": "server_error"}}


def judged(id: str, scenario: str, *exchanges: Exchange) -> Verdict:
    """The verdict on one requirement of one recording, whatever it needs."""
    rule = requirements()[id]
    judge = Judge({scenario: recording(scenario, *exchanges)}, GENERIC)
    assert judge.tally(id).subjects, rule.title
    return judge.verdict(id)


def streamed(*values: Any) -> Exchange:
    """A stream of these chunks."""
    return exchange(Kind.OPENAI_STREAM, (*values, sse.DONE))


def said(text: str, number: int, finish: str = "stop") -> Exchange:
    """A plain answer with this text."""
    message = {"role": "assistant", "content": text, "refusal": None}
    made = {"index": 0, "message": message, "finish_reason": finish}
    answer = COMPLETION | {"id": f"chatcmpl-{number}", "choices": [made]}
    return exchange(Kind.OPENAI_COMPLETION, answer, f"made#{number}")


@pytest.mark.parametrize(
    ("chunks", "outcome"),
    [
        pytest.param((FIRST, NO, END), Outcome.PASS, id="sound"),
        pytest.param(
            (FIRST, NO, chunk(choice(content="Yet:")), END), Outcome.FAIL, id="with content"
        ),
        pytest.param(
            (FIRST, NO, chunk(choice(finish="content_filter"))), Outcome.FAIL, id="another end"
        ),
        pytest.param((FIRST, chunk(choice(refusal=["No."])), END), Outcome.FAIL, id="a list"),
    ],
)
def test_a_streamed_refusal_is_all_there_is(chunks: tuple[Any, ...], outcome: Outcome) -> None:
    assert judged("OAI-STREAM-021", "stored", streamed(*chunks)).outcome is outcome


@pytest.mark.parametrize(
    ("chunks", "outcome"),
    [
        pytest.param((FAILED,), Outcome.PASS, id="the error last"),
        pytest.param((FAILED, END), Outcome.FAIL, id="an end after it"),
    ],
)
def test_nothing_follows_an_error_in_a_stream(chunks: tuple[Any, ...], outcome: Outcome) -> None:
    begun = chunk(choice(role="assistant", content="The first"))

    assert judged("OAI-STREAM-026", "stored", streamed(begun, *chunks)).outcome is outcome


def test_a_nonce_in_any_of_three_answers_is_enough() -> None:
    answers = [said("Hello.", 1), said("Hello. ZEBRA17", 2), said("Hello.", 3)]

    assert judged("OAI-PARAM-001", "openai-conversation", *answers).outcome is Outcome.PASS


def test_a_nonce_that_never_comes_back_was_lost() -> None:
    answers = [said("Hello.", number) for number in (1, 2, 3)]

    assert judged("OAI-PARAM-001", "openai-conversation", *answers).outcome is Outcome.FAIL


def test_answers_that_were_all_cut_say_nothing() -> None:
    answers = [said("", number, "length") for number in (1, 2, 3)]

    found = judged("OAI-PARAM-001", "openai-conversation", *answers)
    assert found.outcome is Outcome.INCONCLUSIVE


def test_system_parts_alone_that_are_refused_are_a_warning() -> None:
    refused = exchange(Kind.OPENAI_ERROR, OPENAI_ERROR, "made#1", status=400)
    served = said("FIG77 and OLIVE63", 2)

    found = judged("OAI-PARAM-003", "openai-text-parts", refused, served)
    assert (found.outcome, found.violations[0].level) == (Outcome.WARN, Level.SHOULD)


def test_a_model_that_does_not_repeat_a_text_says_nothing_about_unicode() -> None:
    stream = exchange(Kind.OPENAI_STREAM, (chunk(choice(role="assistant", content="Sorry.")), END))

    found = judged("OAI-PARAM-019", "openai-stream-without-usage", stream)
    assert found.outcome is Outcome.INCONCLUSIVE


def test_a_target_that_refuses_n_is_not_judged_by_it() -> None:
    words = {"error": OPENAI_ERROR["error"] | {"message": "n is not supported", "param": "n"}}
    refused = exchange(Kind.OPENAI_ERROR, words, "openai-n#1", status=400, n=2)

    assert judged("OAI-PARAM-009", "openai-n", refused).outcome is Outcome.NOT_APPLICABLE
