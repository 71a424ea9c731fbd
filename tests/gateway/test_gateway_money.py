"""Keys, caps, balances and charges."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from gateway_live import MODEL, Live, live

from reference_gateway.config import Config
from reference_gateway.keys import hash_secret

# claude-haiku-4-5 costs 1 and 5 US dollars per million tokens.
INPUT_NANOUSD, OUTPUT_NANOUSD = 1_000, 5_000
STREAMS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def _cost(usage: Any) -> int:
    return usage["input_tokens"] * INPUT_NANOUSD + usage["output_tokens"] * OUTPUT_NANOUSD


def test_keys_are_hashed_at_rest_and_survive_a_restart(tmp_path: Path) -> None:
    database = tmp_path / "ledger.sqlite"
    with live(Config(ledger=str(database), pace_s=0.0)) as gateway:
        account = gateway.control("POST", "/accounts", {"balance_nanousd": 10**9})
        key = gateway.new_key(account=account["id"], cap_nanousd=10**8, prefix="sk-th_")
        spent = _cost(gateway.messages(key=key["key"]).json()["usage"])
    assert key["key"].startswith("sk-th_") and key["key"].encode() not in database.read_bytes()
    with sqlite3.connect(database) as rows:
        hashes = [row[0] for row in rows.execute("SELECT secret_hash FROM keys")]
    assert hash_secret(key["key"]) in hashes
    with live(Config(ledger=str(database), pace_s=0.0)) as gateway:
        assert gateway.messages(key=key["key"]).status_code == 200
        again = gateway.control("GET", f"/keys/{key['id']}")
        assert (again["cap_nanousd"], again["spent_nanousd"]) == (10**8, 2 * spent)
        left = gateway.control("GET", f"/accounts/{account['id']}")
        assert left == {**account, "balance_nanousd": 10**9 - 2 * spent}


@STREAMS
def test_a_used_up_cap_is_402_on_both_protocols(gateway: Live, stream: bool) -> None:
    key = gateway.new_key(cap_nanousd=0)["key"]
    answer, other = gateway.messages(key=key, stream=stream), gateway.chat(key=key, stream=stream)
    for found in (answer, other):
        assert found.status_code == 402 and found.headers["content-type"] == "application/json"
        assert "retry-after" not in found.headers
        assert found.headers.get("x-should-retry", "false") == "false"
    assert answer.json()["error"]["type"] == "permission_error"
    error = other.json()["error"]
    assert (error["type"], error["param"]) == ("insufficient_quota", None)
    assert error["code"] == "insufficient_balance"


@STREAMS
def test_an_empty_account_is_402_until_it_is_funded(gateway: Live, stream: bool) -> None:
    account = gateway.control("POST", "/accounts", {"balance_nanousd": 0})
    key = gateway.new_key(account=account["id"])["key"]
    assert gateway.messages(key=key, stream=stream).status_code == 402
    assert gateway.chat(key=key, stream=stream).status_code == 402
    gateway.control("POST", f"/accounts/{account['id']}/fund", {"amount_nanousd": 10**9})
    assert gateway.messages(key=key, stream=stream).status_code == 200
    assert gateway.chat(key=key, stream=stream).status_code == 200


@STREAMS
def test_a_charge_is_usage_times_price_and_falls_off_the_balance(
    gateway: Live, stream: bool
) -> None:
    account = gateway.control("POST", "/accounts", {"balance_nanousd": 10**9})
    key = gateway.new_key(account=account["id"])
    gateway.messages("Count from 1 to 30", key=key["key"], stream=stream)
    gateway.chat("Count from 1 to 30", key=key["key"], stream=stream)
    charges = gateway.control("GET", f"/charges?key={key['id']}")["charges"]
    assert [charge["amount_nanousd"] for charge in charges] == [_cost(c) for c in charges]
    assert {(charge["model"], charge["account"]) for charge in charges} == {(MODEL, account["id"])}
    left = gateway.control("GET", f"/accounts/{account['id']}")
    spent = sum(charge["amount_nanousd"] for charge in charges)
    assert (left["balance_nanousd"], left["reserved_nanousd"]) == (10**9 - spent, 0)
    assert gateway.spent(key) == spent > 0


def test_what_is_refused_costs_nothing(gateway: Live) -> None:
    key = gateway.new_key(cap_nanousd=10**8)
    for model in ("nope", "claude-opus-4-1", ""):
        assert gateway.messages(key=key["key"], model=model).status_code >= 400
        assert gateway.chat(key=key["key"], model=model, stream=True).status_code >= 400
    assert gateway.spent(key) == 0
    assert gateway.control("GET", f"/charges?key={key['id']}") == {"charges": []}


def test_spend_is_shared_by_the_protocols_and_the_cap_can_be_raised(gateway: Live) -> None:
    key = gateway.new_key(cap_nanousd=3_000_000)
    gateway.messages("Count from 1 to 300", key=key["key"], max_tokens=300)
    assert gateway.chat(key=key["key"], max_tokens=300).status_code == 402
    gateway.control("PATCH", f"/keys/{key['id']}", {"cap_nanousd": None})
    assert gateway.chat(key=key["key"], max_tokens=300).status_code == 200


def test_a_revoked_key_is_refused_from_the_next_request_on(gateway: Live) -> None:
    key = gateway.new_key()
    assert gateway.chat(key=key["key"]).status_code == 200
    assert gateway.control("DELETE", f"/keys/{key['id']}")["revoked"] is True
    assert gateway.chat(key=key["key"]).status_code == 401
    assert gateway.messages(key=key["key"]).json()["error"]["type"] == "authentication_error"


@STREAMS
def test_64_requests_at_once_never_overspend_a_nearly_used_cap(stream: bool) -> None:
    with live(Config(pace_s=0.001)) as gateway:
        key = gateway.new_key(cap_nanousd=700_000)
        ask = [gateway.messages, gateway.chat] * 32
        with ThreadPoolExecutor(64) as pool:
            answers = pool.map(
                lambda send: send("Count to", key=key["key"], max_tokens=20, stream=stream), ask
            )
            statuses = [answer.status_code for answer in answers]
        assert len(statuses) == 64 and set(statuses) == {200, 402}
        assert gateway.spent(key) <= 700_000
        account = gateway.control("GET", f"/accounts/{key['account']}")
        assert account["reserved_nanousd"] == 0


def test_a_dropped_stream_is_charged_once_for_what_was_produced() -> None:
    with live(Config(pace_s=0.005)) as gateway:
        key = gateway.new_key()
        body = {"model": MODEL, "max_tokens": 20_000, "stream": True}
        body["messages"] = [{"role": "user", "content": "Count from 1 to 20000"}]
        url, sent = f"{gateway.running.base_url}/v1/messages", {"x-api-key": key["key"]}
        with gateway.http.stream("POST", url, json=body, headers=sent) as answer:
            next(answer.iter_bytes())
        charges = _wait_for_charges(gateway, key)
        assert len(charges) == 1 and 0 < charges[0]["output_tokens"] < 5_000
        assert charges[0]["amount_nanousd"] == _cost(charges[0]) == gateway.spent(key)


def _wait_for_charges(gateway: Live, key: Any) -> Any:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        charges = gateway.control("GET", f"/charges?key={key['id']}")["charges"]
        if charges:
            return charges
    raise AssertionError("the dropped stream was never charged")


def test_the_control_api_needs_its_token(gateway: Live) -> None:
    url = f"{gateway.running.control_url}/stats"
    for sent in ({}, {"authorization": "Bearer x"}, {"authorization": gateway.running.key}):
        assert gateway.http.get(url, headers=sent).status_code == 401
    assert gateway.control("GET", "/stats")["requests"] >= 0


def test_the_control_api_says_what_is_wrong(gateway: Live) -> None:
    wrong = [
        ("POST", "/accounts", {}, "balance_nanousd"),
        ("POST", "/accounts", {"balance_nanousd": -1}, "balance_nanousd"),
        ("POST", "/accounts", {"balance_nanousd": 10**30}, "balance_nanousd"),
        ("POST", "/accounts", [], "object"),
        ("POST", "/keys", {"cap_nanousd": "1"}, "cap_nanousd"),
        ("POST", "/keys", {"prefix": "sk-ant-"}, "prefix"),
        ("POST", "/keys", {"account": "acct_none"}, "acct_none"),
        ("GET", "/keys/key_none", None, "key_none"),
        ("DELETE", "/keys/key_none", None, "key_none"),
        ("GET", "/accounts/acct_none", None, "acct_none"),
        ("POST", "/accounts/acct_none/fund", {"amount_nanousd": 1}, "acct_none"),
        ("GET", "/charges?key=key_none", None, "key_none"),
        ("GET", "/nothing", None, "Not Found"),
    ]
    for method, path, body, said in wrong:
        assert said in gateway.control(method, path, body)["error"]


def test_requests_are_counted(gateway: Live) -> None:
    before = gateway.control("GET", "/stats")["requests"]
    gateway.messages()
    gateway.http.get(f"{gateway.running.base_url}/nothing")
    assert gateway.control("GET", "/stats")["requests"] == before + 2
