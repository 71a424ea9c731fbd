"""`reference-gateway keys` and `accounts`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ledger_steps import charge, hold, with_ledger

from reference_gateway.__main__ import main
from reference_gateway.keys import hash_secret

Run = Callable[..., Any]
_SECRET = re.compile(r"(?:th-|sk-th_)[0-9a-f]{64}")


@pytest.fixture
def run(address: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on the ledger; what it prints as JSON."""

    def call(*words: str) -> Any:
        status = main([*words, "--ledger", address, "--json"])
        out, err = capsys.readouterr()
        assert (status, err) == (0, "")
        return json.loads(out)

    return call


def test_a_key_is_shown_once_and_only_its_hash_is_kept(run: Run, address: str) -> None:
    [account] = run("accounts", "open", "--balance", "5")
    [made] = run("keys", "make", account["id"], "--cap", "0.25", "--prefix", "sk-th_")
    assert _SECRET.fullmatch(made["key"]) and made["cap_usd"] == "0.25"
    listed = run("keys", "list")
    assert listed == [{name: value for name, value in made.items() if name != "key"}]
    found = with_ledger(address, lambda ledger: ledger.find_key(hash_secret(made["key"])))
    assert found is not None and found.id == made["id"]


def test_a_cap_is_changed_and_removed(run: Run) -> None:
    [account] = run("accounts", "open")
    [made] = run("keys", "make", account["id"])
    assert made["cap_usd"] is None
    assert run("keys", "cap", made["id"], "1.5")[0]["cap_usd"] == "1.50"
    assert run("keys", "cap", made["id"], "0")[0]["cap_usd"] == "0.00"
    assert run("keys", "cap", made["id"], "none")[0]["cap_usd"] is None


def test_a_revoked_key_is_listed_as_revoked(run: Run) -> None:
    [account] = run("accounts", "open")
    [made] = run("keys", "make", account["id"])
    assert run("keys", "revoke", made["id"])[0]["revoked"] is True
    assert [key["revoked"] for key in run("keys", "list")] == [True]


def test_spend_and_use_are_listed_by_key(run: Run, address: str) -> None:
    [account] = run("accounts", "open", "--balance", "5")
    [made] = run("keys", "make", account["id"])

    async def spend(ledger: Any) -> None:
        held = hold(await ledger.key(made["id"]), 1_234)
        await ledger.reserve(held)
        await ledger.settle(charge(held))
        await ledger.mark_used(made["id"], 0)

    with_ledger(address, spend)
    [listed] = run("keys", "list")
    assert listed["spent_usd"] == "0.000001234" and listed["requests"] == 1
    assert listed["input_tokens"] == 1_234
    assert listed["last_used_at"] == "1970-01-01T00:00:00+00:00"
    assert run("accounts", "list")[0]["balance_usd"] == "4.999998766"


@pytest.mark.parametrize(
    ("paid", "balance"),
    [
        (["--preset", "5"], "5.00"),
        (["--preset", "100"], "100.00"),
        (["--amount", "12.34"], "12.34"),
        (["--amount", "72", "--currency", "CNY"], "10.00"),
        (["--preset", "50", "--currency", "CNY"], "6.944444444"),
    ],
    ids=" ".join,
)
def test_an_account_is_topped_up(run: Run, paid: list[str], balance: str) -> None:
    [account] = run("accounts", "open")
    [found] = run("accounts", "top-up", account["id"], *paid)
    assert (found["balance_usd"], found["deposited_usd"]) == (balance, balance)


def test_presets_and_the_rate_come_from_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(
        f'ledger = "{tmp_path / "ledger.sqlite"}"\ntop_up_presets = [7]\ncny_per_usd = 6.4\n'
    )

    def call(*words: str) -> tuple[int, str, str]:
        return main([*words, "--config", str(config)]), *capsys.readouterr()

    account = call("accounts", "open")[1].split()[0].removeprefix("id=")
    status, out, _ = call("accounts", "top-up", account, "--preset", "7", "--currency", "CNY")
    assert status == 0 and "balance_usd=1.09375 " in out
    status, out, err = call("accounts", "top-up", account, "--preset", "5")
    assert (status, out) == (2, "") and "presets: 7" in err


def test_lines_are_for_eyes_and_grep(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "open", "--balance", "1", "--ledger", address]) == 0
    line = capsys.readouterr().out
    wanted = r"id=acct_\w+ balance_usd=1\.00 reserved_usd=0\.00 deposited_usd=1\.00\n"
    assert re.fullmatch(wanted, line)
    account = line.split()[0].removeprefix("id=")
    assert main(["keys", "make", account, "--ledger", address]) == 0
    assert " cap_usd=- spent_usd=0.00 revoked=no " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["keys", "make", "acct_none"], "acct_none"),
        (["keys", "cap", "key_none", "1"], "key_none"),
        (["keys", "revoke", "key_none"], "key_none"),
        (["keys", "cap", "key_none", "much"], "'much' is not an amount"),
        (["accounts", "top-up", "acct_none", "--preset", "5"], "acct_none"),
        (["accounts", "top-up", "x", "--preset", "6"], "presets: 5, 10, 50, 100"),
        (["accounts", "top-up", "x", "--amount", "-1"], "number above 0"),
        (["accounts", "open", "--balance", "0.0000000001"], "finer than a nano-dollar"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main([*words, "--ledger", str(tmp_path / "ledger.sqlite")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and said in err


def test_a_command_needs_a_ledger(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "list"]) == 2
    assert "--ledger" in capsys.readouterr().err
