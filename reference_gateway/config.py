"""How the gateway is to be run: flags, then a TOML file, then the defaults here."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from reference_gateway.errors import UsageError

# Anthropic's documented limit for a Messages request.
MAX_BODY_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Config:
    """Everything that can be chosen.

    `ledger` is a SQLite file or a PostgreSQL URL; None means in memory. `pace_s` is the
    scripted model's pause after each delta. `grace_s` is how long open streams may go on
    after a signal to stop.
    `ping_s` is how long a stream may be silent before a ping goes out, `body_stall_s` how
    long the body of a request may. `requests_per_minute` is what a key may make of them,
    0 for any number.
    `opening_balance_usd` is what the account has that is made at every start.
    `top_up_presets` are the amounts that a top-up offers, in the currency that is paid;
    `cny_per_usd` is what a US dollar costs in yuan, written as a number, and read exactly.
    """

    host: str = "127.0.0.1"
    port: int = 0
    control_port: int = 0
    ledger: str | None = None
    faults: tuple[str, ...] = ()
    pace_s: float = 0.001
    grace_s: float = 10.0
    max_body_bytes: int = MAX_BODY_BYTES
    ping_s: float = 15.0
    body_stall_s: float = 30.0
    requests_per_minute: int = 0
    opening_balance_usd: int = 1_000
    top_up_presets: tuple[int, ...] = (5, 10, 50, 100)
    cny_per_usd: Decimal = Decimal("7.2")


def load(path: Path) -> Config:
    """The configuration in a TOML file; raises `UsageError` for what is wrong with it."""
    try:
        document = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    return _filled(document, path)


def _filled(document: dict[str, Any], path: Path) -> Config:
    types = {field.name: str(field.type) for field in fields(Config)}
    for name, value in document.items():
        if name not in types:
            raise UsageError(f"{path}: unknown setting {name!r}; known: {', '.join(types)}")
        wanted, fits, _ = _KINDS[types[name]]
        if not fits(value):
            raise UsageError(f"{path}: {name} must be {wanted}, not {_shown(value)}")
    read: dict[str, Any] = {name: _KINDS[types[name]][2](value) for name, value in document.items()}
    return replace(Config(), **read)


def _shown(value: object) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: object) -> bool:
    return _is_whole(value) or (isinstance(value, Decimal) and value.is_finite() and value >= 0)


def _is_rate(value: object) -> bool:
    return _is_number(value) and value != 0


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_presets(value: object) -> bool:
    if not isinstance(value, list) or not value:
        return False
    return all(_is_whole(entry) and entry > 0 for entry in value) and len(set(value)) == len(value)


# By the type of the setting: what it has to be, whether it is, and how it is read.
_KINDS: dict[str, tuple[str, Callable[[object], bool], Callable[[Any], object]]] = {
    "int": ("a whole number, 0 or more", _is_whole, int),
    "float": ("a number, 0 or more", _is_number, float),
    "Decimal": ("a number above 0", _is_rate, Decimal),
    "str": ("a string", _is_text, str),
    "str | None": ("a string", _is_text, str),
    "tuple[str, ...]": ("a list of strings", _are_texts, tuple),
    "tuple[int, ...]": ("a list of different whole numbers above 0", _are_presets, tuple),
}


def check_loopback(host: str) -> None:
    """Raise `UsageError` unless the host is this machine: the control port is bound to it too."""
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise UsageError(f"host {host!r} is not a loopback address, and the control API needs one")
