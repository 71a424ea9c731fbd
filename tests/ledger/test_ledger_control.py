"""The control API's side of the ledger: what adapters ask, and the page that says so."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import ledger_gateway
import pytest
from aiohttp import web
from ledger_gateway import Gateway, ask_at_once

from reference_gateway import control

_PAGE = Path(__file__).parents[2] / "docs" / "control-api.md"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a ledger in memory and a round rate."""
    config = tmp_path_factory.mktemp("gateway") / "gateway.toml"
    config.write_text("pace_s = 0.0\ncny_per_usd = 6.4\n")
    with ledger_gateway.started(config) as found:
        yield found


def test_the_page_lists_every_route_and_no_other() -> None:
    app = web.Application()
    control.add_routes(app)
    routes = {
        f"{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.resource and route.method != "HEAD"
    }
    listed = re.findall(r"^\| `([A-Z]+ /[^`?]*)", _PAGE.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(routes)


@pytest.mark.parametrize(
    ("paid", "nanousd"),
    [
        ({"amount_nanousd": 7}, 7),
        ({"amount": "12.34"}, 12_340_000_000),
        ({"amount": "50", "currency": "USD"}, 50 * 10**9),
        ({"amount": "7", "currency": "CNY"}, 1_093_750_000),
    ],
    ids=str,
)
def test_an_account_is_topped_up(gateway: Gateway, paid: Any, nanousd: int) -> None:
    account = gateway.control("POST", "/accounts", {"balance_nanousd": 1})
    found = gateway.control("POST", f"/accounts/{account['id']}/fund", paid)
    assert found["balance_nanousd"] == found["deposited_nanousd"] == nanousd + 1
    assert gateway.control("GET", f"/accounts/{account['id']}") == found
    assert found in gateway.control("GET", "/accounts")["accounts"]


def test_a_charge_is_found_by_its_request_and_use_by_its_key(gateway: Gateway) -> None:
    key = gateway.control("POST", "/keys", {"cap_nanousd": 10**9})
    unused = gateway.control("GET", f"/keys/{key['id']}")
    assert (unused["requests"], unused["last_used_at"]) == (0, None)
    asked = ask_at_once([gateway], [key["key"]], 1, random.Random(1), lambda answer: None)
    [[answer]] = asyncio.run(asked)
    charge = gateway.control("GET", f"/charges/{answer.request_id}")
    assert charge["amount_nanousd"] == answer.cost_nanousd
    used = gateway.control("GET", f"/keys/{key['id']}")
    assert (used["requests"], used["spent_nanousd"]) == (1, answer.cost_nanousd)
    assert used["input_tokens"] == charge["input_tokens"] > 0
    assert used["last_used_at"] > 0
    listed = gateway.control("GET", "/keys")["keys"]
    assert "key" not in listed[-1] and listed[-1]["id"] == key["id"]


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "/accounts/{account}/fund", {"amount": 5}, "amount"),
        ("POST", "/accounts/{account}/fund", {"amount": "-5"}, "number above 0"),
        ("POST", "/accounts/{account}/fund", {"amount": "5", "currency": "EUR"}, "USD, CNY"),
        ("POST", "/accounts/{account}/fund", {}, "amount_nanousd"),
        ("GET", "/charges/req_none", None, "req_none"),
    ],
)
def test_what_is_wrong_is_said(
    gateway: Gateway, method: str, path: str, body: Any, said: str
) -> None:
    account = gateway.control("POST", "/accounts", {"balance_nanousd": 0})["id"]
    url = gateway.control_url + path.format(account=account)
    bearer = {"authorization": f"Bearer {gateway.control_token}"}
    answer = httpx.request(method, url, json=body, headers=bearer, trust_env=False)
    assert answer.status_code in (400, 404) and said in answer.json()["error"]
