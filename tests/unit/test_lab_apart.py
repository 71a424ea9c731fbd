"""What is said of questions that are not asked, or asked for two, over recordings made by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from unit_exchanges import MESSAGE, exchange

from conformance.kinds import Kind
from conformance.model import Exchange, Finding, Inconclusive, Recording, Side, Violation
from conformance.registry import requirements

MARKS = {"0": "[[lab:a]]", "1": "[[lab:b]]"}


def asked(
    name: str, number: int, text: str, *, is_upstream: bool = False, status: int = 200
) -> Exchange:
    """An answered question, on one of the sides."""
    made = exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE, f"{name}#{number}", status=status)
    body = {**made.request.json, "messages": [{"role": "user", "content": text}]}
    made = replace(made, request=replace(made.request, body=json.dumps(body).encode()))
    return replace(made, side=Side.UPSTREAM, provider="anthropic") if is_upstream else made


def found(id: str, name: str, *exchanges: Exchange) -> list[Finding]:
    """The findings of a rule about one recording."""
    return list(requirements()[id].rule(Recording(name, exchanges, {"marks": MARKS})))


def again(*sides: str, status: int = 200) -> list[Finding]:
    """The findings about a question that was asked twice; what the sides saw, in order."""
    name = "lab-again-anthropic-anthropic"
    exchanges = [
        asked(name, number, "Hi", is_upstream=side == "upstream", status=status)
        for number, side in enumerate(sides, 1)
    ]
    return found("GW-UP-042", name, *exchanges)


def test_a_question_that_is_asked_each_time_is_sound() -> None:
    assert again("client", "upstream", "client", "upstream") == []


def test_a_question_that_is_not_asked_again_is_reported() -> None:
    (finding,) = again("client", "upstream", "client")
    assert isinstance(finding, Violation)
    assert finding.exchange.endswith("#3") and "Hello! How can I help?" in finding.actual


def test_a_question_that_is_asked_need_not_be_answered() -> None:
    assert again("client", "upstream", "client", "upstream", status=502) == []


def test_a_refused_question_says_nothing_of_asking_again() -> None:
    assert set(again("client", "client", status=503)) == {
        Inconclusive("not every request was served")
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We said [[lab:a]]", ""),
        ("Nothing of either", ""),
        ("We said [[lab:a]] and [[lab:b]]", "words of 2 conversations: 0, 1"),
    ],
    ids=["its own", "none", "two"],
)
def test_words_of_two_conversations_in_one_request_are_reported(text: str, words: str) -> None:
    name = "lab-apart-anthropic"
    findings = found(
        "GW-UP-043", name, asked(name, 1, "Hi"), asked(name, 2, text, is_upstream=True)
    )
    assert [f.actual for f in findings if isinstance(f, Violation)] == ([words] if words else [])


def test_a_header_with_another_conversations_words_is_reported() -> None:
    name = "lab-apart-anthropic"
    sent = asked(name, 2, "We said [[lab:a]]", is_upstream=True)
    headers = (*sent.request.headers, ("x-session", "[[lab:b]]"))
    sent = replace(sent, request=replace(sent.request, headers=headers))
    (finding,) = found("GW-UP-043", name, asked(name, 1, "Hi"), sent)
    assert isinstance(finding, Violation)


def test_without_anything_upstream_nothing_is_said() -> None:
    name = "lab-apart-anthropic"
    findings = found("GW-UP-043", name, asked(name, 1, "Hi"))
    assert findings == [Inconclusive("nothing of it reached the lab")]
