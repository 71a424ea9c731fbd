"""Whatever a gateway answers, no requirement breaks down, and every violation says something.

Sound answers are bent at one to three places, so that what is wrong gets past the needs of
a requirement to the requirement itself.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_exchanges import (
    ANTHROPIC_ERROR,
    CHAT_FAILED_STREAM,
    CHAT_STREAM,
    CHAT_TOOL_STREAM,
    COMPLETION,
    FAILED_STREAM,
    HELLO_STREAM,
    MESSAGE,
    OPENAI_ERROR,
    TOOL_COMPLETION,
    TOOL_MESSAGE,
    TOOL_STREAM,
    exchange,
)

from conformance.judge import Judge
from conformance.kinds import Kind
from conformance.model import Chunk, Exchange, Outcome, Recording, Verdict
from conformance.profile import load
from conformance.registry import requirements, scenarios

SOUND: dict[Kind, tuple[Any, ...]] = {
    Kind.ANTHROPIC_MESSAGE: (MESSAGE, TOOL_MESSAGE),
    Kind.ANTHROPIC_STREAM: (HELLO_STREAM, TOOL_STREAM, FAILED_STREAM),
    Kind.ANTHROPIC_ERROR: (ANTHROPIC_ERROR,),
    Kind.OPENAI_COMPLETION: (COMPLETION, TOOL_COMPLETION),
    Kind.OPENAI_STREAM: (CHAT_STREAM, CHAT_TOOL_STREAM, CHAT_FAILED_STREAM),
    Kind.OPENAI_ERROR: (OPENAI_ERROR,),
}
PROFILES = {"gateway": load("generic"), "vendor": replace(load("generic"), kind="vendor")}
KINDS = [pytest.param(kind, id=kind.value) for kind in SOUND]
WORDS = (
    *("assistant", "text", "tool_use", "end_turn", "max_tokens", "stop", "length", "tool_calls"),
    *("message", "message_stop", "message_delta", "content_block_start", "ping", "error"),
    *("id", "type", "index", "delta", "content", "usage", "choices", "function", "None", "5", ""),
    *("\ud800", "\u2028", "[DONE]", " "),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(
        [0, 1, -1, 10**12, 10**400, -(10**400), 0.5, 1e308, float("inf"), float("nan")]
    ),
    st.sampled_from(WORDS),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3)
    ),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a JSON value."""
    if not isinstance(value, dict | list):
        return
    for key, found in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        yield from places(found, (*path, key))


@st.composite
def bent(draw: st.DrawFn, sound: tuple[Any, ...]) -> Any:
    """A sound value of JSON with one to three places changed, dropped or doubled."""
    value = copy.deepcopy(draw(st.sampled_from(sound)))
    value = list(value) if isinstance(value, tuple) else value
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(list(places(value)) or [()])) or (None,)
        holder = value
        for key in path:
            holder = holder[key]
        what = draw(st.sampled_from(["change", "change", "change", "drop", "double"]))
        if last is None:
            break
        if what == "drop":
            del holder[last]
        elif what == "double" and isinstance(holder, list):
            holder.insert(last, holder[last])
        else:
            holder[last] = draw(VALUES)
    return value


def verdicts(made: list[Exchange], scenario: str, kind: str) -> list[Verdict]:
    """What every requirement says about some exchanges of one scenario."""
    judge = Judge({scenario: Recording(scenario, tuple(made))}, PROFILES[kind])
    return list(judge.verdicts(requirements()).values())


def check(made: list[Exchange], scenario: str = "made") -> None:
    """Judge as gateway and as vendor; every violation says where, what and what instead."""
    for kind in PROFILES:
        for verdict in verdicts(made, scenario, kind):
            assert (verdict.outcome in (Outcome.FAIL, Outcome.WARN, Outcome.INFO)) is bool(
                verdict.violations
            )
            for said in verdict.violations:
                assert said.where.strip() and said.expected.strip() and said.actual.strip()
                assert f"{said.where}{said.expected}{said.actual}".encode()


def twice(kind: Kind, value: Any, headers: tuple[tuple[str, str], ...] = ()) -> list[Exchange]:
    """Two exchanges with one value, so that what compares them has something to compare."""
    return [exchange(kind, value, f"made#{n}", headers=headers) for n in (1, 2)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("profile", list(PROFILES))
def test_sound_answers_pass(kind: Kind, profile: str) -> None:
    made = [exchange(kind, value, f"made#{n}") for n, value in enumerate(SOUND[kind])]
    made = [replace(one, response=_with_id(one, n)) for n, one in enumerate(made)]

    found = {v.requirement for v in verdicts(made, "made", profile) if v.outcome is Outcome.FAIL}

    assert found == set()


def _with_id(made: Exchange, number: int) -> Any:
    """The response with an id of its own in its body."""
    body = made.answer.body.replace(b'"msg_01"', b'"msg_0%d"' % number)
    body = body.replace(b'"chatcmpl-1"', b'"chatcmpl-%d"' % number)
    return replace(made.answer, chunks=(Chunk(0.1, body),))


@pytest.mark.parametrize("kind", KINDS)
def test_no_bent_answer_breaks_a_requirement(kind: Kind) -> None:
    @settings(max_examples=25)
    @given(bent(SOUND[kind]))
    def judged(value: Any) -> None:
        check(twice(kind, value))

    judged()


@pytest.mark.parametrize("kind", KINDS)
def test_no_value_of_json_breaks_a_requirement(kind: Kind) -> None:
    values = st.lists(VALUES, max_size=4) if kind.endswith("stream") else VALUES

    @settings(max_examples=12)
    @given(values)
    def judged(value: Any) -> None:
        check(twice(kind, value))

    judged()


@pytest.mark.parametrize("kind", KINDS)
def test_no_bytes_break_a_requirement(kind: Kind) -> None:
    pieces = st.sampled_from(
        (
            *(b"data: ", b"event: error", b"id: 1", b": c", b"\n", b"\r", b"\n\n", b" "),
            *(b"{", b"{}", b'"error":', b'{"choices":[]}', b"[DONE]", b"<html>"),
            *(b"\xff", b"\xef\xbb\xbf"),
        )
    )
    made = twice(kind, SOUND[kind][0])

    @settings(max_examples=12)
    @given(st.lists(pieces | st.binary(max_size=3), max_size=8).map(b"".join))
    def judged(body: bytes) -> None:
        check([replace(e, response=replace(e.answer, chunks=(Chunk(0.1, body),))) for e in made])

    judged()


HEADERS = ["date", "content-type", "request-id", "x-request-id", "retry-after", "cache-control"]


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("x", id="a word"),
        pytest.param("é", id="no ASCII"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 -0500", id="beyond the last year"),
        pytest.param("Mon, 99 Foo 99999 99:99:99 +9999", id="an impossible date"),
        pytest.param("[key:valid:whole]", id="a leaked key"),
    ],
)
def test_no_header_breaks_a_requirement(name: str, value: str) -> None:
    for kind, sound in SOUND.items():
        check(twice(kind, sound[0], ((name, value),)))


def test_an_exchange_without_start_breaks_no_requirement() -> None:
    check([replace(made, started_at="") for made in twice(Kind.OPENAI_COMPLETION, COMPLETION)])


@st.composite
def probes(draw: st.DrawFn) -> Recording:
    """One or two exchanges of a scenario, sound or bent, of any kind of its protocol."""
    known = draw(st.sampled_from(list(scenarios().values())))
    made: list[Exchange] = []
    for number in range(1, draw(st.integers(1, 2)) + 1):
        kind = draw(st.sampled_from([kind for kind in SOUND if kind.startswith(known.protocol)]))
        value = draw(st.sampled_from(SOUND[kind]) | bent(SOUND[kind]))
        made.append(exchange(kind, value, f"{known.name}#{number}"))
    return Recording(known.name, tuple(made))


@settings(max_examples=80)
@given(probes())
def test_no_bent_answer_breaks_a_probe(recording: Recording) -> None:
    check(list(recording.exchanges), recording.scenario)


def test_a_nested_body_breaks_no_requirement() -> None:
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    bodies = [MESSAGE | {key: deep} for key in MESSAGE]
    made = [exchange(Kind.ANTHROPIC_MESSAGE, body, f"made#{n}") for n, body in enumerate(bodies)]

    check(made)


def test_violations_of_sound_json_are_json_themselves() -> None:
    made = exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE | {"stop_reason": "stop"}, "made#1")

    (said,) = next(
        v.violations for v in verdicts([made], "made", "gateway") if v.requirement == "ANT-MSG-007"
    )

    assert json.loads(said.actual) == "stop"
