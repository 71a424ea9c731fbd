"""`--lab`: who the lab is, what its models are called, and that nobody pays for them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from conformance import account, budget
from conformance.errors import UsageError
from conformance.exits import exit_status, is_not_covered
from conformance.manner import Manner
from conformance.meter import Meter
from conformance.model import Level, Outcome, Verdict
from conformance.plan import lacking_lab, plan
from conformance.profile import Price, load
from conformance.registry import LAB_MODELS, SCRIPTED, requirements, scenarios
from conformance.secret import Secret
from conformance.target import LabAddress, Target, Wish, resolve

URL = "http://127.0.0.1:9/v1"
LAB = "http://127.0.0.1:8"
TOKEN = {"GATEWAY_LAB_TOKEN": "lab-token", "GATEWAY_API_KEY": "gw-key"}
PASSAGE = scenarios()["lab-passage-anthropic-openai"]
BROKEN = scenarios()["anthropic-broken-stream"]


def foreign(profile: str = "", lab: str = LAB) -> Target:
    """Somebody else's gateway, with the lab behind it unless it is said otherwise."""
    return resolve(Wish(base_url=URL, profile=profile, lab=lab), TOKEN)


def own_profile(place: Path, text: str) -> str:
    """A profile file."""
    path = place / "own.toml"
    path.write_text(text)
    return str(path)


def test_the_lab_is_an_address_and_a_token() -> None:
    found = foreign()

    assert found.lab == LabAddress(LAB, Secret("lab-token")) and found.has_lab
    assert Secret("lab-token") in found.secrets and "lab-token" not in repr(found)


@pytest.mark.parametrize(
    ("wish", "environ", "words"),
    [
        (Wish(base_url=URL, lab=LAB), {}, "set GATEWAY_LAB_TOKEN"),
        (Wish(base_url=URL, lab="nowhere"), TOKEN, "--lab: found 'nowhere'"),
        (Wish(lab=LAB), TOKEN, "the embedded gateway has a lab of its own"),
    ],
    ids=["no token", "no URL", "the embedded gateway"],
)
def test_what_is_wrong_with_the_lab_is_one_line(
    wish: Wish, environ: dict[str, str], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        resolve(wish, environ)


def test_the_models_of_the_lab_have_names_where_there_is_a_lab() -> None:
    assert foreign().models.items() >= LAB_MODELS.items()
    assert not set(foreign(lab="").models) & set(LAB_MODELS)


def test_a_profile_renames_a_role_or_does_without_it(tmp_path: Path) -> None:
    own = own_profile(tmp_path, "[models]\nlab_openai = 'behind'\nlab_anthropic = ''")
    found = foreign(own)

    assert found.models["lab_openai"] == "behind" and "lab_anthropic" not in found.models
    assert lacking_lab(scenarios()["lab-passage-openai-anthropic"], found) == (
        "models.lab_anthropic",
    )


def test_without_a_lab_a_scenario_of_the_lab_says_so() -> None:
    assert lacking_lab(PASSAGE, foreign(lab="")) == ("--lab",)
    assert lacking_lab(PASSAGE, foreign()) == ()


def test_the_embedded_gateway_will_have_a_lab() -> None:
    before = resolve(Wish(), {})

    assert lacking_lab(PASSAGE, before) == ()
    assert lacking_lab(PASSAGE, before.started(URL, Secret("th-key"))) == ("--lab",)


@pytest.mark.parametrize(
    ("target", "lacks"),
    [
        pytest.param(foreign(lab=""), ("--lab",), id="neither"),
        pytest.param(foreign(), (), id="a lab"),
        pytest.param(foreign("reference", lab=""), (), id="models of its own that obey"),
    ],
)
def test_the_lab_stands_in_for_a_model_that_obeys(target: Target, lacks: tuple[str, ...]) -> None:
    planned = plan(["GW-SSE-003"], target.profile)

    assert BROKEN in planned.scenarios and SCRIPTED in BROKEN.capabilities
    assert lacking_lab(BROKEN, target) == lacks


def estimated(target: Target) -> budget.Estimate:
    """What everything can come to at a target."""
    return budget.estimate(plan(requirements(), target.profile), target, frozenset())


def test_the_lab_is_counted_and_costs_nothing() -> None:
    without, found = estimated(foreign("tokenhub", lab="")), estimated(foreign("tokenhub"))

    assert without.to_lab == 0 < found.to_lab == found.requests - without.requests
    assert found.cost_usd == without.cost_usd and found.output_tokens == without.output_tokens
    assert found.words.endswith(f"; {found.to_lab} of them to the lab, for nothing")


def test_primary_models_that_are_the_lab_obey_and_cost_nothing() -> None:
    wish = Wish(base_url=URL, lab=LAB, model_anthropic="lab-anthropic", model_openai="lab-openai")
    target = resolve(wish, TOKEN)
    found = estimated(target)

    assert target.profile.claims((SCRIPTED,)) and not foreign().profile.claims((SCRIPTED,))
    assert found.to_lab == found.requests and not found.unpriced and found.cost_usd == 0


def test_the_limit_of_requests_to_a_stranger_grows_by_what_the_lab_answers() -> None:
    found = estimated(foreign())
    limits = budget.limits_of(Manner(), foreign(), found)

    assert limits.requests == budget.DEFAULT_REQUESTS + found.to_lab


def test_the_meter_charges_nothing_for_the_lab() -> None:
    dear = Meter({"dear": Price(1000, 1000)}, free=foreign().lab_models)
    body = b'{"model": "lab-openai", "max_tokens": 1000}'

    assert dear.open(body).worst_usd == Decimal(0) < dear.open(b'{"model": "dear"}').worst_usd
    assert dear.requests == 2


def test_the_header_counts_only_what_is_sent() -> None:
    counts = {
        lab: account.header(
            foreign(lab=lab),
            None,
            Manner(),
            plan(["GW-UP-006"], foreign().profile),
            frozenset(),
        )
        for lab in ("", LAB)
    }

    assert [counts[lab]["lab"] for lab in ("", LAB)] == ["", LAB]
    assert counts[LAB]["planned_exchanges"] - counts[""]["planned_exchanges"] == 12
    assert "lab-token" not in str(counts)


def test_what_needs_the_lab_is_not_covered_without_it() -> None:
    passed = Verdict("GW-AUTH-006", Level.MUST, Outcome.PASS)
    missing = Verdict("GW-UP-006", Level.MUST, Outcome.NOT_RUN, "needs --lab")

    assert is_not_covered(missing)
    assert exit_status([passed, missing]) == 0
    assert exit_status([passed, missing], require_complete=True) == 7


def test_the_models_of_the_lab_are_no_chat_models_of_the_catalogue() -> None:
    profile = load("reference")

    assert set(LAB_MODELS.values()) <= set(profile.prices)
    assert not set(LAB_MODELS.values()) & set(profile.chat_models)


def test_a_variable_inside_a_header_is_the_only_secret_of_it(tmp_path: Path) -> None:
    own = own_profile(tmp_path, '[headers]\nx-config = \'{"key":"${LAB_KEY}","to":"here"}\'')
    found = resolve(Wish(base_url=URL, profile=own), {"LAB_KEY": "s3cr3t"})

    assert found.headers["x-config"].reveal() == '{"key":"s3cr3t","to":"here"}'
    assert found.hidden == () and found.inserted == (Secret("s3cr3t"),)
    assert found.secrets == (Secret("s3cr3t"),)


def test_a_variable_inside_a_header_that_is_not_set_is_named(tmp_path: Path) -> None:
    own = own_profile(tmp_path, "[headers]\nx-config = 'a ${LAB_KEY}'")

    with pytest.raises(UsageError, match=r"headers\.x-config: the variable LAB_KEY is not set"):
        resolve(Wish(base_url=URL, profile=own), {})
