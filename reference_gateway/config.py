"""How the gateway is to be run: flags, then a TOML file, then the defaults here."""

from __future__ import annotations

import ipaddress
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from reference_gateway.errors import UsageError

# Anthropic's documented limit for a Messages request.
MAX_BODY_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Config:
    """Everything that can be chosen.

    `database` None means in memory. `pace_s` is the scripted model's pause after each
    delta. `grace_s` is how long open streams may go on after a signal to stop.
    `opening_balance_usd` is what the default account of a new database has.
    """

    host: str = "127.0.0.1"
    port: int = 0
    control_port: int = 0
    database: str | None = None
    faults: tuple[str, ...] = ()
    pace_s: float = 0.001
    grace_s: float = 10.0
    max_body_bytes: int = MAX_BODY_BYTES
    opening_balance_usd: int = 1_000


def load(path: Path) -> Config:
    """The configuration in a TOML file; raises `UsageError` for what is wrong with it."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    return _filled(document, path)


def _filled(document: dict[str, Any], path: Path) -> Config:
    types = {field.name: field.type for field in fields(Config)}
    for name, value in document.items():
        if name not in types:
            raise UsageError(f"{path}: unknown setting {name!r}; known: {', '.join(types)}")
        if not _fits(value, str(types[name])):
            raise UsageError(f"{path}: {name} must be {types[name]}, not {value!r}")
    if "faults" in document:
        document["faults"] = tuple(document["faults"])
    return replace(Config(), **document)


def _fits(value: object, type_name: str) -> bool:
    if type_name == "int":
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if type_name == "float":
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    if type_name.startswith("tuple"):
        return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    return isinstance(value, str)


def check_loopback(host: str) -> None:
    """Raise `UsageError` unless the host is this machine: the control port is bound to it too."""
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise UsageError(f"host {host!r} is not a loopback address, and the control API needs one")
