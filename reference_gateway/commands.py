"""`reference-gateway keys` and `accounts`: the ledger from the command line.

They open the ledger beside a running gateway: what they change holds from its next
request on. The secret of a key is printed once, by `keys make`, and never again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reference_gateway import amounts
from reference_gateway.amounts import Currency
from reference_gateway.config import Config, load
from reference_gateway.errors import UsageError
from reference_gateway.keys import PREFIXES, hash_secret, new_secret
from reference_gateway.ledger import Account, Key, Ledger, opened

NAMES = ("keys", "accounts")
NO_CAP = "none"
Row = dict[str, Any]
Command = Callable[[Ledger, argparse.Namespace, Config], Awaitable[list[Row]]]


def run(words: list[str]) -> None:
    """Do what the words say and print it; raises `UsageError`."""
    arguments = _parser().parse_args(words)
    config = load(arguments.config) if arguments.config else Config()
    if arguments.ledger is not None:
        config = replace(config, ledger=arguments.ledger)
    if config.ledger is None:
        raise UsageError("no ledger: give --ledger FILE or URL, or a --config that names one")
    rows = asyncio.run(_done(config.ledger, arguments, config))
    sys.stdout.write(_as_json(rows) if arguments.json else _as_lines(rows))


async def _done(address: str, arguments: argparse.Namespace, config: Config) -> list[Row]:
    command: Command = arguments.command
    async with opened(address) as ledger:
        try:
            return await command(ledger, arguments, config)
        except KeyError as error:
            raise UsageError(f"unknown id: {error.args[0]}") from error


async def _make_key(ledger: Ledger, arguments: argparse.Namespace, config: Config) -> list[Row]:
    secret = new_secret(arguments.prefix)
    cap = _cap(arguments.cap, config)
    key = await ledger.add_key(hash_secret(secret), arguments.account, cap)
    return [{**await _key_row(ledger, key), "key": secret}]


async def _list_keys(ledger: Ledger, arguments: argparse.Namespace, config: Config) -> list[Row]:
    del arguments, config
    return [await _key_row(ledger, key) for key in await ledger.keys()]


async def _cap_key(ledger: Ledger, arguments: argparse.Namespace, config: Config) -> list[Row]:
    key = await ledger.set_cap(arguments.key, _cap(arguments.cap, config))
    return [await _key_row(ledger, key)]


async def _revoke_key(ledger: Ledger, arguments: argparse.Namespace, config: Config) -> list[Row]:
    del config
    return [await _key_row(ledger, await ledger.revoke(arguments.key))]


async def _open_account(ledger: Ledger, arguments: argparse.Namespace, config: Config) -> list[Row]:
    balance = _usd_or_zero(arguments.balance, config)
    return [_account_row(await ledger.open_account(balance))]


async def _list_accounts(
    ledger: Ledger, arguments: argparse.Namespace, config: Config
) -> list[Row]:
    del arguments, config
    return [_account_row(account) for account in await ledger.accounts()]


async def _top_up(ledger: Ledger, arguments: argparse.Namespace, config: Config) -> list[Row]:
    if arguments.preset is not None and arguments.preset not in config.top_up_presets:
        offered = ", ".join(map(str, config.top_up_presets))
        raise UsageError(f"{arguments.preset} is not a preset; presets: {offered}; or --amount")
    amount = amounts.parse(arguments.amount or str(arguments.preset))
    paid = amounts.nanousd(amount, Currency(arguments.currency), config.cny_per_usd)
    return [_account_row(await ledger.fund(arguments.account, paid))]


def _cap(text: str | None, config: Config) -> int | None:
    return None if text in (None, NO_CAP) else _usd_or_zero(str(text), config)


def _usd_or_zero(text: str, config: Config) -> int:
    if text == "0":
        return 0
    return amounts.nanousd(amounts.parse(text), Currency.USD, config.cny_per_usd)


async def _key_row(ledger: Ledger, key: Key) -> Row:
    return {
        "id": key.id,
        "account": key.account,
        "cap_usd": None if key.cap_nanousd is None else amounts.usd(key.cap_nanousd),
        "spent_usd": amounts.usd(key.spent_nanousd),
        "revoked": key.is_revoked,
        "last_used_at": None if key.last_used_at is None else _instant(key.last_used_at),
        **asdict(await ledger.key_use(key.id)),
    }


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _account_row(account: Account) -> Row:
    return {
        "id": account.id,
        "balance_usd": amounts.usd(account.balance_nanousd),
        "reserved_usd": amounts.usd(account.reserved_nanousd),
        "deposited_usd": amounts.usd(account.deposited_nanousd),
    }


def _as_json(rows: list[Row]) -> str:
    return f"{json.dumps(rows, indent=2)}\n"


def _as_lines(rows: list[Row]) -> str:
    """A line per row, `name=value`, which is read as easily by `grep` as by eye."""
    lines = (" ".join(f"{name}={_as_word(value)}" for name, value in row.items()) for row in rows)
    return "".join(f"{line}\n" for line in lines)


def _as_word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="reference-gateway", description=__doc__)
    areas = parser.add_subparsers(required=True, metavar="keys | accounts")
    keys = areas.add_parser("keys", help="make, list, cap and revoke keys")
    _add_key_commands(keys.add_subparsers(required=True, metavar="COMMAND"))
    accounts = areas.add_parser("accounts", help="open, list and top up accounts")
    _add_account_commands(accounts.add_subparsers(required=True, metavar="COMMAND"))
    return parser


def _add_key_commands(commands: Any) -> None:
    make = _added(commands, "make", _make_key, "a new key; its secret is shown this once")
    make.add_argument("account", metavar="ACCOUNT")
    make.add_argument("--cap", metavar="USD", help="spend cap (default: none)")
    make.add_argument("--prefix", choices=PREFIXES, default=PREFIXES[0])
    _added(commands, "list", _list_keys, "all keys with spend, usage and last use")
    cap = _added(commands, "cap", _cap_key, "change or remove a spend cap")
    cap.add_argument("key", metavar="KEY_ID")
    cap.add_argument("cap", metavar="USD", help=f"or {NO_CAP!r}")
    revoke = _added(commands, "revoke", _revoke_key, "make a key invalid for good")
    revoke.add_argument("key", metavar="KEY_ID")


def _add_account_commands(commands: Any) -> None:
    account = _added(commands, "open", _open_account, "a new account")
    account.add_argument("--balance", metavar="USD", default="0", help="opening balance")
    _added(commands, "list", _list_accounts, "all accounts with balance and reservations")
    top_up = _added(commands, "top-up", _top_up, "add to a balance")
    top_up.add_argument("account", metavar="ACCOUNT")
    amount = top_up.add_mutually_exclusive_group(required=True)
    amount.add_argument("--preset", type=int, metavar="N", help="one of the configured amounts")
    amount.add_argument("--amount", metavar="DECIMAL", help="any other amount")
    top_up.add_argument("--currency", choices=[c.value for c in Currency], default="USD")


def _added(commands: Any, name: str, command: Command, about: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(command=command)
    parser.add_argument("--ledger", metavar="WHERE", help="SQLite file or postgresql:// URL")
    parser.add_argument("--config", type=Path, metavar="FILE.toml", help="settings; flags win")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser
