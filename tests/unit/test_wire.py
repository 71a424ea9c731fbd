"""Bytes that no HTTP library would send arrive as they are, and the answer is recorded."""

from __future__ import annotations

import asyncio

import pytest
from unit_servers import END, Answer, chunked, http, serving

from conformance import wire
from conformance.model import Ended, Failure, FailureKind, Response
from conformance.profile import load
from conformance.target import Target

TARGET = Target("http://127.0.0.1", "--base-url", load("generic"), {}, {}, {})
ODD = (b"content-length: 2", b"x-odd: a\rb", b"authorization: \xff")


Sent = tuple[Response | None, Failure | None, bytes]


def sent(*answers: Answer, timeout_s: float = 5.0) -> Sent:
    """The answer and the failure of one raw request, and the bytes that arrived."""
    return asyncio.run(_sent(answers, timeout_s))


async def _sent(answers: tuple[Answer, ...], timeout_s: float) -> Sent:
    async with serving(*answers) as server:
        url = f"{server.url}/v1/messages"
        payload = wire.payload(url, ODD, b"{}")
        response, failure = await wire.exchanged(TARGET, url, payload, timeout_s)
        return response, failure, b"".join(server.requests)


def test_header_lines_and_body_arrive_byte_for_byte() -> None:
    _, _, arrived = sent(Answer((http("200 OK", b"{}"),)))

    assert arrived.startswith(b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1:")
    assert arrived.endswith(b"\r\nx-odd: a\rb\r\nauthorization: \xff\r\n\r\n{}")


@pytest.mark.parametrize(
    ("answer", "status", "ended", "body"),
    [
        pytest.param(Answer((http("400 No", b"no"),)), 400, Ended.COMPLETE, b"no", id="sized"),
        pytest.param(Answer((*chunked(b"a", b"b"), END)), 200, Ended.COMPLETE, b"ab", id="chunked"),
        pytest.param(Answer(chunked(b"a")), 200, Ended.CUT, b"a", id="cut"),
        pytest.param(
            Answer((b"HTTP/1.1 200 OK\r\n\r\nopen",)), 200, Ended.COMPLETE, b"open", id="unsized"
        ),
    ],
)
def test_an_answer_is_read_to_its_end(
    answer: Answer, status: int, ended: Ended, body: bytes
) -> None:
    response, failure, _ = sent(answer)

    assert failure is None and response is not None
    assert (response.status, response.ended, response.body) == (status, ended, body)


def test_a_stalled_answer_is_silent() -> None:
    response, failure, _ = sent(Answer(chunked(b"a"), "hang"), timeout_s=0.3)

    assert failure is None and response is not None and response.ended is Ended.SILENT


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(Answer(), FailureKind.RESET, id="closed"),
        pytest.param(Answer(end="reset"), FailureKind.RESET, id="reset"),
        pytest.param(Answer((b"SSH-2.0-x\r\n\r\n",)), FailureKind.MALFORMED, id="no HTTP"),
        pytest.param(Answer(end="hang"), FailureKind.TIMEOUT, id="nothing"),
    ],
)
def test_no_answer_is_a_failure(answer: Answer, kind: FailureKind) -> None:
    response, failure, _ = sent(answer, timeout_s=0.3)

    assert response is None and failure is not None and failure.kind is kind


def test_a_refused_connection_is_a_failure() -> None:
    response, failure = asyncio.run(_refused())

    assert response is None and failure is not None and failure.kind is FailureKind.REFUSED


async def _refused() -> tuple[Response | None, Failure | None]:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()

    return await wire.exchanged(TARGET, f"http://127.0.0.1:{port}/", b"x", 5.0)


def test_headers_are_kept_as_pairs() -> None:
    assert wire.headers((b"A:  b \t", b"no-colon", b"x: \xff")) == (
        ("A", "b"),
        ("no-colon", ""),
        ("x", "\xff"),
    )
