"""Whatever a gateway answers, no requirement breaks down, and every violation says something.

Sound answers are bent at one to three places, so that what is wrong gets past the needs of
a requirement to the requirement itself.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
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
from tests.faults.proof import recorded

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


def verdicts(recording: Recording, kind: str) -> list[Verdict]:
    """What every requirement says about the recording of one scenario."""
    judge = Judge({recording.scenario: recording}, PROFILES[kind])
    return list(judge.verdicts(requirements()).values())


def check(recording: Recording) -> None:
    """Judge as gateway and as vendor; every violation says where, what and what instead."""
    for kind in PROFILES:
        for verdict in verdicts(recording, kind):
            assert (verdict.outcome in (Outcome.FAIL, Outcome.WARN, Outcome.INFO)) is bool(
                verdict.violations
            )
            for said in verdict.violations:
                assert said.where.strip() and said.expected.strip() and said.actual.strip()
                assert f"{said.where}{said.expected}{said.actual}".encode()


def made_of(exchanges: Iterable[Exchange]) -> Recording:
    """The recording of a scenario that no requirement names."""
    return Recording("made", tuple(exchanges))


def twice(kind: Kind, value: Any, headers: tuple[tuple[str, str], ...] = ()) -> list[Exchange]:
    """Two exchanges with one value, so that what compares them has something to compare."""
    return [exchange(kind, value, f"made#{n}", headers=headers) for n in (1, 2)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("profile", list(PROFILES))
def test_sound_answers_pass(kind: Kind, profile: str) -> None:
    made = [exchange(kind, value, f"made#{n}") for n, value in enumerate(SOUND[kind])]
    made = [replace(one, response=_with_id(one, n)) for n, one in enumerate(made)]

    found = verdicts(made_of(made), profile)

    assert not [v.requirement for v in found if v.outcome is Outcome.FAIL]


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
        check(made_of(twice(kind, value)))

    judged()


@pytest.mark.parametrize("kind", KINDS)
def test_no_value_of_json_breaks_a_requirement(kind: Kind) -> None:
    values = st.lists(VALUES, max_size=4) if kind.endswith("stream") else VALUES

    @settings(max_examples=12)
    @given(values)
    def judged(value: Any) -> None:
        check(made_of(twice(kind, value)))

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
        answers = (replace(e.answer, chunks=(Chunk(0.1, body),)) for e in made)
        check(made_of(replace(e, response=a) for e, a in zip(made, answers, strict=True)))

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
        check(made_of(twice(kind, sound[0], ((name, value),))))


def test_an_exchange_without_start_breaks_no_requirement() -> None:
    made = twice(Kind.OPENAI_COMPLETION, COMPLETION)

    check(made_of(replace(each, started_at="") for each in made))


LONGEST = 6
"""The exchanges of a recording whose answers are bent: longer ones take too long to judge."""


@pytest.fixture(scope="module")
def recordings() -> list[Recording]:
    """What every scenario of moderate length sends to the reference gateway."""
    found = recorded()[0].values()
    return [r for r in found if not r.not_recorded and 0 < len(r.exchanges) <= LONGEST]


@st.composite
def probes(draw: st.DrawFn, recordings: list[Recording]) -> Recording:
    """A scenario as it was sent, with one or two answers of any kind of its protocol instead."""
    recording = draw(st.sampled_from(recordings))
    protocol = scenarios()[recording.scenario].protocol
    made = list(recording.exchanges)
    for _ in range(draw(st.integers(1, 2))):
        number = draw(st.integers(0, len(made) - 1))
        kind = draw(st.sampled_from([kind for kind in SOUND if kind.startswith(protocol)]))
        own, is_own = made[number].answer.object, draw(st.booleans())
        sound: tuple[Any, ...] = (own,) if own and is_own else SOUND[kind]
        value = draw(st.sampled_from(sound) | bent(sound))
        answer = exchange(kind, value, made[number].id).response
        made[number] = replace(made[number], response=answer, failure=None)
    return replace(recording, exchanges=tuple(made))


def test_no_bent_answer_breaks_a_probe(recordings: list[Recording]) -> None:
    @settings(max_examples=80)
    @given(probes(recordings))
    def judged(recording: Recording) -> None:
        check(recording)

    judged()


def test_a_nested_body_breaks_no_requirement() -> None:
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    bodies = [MESSAGE | {key: deep} for key in MESSAGE]
    made = [exchange(Kind.ANTHROPIC_MESSAGE, body, f"made#{n}") for n, body in enumerate(bodies)]

    check(made_of(made))


def test_violations_of_sound_json_are_json_themselves() -> None:
    made = exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE | {"stop_reason": "stop"}, "made#1")

    (said,) = next(
        v.violations for v in verdicts(made_of([made]), "gateway") if v.requirement == "ANT-MSG-007"
    )

    assert json.loads(said.actual) == "stop"
