"""A gateway that somebody else started: its address in every form, its keys and adapters."""

from __future__ import annotations

import pytest
from process_gateway import Gateway
from process_run import Run

from conformance.model import Outcome

_MONEY = ("GW-CAP-001", "GW-CAP-003", "GW-CAP-004")
_FORMS = ["/api", "/api/", "/v1", "/api/v1", "/v1/", ""]


@pytest.fixture(scope="module")
def generic(suite, gateway: Gateway) -> Run:
    """The whole suite against a gateway of which nothing is known but URL and key."""
    return suite(f"--base-url={gateway.base_url}/api", env=gateway.with_key)


@pytest.fixture(scope="module")
def reference(suite, gateway: Gateway) -> Run:
    """The whole suite, with the profile and the control API of the reference gateway."""
    return suite(
        f"--base-url={gateway.base_url}/v1", "--profile=reference", env=gateway.with_control
    )


def test_a_separately_started_gateway_conforms(generic: Run) -> None:
    assert generic.status == 0


@pytest.mark.parametrize("form", _FORMS)
def test_every_form_of_the_base_url_is_accepted(suite, gateway: Gateway, form: str) -> None:
    url = gateway.base_url + form
    found = suite(f"--base-url={url}", "-m", "smoke", env=gateway.with_key)
    assert found.status == 0
    # What the protocols leave open is accepted, and named: `info`.
    assert set(found.outcomes.values()) == {"pass", "info"}
    assert found.line("target:") == f"target: {url.rstrip('/')} (from --base-url)"


def test_api_and_v1_give_the_same_verdicts(suite, gateway: Gateway, generic: Run) -> None:
    found = suite(f"--base-url={gateway.base_url}/v1", env=gateway.with_key)
    assert found.status == 0
    assert found.outcomes == generic.outcomes


def test_the_first_listed_model_is_asked_where_none_is_named(generic: Run) -> None:
    assert generic.judged.preflight["models"] == {
        "anthropic": "claude-opus-4-7",
        "openai": "claude-opus-4-7",
    }


def test_with_the_control_api_the_money_requirements_are_judged(reference: Run) -> None:
    assert reference.status == 0
    assert {reference.outcomes[id] for id in _MONEY} == {"pass"}


def test_a_separate_gateway_gets_the_verdicts_of_the_embedded_one(
    reference: Run, embedded: Run
) -> None:
    verdicts = reference.verdicts.items()
    lacking = ("needs --", "needs lab")
    asked = {id for id, found in verdicts if not found.reason.startswith(lacking)}
    assert sum(found.reason.startswith("needs --include") for _, found in verdicts) < 20
    assert {id: reference.outcomes[id] for id in asked} == {
        id: embedded.outcomes[id] for id in asked
    }


def test_without_keys_for_them_money_requirements_are_not_run(generic: Run) -> None:
    for id in _MONEY:
        verdict = generic.verdicts[id]
        assert verdict.outcome is Outcome.NOT_RUN and verdict.reason.startswith("needs keys.")


def test_what_was_not_covered_is_named_in_the_summary(generic: Run) -> None:
    line = generic.line("not covered, needs keys.capped:")
    assert all(id in line for id in _MONEY)


def test_a_run_that_must_be_complete_exits_7_where_a_key_is_missing(
    suite, gateway: Gateway
) -> None:
    found = suite(
        f"--base-url={gateway.base_url}",
        *("--require-complete", "-k", "GW-CAP-001"),
        env=gateway.with_key,
    )
    assert found.status == 7
    assert found.judged.footer["exit_status"] == 7


def test_a_capped_key_from_the_environment_makes_money_requirements_run(
    suite, gateway: Gateway
) -> None:
    keys = {**gateway.with_key, "GATEWAY_CAPPED_KEY": gateway.new_key(cap_nanousd=0)}
    selected = " or ".join(_MONEY)
    found = suite(f"--base-url={gateway.base_url}", "-k", selected, env=keys)
    assert found.status == 0
    assert set(found.outcomes) == set(_MONEY)
    assert set(found.outcomes.values()) <= {"pass", "info"}


def test_a_key_comes_from_a_file_too(suite, gateway: Gateway, place) -> None:
    file = place / "key"
    file.write_text(f"{gateway.key}\n")
    found = suite(f"--base-url={gateway.base_url}", f"--api-key-file={file}", "-k", "OAI-HTTP-001")
    assert found.status == 0


@pytest.mark.parametrize(
    ("options", "models"),
    [
        (("--model=claude-haiku-4-5",), ("claude-haiku-4-5", "claude-haiku-4-5")),
        (("--model-openai=claude-haiku-4-5",), ("claude-opus-4-7", "claude-haiku-4-5")),
        (("--model-anthropic=claude-haiku-4-5",), ("claude-haiku-4-5", "claude-opus-4-7")),
    ],
    ids=["both", "openai", "anthropic"],
)
def test_the_models_can_be_named(
    suite, gateway: Gateway, options: tuple[str, ...], models: tuple[str, str]
) -> None:
    found = suite(
        f"--base-url={gateway.base_url}", *options, "-k", "OAI-HTTP-001", env=gateway.with_key
    )
    assert found.status == 0
    named = found.judged.preflight["models"]
    assert (named["anthropic"], named["openai"]) == models


def test_one_protocol_can_be_judged_alone(suite, gateway: Gateway) -> None:
    found = suite(
        f"--base-url={gateway.base_url}",
        *("--protocol=openai", "-k", "ANT-EP-001 or OAI-HTTP-001"),
        env=gateway.with_key,
    )
    assert found.outcomes == {"ANT-EP-001": "not_applicable", "OAI-HTTP-001": "pass"}
