"""Every fault is documented, and makes the gateway wrong in a way that can be seen."""

from __future__ import annotations

import asyncio
import functools
import re
from typing import Any

import aiohttp
import pytest
from gateway_battery import MAX_BODY_BYTES, Battery

from reference_gateway.app import serve
from reference_gateway.config import Config
from reference_gateway.errors import UsageError
from reference_gateway.faults import AREAS, FAULTS, install
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Seams

_ID = re.compile(r"(ANT|OAI|GW)-[A-Z]+-\d{3}")
_SLUG = re.compile(r"(anthropic|openai|gateway)(-[a-z0-9]+)+")


async def _facts(*slugs: str) -> dict[str, Any]:
    config = Config(pace_s=0.0, faults=slugs, max_body_bytes=MAX_BODY_BYTES)
    async with serve(config) as running, aiohttp.ClientSession() as http:
        return await Battery(running, http).facts()


@functools.cache
def _healthy() -> dict[str, Any]:
    return asyncio.run(_facts())


def test_two_healthy_gateways_answer_alike() -> None:
    assert asyncio.run(_facts()) == _healthy()


@pytest.mark.parametrize("slug", FAULTS)
def test_a_fault_is_seen_from_outside_and_on_its_own_protocol_only(slug: str) -> None:
    faulty = asyncio.run(_facts(slug))
    seen = [name for name, fact in faulty.items() if fact != _healthy()[name]]
    other = {"anthropic": "openai", "openai": "anthropic"}.get(slug.partition("-")[0], "nobody")
    assert seen and not [name for name in seen if name.startswith(other)]


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
