"""Every fault says what it is; that it is noticed is proved in `tests/faults`."""

from __future__ import annotations

import re

import pytest

from reference_gateway.errors import UsageError
from reference_gateway.faults import AREAS, FAULTS, install
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Seams

_ID = re.compile(r"(ANT|OAI|GW)-[A-Z]+-\d{3}")
_SLUG = re.compile(r"(anthropic|openai|gateway|lab)(-[a-z0-9]+)+")


@pytest.mark.parametrize("slug", FAULTS)
def test_a_fault_says_what_it_is_where_it_was_seen_and_what_notices_it(slug: str) -> None:
    found = FAULTS[slug]
    assert _SLUG.fullmatch(slug) and found.slug == slug
    assert found.kills and all(_ID.fullmatch(kill) for kill in found.kills)
    assert found.summary.endswith(".") and len(found.origin) > 10


def test_every_area_registers_faults() -> None:
    modules = {module.__name__ for module in AREAS}
    assert len(modules) == len(AREAS) and len(FAULTS) > 200


def test_a_slug_cannot_be_given_twice() -> None:
    with pytest.raises(ValueError, match="two faults are named gateway-emoji-split"):
        fault("gateway-emoji-split", lambda _: lambda seams: seams, kills=(), origin="")(print)


def test_an_unknown_fault_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="unknown fault 'no-such-fault'"):
        install(("no-such-fault",), Seams())
