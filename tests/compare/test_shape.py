"""The shapes of answers: keys, types, events and headers, without values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.compare.shape import ShapeChange, json_shape, shape_changes
from conformance.model import Failure, FailureKind, Recording, Response
from tests.compare.compare_runs import JSON, MESSAGE, answer, exchange_of, recording, streamed

START = {"type": "message_start", "message": {"id": "msg_1"}}
TEXT = {"type": "content_block_start", "index": 0, "content_block": {"type": "text"}}
DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}
STOP = {"type": "message_stop"}
PING = {"type": "ping"}


def changed(a: Response | None, b: Response | None) -> list[tuple[str, str, str]]:
    """The differences in shape of two answers."""
    return told(recording(a), recording(b))


def told(a: Recording, b: Recording) -> list[tuple[str, str, str]]:
    """The differences in shape of two recordings."""
    found = shape_changes({a.scenario: a}, {b.scenario: b})
    return [(change.where, change.a, change.b) for change in found]


def test_values_are_no_shape() -> None:
    other = MESSAGE | {"id": "msg_2", "usage": {"input_tokens": 9, "output_tokens": 0}}

    assert changed(answer(), answer(other)) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            MESSAGE | {"usage": {"input_tokens": "3", "output_tokens": 2}},
            ("body.usage.input_tokens", "integer", "string"),
            id="type",
        ),
        pytest.param(
            MESSAGE | {"usage": {"input_tokens": 3, "output_tokens": 2.5}},
            ("body.usage.output_tokens", "integer", "number"),
            id="integer-number",
        ),
        pytest.param(MESSAGE | {"usage": None}, ("body.usage", "object", "null"), id="null"),
        pytest.param(
            {key: MESSAGE[key] for key in ("id", "type", "content")},
            ("body.usage", "object", "absent"),
            id="absent",
        ),
        pytest.param(MESSAGE | {"x": {"y": 1}}, ("body.x", "absent", "object"), id="new"),
        pytest.param([MESSAGE], ("body", "object", "array"), id="array"),
        pytest.param(b"", ("body", "object", "empty"), id="empty"),
        pytest.param(b"oops", ("body", "object", "text, no JSON"), id="text"),
        pytest.param(b"<html>", ("body", "object", "HTML"), id="html"),
    ],
)
def test_a_difference_is_told_once_at_its_outermost_place(
    body: Any, expected: tuple[str, str, str]
) -> None:
    assert changed(answer(), answer(body)) == [expected]


def test_the_members_of_a_list_share_one_place() -> None:
    assert json_shape({"a": [{"b": 1}, {"b": None}, "c"]}, "body") == {
        "body": "object",
        "body.a": "array",
        "body.a[]": "object or string",
        "body.a[].b": "integer or null",
    }


def test_deep_nesting_is_read() -> None:
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]

    assert len(json_shape(deep, "body")) == 5_001


def test_another_status_explains_the_other_body() -> None:
    refused = answer({"type": "error", "error": {"type": "x"}}, status=401)

    assert changed(answer(), refused) == [("status", "200", "401")]


def test_headers_that_clients_act_on_are_compared_by_name() -> None:
    limited = (*JSON[:1], ("date", "tomorrow"), ("retry-after", "3"), ("server", "nginx"))

    assert changed(answer(), answer(headers=limited)) == [
        ("headers.request-id", "present", "absent"),
        ("headers.retry-after", "absent", "present"),
    ]


def test_the_content_type_is_compared_without_its_parameters() -> None:
    with_charset = (("content-type", "application/json; charset=utf-8"), *JSON[1:])
    as_text = (("content-type", "text/plain"), *JSON[1:])

    assert changed(answer(), answer(headers=with_charset)) == []
    assert changed(answer(), answer(headers=as_text)) == [
        ("headers.content-type", "application/json", "text/plain")
    ]


def test_the_number_of_deltas_and_pings_is_no_shape() -> None:
    few, many = streamed(START, TEXT, DELTA, STOP), streamed(START, PING, TEXT, DELTA, DELTA, STOP)

    assert changed(few, many) == []


def test_another_order_of_events_is_told_from_where_it_parts() -> None:
    assert changed(streamed(START, TEXT, DELTA, STOP), streamed(START, TEXT, DELTA)) == [
        (
            "events",
            "... > content_block_delta(text_delta) > message_stop > end",
            "... > content_block_delta(text_delta) > end",
        ),
        ("events.message_stop", "object", "absent"),
    ]


def test_the_data_of_events_are_compared_by_kind() -> None:
    other = streamed({"type": "message_start", "message": {"id": None}}, STOP)

    assert changed(streamed(START, STOP), other) == [
        ("events.message_start.message.id", "string", "null")
    ]


def test_a_buffered_stream_is_another_body() -> None:
    assert changed(streamed(START, STOP), answer(headers=streamed().headers)) == [
        ("body", "events", "object")
    ]


def test_no_answer_is_a_shape() -> None:
    hung = exchange_of(recording(None), failure=Failure(FailureKind.TIMEOUT, "60 s"))

    assert ("response", "absent", "none (timeout)") in told(recording(answer()), hung)


def test_a_scenario_that_was_not_recorded_says_why() -> None:
    silent = Recording("anthropic-plain", not_recorded="needs keys.capped")

    assert shape_changes({"anthropic-plain": recording(answer())}, {"anthropic-plain": silent}) == (
        ShapeChange("anthropic-plain", 0, "exchanges", "1", "0 (needs keys.capped)"),
    )


def test_what_was_tried_again_or_seen_upstream_is_not_compared() -> None:
    plain = recording(answer())
    retried = Recording(
        plain.scenario,
        (
            *exchange_of(plain, superseded=True, response=answer(status=529)).exchanges,
            *exchange_of(plain, side="upstream", response=answer(b"x")).exchanges,
            *plain.exchanges,
        ),
    )

    assert told(plain, retried) == []


def asked_again(*statuses: int) -> Recording:
    """The recording of one request that was sent several times."""
    plain = recording(answer())
    made = (exchange_of(plain, response=answer(status=status)) for status in statuses)
    return Recording(plain.scenario, tuple(one.exchanges[0] for one in made))


def test_which_of_two_equal_requests_is_refused_is_no_shape() -> None:
    assert told(asked_again(200, 402), asked_again(402, 200)) == []


def test_an_answer_that_no_equal_request_had_is_told() -> None:
    assert told(asked_again(200, 402), asked_again(402, 500)) == [
        ("status", "200", "402"),
        ("status", "402", "500"),
    ]


def test_requests_sent_at_once_are_compared_with_themselves() -> None:
    plain = recording(answer())
    (first,) = plain.exchanges
    (second,) = exchange_of(
        plain, request=replace(first.request, body=b"{}"), response=answer(status=400)
    ).exchanges
    there, back = (Recording(plain.scenario, made) for made in ((first, second), (second, first)))

    assert told(there, back) == []
