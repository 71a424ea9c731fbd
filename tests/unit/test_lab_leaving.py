"""What is said of clients that leave, over recordings made by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from unit_exchanges import HELLO_STREAM, MESSAGE, block_delta, block_start, exchange, message_start

from conformance.kinds import Kind
from conformance.model import (
    Ended,
    Exchange,
    Failure,
    FailureKind,
    Inconclusive,
    Recording,
    Side,
    Violation,
)
from conformance.registry import requirements

NAME = "lab-left-anthropic-anthropic"
MARKS = {"stream": "[[lab:1]]", "plain": "[[lab:2]]", "next": "[[lab:3]]"}
BEGUN = (message_start(), block_start(), block_delta())
LEFT = Failure(FailureKind.LEFT, "left")


def made(
    which: str, events: Any = None, ended: Ended = Ended.COMPLETE, at_s: float = 0.3, **how: Any
) -> Exchange:
    """An exchange about one of the marks; a stream where there are events."""
    kind = Kind.ANTHROPIC_MESSAGE if events is None else Kind.ANTHROPIC_STREAM
    found = exchange(kind, MESSAGE if events is None else events, f"{NAME}#1", **how)
    body = {**found.request.json, "messages": [{"role": "user", "content": MARKS[which]}]}
    assert found.response is not None
    return replace(
        found,
        request=replace(found.request, body=json.dumps(body).encode()),
        response=replace(found.response, ended=ended, ended_at_s=at_s),
    )


def upstream(found: Exchange, number: int = 2) -> Exchange:
    """The same, as the lab saw it."""
    return replace(found, id=f"{NAME}#{number}", side=Side.UPSTREAM, provider="anthropic-first")


def unanswered(found: Exchange) -> Exchange:
    """The same, whose client left before an answer."""
    return replace(found, response=None, failure=LEFT)


STREAM = made("stream", BEGUN, Ended.ABANDONED)
PLAIN = unanswered(made("plain"))
NEXT = made("next")
CLIENT = (STREAM, PLAIN, NEXT)


def findings(id: str, *lab: Exchange, client: tuple[Exchange, ...] = CLIENT) -> list[str]:
    """What each finding saw, or why there is none."""
    recording = Recording(NAME, (*client, *lab), {"marks": MARKS})
    rule = requirements()[id].rule
    return [
        found.actual if isinstance(found, Violation) else str(getattr(found, "reason", ""))
        for found in rule(recording)
        if isinstance(found, Violation | Inconclusive)
    ]


@pytest.mark.parametrize(
    ("lab", "said"),
    [
        ([made("stream", BEGUN, Ended.ABANDONED, 0.31)], []),
        ([unanswered(made("stream", BEGUN))], []),
        ([made("stream", HELLO_STREAM, at_s=3.0)], ["read to its end, 3.00 s"]),
        (
            [made("stream", HELLO_STREAM, Ended.ABANDONED, 3.0)],
            ["read to its end, 3.00 s"],
        ),
        ([made("stream", BEGUN, Ended.SILENT, 0.1)], ["still read"]),
        (
            [made("stream", HELLO_STREAM, at_s=0.1)],
            ["the upstream had finished before the client could leave"],
        ),
        ([], ["nothing of it reached the lab"]),
    ],
    ids=[
        "broken off",
        "before the head",
        "read to its end",
        "left at its end",
        "still open",
        "over before",
        "unseen",
    ],
)
def test_a_stream_that_is_read_on_is_reported(lab: list[Exchange], said: list[str]) -> None:
    assert findings("GW-SSE-007", *map(upstream, lab)) == said


def test_a_stream_that_was_whole_says_nothing_of_leaving() -> None:
    whole = made("stream", HELLO_STREAM, Ended.ABANDONED)
    said = findings("GW-SSE-007", client=(whole, PLAIN, NEXT))
    assert said == ["the stream was complete before the client could leave"]


def test_charges_that_are_not_listed_say_nothing_of_leaving() -> None:
    recording = Recording("money-dropped-stream", (STREAM,), {})
    (found,) = requirements()["GW-SSE-007"].rule(recording)
    assert found == Inconclusive("the control adapter does not list charges")


@pytest.mark.parametrize(
    ("lab", "said"),
    [
        ([unanswered(made("plain"))], []),
        ([made("plain", ended=Ended.ABANDONED)], []),
        ([made("plain")], ["read to its end"]),
        ([replace(made("plain"), response=None)], ["still waited for"]),
        ([], ["the client had left before the gateway asked its upstream"]),
    ],
    ids=["left", "left half-way", "read", "open", "unseen"],
)
def test_a_plain_call_that_is_waited_for_is_reported(lab: list[Exchange], said: list[str]) -> None:
    assert findings("GW-UP-038", *map(upstream, lab)) == said


def test_a_further_request_for_nobody_is_reported() -> None:
    twice = (upstream(STREAM), upstream(STREAM, 3), upstream(PLAIN, 4), upstream(NEXT, 5))
    assert findings("GW-UP-037", *twice) == [
        "another request, to anthropic-first, for the stream answer"
    ]


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (made("next", status=429), "429: "),
        (replace(made("next"), response=None, failure=LEFT), "no answer: left"),
    ],
    ids=["refused", "without an answer"],
)
def test_the_next_request_has_to_be_served(last: Exchange, said: str) -> None:
    (found,) = findings("GW-UP-037", upstream(STREAM), client=(STREAM, PLAIN, last))
    assert found.startswith(said)


def test_a_key_that_is_refused_after_failures_is_reported() -> None:
    failed, refused = made("stream", BEGUN, status=502), made("next", status=402)
    assert findings("GW-UP-044", upstream(failed), client=(failed, NEXT)) == []
    (found,) = findings("GW-UP-044", upstream(failed), client=(failed, refused))
    assert found.startswith("402: ")
    (found,) = findings("GW-UP-044", upstream(failed), client=(NEXT, refused))
    assert found == "none of the requests failed upstream"
