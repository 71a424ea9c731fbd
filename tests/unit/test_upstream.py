"""The rules about a model that fails, is silent or has no room."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit_exchanges import (
    CHAT_STREAM,
    FAILED_STREAM,
    HELLO_STREAM,
    choice,
    chunk,
    exchange,
    framed,
    recording,
    response,
)

from conformance import sse
from conformance.judge import NEEDS_LAB, Judge
from conformance.kinds import Kind
from conformance.model import Chunk, Ended, Inconclusive, Level, Outcome, Recording
from conformance.profile import load
from conformance.registry import requirements

CHAT_FAILED = (*CHAT_STREAM[:2], {"error": {"message": "broken"}})
CHAT_STOPPED = (*CHAT_STREAM[:2], chunk(choice(finish="stop")), sse.DONE)


def streamed(name: str, values: Any, ended: Ended = Ended.COMPLETE) -> Recording:
    """A recording of one stream of these events."""
    is_chat = name.startswith("openai")
    kind = Kind.OPENAI_STREAM if is_chat else Kind.ANTHROPIC_STREAM
    made = exchange(kind, values, f"{name}#1")
    answered = response(framed(values, not is_chat), 200, "text/event-stream")
    return recording(name, replace(made, response=replace(answered, ended=ended)))


def found(id: str, made: Recording) -> list[Any]:
    """The levels of what a rule finds; `inconclusive` where it cannot tell."""
    return [
        "inconclusive" if isinstance(finding, Inconclusive) else finding.level
        for finding in requirements()[id].find(made, load("reference"))
    ]


@pytest.mark.parametrize(
    ("name", "values", "ended", "count"),
    [
        pytest.param("anthropic-broken-stream", FAILED_STREAM, Ended.COMPLETE, 0, id="error"),
        pytest.param("anthropic-broken-stream", FAILED_STREAM[:-1], Ended.CUT, 0, id="cut"),
        pytest.param("anthropic-broken-stream", FAILED_STREAM[:-1], Ended.COMPLETE, 1, id="just"),
        pytest.param("anthropic-broken-stream", HELLO_STREAM, Ended.COMPLETE, 1, id="whole"),
        pytest.param("openai-broken-stream", CHAT_FAILED, Ended.COMPLETE, 0, id="chat error"),
        pytest.param("openai-broken-stream", CHAT_FAILED[:-1], Ended.CUT, 0, id="chat cut"),
        pytest.param("openai-broken-stream", CHAT_FAILED[:-1], Ended.COMPLETE, 1, id="chat just"),
        pytest.param("openai-broken-stream", CHAT_STOPPED, Ended.COMPLETE, 1, id="chat whole"),
    ],
)
def test_a_broken_stream_must_not_look_whole(
    name: str, values: Any, ended: Ended, count: int
) -> None:
    assert len(found("GW-SSE-003", streamed(name, values, ended))) == count


def silent(gaps_s: tuple[float, ...], values: Any = HELLO_STREAM) -> Recording:
    """A stream that is silent for so long between its parts; 1.2 s stand for two minutes."""
    made = streamed("anthropic-silence", values)
    body, at_s, chunks = framed(values, True), 0.0, []
    for number, gap_s in enumerate(gaps_s):
        at_s += gap_s
        chunks.append(Chunk(at_s, body if number == len(gaps_s) - 1 else b": alive\n\n"))
    last = made.exchanges[0]
    assert last.response is not None
    timed = replace(last.response, chunks=tuple(chunks), headers_at_s=0.0, ended_at_s=at_s)
    return replace(made, exchanges=(replace(last, response=timed),), facts={"silence_s": 1.2})


@pytest.mark.parametrize(
    ("id", "gaps_s", "expected"),
    [
        pytest.param("GW-SSE-002", (0.2,) * 6, [], id="pings"),
        pytest.param("GW-SSE-002", (0.1, 1.2), [Level.SHOULD], id="no ping"),
        pytest.param("ANT-STR-008", (0.5,) * 3, [], id="within a minute"),
        pytest.param("ANT-STR-008", (0.1, 1.2), [Level.SHOULD], id="two minutes"),
        pytest.param("ANT-STR-008", (0.1, 3.1), [Level.MUST], id="five minutes"),
    ],
)
def test_silence_has_to_be_bridged(id: str, gaps_s: tuple[float, ...], expected: Any) -> None:
    assert found(id, silent(gaps_s)) == expected


def test_a_stream_that_is_cut_in_its_silence_fails() -> None:
    assert found("GW-SSE-002", silent((0.2,) * 4, HELLO_STREAM[:3])) == [None]


def refused(name: str, status: int, type: str, **headers: str) -> Recording:
    """A refusal of a request that is sound."""
    kind = Kind.ANTHROPIC_ERROR if name.startswith("anthropic") else Kind.OPENAI_ERROR
    body = {"error": {"type": type, "message": "no", "param": None, "code": None}}
    made = exchange(kind, body, f"{name}#1", status=status)
    assert made.response is not None
    told = replace(made.response, headers=(*made.response.headers, *headers.items()))
    return recording(name, replace(made, response=told))


WAIT = {"retry-after": "5"}
OVERLOADED = "service_unavailable_error"


@pytest.mark.parametrize(
    ("status", "type", "headers", "expected"),
    [
        pytest.param(503, OVERLOADED, WAIT, [], id="503"),
        pytest.param(503, OVERLOADED, {}, [None], id="without a time"),
        pytest.param(503, "invalid_request_error", WAIT, [None], id="another type"),
        pytest.param(400, OVERLOADED, WAIT, [None], id="400"),
        pytest.param(401, "x", {}, ["inconclusive"], id="401"),
    ],
)
def test_overload_is_told_as_such(
    status: int, type: str, headers: dict[str, str], expected: Any
) -> None:
    assert (
        found("OAI-ERR-011", refused("openai-refused-upstream", status, type, **headers))
        == expected
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [(529, []), (503, []), (429, []), (400, [None]), (401, ["inconclusive"])],
)
def test_what_fails_at_once_has_a_status(status: int, expected: Any) -> None:
    assert found("ANT-STR-033", refused("anthropic-refused-upstream", status, "x")) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(FAILED_STREAM[-1:], [], id="an error first"),
        pytest.param(FAILED_STREAM, [None], id="an error later"),
        pytest.param((), [None], id="nothing"),
    ],
)
def test_in_a_stream_an_error_comes_first(values: Any, expected: Any) -> None:
    assert found("ANT-STR-033", streamed("anthropic-refused-upstream", values)) == expected


@pytest.mark.parametrize("id", ["GW-SSE-002", "GW-SSE-003", "ANT-STR-033", "OAI-ERR-011"])
def test_a_real_model_cannot_be_told_to_fail(id: str) -> None:
    verdict = Judge({}, load("generic")).verdict(id)

    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_RUN, NEEDS_LAB)
