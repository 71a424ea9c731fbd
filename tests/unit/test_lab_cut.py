"""What is said of streams that their upstream breaks off, over recordings made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit_exchanges import (
    FAILED,
    HELLO_STREAM,
    STOP,
    block_delta,
    block_start,
    choice,
    chunk,
    exchange,
    message_delta,
    message_start,
)

from conformance import sse
from conformance.kinds import Kind
from conformance.model import Ended, Exchange, Inconclusive, Recording, Side, Violation
from conformance.registry import requirements

ANTHROPIC, OPENAI = "lab-cut-anthropic-anthropic", "lab-cut-openai-anthropic"
BEGUN = (message_start(), block_start(), block_delta(text="Half of "), block_delta(text="it"))
CHAT_BEGUN = (chunk(choice(content="Half of ")), chunk(choice(content="it")))
CLOSED, PROPER = "the connection is closed", "the body ends early"


def got(events: Any, ended: Ended = Ended.COMPLETE, status: int = 200) -> Exchange:
    """What the client got: a stream of one of the protocols."""
    is_chat = bool(events) and (events[0] == sse.DONE or "choices" in events[0])
    kind = Kind.OPENAI_STREAM if is_chat else Kind.ANTHROPIC_STREAM
    made = exchange(kind, events, f"{OPENAI if is_chat else ANTHROPIC}#1", status=status)
    assert made.response is not None
    return replace(made, response=replace(made.response, ended=ended))


def found(client: Exchange, how: str = CLOSED, came: Any = BEGUN) -> list[tuple[str, str]]:
    """The findings: of each violation its level and what was seen, of anything else its reason."""
    upstream = replace(
        exchange(Kind.ANTHROPIC_STREAM, came, client.id.replace("#1", "#2")),
        side=Side.UPSTREAM,
        provider="anthropic",
    )
    exchanges = (client, upstream) if came else (client,)
    name = client.id.partition("#")[0]
    recording = Recording(name, exchanges, {"variants": {client.id: how}})
    findings = list(requirements()["GW-UP-036"].rule(recording))
    said = [(str(f.level or "must"), f.actual) for f in findings if isinstance(f, Violation)]
    return said + [("", f.reason) for f in findings if isinstance(f, Inconclusive)]


@pytest.mark.parametrize("how", [CLOSED, PROPER])
def test_an_error_of_the_servers_class_is_sound(how: str) -> None:
    assert found(got((*BEGUN, FAILED)), how) == []


def test_done_behind_an_error_is_no_clean_end() -> None:
    failed = {"error": {"message": "It broke off.", "type": "server_error", "code": "500"}}
    assert found(got((*CHAT_BEGUN, failed, sse.DONE))) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"type": "invalid_request_error"}, "invalid_request_error"),
        ({"type": "not_found_error"}, "not_found_error"),
        ({"type": "x", "code": "400"}, "code 400"),
        ({"type": "x", "code": 422}, "code 422"),
    ],
    ids=["invalid request", "not found", "400", "422"],
)
def test_an_error_of_the_clients_class_is_reported(error: Any, said: str) -> None:
    assert found(got((*CHAT_BEGUN, {"error": {"message": "No.", **error}}))) == [("must", said)]


@pytest.mark.parametrize("code", ["408", "429", "500", None])
def test_what_may_be_tried_again_is_no_fault_of_the_client(code: Any) -> None:
    assert found(got((*CHAT_BEGUN, {"error": {"message": "No.", "code": code}}))) == []


def test_a_broken_connection_is_warned_about() -> None:
    assert found(got(BEGUN, Ended.CUT)) == [("should", "a broken connection")]


@pytest.mark.parametrize(("how", "level"), [(CLOSED, "must"), (PROPER, "should")])
def test_a_body_that_just_ends_is_as_bad_as_it_is_the_gateways_doing(how: str, level: str) -> None:
    assert found(got(BEGUN), how) == [(level, "the end of the body, without any error")]


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ((*BEGUN, message_delta(), STOP), "message_stop"),
        ((*CHAT_BEGUN, chunk(choice(finish="stop")), sse.DONE), "finish_reason stop"),
        ((*CHAT_BEGUN, sse.DONE), "[DONE]"),
    ],
    ids=["message_stop", "finish_reason", "DONE"],
)
@pytest.mark.parametrize("how", [CLOSED, PROPER])
def test_an_end_that_nobody_said_is_reported(events: Any, said: str, how: str) -> None:
    assert found(got(events), how) == [("must", said)]


@pytest.mark.parametrize(
    ("events", "level"),
    [(BEGUN[:3], "should"), (BEGUN[:2], "must"), ((*BEGUN, block_delta(text="!")), "must")],
    ids=["its end kept back", "nothing", "more than came"],
)
def test_text_that_is_not_what_came_is_reported(events: Any, level: str) -> None:
    (first, *_) = found(got((*events, FAILED)))
    assert first[0] == level


@pytest.mark.parametrize(("status", "level"), [(502, "should"), (429, "should"), (400, "must")])
def test_a_status_in_place_of_what_had_come_is_reported(status: int, level: str) -> None:
    assert found(got((FAILED,), status=status)) == [(level, str(status))]


def test_without_anything_upstream_nothing_is_said() -> None:
    assert found(got(HELLO_STREAM), came=()) == [("", "nothing of it reached the lab")]
