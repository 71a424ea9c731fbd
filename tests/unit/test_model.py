"""What an exchange is, and how headers and bodies are read."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from unit_exchanges import recording, request, response

from conformance.kinds import Kind, Protocol
from conformance.model import Exchange, Failure, FailureKind, Outcome, Recording, Request, Response


def asked(path: str, body: object = None, **how: object) -> Exchange:
    """An exchange with this path and request body (None for a lost one)."""
    sent = b"" if body is None else json.dumps(body).encode()
    answer = response(b"{}", int(str(how.get("status", 200))), str(how.get("type", "")))
    return Exchange("made#1", Request("POST", f"https://gateway.example{path}", (), sent), answer)


CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
PLAIN, STREAM = {"stream": False}, {"stream": True}


@pytest.mark.parametrize(
    ("exchange", "kind"),
    [
        pytest.param(asked(MESSAGES, PLAIN), Kind.ANTHROPIC_MESSAGE, id="message"),
        pytest.param(asked(MESSAGES, STREAM), Kind.ANTHROPIC_STREAM, id="message stream"),
        pytest.param(asked(MESSAGES, PLAIN, status=401), Kind.ANTHROPIC_ERROR, id="message error"),
        pytest.param(asked(MESSAGES, STREAM, status=529), Kind.ANTHROPIC_ERROR, id="stream error"),
        pytest.param(asked(CHAT, PLAIN), Kind.OPENAI_COMPLETION, id="completion"),
        pytest.param(asked(CHAT, STREAM), Kind.OPENAI_STREAM, id="chat stream"),
        pytest.param(asked(CHAT, PLAIN, status=400), Kind.OPENAI_ERROR, id="chat error"),
        pytest.param(asked(CHAT, STREAM, status=500), Kind.OPENAI_ERROR, id="chat stream error"),
        pytest.param(asked(CHAT, PLAIN, status=301), Kind.OTHER, id="redirect"),
        pytest.param(asked(CHAT, PLAIN, status=399), Kind.OTHER, id="last redirect"),
        pytest.param(asked(CHAT, PLAIN, status=299), Kind.OPENAI_COMPLETION, id="last success"),
        pytest.param(asked(f"{MESSAGES}?beta=true", PLAIN), Kind.ANTHROPIC_MESSAGE, id="query"),
        pytest.param(asked(f"{MESSAGES}/", PLAIN), Kind.ANTHROPIC_MESSAGE, id="trailing slash"),
        pytest.param(asked(f"/api{CHAT}", PLAIN), Kind.OPENAI_COMPLETION, id="another root"),
        pytest.param(
            asked(f"{MESSAGES}/count_tokens", PLAIN), Kind.ANTHROPIC_TOKEN_COUNT, id="count_tokens"
        ),
        pytest.param(asked("/v1/files", PLAIN), Kind.OTHER, id="another endpoint"),
        pytest.param(
            asked("/v1/completions", PLAIN), Kind.OPENAI_TEXT_COMPLETION, id="legacy completions"
        ),
        pytest.param(asked(CHAT, {"stream": 1}), Kind.OPENAI_COMPLETION, id="stream is no bool"),
        pytest.param(
            asked(CHAT, {"stream": "yes"}, type="text/event-stream"),
            Kind.OPENAI_STREAM,
            id="stream is no bool, and taken for true",
        ),
        pytest.param(
            replace(
                asked(CHAT, PLAIN, status=400),
                request=replace(request("openai"), headers=(("authorization", "a\r\n b"),)),
            ),
            Kind.OTHER,
            id="a folded header line, which a server refuses itself",
        ),
        pytest.param(
            asked(CHAT, PLAIN, type="text/event-stream"),
            Kind.OPENAI_COMPLETION,
            id="a stream that was not asked for",
        ),
        pytest.param(
            asked(CHAT, None, type="text/event-stream; charset=utf-8"),
            Kind.OPENAI_STREAM,
            id="request lost, streamed answer",
        ),
        pytest.param(
            asked(CHAT, None, type="application/json"),
            Kind.OPENAI_COMPLETION,
            id="request lost, plain answer",
        ),
        pytest.param(replace(asked(CHAT, PLAIN), response=None), Kind.OTHER, id="no response"),
    ],
)
def test_an_exchange_tells_its_kind(exchange: Exchange, kind: Kind) -> None:
    assert exchange.kind is kind


@pytest.mark.parametrize(
    ("path", "protocol"),
    [
        pytest.param(MESSAGES, Protocol.ANTHROPIC, id="messages"),
        pytest.param(CHAT, Protocol.OPENAI, id="chat"),
        pytest.param("/v1/files", None, id="neither"),
        pytest.param("/v1/mymessages", None, id="only the end of a word"),
    ],
)
def test_the_path_tells_the_protocol(path: str, protocol: Protocol | None) -> None:
    assert asked(path).protocol is protocol


def test_an_exchange_without_response_has_status_0_and_no_events() -> None:
    lost = replace(
        asked(CHAT, PLAIN), response=None, failure=Failure(FailureKind.RESET, "connection reset")
    )

    assert (lost.status, lost.events, lost.blocks) == (0, (), ())


def test_the_answer_of_a_lost_exchange_is_not_there() -> None:
    lost = replace(asked(CHAT), response=None, failure=Failure(FailureKind.RESET, "reset"))

    with pytest.raises(ValueError, match="made#1 has no response"):
        _ = lost.answer


HEADERS = (("Content-Type", "a"), ("x-id", ""), ("content-type", "b"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("content-type", "a", id="the first of two"),
        pytest.param("CONTENT-TYPE", "a", id="whatever its case"),
        pytest.param("x-id", "", id="empty"),
        pytest.param("content", None, id="absent"),
    ],
)
def test_a_header_is_found_by_name(name: str, value: str | None) -> None:
    answer = replace(response(b""), headers=HEADERS)
    sent = Request("POST", "http://h/", HEADERS, b"")

    assert (answer.header(name), sent.header(name)) == (value, value)


@pytest.mark.parametrize(
    ("header", "media_type"),
    [
        pytest.param("application/json", "application/json", id="bare"),
        pytest.param("Application/JSON ; charset=utf-8", "application/json", id="parameters"),
        pytest.param("", "", id="empty"),
    ],
)
def test_the_media_type_is_bare_and_in_lower_case(header: str, media_type: str) -> None:
    assert response(b"", media_type=header).media_type == media_type


def test_a_missing_content_type_is_an_empty_media_type() -> None:
    assert replace(response(b""), headers=()).media_type == ""


@pytest.mark.parametrize(
    ("answer", "is_html"),
    [
        pytest.param(response(b"x", media_type="text/html; charset=utf-8"), True, id="by its type"),
        pytest.param(response(b" \n<!DOCTYPE HTML><p>"), True, id="by its doctype"),
        pytest.param(response(b"<HTML lang=en>"), True, id="by its first element"),
        pytest.param(response(b'{"a": "<html>"}'), False, id="JSON that speaks of HTML"),
        pytest.param(response(b"<htm"), False, id="not quite"),
        pytest.param(response(b""), False, id="empty"),
    ],
)
def test_a_web_page_is_recognised(answer: Response, is_html: bool) -> None:
    assert answer.is_html is is_html


@pytest.mark.parametrize(
    ("body", "json", "object"),
    [
        pytest.param(b'{"a": 1}', {"a": 1}, {"a": 1}, id="object"),
        pytest.param(b"[1]", [1], {}, id="list"),
        pytest.param(b"null", None, {}, id="null"),
        pytest.param(b"", None, {}, id="empty"),
        pytest.param(b"{", None, {}, id="torn"),
        pytest.param(b'"\xff"', None, {}, id="not UTF-8"),
        pytest.param(b"[" * 100_000, None, {}, id="nested too deeply"),
    ],
)
def test_a_body_is_read_as_json(body: bytes, json: object, object: object) -> None:
    assert (response(body).json, response(body).object) == (json, object)


def test_a_request_that_is_no_object_is_empty_and_wants_no_stream() -> None:
    sent = Request("POST", "http://h/v1/messages", (), b'["stream"]')

    assert (sent.json, sent.wants_stream) == ({}, False)


def test_a_body_that_is_not_utf_8_has_replaced_characters() -> None:
    assert response(b"a\xffb").text == "a\ufffdb"


def test_superseded_exchanges_are_not_final() -> None:
    first, last = asked(CHAT, PLAIN), replace(asked(CHAT, PLAIN), id="made#2")
    made = recording("made", replace(first, superseded=True), last)

    assert (made.final, made.last) == ((last,), last)


def test_the_worst_outcome_has_rank_0() -> None:
    assert sorted(Outcome, key=lambda outcome: outcome.rank)[0] is Outcome.FAIL


def test_kinds_are_spelled_with_their_protocol() -> None:
    assert {kind.partition(" ")[0] for kind in Kind} == {*map(str, Protocol), "other"}


def test_a_recording_without_traffic_has_nothing_final() -> None:
    assert Recording("made", not_recorded="needs keys.capped").final == ()


def test_the_path_of_a_request_has_no_query() -> None:
    assert replace(request("openai"), url="http://h/v1/models/?limit=1").path == "/v1/models"
