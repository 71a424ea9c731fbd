"""What a scenario sends to a sound gateway is what it declares."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
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
from conformance.model import Exchange, Recording
from conformance.profile import CredentialStyle, load
from conformance.recorder import Gateway
from conformance.registry import Scenario, scenarios
from conformance.scenarios import prompts
from tests.faults.proof import recorded

MODELS = {
    "anthropic": "good",
    "openai": "good",
    "unsupported": "none",
    "miscased": "GOOD",
    "unprovisioned": "idle",
}
STYLES = (CredentialStyle("x-api-key", "{key}"), CredentialStyle("authorization", "Bearer {key}"))
BUDGETS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
BILLED = {
    Kind.ANTHROPIC_MESSAGE,
    Kind.ANTHROPIC_STREAM,
    Kind.OPENAI_COMPLETION,
    Kind.OPENAI_STREAM,
    Kind.OPENAI_TEXT_COMPLETION,
    Kind.OPENAI_TEXT_STREAM,
    Kind.OPENAI_RESPONSE,
    Kind.OPENAI_RESPONSE_STREAM,
}
"""What costs output tokens."""

ALL = [pytest.param(known, id=name) for name, known in scenarios().items()]


@dataclass
class Scripted:
    """A sound gateway without a network: refuses what is wrong, answers the rest.

    It calls a tool where the request offers one and no result came back yet.
    """

    models: dict[str, str] = field(default_factory=lambda: dict(MODELS))
    sent: list[Exchange] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    budget_name: str = "max_completion_tokens"
    facts: dict[str, Any] = field(default_factory=dict)

    def claims(self, capability: str) -> bool:
        """Every capability."""
        return True

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


@pytest.fixture(scope="module")
def recordings() -> Mapping[str, Recording]:
    """Every scenario, played to the reference gateway."""
    return recorded()[0]


@pytest.fixture
def recording(recordings: Mapping[str, Recording], known: Scenario) -> Recording:
    """One scenario, played to the reference gateway."""
    found = recordings.get(known.name, Recording(known.name, not_recorded="is not claimed"))
    if found.not_recorded:
        pytest.skip(found.not_recorded)
    return found


@pytest.mark.parametrize("known", ALL)
def test_a_scenario_sends_as_many_requests_as_it_says(
    known: Scenario, recording: Recording
) -> None:
    models = len(load("reference").chat_models)

    assert len(recording.sent) == known.for_models(models).exchanges


@pytest.mark.parametrize("known", ALL)
def test_a_scenario_yields_the_kinds_it_says(known: Scenario, recording: Recording) -> None:
    found = {made.kind for made in recording.sent}

    # One that names no kind is only for the requirements that name it.
    assert found == set(known.yields) or not known.yields or is_either(known, found)


def is_either(known: Scenario, found: set[Kind]) -> bool:
    """Whether a model that fails was told so in one of the ways that are right."""
    return "scripted_upstream" in known.capabilities and found < set(known.yields)


@pytest.mark.parametrize("known", ALL)
def test_a_scenario_uses_the_keys_it_declares(known: Scenario, recording: Recording) -> None:
    used = {made.credential for made in recording.exchanges}

    # One that issues keys of its own names them itself; some do where it can be done only.
    assert used <= {"", *known.keys} or known.abilities or known.upstream == "faulty"


@pytest.mark.parametrize("known", ALL)
def test_a_scenario_costs_no_more_than_it_says(known: Scenario, recording: Recording) -> None:
    served = [made for made in recording.sent if made.status == 200 and made.kind in BILLED]
    budgets = [max(filter(None, map(made.request.json.get, BUDGETS))) for made in served]

    models = len(load("reference").chat_models)

    assert 0 < sum(budgets) <= known.for_models(models).cost or not served


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


def test_a_refused_budget_name_is_not_asked_again_in_the_same_run() -> None:
    gateway = OldFashioned()
    for name in ("openai-plain", "openai-stream"):
        asyncio.run(scenarios()[name].play(cast(Gateway, gateway)))

    assert [made.status for made in gateway.sent] == [400, 200, 200]


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


# ------------------------------------------------------- what OpenAI's page says of requests


ABOUT_IT = ("openai-val-", "openai-lenient", "openai-abuse", "anthropic-")
"""The scenarios that may send what no client should: that is what they are about."""


@pytest.mark.parametrize("known", ALL)
def test_json_is_asked_for_in_words_too(recording: Recording) -> None:
    for made in recording.exchanges:
        form = made.request.json.get("response_format")
        if isinstance(form, dict) and form.get("type") == "json_object":
            assert "JSON" in str(made.request.json["messages"])


@pytest.mark.parametrize("known", ALL)
def test_no_parameter_is_sent_without_what_it_belongs_to(
    known: Scenario, recording: Recording
) -> None:
    for made in recording.exchanges if not known.name.startswith(ABOUT_IT) else ():
        sent = made.request.json
        assert sent.get("tools") != []
        assert "tool_choice" not in sent or sent.get("tools")
        assert "stream_options" not in sent or sent.get("stream") is True
