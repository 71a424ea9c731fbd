"""The proof of the suite: what each fault breaks is noticed, and nothing else is."""

from __future__ import annotations

import pytest

from conformance.catalogue import excluded
from conformance.model import Outcome
from conformance.registry import requirements, unasked
from reference_gateway.faults import FAULTS
from tests.faults.proof import EVERYTHING, judged

UNPROVOKED: frozenset[str] = frozenset()
"""What no request of a proof provokes."""

CAUGHT = {Outcome.FAIL, Outcome.WARN, Outcome.INFO}
PROVABLE = {
    slug: {id for id in fault.kills if id in requirements()} for slug, fault in FAULTS.items()
}


def test_the_healthy_gateway_is_clean() -> None:
    verdicts = judged(included=EVERYTHING).values()
    proved = [v for v in verdicts if v.requirement in unasked()]
    found = {v.requirement: v.outcome for v in proved if v.outcome is not Outcome.PASS}
    assert found == dict.fromkeys(UNPROVOKED, Outcome.NOT_RUN)


@pytest.mark.parametrize("slug", [slug for slug, ids in PROVABLE.items() if ids])
def test_a_fault_is_caught_by_its_requirements_and_no_other(slug: str) -> None:
    verdicts = judged(slug)
    assert {id for id, verdict in verdicts.items() if verdict.outcome in CAUGHT} == PROVABLE[slug]
    assert not [v for v in verdicts.values() if v.reason.startswith("network lost")]


# What faults do to real clients is measured with them, not in this process: `tests/impact`.
@pytest.mark.parametrize("id", list(unasked()))
def test_a_requirement_is_killed_by_some_fault(id: str) -> None:
    killed = id in set().union(*PROVABLE.values())
    assert killed or id in UNPROVOKED


@pytest.mark.parametrize("slug", list(FAULTS))
def test_a_fault_names_requirements_that_exist(slug: str) -> None:
    for id in FAULTS[slug].kills:
        assert id in requirements() or excluded().get(id) == "planned"
