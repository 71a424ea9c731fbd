"""What a gateway is capable of, told from recordings made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit_exchanges import ANTHROPIC_ERROR, MESSAGE, exchange, recording

from conformance import discovery
from conformance.kinds import Kind
from conformance.model import Recording
from conformance.profile import load

GENERIC = load("generic")


def answered(*names: str) -> dict[str, Recording]:
    """Scenarios that were answered."""
    served = {name: exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE, f"{name}#1") for name in names}
    return {name: recording(name, made) for name, made in served.items()}


def refused(*names: str, status: int = 400) -> dict[str, Recording]:
    """Scenarios that were refused."""
    return {
        name: recording(
            name, exchange(Kind.ANTHROPIC_ERROR, ANTHROPIC_ERROR, f"{name}#1", status=status)
        )
        for name in names
    }


def held(recordings: dict[str, Recording]) -> dict[str, bool]:
    """Which capabilities were found, and which were missed."""
    return {found.capability: found.holds for found in discovery.findings(recordings)}


def test_what_is_answered_is_a_capability() -> None:
    assert held(answered("anthropic-pictures")) == {"vision": True}


def test_what_is_refused_is_none() -> None:
    assert held(refused("anthropic-pictures")) == {"vision": False}


def test_a_refusal_is_quoted_with_its_status() -> None:
    (found,) = discovery.findings(refused("anthropic-pictures", status=422))
    assert found.refusal.startswith("anthropic-pictures: 422: ")


def test_a_refusal_is_blamed_on_what_nothing_else_shows() -> None:
    recordings = answered("anthropic-history") | refused("anthropic-thinking")
    assert held(recordings) == {"thinking_enabled": False, "tools": True}


def test_one_refusal_among_answers_is_enough() -> None:
    recordings = answered("anthropic-history") | refused("anthropic-tools-none")
    assert held(recordings) == {"tools": False}


def test_what_nobody_asked_is_not_found_out() -> None:
    assert held({}) == {}


def test_a_scenario_that_was_not_recorded_says_nothing() -> None:
    lacking = Recording("anthropic-pictures", not_recorded="needs models.anthropic")
    assert held({"anthropic-pictures": lacking}) == {}


@pytest.mark.parametrize(
    ("recordings", "expected"),
    [
        pytest.param(answered("anthropic-pictures"), ["tools", "vision"], id="found"),
        pytest.param(refused("anthropic-pictures"), ["tools"], id="missed"),
        pytest.param({}, ["tools", "vision"], id="not asked"),
    ],
)
def test_the_stanza_adds_what_was_found_and_drops_what_was_missed(
    recordings: dict[str, Recording], expected: list[str]
) -> None:
    claims = {"tools"} if recordings else {"tools", "vision"}
    profile = replace(GENERIC, capabilities=frozenset(claims))
    printed = discovery.stanza(profile, discovery.findings(recordings))
    lines = "".join(f'    "{name}",\n' for name in expected)
    assert printed == f"capabilities = [\n{lines}]"


def test_a_discovery_asks_for_nothing_that_needs_a_word() -> None:
    assert not [s.name for s in discovery.plan_for(GENERIC).scenarios if s.opt_in]


def test_a_discovery_claims_what_any_scenario_asks_for() -> None:
    assert {"vision", "thinking_enabled"} <= discovery.claiming_all(GENERIC).capabilities
