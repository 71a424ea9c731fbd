"""Several gateways on one ledger, seen from outside."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ledger_gateway
import pytest
from ledger_gateway import Answer, Gateway, ask_at_once
from ledger_steps import check_conserved, with_ledger

_AT_ONCE = 64
# A few of the requests at once are covered: each holds up to 400 output tokens.
_CAP_NANOUSD = 10_000_000


@pytest.fixture
def gateways(address: str, tmp_path: Path) -> Iterator[list[Gateway]]:
    """Two gateway processes on one ledger."""
    config = tmp_path / "gateway.toml"
    config.write_text(f'ledger = "{address}"\npace_s = 0.0\n')
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(ledger_gateway.started(config)) for _ in range(2)]
    with_ledger(address, check_conserved)


def _ask(gateways: list[Gateway], key: str, requests: int) -> list[Answer]:
    asked = ask_at_once(gateways, [key], requests, random.Random(0), lambda answer: None)
    return [answer for answers in asyncio.run(asked) for answer in answers]


def _key(gateway: Gateway, key: Any) -> Any:
    return gateway.control("GET", f"/keys/{key['id']}")


def test_two_gateways_keep_one_cap_and_one_word_about_a_key(gateways: list[Gateway]) -> None:
    one, other = gateways
    key = one.control("POST", "/keys", {"cap_nanousd": _CAP_NANOUSD})
    assert _key(other, key)["last_used_at"] is None

    answers = _ask(gateways, key["key"], _AT_ONCE)
    paid = [answer.cost_nanousd for answer in answers if answer.cost_nanousd is not None]
    assert {answer.status for answer in answers} == {200, 402}
    found = _key(other, key)
    assert found["spent_nanousd"] == sum(paid) <= _CAP_NANOUSD
    assert found["requests"] == len(paid) and found["last_used_at"] > 0
    for answer in answers:
        if answer.cost_nanousd is not None:
            charge = other.control("GET", f"/charges/{answer.request_id}")
            assert charge["amount_nanousd"] == answer.cost_nanousd
    assert {account["reserved_nanousd"] for account in _accounts(other)} == {0}

    one.control("PATCH", f"/keys/{key['id']}", {"cap_nanousd": None})
    assert [answer.status for answer in _ask([other], key["key"], 1)] == [200]
    one.control("DELETE", f"/keys/{key['id']}")
    assert [answer.status for answer in _ask(gateways, key["key"], 2)] == [401, 401]


def _accounts(gateway: Gateway) -> Any:
    return gateway.control("GET", "/accounts")["accounts"]
