"""What an upstream says when it refuses is found, in whichever shape and place it comes."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from upstream_told import DONE, ended, read, started, streamed, text_block

from reference_gateway.errors import UpstreamRefused
from reference_gateway.upstream.reading import error_of

Protocol = Literal["openai", "anthropic"]

SHAPES: dict[str, tuple[Protocol, int, object, tuple[str, str]]] = {
    "openai": (
        "openai",
        400,
        {"error": {"message": "Bad", "type": "invalid_request_error", "param": "n", "code": None}},
        ("invalid_request_error", "Bad"),
    ),
    "anthropic": (
        "anthropic",
        529,
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        ("overloaded_error", "Overloaded"),
    ),
    "a code for a type": (
        "anthropic",
        404,
        {"error": {"code": "DeploymentNotFound", "message": "No such deployment"}},
        ("DeploymentNotFound", "No such deployment"),
    ),
    "a number for a code": (
        "openai",
        429,
        {"error": {"code": 429, "message": "Slow down"}},
        ("requests", "Slow down"),
    ),
    "a number as text": (
        "openai",
        401,
        {"error": {"code": "401", "message": "No"}},
        ("invalid_request_error", "No"),
    ),
    "a status for a type": (
        "openai",
        400,
        [{"error": {"code": 400, "message": "Bad", "status": "INVALID_ARGUMENT"}}],
        ("INVALID_ARGUMENT", "Bad"),
    ),
    "without an inner object": (
        "openai",
        400,
        {"object": "error", "message": "Bad", "type": "invalid_model", "code": "1500"},
        ("invalid_model", "Bad"),
    ),
    "a bare message": (
        "anthropic",
        403,
        {"message": "Access denied"},
        ("permission_error", "Access denied"),
    ),
    "a text for an error": (
        "openai",
        400,
        {"code": "Client specified an invalid argument", "error": "Bad model"},
        ("Client specified an invalid argument", "Bad model"),
    ),
    "detail": (
        "openai",
        401,
        {"detail": "Unauthorized"},
        ("invalid_request_error", "Unauthorized"),
    ),
    "a list of details": (
        "openai",
        422,
        {"detail": [{"loc": ["body", "n"], "msg": "Too small"}, {"msg": "Too big"}]},
        ("invalid_request_error", "body.n: Too small; Too big"),
    ),
    "a JSON string": ("openai", 503, "No room", ("service_unavailable_error", "No room")),
    "half a character": (
        "openai",
        500,
        {"error": {"message": "a\ud83c", "type": "server_error"}},
        ("server_error", "a\ufffd"),
    ),
}


@pytest.mark.parametrize(("protocol", "status", "body", "expected"), SHAPES.values(), ids=SHAPES)
def test_type_and_message_are_found(
    protocol: Protocol, status: int, body: object, expected: tuple[str, str]
) -> None:
    assert error_of(protocol, status, {}, json.dumps(body).encode()) == expected


SILENT = {
    "empty": b"",
    "blank": b" \n",
    "html": b"<html><body><h1>502 Bad Gateway</h1>nginx/1.25</body></html>",
    "an empty object": b"{}",
    "an empty message": b'{"error":{"message":""}}',
    "null": b"null",
    "an empty list": b"[]",
    "a number": b"502",
    "deeply nested": b"[" * 100_000,
}


@pytest.mark.parametrize("body", SILENT.values(), ids=SILENT)
@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
def test_no_message_is_empty_and_no_page_is_repeated(protocol: Protocol, body: bytes) -> None:
    kind, message = error_of(protocol, 502, {}, body)
    assert kind == {"openai": "server_error", "anthropic": "api_error"}[protocol]
    assert message and "nginx" not in message and len(message) < 3_000


def test_plain_text_is_the_message() -> None:
    assert error_of("openai", 503, {}, b"upstream connect error\n")[1] == "upstream connect error"


def test_a_status_that_nobody_knows_is_named_by_its_number() -> None:
    assert "599" in error_of("anthropic", 599, {}, b"")[1]


A = {"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]}
FAILED = {**A, "error": {"code": 502, "message": "Provider disconnected"}}
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}

INSIDE: dict[str, tuple[Protocol, list[Any], tuple[int, str, str]]] = {
    "an error event": (
        "anthropic",
        [started(), *text_block(0, "a"), OVERLOADED, *ended()],
        (529, "overloaded_error", "Overloaded"),
    ),
    "an error event before all else": (
        "anthropic",
        [OVERLOADED],
        (529, "overloaded_error", "Overloaded"),
    ),
    "an error of the other protocol": (
        "anthropic",
        [started(), {"error": {"message": "Boom", "type": "server_error"}}],
        (500, "server_error", "Boom"),
    ),
    "an error chunk": (
        "openai",
        [A, {"error": {"message": "Boom", "type": "server_error", "code": None}}, DONE],
        (500, "server_error", "Boom"),
    ),
    "an error inside of a chunk": (
        "openai",
        [A, FAILED, DONE],
        (502, "", "Provider disconnected"),
    ),
    "an error chunk without choices": (
        "openai",
        [
            A,
            {"id": "1", "choices": [], "error": {"message": "Slow", "code": "rate_limit_exceeded"}},
        ],
        (429, "rate_limit_exceeded", "Slow"),
    ),
    "a text for an error": ("openai", [A, {"error": "Boom"}, DONE], (0, "", "Boom")),
    "an error without a message": (
        "openai",
        [A, {"error": {"code": 500}}],
        (500, "", "The model failed while it answered."),
    ),
    "a word for having no room": (
        "openai",
        [
            {
                "choices": [
                    {"index": 0, "delta": {}, "finish_reason": "insufficient_system_resource"}
                ]
            },
            DONE,
        ],
        (529, "overloaded_error", "The model has no room at the moment."),
    ),
}


@pytest.mark.parametrize(("protocol", "events", "expected"), INSIDE.values(), ids=INSIDE)
def test_an_error_inside_of_an_answer_is_raised(
    protocol: Protocol, events: list[Any], expected: tuple[int, str, str]
) -> None:
    with pytest.raises(UpstreamRefused) as problem:
        streamed(protocol, *events)
    assert (problem.value.status, problem.value.type, problem.value.said) == expected


def test_an_error_that_only_its_event_names_is_raised() -> None:
    raw = b'event: error\ndata: {"message": "Boom"}\n\n'
    with pytest.raises(UpstreamRefused) as problem:
        read("openai", raw, len(raw))
    assert problem.value.said == "Boom"
