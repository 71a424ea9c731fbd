"""What the lab saw is evidence for the rules that ask for it, and a subject of no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from unit_exchanges import COMPLETION, MESSAGE, exchange

from conformance import archive
from conformance.hearing import hear
from conformance.judge import Judge
from conformance.kinds import Kind
from conformance.model import Exchange, Outcome, Recording, Side, Verdict
from conformance.profile import load
from conformance.redaction import Redactor
from conformance.registry import requirements, scenarios, serving
from conformance.requirements.lab_passage import PASSAGES, SERVED
from conformance.secret import Secret

REFERENCE = load("reference")
KEYS = {"upstream": Secret("lab-0123456789abcdef"), "valid": Secret("th-fedcba9876543210")}


def sent(name: str, number: int = 1, **how: object) -> Exchange:
    """An answered question of a client, on the protocol that the scenario's name begins with."""
    is_openai = name.startswith("lab-passage-openai")
    kind = Kind.OPENAI_COMPLETION if is_openai else Kind.ANTHROPIC_MESSAGE
    return exchange(kind, COMPLETION if is_openai else MESSAGE, f"{name}#{number}", **how)


def got(name: str, authorization: str, number: int = 2) -> Exchange:
    """What the lab got for it, with a credential."""
    made = exchange(Kind.OPENAI_COMPLETION, COMPLETION, f"{name}#{number}")
    request = replace(made.request, headers=(("authorization", authorization),))
    return replace(made, request=request, side=Side.UPSTREAM, provider="openai")


def passages(**odd: Recording) -> dict[str, Recording]:
    """A sound recording of each direction; `odd` ones take the place of their own."""
    made = {
        name: Recording(name, (sent(name), got(name, "Bearer lab-0123456789abcdef")))
        for name in PASSAGES
    }
    return made | {name.replace("_", "-"): recording for name, recording in odd.items()}


def verdict(id: str, recordings: dict[str, Recording]) -> Verdict:
    """The verdict on recordings that went through redaction, as all do."""
    redactor = Redactor(KEYS)
    redacted = {name: redactor.recording(recording) for name, recording in recordings.items()}
    return Judge(redacted, REFERENCE).verdict(id)


def test_a_sound_passage_keeps_its_credentials_apart() -> None:
    found = verdict("GW-UP-006", passages())

    assert (found.outcome, found.reason) == (Outcome.PASS, "held in 4 of 4")


@pytest.mark.parametrize(
    "header",
    ["Bearer th-fedcba9876543210", "Basic dGg6 fedcba987654"],
    ids=["the whole key", "a part of it"],
)
def test_a_forwarded_credential_is_reported_where_it_was_seen(header: str) -> None:
    name = "lab-passage-anthropic-openai"
    wrong = Recording(name, (sent(name), got(name, header)))
    found = verdict("GW-UP-006", passages(lab_passage_anthropic_openai=wrong))

    assert found.outcome is Outcome.FAIL
    assert [(v.exchange, v.where) for v in found.violations] == [
        (f"{name}#2", "request.headers.authorization")
    ]


def test_a_credential_of_the_gateway_in_an_answer_is_reported() -> None:
    name = "lab-passage-openai-openai"
    leaking = sent(name, headers=(("x-debug", "lab-0123456789abcdef"),))
    wrong = Recording(name, (leaking, got(name, "Bearer lab-0123456789abcdef")))
    found = verdict("GW-UP-006", passages(lab_passage_openai_openai=wrong))

    assert [(v.exchange, v.where) for v in found.violations] == [(f"{name}#1", "headers.x-debug")]


def test_a_passage_of_which_the_lab_saw_nothing_proves_nothing() -> None:
    unseen = {name: Recording(name, (sent(name),)) for name in PASSAGES}

    assert verdict("GW-UP-006", unseen).outcome is Outcome.INCONCLUSIVE


def unserved(name: str) -> Recording:
    """A direction that the gateway answers with 500."""
    return Recording(name, (sent(name, status=500), got(name, "Bearer lab-0123456789abcdef")))


def test_a_direction_that_is_not_served_is_one_red_and_hides_no_other() -> None:
    name = "lab-passage-anthropic-openai"
    recordings = passages(lab_passage_anthropic_openai=unserved(name))

    served, apart = verdict(SERVED, recordings), verdict("GW-UP-006", recordings)

    assert (served.outcome, served.violations[0].exchange) == (Outcome.FAIL, f"{name}#1")
    assert (apart.outcome, apart.reason) == (Outcome.PASS, "held in 3 of 3")


def test_where_no_direction_is_served_nothing_else_can_be_judged() -> None:
    found = verdict("GW-UP-006", {name: unserved(name) for name in PASSAGES})

    assert (found.outcome, found.reason) == (Outcome.NOT_RUN, f"blocked by {SERVED}")


def test_a_gateway_that_says_it_does_not_translate_is_warned_about() -> None:
    name = "lab-passage-openai-anthropic"
    refused = Recording(name, (sent(name, status=400), got(name, "x")))

    assert verdict(SERVED, passages(lab_passage_openai_anthropic=refused)).outcome is Outcome.WARN


def test_no_rule_about_a_kind_looks_at_what_the_lab_answered() -> None:
    broken = exchange(
        Kind.OPENAI_COMPLETION, {"not": "a completion"}, "lab-passage-openai-openai#2"
    )
    behind = replace(broken, side=Side.UPSTREAM, provider="openai")
    about = [r for r in requirements().values() if Kind.OPENAI_COMPLETION in r.kinds]

    assert about and not [r.id for r in about if r.can_judge(behind)]
    assert [r.id for r in about if r.can_judge(broken)]


def test_only_its_own_requirements_judge_what_a_faulty_upstream_causes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "lab-passage-openai-openai"
    faulty = replace(scenarios()[name], upstream="faulty")
    broken = exchange(Kind.OPENAI_COMPLETION, {"not": "a completion"}, f"{name}#1")
    recordings = {name: Recording(name, (broken,))}

    judged_before = Judge(recordings, REFERENCE).verdict("OAI-CHAT-001").outcome
    monkeypatch.setitem(scenarios(), name, faulty)  # type: ignore[arg-type]
    judged_after = Judge(recordings, REFERENCE).verdict("OAI-CHAT-001").outcome

    assert (judged_before, judged_after) == (Outcome.FAIL, Outcome.NOT_RUN)
    assert name not in serving(requirements()["OAI-CHAT-001"])
    assert not faulty.expects_success


def test_a_requirement_of_the_lab_says_what_it_misses() -> None:
    without = {name: Recording(name, not_recorded="needs --lab") for name in PASSAGES}

    found = verdict("GW-UP-006", without)

    assert (found.outcome, found.reason) == (Outcome.NOT_RUN, "needs --lab")


def test_side_and_provider_survive_the_archive(tmp_path: Path) -> None:
    name = "lab-passage-openai-openai"
    recording = passages()[name]

    assert archive.read(archive.write(recording, tmp_path)) == recording


def test_a_run_folder_with_both_sides_is_judged_offline_as_it_was_live(tmp_path: Path) -> None:
    redactor = Redactor(KEYS)
    for recording in passages().values():
        archive.write(redactor.recording(recording), tmp_path)
    heard = hear([tmp_path], "reference")

    assert heard.verdicts["GW-UP-006"].outcome is Outcome.PASS
    assert heard.exchanges == len(PASSAGES)
