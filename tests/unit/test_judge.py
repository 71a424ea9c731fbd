"""Requirements and recordings in, verdicts out: blocking, filtering, levels, reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from unit_exchanges import (
    ANTHROPIC_ERROR,
    COMPLETION,
    HELLO_STREAM,
    MESSAGE,
    OPENAI_ERROR,
    exchange,
    recording,
)

from conformance import judge as judging
from conformance.catalogue import Entry
from conformance.judge import Judge
from conformance.kinds import Kind, Protocol
from conformance.model import (
    Exchange,
    Failure,
    FailureKind,
    Finding,
    Inconclusive,
    Level,
    NotApplicable,
    Outcome,
    Recording,
    Verdict,
    Violation,
)
from conformance.profile import Profile, load
from conformance.registry import RUN, Requirement, requirements, scenarios

GENERIC = load("generic")
HELD = exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE, "anthropic-plain#1")
OTHER = exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE, "anthropic-tool#1")
CHAT = exchange(Kind.OPENAI_COMPLETION, COMPLETION, "openai-plain#1")
PLAIN = recording("anthropic-plain", HELD)
BOTH = (PLAIN, recording("openai-plain", CHAT))
SEVERAL = (PLAIN, recording("anthropic-tool", OTHER))

Rule = Callable[..., Iterator[Finding]]


def finds(*findings: Finding) -> Rule:
    """A rule that finds the same in every subject."""

    def rule(subject: Any) -> Iterator[Finding]:
        yield from findings

    return rule


def finds_in(id: str, *findings: Finding) -> Rule:
    """A rule that finds something in one exchange only."""

    def rule(subject: Exchange) -> Iterator[Finding]:
        yield from findings if subject.id == id else ()

    return rule


BREAKS = Violation("body", "sound", "broken")
UNSURE = Inconclusive("the model answered without the tool")


def made(id: str, rule: Rule | None = None, **fields: Any) -> Requirement:
    """A requirement on plain Anthropic answers, or what `fields` say."""
    given = {
        "on": (Kind.ANTHROPIC_MESSAGE,),
        "when": None,
        "needs": (),
        "symptom": "401",
        "six": "",
        "judges_silence": False,
        "expects_429": False,
        "needs_lab": False,
    }
    sound = requirements()["ANT-MSG-002"]
    return replace(sound, id=id, rule=rule or finds(), **(given | fields))


@pytest.fixture
def verdict(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Verdict]:
    """Judges the last of some requirements; `levels` and `capability` are by id."""

    def verdict(
        *registered: Requirement,
        recordings: tuple[Recording, ...] = (PLAIN,),
        profile: Profile = GENERIC,
        levels: dict[str, Level | dict[str, Level]] | None = None,
        capability: str = "",
    ) -> Verdict:
        entries = {r.id: _entry(r.id, (levels or {}).get(r.id, Level.MUST)) for r in registered}
        last = registered[-1].id
        entries[last] = replace(entries[last], capability=capability)
        monkeypatch.setattr(judging, "requirements", lambda: {r.id: r for r in registered})
        monkeypatch.setattr(judging, "catalogue", lambda: entries)
        return Judge({r.scenario: r for r in recordings}, profile).verdict(last)

    return verdict


def _entry(id: str, level: Level | dict[str, Level]) -> Entry:
    levels = level if isinstance(level, dict) else {"gateway": level, "vendor": level}
    return Entry(id, levels, "A rule.", (), (), (), "")


Judged = Callable[..., Verdict]

# --------------------------------------------------------------------------------- outcomes


@pytest.mark.parametrize(
    ("findings", "level", "outcome"),
    [
        pytest.param((), Level.MUST, Outcome.PASS, id="nothing"),
        pytest.param((BREAKS,), Level.MUST, Outcome.FAIL, id="a MUST broken"),
        pytest.param((BREAKS,), Level.SHOULD, Outcome.WARN, id="a SHOULD broken"),
        pytest.param((BREAKS,), Level.MAY, Outcome.INFO, id="a MAY seen"),
        pytest.param(
            (replace(BREAKS, level=Level.SHOULD),), Level.MUST, Outcome.WARN, id="a weaker clause"
        ),
        pytest.param(
            (replace(BREAKS, level=Level.MAY),), Level.MUST, Outcome.INFO, id="a MAY clause"
        ),
        pytest.param(
            (replace(BREAKS, level=Level.MAY), replace(BREAKS, level=Level.SHOULD)),
            Level.MUST,
            Outcome.WARN,
            id="the worst of two clauses",
        ),
        pytest.param(
            (replace(BREAKS, level=Level.SHOULD), BREAKS),
            Level.MUST,
            Outcome.FAIL,
            id="the worst is the rule itself",
        ),
        pytest.param((UNSURE,), Level.MUST, Outcome.INCONCLUSIVE, id="inconclusive"),
        pytest.param((UNSURE, BREAKS), Level.MUST, Outcome.FAIL, id="a violation decides"),
        pytest.param(
            (NotApplicable("refused"),), Level.MUST, Outcome.NOT_APPLICABLE, id="not applicable"
        ),
    ],
)
def test_findings_become_an_outcome(
    verdict: Judged, findings: tuple[Finding, ...], level: Level, outcome: Outcome
) -> None:
    assert (
        verdict(made("ANT-X-000", finds(*findings)), levels={"ANT-X-000": level}).outcome is outcome
    )


def test_one_sound_subject_makes_a_pass_of_an_inconclusive_one(verdict: Judged) -> None:
    found = verdict(made("ANT-X-000", finds_in(OTHER.id, UNSURE)), recordings=SEVERAL)

    assert (found.outcome, found.reason) == (Outcome.PASS, "held in 1 of 2")


def test_one_broken_subject_fails_whatever_the_others_say(verdict: Judged) -> None:
    found = verdict(made("ANT-X-000", finds_in(OTHER.id, BREAKS)), recordings=SEVERAL)

    assert [v.exchange for v in found.violations] == [OTHER.id]


def test_a_violation_names_its_exchange_and_level(verdict: Judged) -> None:
    found = verdict(made("ANT-X-000", finds(BREAKS)), levels={"ANT-X-000": Level.SHOULD})

    assert found.violations == (replace(BREAKS, level=Level.SHOULD, exchange=HELD.id),)


def test_a_violation_keeps_the_exchange_that_it_names(verdict: Judged) -> None:
    found = verdict(made("ANT-X-000", finds(replace(BREAKS, exchange="x#9"))))

    assert found.violations[0].exchange == "x#9"


def test_a_violation_of_a_recording_is_one_of_its_last_exchange(verdict: Judged) -> None:
    rule = made("ANT-X-000", finds(BREAKS), on=("anthropic-plain",))
    two = recording("anthropic-plain", HELD, replace(HELD, id="anthropic-plain#2"))

    assert verdict(rule, recordings=(two,)).violations[0].exchange == "anthropic-plain#2"


def test_half_surrogates_in_a_violation_become_printable(verdict: Judged) -> None:
    found = verdict(made("ANT-X-000", finds(Violation("\udc80", "\ud83d", "a\ud83d🦊"))))

    (shown,) = found.violations
    assert (shown.where, shown.expected, shown.actual) == ("\\udc80", "\\ud83d", "a\\ud83d🦊")


@pytest.mark.parametrize(("kind", "outcome"), [("gateway", Outcome.FAIL), ("vendor", Outcome.WARN)])
def test_the_level_is_that_of_the_kind_of_target(
    verdict: Judged, kind: str, outcome: Outcome
) -> None:
    levels = {"ANT-X-000": {"gateway": Level.MUST, "vendor": Level.SHOULD}}
    profile = replace(GENERIC, kind=kind)

    assert (
        verdict(made("ANT-X-000", finds(BREAKS)), levels=levels, profile=profile).outcome is outcome
    )


def test_a_rule_may_ask_for_the_profile(verdict: Judged) -> None:
    def rule(subject: Exchange, profile: Profile) -> Iterator[Finding]:
        yield Violation("profile", "a name", profile.name)

    assert verdict(made("ANT-X-000", rule)).violations[0].actual == "generic"


# ----------------------------------------------------------------------------- applicability


def test_a_protocol_that_is_not_claimed_is_not_applicable(verdict: Judged) -> None:
    profile = replace(GENERIC, endpoints={Protocol.OPENAI: GENERIC.endpoints[Protocol.OPENAI]})

    found = verdict(made("ANT-X-001", finds(BREAKS)), profile=profile)

    assert found.outcome is Outcome.NOT_APPLICABLE
    assert found.reason == "the profile generic does not claim anthropic"


def test_a_gateway_rule_applies_with_one_protocol(verdict: Judged) -> None:
    profile = replace(
        GENERIC, endpoints={Protocol.ANTHROPIC: GENERIC.endpoints[Protocol.ANTHROPIC]}
    )

    assert verdict(made("GW-X-001"), profile=profile).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("capability", "outcome"),
    [("tools", Outcome.PASS), ("vision", Outcome.NOT_APPLICABLE), ("", Outcome.PASS)],
)
def test_a_capability_that_is_not_claimed_is_not_applicable(
    verdict: Judged, capability: str, outcome: Outcome
) -> None:
    assert verdict(made("ANT-X-001"), capability=capability).outcome is outcome


# ------------------------------------------------------------------------------------- needs


def test_a_failed_need_blocks(verdict: Judged) -> None:
    found = verdict(made("ANT-X-001", finds(BREAKS)), made("ANT-X-002", needs=("ANT-X-001",)))

    assert (found.outcome, found.reason) == (Outcome.NOT_RUN, "blocked by ANT-X-001")


def test_a_chain_of_needs_names_the_root(verdict: Judged) -> None:
    found = verdict(
        made("ANT-X-001", finds(BREAKS)),
        made("ANT-X-002", needs=("ANT-X-001",)),
        made("ANT-X-003", needs=("ANT-X-002",)),
    )

    assert found.reason == "blocked by ANT-X-001"


def test_a_warned_need_only_leaves_out_its_exchange(verdict: Judged) -> None:
    found = verdict(
        made("ANT-X-001", finds_in(OTHER.id, BREAKS)),
        made("ANT-X-002", finds(), needs=("ANT-X-001",)),
        recordings=SEVERAL,
        levels={"ANT-X-001": Level.SHOULD},
    )

    assert (found.outcome, found.reason) == (Outcome.PASS, "held in 1 of 1")


@pytest.mark.parametrize(
    "finding",
    [
        pytest.param(UNSURE, id="inconclusive"),
        pytest.param(NotApplicable("refused"), id="not applicable"),
    ],
)
def test_a_need_that_did_not_fail_does_not_block(verdict: Judged, finding: Finding) -> None:
    found = verdict(made("ANT-X-001", finds(finding)), made("ANT-X-002", needs=("ANT-X-001",)))

    assert found.outcome is Outcome.PASS


def test_a_need_without_subject_does_not_block(verdict: Judged) -> None:
    need = made("ANT-X-001", on=(Kind.ANTHROPIC_STREAM,))

    assert verdict(need, made("ANT-X-002", needs=("ANT-X-001",))).outcome is Outcome.PASS


PROBES = ("anthropic-plain", "openai-plain")


def test_a_rule_about_both_protocols_is_judged_on_the_one_that_works(verdict: Judged) -> None:
    found = verdict(
        made("ANT-X-001", finds(BREAKS)),
        made("GW-X-001", finds(BREAKS), on=PROBES, needs=("ANT-X-001",)),
        recordings=BOTH,
    )

    assert [violation.exchange for violation in found.violations] == [CHAT.id]


def test_a_rule_about_both_protocols_is_blocked_where_both_are(verdict: Judged) -> None:
    found = verdict(
        made("ANT-X-001", finds(BREAKS)),
        made("OAI-X-001", finds(BREAKS), on=(Kind.OPENAI_COMPLETION,)),
        made("GW-X-001", on=PROBES, needs=("ANT-X-001", "OAI-X-001")),
        recordings=BOTH,
    )

    assert found.reason == "blocked by ANT-X-001"


def test_a_rule_about_the_run_is_blocked_by_either_protocol(verdict: Judged) -> None:
    found = verdict(
        made("OAI-X-001", finds(BREAKS), on=(Kind.OPENAI_COMPLETION,)),
        made("GW-X-001", on=(RUN,), needs=("OAI-X-001",)),
        recordings=BOTH,
    )

    assert found.reason == "blocked by OAI-X-001"


# ---------------------------------------------------------------------------------- subjects


def test_a_kind_selects_its_exchanges_in_every_recording(verdict: Judged) -> None:
    found = verdict(made("ANT-X-000"), recordings=(*SEVERAL, BOTH[1]))

    assert found.reason == "held in 2 of 2"


def compares(subject: Exchange, seen: dict[str, str]) -> Iterator[Finding]:
    """A rule that finds what an earlier subject had."""
    body = subject.answer.text
    if body in seen:
        yield Violation("body", "another", f"as in {seen[body]}")
    seen[body] = subject.id


def test_a_rule_may_compare_the_exchanges_of_a_run(verdict: Judged) -> None:
    (found,) = verdict(made("ANT-X-000", compares), recordings=SEVERAL).violations

    assert (found.exchange, found.actual) == (OTHER.id, f"as in {HELD.id}")


def test_what_one_judge_has_seen_is_unknown_to_the_next(verdict: Judged) -> None:
    rule = made("ANT-X-000", compares)

    assert [verdict(rule).outcome for _ in range(2)] == [Outcome.PASS, Outcome.PASS]


def test_a_rule_about_the_run_gets_every_recording(verdict: Judged) -> None:
    def rule(recordings: dict[str, Recording]) -> Iterator[Finding]:
        yield Violation("all", "", ", ".join(recordings))

    found = verdict(made("GW-X-001", rule, on=(RUN,)), recordings=BOTH)

    assert found.violations[0].actual == "anthropic-plain, openai-plain"


def test_a_condition_narrows_the_exchanges(verdict: Judged) -> None:
    only = made("ANT-X-000", finds(BREAKS), when=lambda exchange: exchange.id == OTHER.id)

    assert [v.exchange for v in verdict(only, recordings=SEVERAL).violations] == [OTHER.id]


def test_a_superseded_exchange_is_no_subject(verdict: Judged) -> None:
    tried = recording("anthropic-plain", replace(HELD, superseded=True), OTHER)

    found = verdict(made("ANT-X-000", finds(BREAKS)), recordings=(tried,))

    assert [violation.exchange for violation in found.violations] == [OTHER.id]


@pytest.mark.parametrize(
    ("rule", "recordings", "reason"),
    [
        pytest.param(made("ANT-X-000"), (), "nothing exercised it", id="no recording"),
        pytest.param(
            made("ANT-X-000", when=lambda exchange: False),
            (PLAIN,),
            "nothing exercised it",
            id="narrowed",
        ),
        pytest.param(
            made("ANT-X-000", on=("openai-capped",)),
            (Recording("openai-capped", not_recorded="needs keys.capped"),),
            "needs keys.capped",
            id="the scenario says why",
        ),
        pytest.param(
            made("ANT-X-000", on=("openai-capped", "anthropic-capped")),
            (
                Recording("openai-capped", not_recorded="needs keys.capped"),
                Recording("anthropic-capped", not_recorded="needs keys.capped"),
            ),
            "needs keys.capped",
            id="both say the same",
        ),
        pytest.param(
            made("ANT-X-000", on=(Kind.ANTHROPIC_STREAM,), needs_lab=True),
            (PLAIN,),
            "needs lab: only a scripted upstream provokes it",
            id="only a lab provokes it",
        ),
    ],
)
def test_a_requirement_without_subject_is_not_run(
    verdict: Judged, rule: Requirement, recordings: tuple[Recording, ...], reason: str
) -> None:
    found = verdict(rule, recordings=recordings)

    assert (found.outcome, found.reason) == (Outcome.NOT_RUN, reason)


# --------------------------------------------------------------------------- silence and 429


def silent(kind: FailureKind) -> Recording:
    """A recording whose only request got no answer."""
    lost = replace(HELD, response=None, failure=Failure(kind, "no luck"))
    return recording("anthropic-plain", lost)


PROBE = made("ANT-X-000", finds(), on=("anthropic-plain",))


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        pytest.param(FailureKind.TIMEOUT, Outcome.FAIL, id="a request that hangs"),
        pytest.param(FailureKind.MALFORMED, Outcome.FAIL, id="an answer that is no HTTP"),
        pytest.param(FailureKind.RESET, Outcome.INCONCLUSIVE, id="a lost connection"),
        pytest.param(FailureKind.REFUSED, Outcome.INCONCLUSIVE, id="a refused connection"),
        pytest.param(FailureKind.DNS, Outcome.INCONCLUSIVE, id="no name"),
        pytest.param(FailureKind.TLS, Outcome.INCONCLUSIVE, id="no TLS"),
    ],
)
def test_silence_is_a_fault_or_says_nothing(
    verdict: Judged, kind: FailureKind, outcome: Outcome
) -> None:
    assert verdict(PROBE, recordings=(silent(kind),)).outcome is outcome


def test_a_rule_may_judge_silence_itself(verdict: Judged) -> None:
    rule = replace(PROBE, rule=finds(BREAKS), judges_silence=True)

    found = verdict(rule, recordings=(silent(FailureKind.RESET),))

    assert (found.outcome, found.violations[0].actual) == (Outcome.FAIL, "broken")


LIMITED = recording("anthropic-plain", exchange(Kind.ANTHROPIC_ERROR, ANTHROPIC_ERROR, status=429))


def test_a_probe_that_meets_429_is_inconclusive(verdict: Judged) -> None:
    found = verdict(replace(PROBE, rule=finds(BREAKS)), recordings=(LIMITED,))

    assert (found.outcome, found.reason[:23]) == (Outcome.INCONCLUSIVE, "the target answered 429")


def test_a_rule_that_expects_429_judges_it(verdict: Judged) -> None:
    rule = replace(PROBE, rule=finds(BREAKS), expects_429=True)

    assert verdict(rule, recordings=(LIMITED,)).outcome is Outcome.FAIL


# ------------------------------------------------------------------------- the real thing


SOUND = {
    "anthropic-plain": recording("anthropic-plain", HELD),
    "anthropic-stream": recording(
        "anthropic-stream", exchange(Kind.ANTHROPIC_STREAM, HELLO_STREAM, "anthropic-stream#1")
    ),
    "openai-plain": recording("openai-plain", CHAT),
    "openai-wrong-key": recording(
        "openai-wrong-key", exchange(Kind.OPENAI_ERROR, OPENAI_ERROR, "openai-wrong-key#1")
    ),
}


@pytest.mark.parametrize(
    "id",
    ["ANT-EP-001", "ANT-MSG-001", "ANT-STR-028", "OAI-CHAT-001", "OAI-HTTP-004", "ANT-HDR-003"],
)
def test_sound_traffic_passes(id: str) -> None:
    assert Judge(SOUND, GENERIC).verdict(id).outcome is Outcome.PASS


def test_verdicts_are_made_once() -> None:
    judge = Judge(SOUND, GENERIC)

    assert judge.verdict("ANT-MSG-001") is judge.verdicts(["ANT-MSG-001"])["ANT-MSG-001"]


def test_one_root_cause_is_one_red() -> None:
    broken = recording(
        "anthropic-plain", exchange(Kind.ANTHROPIC_ERROR, ANTHROPIC_ERROR, status=500)
    )
    judge = Judge({"anthropic-plain": broken}, GENERIC)
    asked = ["ANT-EP-001", "ANT-MSG-015", "ANT-MSG-001", "ANT-MSG-002", "ANT-TOOL-001"]

    found = [verdict.reason for verdict in judge.verdicts(asked).values()]

    assert found == ["", *["blocked by ANT-EP-001"] * 4]


# ------------------------------------------------------------------- optional and unclaimed


def refusing(words: str, status: int = 400) -> Recording:
    """The tool scenario, refused in these words."""
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": words}}
    refused = exchange(Kind.ANTHROPIC_ERROR, body, "anthropic-tool#1", status=status)
    return recording("anthropic-tool", refused)


@pytest.mark.parametrize(
    ("refused", "claimed", "outcome"),
    [
        pytest.param(refusing("top_k: not here"), (), Outcome.NOT_APPLICABLE, id="by name"),
        pytest.param(
            refusing("unsupported_parameter"), (), Outcome.NOT_APPLICABLE, id="by its code"
        ),
        pytest.param(refusing("top_k: not here"), ("top_k",), Outcome.FAIL, id="but claimed"),
        pytest.param(refusing("top_kings reign"), (), Outcome.FAIL, id="part of a word"),
        pytest.param(refusing("top_k", status=404), (), Outcome.FAIL, id="another status"),
    ],
)
def test_refusing_an_optional_parameter_is_not_failing_it(
    verdict: Judged,
    monkeypatch: pytest.MonkeyPatch,
    refused: Recording,
    claimed: tuple[str, ...],
    outcome: Outcome,
) -> None:
    asks = replace(scenarios()["anthropic-tool"], optional=("top_k",))
    monkeypatch.setattr(judging, "scenarios", lambda: {"anthropic-tool": asks})
    profile = replace(GENERIC, capabilities=GENERIC.capabilities.union(claimed))
    rule = made("ANT-TOOL-001", finds(BREAKS), on=("anthropic-tool",))

    assert verdict(rule, recordings=(refused,), profile=profile).outcome is outcome


def test_what_is_only_asked_on_an_unclaimed_protocol_is_not_applicable(verdict: Judged) -> None:
    chat_only = replace(GENERIC, endpoints={Protocol.OPENAI: GENERIC.endpoints[Protocol.OPENAI]})

    found = verdict(made("GW-X-001", on=("anthropic-tool",)), recordings=(), profile=chat_only)

    assert found.outcome is Outcome.NOT_APPLICABLE
    assert found.reason == "it is asked on anthropic, which the profile generic does not claim"


def test_what_only_unclaimed_capabilities_show_is_not_applicable(
    verdict: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    able = replace(scenarios()["anthropic-tool"], capabilities=("thinking",))
    monkeypatch.setattr(judging, "scenarios", lambda: {"anthropic-tool": able})

    found = verdict(made("ANT-TOOL-001", on=("anthropic-tool",)), recordings=())

    assert found.outcome is Outcome.NOT_APPLICABLE
    assert found.reason == "the profile generic does not claim thinking"
