"""What real clients did under such a fault stands beside the requirement that fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_pages import page, text_of, verdict

from conformance.catalogue import kills
from conformance.impact import Effect, Impact, Impacts, Sighting
from conformance.report import impact
from conformance.report.impact import consequences, quoted
from conformance.report.symptoms import Seen

ID = "ANT-STR-031"
FAULT = kills()[ID][0]
PYTHON, NODE, CODE = "anthropic-python", "anthropic-node-0", "claude-code"
VERSIONS = {PYTHON: "2.12.0", NODE: "0.137.0", CODE: "2.1.330"}


def known(*seen: Sighting, sound: tuple[Sighting, ...] = ()) -> Impacts:
    """What was measured under one fault."""
    return Impacts(VERSIONS, Impact(seen=sound), {FAULT: Impact(frozenset(), seen)})


def sighting(client: str, effect: Effect, words: str = "", task: str = "text") -> Sighting:
    """What a client did."""
    return Sighting(client, "anthropic", task, effect, words)


SEEN = (
    sighting(PYTHON, Effect.ERROR, "IndexError: <b>no</b> block", task="tool"),
    sighting(PYTHON, Effect.SILENT, "text cut"),
    sighting(NODE, Effect.ERROR, "Error: <b>no</b> message"),
    sighting(CODE, Effect.LOOP),
)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page reads these impacts."""
    monkeypatch.setattr(impact, "impacts", lambda: known(*SEEN))


@pytest.mark.usefixtures("measured")
def test_a_failure_says_what_clients_do(tmp_path: Path) -> None:
    found = page(tmp_path, [verdict(ID)], [])
    text = text_of(found)
    assert (
        "Real clients under such a fault: 1 takes a wrong result for right, 1 loops,"
        " 1 shows an error" in text
    )
    assert "Anthropic SDK for Python 2.12.0 (cut text)" in text
    assert "Anthropic SDK for TypeScript 0.137.0 (Error: <b>no</b> message)" in text
    assert "<b>no</b>" not in found
    assert FAULT in text


@pytest.mark.usefixtures("measured")
def test_nothing_is_said_where_nothing_was_measured(tmp_path: Path) -> None:
    assert "Real clients under such a fault" not in page(tmp_path, [verdict("ANT-EP-003")], [])


@pytest.mark.usefixtures("measured")
def test_the_symptom_quotes_what_clients_say(tmp_path: Path) -> None:
    text = text_of(page(tmp_path, [verdict(ID)], []))
    assert "What clients were heard to say" in text


def test_a_client_stands_with_the_worst_that_it_did() -> None:
    found = consequences(ID, known(*SEEN))
    assert [(felt.effect, len(felt.clients)) for felt in found.felt] == [
        (Effect.SILENT, 1),
        (Effect.LOOP, 1),
        (Effect.ERROR, 1),
    ]


def test_traffic_that_does_not_change_says_nothing_of_the_requirement() -> None:
    same = Impacts(VERSIONS, Impact(), {FAULT: Impact(frozenset(VERSIONS))})
    assert consequences(ID, same) == consequences(ID, Impacts(VERSIONS))
    assert not consequences(ID, same).felt


def test_a_requirement_of_one_protocol_is_not_about_the_other() -> None:
    other = Sighting("openai-python", "openai", "text", Effect.SILENT, "text cut")
    assert not consequences(ID, known(other)).felt


def test_a_right_result_is_said_to_be_one() -> None:
    found = consequences(ID, known(sighting(PYTHON, Effect.NONE), sighting(NODE, Effect.NONE)))
    assert found.summary == "2 are not affected"


def test_a_symptom_quotes_each_text_once_with_its_clients() -> None:
    due = tuple(
        sighting(client, Effect.ERROR, "E: 401", task="wrong_key") for client in (PYTHON, NODE)
    )
    assert quoted("401", known(sound=due)) == (
        Seen("Anthropic SDK for Python 2.12.0, Anthropic SDK for TypeScript 0.137.0", "E: 401"),
    )
