"""What a scenario sends to a sound gateway is what it declares."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from unit_exchanges import (
    ANTHROPIC_ERROR,
    COMPLETION,
    MESSAGE,
    OPENAI_ERROR,
    TOOL_COMPLETION,
    TOOL_MESSAGE,
    exchange,
)

from conformance.kinds import Kind, Protocol
from conformance.model import Exchange
from conformance.profile import CredentialStyle
from conformance.recorder import Gateway
from conformance.registry import Scenario, scenarios
from conformance.scenarios import prompts

MODELS = {
    "anthropic": "good",
    "openai": "good",
    "unsupported": "none",
    "miscased": "GOOD",
    "unprovisioned": "idle",
}
STYLES = (CredentialStyle("x-api-key", "{key}"), CredentialStyle("authorization", "Bearer {key}"))
ALL = [pytest.param(known, id=name) for name, known in scenarios().items()]


@dataclass
class Scripted:
    """A sound gateway without a network: refuses what is wrong, answers the rest.

    It calls a tool where the request offers one and no result came back yet.
    """

    models: dict[str, str] = field(default_factory=lambda: dict(MODELS))
    sent: list[Exchange] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def styles(self, protocol: Protocol) -> tuple[CredentialStyle, ...]:
        """Every style, for both protocols."""
        return STYLES

    def style(self, protocol: Protocol, name: str) -> CredentialStyle:
        """The style of this name."""
        return next(style for style in STYLES if style.name == name)

    async def messages(self, body: dict[str, Any], **how: Any) -> Exchange:
        """Answers on `/messages`."""
        return self._answered("anthropic", body, TOOL_MESSAGE, MESSAGE, ANTHROPIC_ERROR, **how)

    async def chat(self, body: dict[str, Any], **how: Any) -> Exchange:
        """Answers on `/chat/completions`."""
        return self._answered("openai", body, TOOL_COMPLETION, COMPLETION, OPENAI_ERROR, **how)

    def _answered(
        self, protocol: str, body: dict[str, Any], call: Any, text: Any, error: Any, **how: Any
    ) -> Exchange:
        self.keys.append(how.get("key", "valid"))
        asked = {"model": self.models[protocol], **body}
        is_sound = self.keys[-1] == "valid" and asked["model"] == "good" and asked["messages"]
        has_result = len(asked["messages"]) > 1
        plain = {"anthropic": "message", "openai": "completion"}[protocol]
        if not is_sound:
            made = exchange(Kind(f"{protocol} error"), error, **asked)
        elif asked.get("stream"):
            made = exchange(Kind(f"{protocol} stream"), (), **asked)
        else:
            answer = call if "tools" in asked and not has_result else text
            made = exchange(Kind(f"{protocol} {plain}"), answer, **asked)
        self.sent.append(made)
        return made


def played(known: Scenario, **changes: Any) -> Scripted:
    """A sound gateway to which a scenario was played."""
    gateway = Scripted(**changes)
    asyncio.run(known.play(cast(Gateway, gateway)))
    return gateway


@pytest.mark.parametrize("known", ALL)
def test_a_scenario_sends_as_many_requests_as_it_says(known: Scenario) -> None:
    assert len(played(known).sent) == known.exchanges


@pytest.mark.parametrize("known", ALL)
def test_a_scenario_yields_the_kinds_it_says(known: Scenario) -> None:
    assert {made.kind for made in played(known).sent} == set(known.yields)


@pytest.mark.parametrize("known", ALL)
def test_a_scenario_uses_the_keys_and_models_it_declares(known: Scenario) -> None:
    gateway = played(known)
    names = {str(MODELS[role]): role for role in known.models} | {"good": "primary"}

    assert {key for key in gateway.keys if key} <= set(known.keys)
    assert {made.request.json["model"] for made in gateway.sent} <= set(names)


@pytest.mark.parametrize("known", ALL)
def test_a_scenario_costs_no_more_than_it_says(known: Scenario) -> None:
    served = [made for made in played(known).sent if made.status == 200]
    budgets = [
        made.request.json.get("max_completion_tokens" if "openai" in made.kind else "max_tokens")
        for made in served
    ]

    assert 0 < sum(budgets) <= known.cost or not served


ODD = [None, [], {}, "x", 7, [None], [7], [{}], [{"type": "tool_use"}], [{"message": 7}]]


@pytest.mark.parametrize("odd", [pytest.param(value, id=repr(value)) for value in ODD])
@pytest.mark.parametrize(
    "known",
    [
        pytest.param(scenarios()["anthropic-tool-round-trip"], id="anthropic"),
        pytest.param(scenarios()["openai-tool-round-trip"], id="openai"),
    ],
)
def test_a_round_trip_survives_an_odd_answer(
    known: Scenario, odd: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TOOL_MESSAGE, "content", odd)
    monkeypatch.setitem(TOOL_COMPLETION, "choices", odd)

    assert 1 <= len(played(known).sent) <= known.exchanges


def test_the_tool_result_goes_back_with_the_call_verbatim() -> None:
    gateway = played(scenarios()["anthropic-tool-round-trip"])

    assert gateway.sent[1].request.json["messages"][1:] == [
        {"role": "assistant", "content": TOOL_MESSAGE["content"]},
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_01",
                    "content": "18 degrees, fog-4711",
                }
            ],
        },
    ]


def test_the_tool_message_goes_back_with_the_call_verbatim() -> None:
    gateway = played(scenarios()["openai-tool-round-trip"])

    assert gateway.sent[1].request.json["messages"][1:] == [
        TOOL_COMPLETION["choices"][0]["message"],
        {"role": "tool", "tool_call_id": "call_1", "content": "18 degrees, fog-4711"},
    ]


@dataclass
class OldFashioned(Scripted):
    """A gateway that knows the budget by its old name only."""

    def _answered(self, protocol: str, body: dict[str, Any], *rest: Any, **how: Any) -> Exchange:
        if "max_completion_tokens" not in body:
            return super()._answered(protocol, body, *rest, **how)
        error = {"error": {"message": "unknown parameter: max_completion_tokens"}}
        made = exchange(Kind.OPENAI_ERROR, error, status=400, **body)
        self.sent.append(made)
        return made


def test_a_refused_budget_is_asked_again_under_its_old_name() -> None:
    gateway = OldFashioned()
    asyncio.run(scenarios()["openai-plain"].play(cast(Gateway, gateway)))

    assert [made.status for made in gateway.sent] == [400, 200]
    assert gateway.sent[1].request.json["max_tokens"] == prompts.BUDGET


@dataclass
class Picky(Scripted):
    """A gateway that lets in with `authorization` only."""

    def _answered(self, protocol: str, body: dict[str, Any], *rest: Any, **how: Any) -> Exchange:
        if how["style"].name == "bearer":
            return super()._answered(protocol, body, *rest, **how)
        return super()._answered(protocol, body | {"model": "none"}, *rest, **how)


def test_a_plain_question_is_asked_in_every_style_until_one_is_let_in() -> None:
    gateway = Picky()
    asyncio.run(scenarios()["anthropic-plain"].play(cast(Gateway, gateway)))

    assert [made.status for made in gateway.sent] == [401, 200]
