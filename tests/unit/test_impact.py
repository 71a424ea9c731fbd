"""What a client did under a fault: told from its work, written down, and read again."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from conformance import impact
from conformance.clients import catalogue
from conformance.impact import Effect, Impact, Impacts, Sighting
from tests.impact import written
from tests.impact.cells import Cell, cells, concerned
from tests.impact.classifying import LONGEST_WORDS, Work, effect, words
from tests.impact.replaying import Answer, plain
from tests.impact.table import FILE, Table, is_shown, kept, without

ANSWERS = [{"stop": "tool_use", "input": 9, "output": 4}, {"stop": "end", "input": 20, "output": 7}]
SOUND = Work({"text": "It rains.", "answers": ANSWERS}, ("weather(Rome)",), requests=2)


def said(**changes: Any) -> Work:
    """The sound work, but for what the client said."""
    return replace(SOUND, said={**SOUND.said, **changes})


@pytest.mark.parametrize(
    ("work", "found"),
    [
        pytest.param(SOUND, (Effect.NONE, ""), id="the same"),
        pytest.param(replace(SOUND, requests=3), (Effect.REPEATED, ""), id="asked once more"),
        pytest.param(replace(SOUND, over_cap=2, error="429"), (Effect.LOOP, ""), id="over the cap"),
        pytest.param(replace(SOUND, has_ended=False), (Effect.HANG, ""), id="no end"),
        pytest.param(replace(SOUND, seconds=9.0), (Effect.HANG, "ends late"), id="late"),
        pytest.param(replace(SOUND, error="E: no"), (Effect.ERROR, "E: no"), id="error"),
        pytest.param(said(text=""), (Effect.SILENT, "text empty"), id="no text"),
        pytest.param(said(text="It ra"), (Effect.SILENT, "text cut"), id="cut"),
        pytest.param(said(text="It pours."), (Effect.SILENT, "text wrong"), id="other text"),
        pytest.param(replace(SOUND, runs=()), (Effect.SILENT, "no tool ran"), id="no tool"),
        pytest.param(
            replace(SOUND, runs=("weather(Oslo)",)),
            (Effect.SILENT, "tool arguments wrong"),
            id="other arguments",
        ),
        pytest.param(
            replace(SOUND, runs=SOUND.runs * 2), (Effect.SILENT, "tool ran twice"), id="twice"
        ),
        pytest.param(
            said(answers=[ANSWERS[0], {**ANSWERS[1], "stop": None}]),
            (Effect.SILENT, "stop"),
            id="no stop reason",
        ),
        pytest.param(
            said(text="It", answers=[ANSWERS[0], {**ANSWERS[1], "input": 0}]),
            (Effect.SILENT, "text cut, usage"),
            id="two things at once",
        ),
    ],
)
def test_what_a_client_did_is_told_from_its_work(work: Work, found: tuple[Effect, str]) -> None:
    assert effect(SOUND, work) == found


def test_one_of_two_calls_can_be_lost() -> None:
    both = replace(SOUND, runs=("weather(Rome)", "weather(Oslo)"))
    assert effect(both, SOUND) == (Effect.SILENT, "tool call lost")


@pytest.mark.parametrize(
    ("error", "found"),
    [
        ("Refused: 401 request req_0123456789abcdef01234567", (Effect.NONE, "")),
        ("Refused: 500", (Effect.ERROR, "Refused: 500")),
        ("", (Effect.SILENT, "no error")),
    ],
)
def test_where_an_error_is_due_its_absence_is_the_harm(
    error: str, found: tuple[Effect, str]
) -> None:
    due = Work({}, error="Refused: 401 request req_fedcba9876543210fedcba98")
    assert effect(due, replace(due, error=error)) == found


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("E: bad\n  body (_base.py:12 in _read)", "E: bad body"),
        ("AssertionError:  (_stream.py:12 in _read)", "AssertionError: (in _stream.py)"),
        ("E: http://127.0.0.1:4711/v1 refused", "E: http://gateway/v1 refused"),
        ("E: 'text'\nTraceback (most recent call last):\n  File /here", "E: 'text'"),
        ("E: at 127.0.0.1:4711", "E: at 127.0.0.1"),
        ("E: req_01HXYZ0123456789ABCD is unknown", "E: … is unknown"),
        ("E: <object at 0x7f12ab34cd56>", "E: <object at 0x…>"),
        ("E: claude-haiku-4-5 is unknown", "E: claude-haiku-4-5 is unknown"),
    ],
)
def test_an_error_text_keeps_nothing_of_its_occasion(error: str, text: str) -> None:
    assert words(error) == text


def test_an_error_text_is_short() -> None:
    assert len(words("E: " + "no " * 200)) == LONGEST_WORDS


def test_answers_that_differ_in_made_names_and_times_are_alike() -> None:
    one, other = (
        b'HTTP/1.1 200 OK\r\nDate: today\r\n\r\n{"id":"msg_%s","again":"msg_%s","created":17%s}'
        % (name * 12, name * 12, time)
        for name, time in ((b"a1", b"63700000"), (b"b2", b"63700009"))
    )
    assert plain(one) == plain(other)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b'{"id":"msg_a1a1a1a1a1a1a1a1","again":"msg_b2b2b2b2b2b2b2b2"}', id="two ids"),
        pytest.param(
            b'{"id":"msg_a1a1a1a1a1a1a1a1aa","again":"msg_a1a1a1a1a1a1a1a1aa"}', id="long"
        ),
        pytest.param(b'{"id":"a1a1a1a1a1a1a1a1","again":"a1a1a1a1a1a1a1a1"}', id="bare"),
    ],
)
def test_another_use_of_a_made_name_is_a_difference(answer: bytes) -> None:
    sound = b'{"id":"msg_a1a1a1a1a1a1a1a1","again":"msg_a1a1a1a1a1a1a1a1"}'
    assert plain(answer) != plain(sound)


@pytest.mark.parametrize(
    "other", [Answer(b"b", "closed", 0.1), Answer(b"a", "open", 0.1), Answer(b"a", "closed", 9.0)]
)
def test_text_end_and_time_make_an_answer(other: Answer) -> None:
    assert not other.is_like(Answer(b"a", "closed", 0.1))


@pytest.mark.parametrize(
    ("changed", "tried"),
    [
        ({"text", "thinking", "broken"}, ["text"]),
        ({"thinking", "parallel_tools"}, ["parallel_tools", "thinking"]),
        ({"tool", "parallel_tools", "wrong_key"}, ["tool", "wrong_key"]),
        (set(), []),
    ],
)
def test_a_task_is_tried_where_no_simpler_one_shows_it(changed: set[str], tried: list[str]) -> None:
    every = cells(catalogue.named("anthropic-python"))
    traffic: Mapping[Cell, bool] = {cell: cell.task in changed for cell in every}
    assert [cell.task for cell in concerned(every, traffic)] == tried


SLUG = "anthropic-stream-without-event-lines"
SEEN = (
    Sighting("b", "anthropic", "text", Effect.ERROR, 'E: "no"', 3),
    Sighting("b", "anthropic", "tool", Effect.ERROR, 'E: "no"', 3),
    Sighting("c", "anthropic", "text", Effect.ERROR, 'E: "no"', 3),
    Sighting("c", "anthropic", "tool", Effect.ERROR, 'E: "no"', 3),
    Sighting("c", "openai", "tool", Effect.NONE),
)
KNOWN = Impacts(
    {"a": "1.0", "b": "2.0", "c": "3.0"},
    Impact(),
    {"ends": Impact(frozenset("a"), SEEN), "quiet": Impact(frozenset("abc"))},
)


def test_what_is_written_is_read_again() -> None:
    assert impact.read(written.text(KNOWN)) == KNOWN


def test_the_same_of_several_clients_and_tasks_is_one_line() -> None:
    table = tomllib.loads(written.text(KNOWN))["faults"]["ends"]
    assert table["unchanged"] == ["a"]
    assert [(row["on"], row["clients"]) for row in table["seen"]] == [
        ("anthropic text tool", ["b", "c"]),
        ("openai tool", ["c"]),
    ]


def test_all_are_those_that_were_measured_when_it_was_written() -> None:
    grown = replace(KNOWN, versions={**KNOWN.versions, "d": "1.0"})
    again = impact.read(written.text(grown))
    assert again.faults["quiet"].measured == frozenset("abc")


def test_a_client_of_another_version_is_unknown_again() -> None:
    assert without(KNOWN.faults["ends"], ["c"]).measured == frozenset("ab")
    assert without(KNOWN.faults["quiet"], ["c"]).measured == frozenset("ab")


def test_only_what_is_missing_is_measured() -> None:
    python, node = (catalogue.named(name) for name in ("anthropic-python", "anthropic-node"))
    table = Table(Impacts(), is_written=False)
    table.add(SLUG, Impact(frozenset([python.name])))
    assert table.missing(SLUG, [python, node]) == [node]
    table.again = frozenset([SLUG])
    assert table.missing(SLUG, [python, node]) == [python, node]


def test_what_is_measured_anew_takes_the_place_of_what_was_known() -> None:
    table = Table(Impacts(), is_written=False)
    for what in (Effect.NONE, Effect.LOOP):
        seen = Sighting("b", "anthropic", "text", what)
        table.add(SLUG, Impact(frozenset("a"), (seen,)))
    assert table.impacts.faults[SLUG] == Impact(frozenset("a"), (seen,))


def test_what_was_measured_of_another_version_is_not_kept() -> None:
    python, node = (catalogue.named(name) for name in ("anthropic-python", "anthropic-node"))
    known = Impact(frozenset([python.name, node.name]))
    before = Impacts({python.name: "0.0.1", node.name: node.version}, Impact(), {SLUG: known})
    found = kept(before, [], is_anew=False)
    assert found.versions == {node.name: node.version}
    assert found.faults[SLUG].measured == {node.name}


def test_the_file_is_as_the_measurement_writes_it() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert written.text(impact.read(text)) == text


def test_the_file_holds_no_fault_that_does_not_exist_or_needs_the_lab() -> None:
    known = impact.impacts().faults
    assert known
    assert not [slug for slug in known if not is_shown(slug)]


def test_the_file_names_nothing_of_the_machine() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert not re.search(r"127\.0\.0\.1:\d|localhost:\d|/tmp/|/home/|/root/|th-[0-9a-f]{6}", text)


def test_the_file_names_clients_that_exist() -> None:
    known = impact.impacts()
    assert set(known.versions) <= {client.name for client in catalogue.clients()}
    seen = [*known.sound.seen, *known.under(known.faults)]
    assert {sighting.client for sighting in seen} <= set(known.versions)
