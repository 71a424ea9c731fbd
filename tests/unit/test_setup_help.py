"""What a target lacks is told from profile and environment, without a request."""

from __future__ import annotations

import pytest

from conformance.control import Ability
from conformance.registry import OPT_INS
from conformance.secret import Secret
from conformance.setup_help import Lack, lacks, told
from conformance.target import LabAddress, Target, Wish, resolve

EVERYTHING = frozenset(Ability)
BARE = resolve(Wish(base_url="http://127.0.0.1:9/v1"), {"GATEWAY_API_KEY": "gw-key"})


def named(
    target: Target = BARE,
    abilities: frozenset[Ability] = frozenset(),
    included: frozenset[str] = frozenset(),
) -> dict[str, Lack]:
    """What is missing, by name."""
    return {lack.name: lack for lack in lacks(target, abilities, included)}


@pytest.mark.parametrize(
    "name",
    [
        "keys.capped",
        "keys.broke",
        "keys.revoked",
        "models.anthropic",
        "models.unprovisioned",
        "prices.anthropic",
        "control.charges",
        "control.limits",
        "capability cache",
        "capability scripted_upstream",
        "--lab",
        "--include abuse",
        "--include slow",
        "--include large",
    ],
)
def test_a_bare_target_lacks(name: str) -> None:
    assert named()[name].checks > 0


def test_a_key_that_is_missing_is_named_with_its_variable() -> None:
    assert named()["keys.capped"].remedy == "set GATEWAY_CAPPED_KEY"


def test_the_valid_key_is_missed_where_it_is() -> None:
    without = resolve(Wish(base_url="http://127.0.0.1:9/v1"), {})

    assert "keys.valid" in named(without) and "keys.valid" not in named()


def test_an_adapter_makes_the_keys_of_a_state() -> None:
    found = named(abilities=EVERYTHING)

    assert not [name for name in found if name.startswith(("control.", "keys."))]


def test_what_is_included_is_not_missing() -> None:
    found = named(included=frozenset(OPT_INS))

    assert not [name for name in found if name.startswith("--include")]


def test_what_most_checks_wait_for_comes_first() -> None:
    counts = [lack.checks for lack in lacks(BARE, frozenset(), frozenset())]

    assert counts == sorted(counts, reverse=True)


def test_the_reference_gateway_lacks_nothing() -> None:
    lab = LabAddress("http://127.0.0.1:9", Secret("lab-token"))
    embedded = resolve(Wish(), {}).started("http://127.0.0.1:9/api", Secret("th-key"), lab)

    assert told(embedded, EVERYTHING, frozenset(OPT_INS)).endswith(
        "nothing is missing, every requirement can be judged."
    )


def test_the_page_names_target_and_profile() -> None:
    assert told(BARE, frozenset(), frozenset()).startswith(
        "http://127.0.0.1:9/v1, profile generic: to be judged in full it still needs\n  "
    )
