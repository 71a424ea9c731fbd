"""The order of streams: what is legal, and which requirement each wrong step breaks."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from unit_exchanges import (
    BLOCK,
    CHAT_FAILED_STREAM,
    CHAT_STREAM,
    CHAT_TOOL_STREAM,
    FAILED,
    FAILED_STREAM,
    HELLO_STREAM,
    PING,
    STOP,
    TOOL_STREAM,
    block_delta,
    block_start,
    block_stop,
    call,
    choice,
    chunk,
    events,
    exchange,
    message_delta,
    message_start,
)

from conformance.grammar import breaches, chat, messages
from conformance.kinds import Kind
from conformance.model import Level
from conformance.sse import DONE

START, DELTA = message_start(), message_delta()
UNKNOWN = {"type": "content_block_hint", "index": 9}
ANTHROPIC_THINKING = (
    START,
    block_start(0, "thinking"),
    block_delta(0, "thinking_delta"),
    block_delta(0, "signature_delta"),
    block_stop(0),
    block_start(1),
    block_delta(1),
    block_stop(1),
    DELTA,
    STOP,
)


def walked(*values: Any) -> list[tuple[str, str]]:
    """The breaches of an Anthropic stream as (requirement, place)."""
    return [(b.requirement, b.violation.where) for b in messages.walk(events(*values))]


def chatted(*values: Any) -> list[tuple[str, str]]:
    """The breaches of a chat completion stream as (requirement, place)."""
    return [(b.requirement, b.violation.where) for b in chat.walk(events(*values))]


# -------------------------------------------------------------------------------- Anthropic


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(HELLO_STREAM, id="one block"),
        pytest.param(TOOL_STREAM, id="text and tool"),
        pytest.param(ANTHROPIC_THINKING, id="thinking"),
        pytest.param((START, DELTA, STOP), id="no block"),
        pytest.param((START, block_start(), block_stop(), DELTA, STOP), id="a block without delta"),
        pytest.param((START, *BLOCK, message_delta(None), DELTA, STOP), id="two message_deltas"),
        pytest.param(FAILED_STREAM, id="error inside a block"),
        pytest.param((START, FAILED), id="error before a block"),
        pytest.param((START, *BLOCK, DELTA, FAILED), id="error after message_delta"),
        pytest.param((FAILED,), id="error as the first event"),
    ],
)
def test_a_legal_message_stream_has_no_breach(stream: tuple[Any, ...]) -> None:
    assert walked(*stream) == []


@pytest.mark.parametrize("guest", [pytest.param(PING, id="ping"), pytest.param(UNKNOWN, id="new")])
@pytest.mark.parametrize("at", range(len(HELLO_STREAM)))
def test_pings_and_unknown_events_are_legal_before_the_end(guest: dict[str, Any], at: int) -> None:
    assert walked(*HELLO_STREAM[:at], guest, *HELLO_STREAM[at:]) == []


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(HELLO_STREAM[1:], ("ANT-STR-011", "events[0]"), id="no message_start"),
        pytest.param((START, *HELLO_STREAM), ("ANT-STR-011", "events[1]"), id="two message_starts"),
        pytest.param(
            (START, block_start(), START, block_delta(), block_stop(), DELTA, STOP),
            ("ANT-STR-011", "events[2]"),
            id="message_start inside a block",
        ),
        pytest.param(
            (START, *BLOCK, DELTA, START, STOP),
            ("ANT-STR-011", "events[5]"),
            id="message_start after message_delta",
        ),
        pytest.param(
            (START, block_start(1), block_delta(1), block_stop(1), DELTA, STOP),
            ("ANT-STR-014", "events[1]"),
            id="numbers from 1",
        ),
        pytest.param(
            (START, *BLOCK, *BLOCK, DELTA, STOP), ("ANT-STR-014", "events[4]"), id="number again"
        ),
        pytest.param(
            (START, block_start(None), block_stop(None), DELTA, STOP),
            ("ANT-STR-014", "events[1]"),
            id="no number",
        ),
        pytest.param(
            (START, block_delta(), *BLOCK, DELTA, STOP),
            ("ANT-STR-016", "events[1]"),
            id="delta before its block",
        ),
        pytest.param(
            (START, *BLOCK, block_delta(), DELTA, STOP),
            ("ANT-STR-016", "events[4]"),
            id="delta after its block",
        ),
        pytest.param(
            (START, *BLOCK, block_stop(), DELTA, STOP),
            ("ANT-STR-016", "events[4]"),
            id="second stop",
        ),
        pytest.param(
            (START, *BLOCK, DELTA, block_delta(), STOP),
            ("ANT-STR-016", "events[5]"),
            id="delta after message_delta",
        ),
        pytest.param(
            (START, *BLOCK, DELTA, block_stop(), STOP),
            ("ANT-STR-016", "events[5]"),
            id="stop after message_delta",
        ),
        pytest.param(
            (START, block_start(), block_delta(3), block_stop(), DELTA, STOP),
            ("ANT-STR-016", "events[2]"),
            id="delta of another block",
        ),
        pytest.param(
            (START, block_start(), block_delta("0"), block_stop(), DELTA, STOP),
            ("ANT-STR-016", "events[2]"),
            id="number as a text",
        ),
        pytest.param(
            (START, block_start(), block_delta(0, "input_json_delta"), block_stop(), DELTA, STOP),
            ("ANT-STR-017", "events[2]"),
            id="arguments in a text block",
        ),
        pytest.param(
            (START, block_start(0, "tool_use"), block_delta(), block_stop(), DELTA, STOP),
            ("ANT-STR-017", "events[2]"),
            id="text in a tool block",
        ),
        pytest.param(
            (START, block_start(0, "redacted_thinking"), block_delta(), block_stop(), DELTA, STOP),
            ("ANT-STR-017", "events[2]"),
            id="a delta where none is",
        ),
        pytest.param(
            (START, block_start(), block_delta(), DELTA, STOP),
            ("ANT-STR-018", "events[3]"),
            id="message_delta inside a block",
        ),
        pytest.param((START, *BLOCK, STOP), ("ANT-STR-023", "events[4]"), id="no message_delta"),
        pytest.param(
            (START, *BLOCK, message_delta(None), STOP),
            ("ANT-STR-023", "events[5]"),
            id="stop_reason null",
        ),
        pytest.param(
            (START, *BLOCK, DELTA, message_delta(None), STOP),
            ("ANT-STR-023", "events[6]"),
            id="stop_reason null at last",
        ),
        pytest.param((*HELLO_STREAM, STOP), ("ANT-STR-028", "events[6]"), id="two message_stops"),
        pytest.param((*HELLO_STREAM, DONE), ("ANT-STR-028", "events[6]"), id="[DONE]"),
        pytest.param((*HELLO_STREAM, UNKNOWN), ("ANT-STR-028", "events[6]"), id="new at the end"),
        pytest.param((*FAILED_STREAM, STOP), ("ANT-STR-030", "events[4]"), id="stop after error"),
        pytest.param((*FAILED_STREAM, PING), ("ANT-STR-030", "events[4]"), id="ping after error"),
    ],
)
def test_a_wrong_step_of_a_message_stream_breaks_one_requirement(
    stream: tuple[Any, ...], expected: tuple[str, str]
) -> None:
    assert walked(*stream) == [expected]


def test_interleaved_blocks_break_one_requirement_only() -> None:
    stream = (
        *(START, block_start(0), block_start(1)),
        *(block_delta(0), block_delta(1), block_stop(0), block_delta(1), block_stop(1)),
        *(DELTA, STOP),
    )

    assert walked(*stream) == [("ANT-STR-010", "events[2]")]


def test_message_stop_inside_a_block_ends_the_stream() -> None:
    assert walked(START, block_start(), STOP) == [("ANT-STR-018", "events[2]")]


def test_a_block_after_message_delta_is_reported_and_read() -> None:
    late = (START, *BLOCK, DELTA, block_start(1), block_delta(1), block_stop(1), DELTA, STOP)

    assert walked(*late) == [("ANT-STR-023", "events[5]")]


def test_a_ping_after_message_stop_is_a_weaker_breach() -> None:
    (found,) = messages.walk(events(*HELLO_STREAM, PING))

    assert (found.requirement, found.violation.level) == ("ANT-STR-028", Level.SHOULD)


def test_a_wrong_step_says_what_was_expected_and_where_the_stream_stood() -> None:
    (found,) = messages.walk(events(START, *BLOCK, STOP))

    assert found.violation.expected == "message_delta before it"
    assert found.violation.actual == "message_stop between content blocks"


@pytest.mark.parametrize("length", range(1, len(HELLO_STREAM)))
def test_a_truncated_message_stream_is_reported_at_its_end(length: int) -> None:
    assert walked(*HELLO_STREAM[:length]) == [("ANT-STR-028", "events"), ("ANT-STR-031", "events")]


@pytest.mark.parametrize("stream", [pytest.param((), id="empty"), pytest.param((PING,), id="ping")])
def test_a_message_stream_that_never_starts_is_reported(stream: tuple[Any, ...]) -> None:
    assert walked(*stream) == [
        ("ANT-STR-011", "events"),
        ("ANT-STR-028", "events"),
        ("ANT-STR-031", "events"),
    ]


@pytest.mark.parametrize(
    "value", [pytest.param(v, id=repr(v)) for v in (None, [], {}, [{}], "x", 1.5, True)]
)
@pytest.mark.parametrize("key", ["index", "delta", "content_block"])
def test_any_value_in_a_block_event_is_walked_over(key: str, value: Any) -> None:
    stream = [event | {key: value} if "index" in event else event for event in TOOL_STREAM]

    assert {id for id, _ in walked(*stream)} <= {"ANT-STR-014", "ANT-STR-016", "ANT-STR-017"}


@pytest.mark.parametrize(
    "kind", [pytest.param(v, id=repr(v)) for v in ([], {}, None, 7, "new_delta")]
)
def test_an_unknown_type_of_delta_is_tolerated(kind: Any) -> None:
    delta = block_delta() | {"delta": {"type": kind}}

    assert walked(START, block_start(), delta, block_stop(), DELTA, STOP) == []


OPEN_STATES = (messages.Message.OPEN, messages.Message.BLOCK, messages.Message.ENDING)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(step, id=f"{step[0].name} {step[1]}")
        for step in product(OPEN_STATES, sorted(messages.MESSAGE_EVENTS))
    ],
)
def test_every_event_has_one_meaning_in_every_state(step: tuple[messages.Message, str]) -> None:
    assert (step in messages.MESSAGE_STEPS) != (step in messages.MESSAGE_BREACHES)


# ----------------------------------------------------------------------------------- OpenAI

ROLE = chunk(choice(role="assistant", content=""))
TEXT = chunk(choice(content="Hi"))
END = chunk(choice(finish="stop"))


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(CHAT_STREAM, id="text"),
        pytest.param(CHAT_TOOL_STREAM, id="tool calls"),
        pytest.param(CHAT_FAILED_STREAM, id="error in mid-stream"),
        pytest.param((ROLE, chunk(choice(content="Hi", finish="stop")), DONE), id="all in one"),
        pytest.param((chunk(choice(role="assistant", finish="stop")), DONE), id="one chunk"),
        pytest.param((chunk(choice()), ROLE, TEXT, END, chunk(choice())), id="empty deltas"),
        pytest.param((chunk(prompt_filter_results=[]), ROLE, TEXT, END, DONE), id="prelude"),
        pytest.param(
            (
                chunk(choice(1, role="assistant"), choice(0, role="assistant")),
                chunk(choice(1, content="a")),
                chunk(choice(0, content="b")),
                chunk(choice(1, finish="stop")),
                chunk(choice(0, content="c")),
                chunk(choice(0, finish="length")),
                DONE,
            ),
            id="two choices interleaved",
        ),
        pytest.param((ROLE, TEXT, {"error": {"message": "x"}}), id="error without [DONE]"),
    ],
)
def test_a_legal_chat_stream_has_no_breach(stream: tuple[Any, ...]) -> None:
    assert chatted(*stream) == []


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param((TEXT, END), ("OAI-STREAM-007", "events[0]"), id="text without role"),
        pytest.param(
            (chunk(choice(tool_calls=[call(0)])), END),
            ("OAI-STREAM-007", "events[0]"),
            id="tool call without role",
        ),
        pytest.param((END,), ("OAI-STREAM-007", "events[0]"), id="finish without role"),
        pytest.param((ROLE, ROLE, END), ("OAI-STREAM-008", "events[1]"), id="role again"),
        pytest.param((TEXT, ROLE, END), ("OAI-STREAM-007", "events[0]"), id="role too late"),
        pytest.param(
            (ROLE, END, ROLE), ("OAI-STREAM-008", "events[2]"), id="role after the finish"
        ),
        pytest.param((ROLE, END, END), ("OAI-STREAM-010", "events[2]"), id="two finishes"),
        pytest.param((ROLE, END, TEXT), ("OAI-STREAM-011", "events[2]"), id="text after finish"),
        pytest.param(
            (ROLE, END, chunk(choice(tool_calls=[call(0)]))),
            ("OAI-STREAM-011", "events[2]"),
            id="tool call after the finish",
        ),
        pytest.param((ROLE, TEXT, DONE), ("OAI-STREAM-010", "events"), id="no finish"),
        pytest.param((ROLE,), ("OAI-STREAM-010", "events"), id="cut after the role"),
        pytest.param((chunk(choice()), DONE), ("OAI-STREAM-010", "events"), id="empty deltas only"),
        pytest.param(
            (
                chunk(choice(0, role="assistant"), choice(1, content="b")),
                END,
                chunk(choice(1, finish="stop")),
            ),
            ("OAI-STREAM-007", "events[0]"),
            id="second choice without role",
        ),
        pytest.param(
            (chunk(choice(0, role="assistant"), choice(1, role="assistant")), END),
            ("OAI-STREAM-010", "events"),
            id="second choice without finish",
        ),
    ],
)
def test_a_wrong_step_of_a_chat_stream_is_named(
    stream: tuple[Any, ...], expected: tuple[str, str]
) -> None:
    assert chatted(*stream)[0] == expected


def test_a_choice_without_finish_is_named() -> None:
    stream = events(chunk(choice(0, role="assistant"), choice(1, role="assistant")), END)

    assert [breach.violation.actual for breach in chat.walk(stream)] == ["none for choice 1"]


def test_a_missing_role_is_reported_once() -> None:
    assert chatted(TEXT, TEXT, END) == [("OAI-STREAM-007", "events[0]")]


def test_a_role_that_comes_late_is_reported_as_late_too() -> None:
    assert chatted(TEXT, ROLE, END) == [
        ("OAI-STREAM-007", "events[0]"),
        ("OAI-STREAM-008", "events[1]"),
    ]


@pytest.mark.parametrize(
    "value", [pytest.param(v, id=repr(v)) for v in (None, [], {}, [7], [[]], "x", 1.5, True)]
)
@pytest.mark.parametrize("key", ["choices", "index", "delta", "finish_reason"])
def test_any_value_in_a_chunk_is_walked_over(key: str, value: Any) -> None:
    stream = [
        {**c, key: value} if key == "choices" else {**c, "choices": [{**choice(), key: value}]}
        for c in CHAT_STREAM
        if c != DONE
    ]

    assert {id for id, _ in chatted(*stream)} <= {"OAI-STREAM-007", "OAI-STREAM-010"}


STEPS = ("role", "delta", "finish")


@pytest.mark.parametrize(
    "step",
    [pytest.param(step, id=f"{step[0].name} {step[1]}") for step in product(chat.Choice, STEPS)],
)
def test_every_symbol_has_one_meaning_for_a_choice(step: tuple[chat.Choice, str]) -> None:
    assert (step in chat.CHOICE_STEPS) != (step in chat.CHOICE_BREACHES)


# ------------------------------------------------------------------------------- selection


@pytest.mark.parametrize(
    ("kind", "stream", "requirement"),
    [
        pytest.param(Kind.ANTHROPIC_STREAM, (START, *BLOCK, STOP), "ANT-STR-023", id="anthropic"),
        pytest.param(Kind.OPENAI_STREAM, (ROLE, END, END, DONE), "OAI-STREAM-010", id="openai"),
    ],
)
def test_a_requirement_sees_the_breaches_of_its_own(
    kind: Kind, stream: tuple[Any, ...], requirement: str
) -> None:
    made = exchange(kind, stream)

    assert len(list(breaches(made, requirement))) == 1
    assert list(breaches(made, "ANT-STR-014")) == []
