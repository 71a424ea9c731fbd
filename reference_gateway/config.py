"""How the gateway is to be run: flags, then a TOML file, then the defaults here."""

from __future__ import annotations

import ipaddress
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from reference_gateway.catalogue import Model
from reference_gateway.errors import UsageError
from reference_gateway.tables import filled
from reference_gateway.upstream.providers import Provider

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
    `providers` are asked for the `models` that name them, beside the model that is built in;
    `request_s` is how long all of them together may take for one request. With `lab` the
    lab is served too, and its models are on offer.
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
    providers: tuple[Provider, ...] = ()
    models: tuple[Model, ...] = ()
    request_s: float = 600.0
    lab: bool = False


def load(path: Path) -> Config:
    """The configuration in a TOML file; raises `UsageError` for what is wrong with it."""
    try:
        document = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    return filled(Config, document, str(path))


def check_loopback(host: str) -> None:
    """Raise `UsageError` unless the host is this machine: the control port is bound to it too."""
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise UsageError(f"host {host!r} is not a loopback address, and the control API needs one")
