"""The clients that a gateway is tried with: what they are, read from `clients.toml`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jsonschema import Draft202012Validator

from conformance.errors import UnreadableFile, UsageError
from conformance.kinds import Protocol

FILE = Path("clients.toml")
TRANSLATED = ("text", "tool")
"""The tasks that are also done over an upstream of the other protocol."""


class Tier(StrEnum):
    """How often a client is worth its time: at every push, each night, each week."""

    A = "A"
    B = "B"
    C = "C"


class Registry(StrEnum):
    """Where a client is installed from."""

    NPM = "npm"
    PYPI = "pypi"


@dataclass(frozen=True)
class Client:
    """One client at one exact version.

    `requests` says by protocol and task how many model requests a healthy run makes; `extra`
    are those that it makes besides, `probes` what it asks of no model. A client that is
    `held` is an older major. One of a `recorded_shape` is on no registry: it has neither
    packages nor a driver.
    """

    name: str
    title: str
    tier: Tier
    registry: Registry | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    held: bool = False
    node: str = ""
    scripts: tuple[str, ...] = ()
    driver: str = ""
    requests: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    extra: Mapping[str, int] = field(default_factory=dict)
    probes: tuple[str, ...] = ()
    seconds: float = 0.0
    recorded_shape: bool = False
    notes: str = ""

    @property
    def version(self) -> str:
        """The version of the client itself; empty where none is installed."""
        return next(iter(self.packages.values()), "")

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols that it speaks."""
        return tuple(self.requests)

    def scenario(self, protocol: str, task: str, upstream: str = "") -> str:
        """The name of the scenario in which it does a task, perhaps over another upstream."""
        over = f"-over-{upstream}" if upstream not in ("", protocol) else ""
        return f"client-{self.name}-{protocol}-{task.replace('_', '-')}{over}"

    def upstreams(self, protocol: str, task: str) -> tuple[str, ...]:
        """The protocols of the lab over which it does a task, its own first."""
        others = tuple(str(other) for other in Protocol if other != protocol)
        return (protocol, *others) if task in TRANSLATED else (protocol,)

    def tasks(self, protocol: str) -> tuple[str, ...]:
        """What it is asked to do by this protocol."""
        return tuple(self.requests[protocol])


@dataclass(frozen=True)
class Catalogue:
    """All clients by name, and the Node.js for those that need a newer one than there is."""

    clients: Mapping[str, Client]
    node: str


@cache
def catalogue() -> Catalogue:
    """The clients of this suite."""
    return read((files("conformance.clients") / FILE.name).read_text(encoding="utf-8"))


def clients() -> tuple[Client, ...]:
    """Every client, in the order of the file."""
    return tuple(catalogue().clients.values())


def named(name: str) -> Client:
    """The client of this name; raises UsageError where there is none."""
    try:
        return catalogue().clients[name]
    except KeyError:
        known = ", ".join(catalogue().clients)
        raise UsageError(f"unknown client {name!r}; known: {known}") from None


def chosen(names: Iterable[str], tiers: Iterable[str]) -> tuple[Client, ...]:
    """The clients of these names and those of these tiers, each once, in the file's order."""
    wanted = {named(name).name for name in names}
    tiers = set(tiers)
    return tuple(c for c in clients() if c.name in wanted or c.tier in tiers)


def read(text: str, path: Path = FILE) -> Catalogue:
    """The catalogue of a file's text; raises UnreadableFile where it is none."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableFile(path, f"no TOML ({error})", "tables of clients") from None
    _check(table, path)
    found = {name: _client(name, entry) for name, entry in table["clients"].items()}
    return Catalogue(MappingProxyType(found), table["node"])


def _check(table: Mapping[str, Any], path: Path) -> None:
    schema = json.loads((files("conformance.schemas") / "clients.json").read_text(encoding="utf-8"))
    for error in Draft202012Validator(schema).iter_errors(table):
        place = error.json_path.removeprefix("$.")
        raise UnreadableFile(path, f"at {place}: {error.message}", "what schemas/clients.json says")


def _client(name: str, table: Mapping[str, Any]) -> Client:
    found = dict(table)
    found["tier"] = Tier(found["tier"])
    if "registry" in found:
        found["registry"] = Registry(found["registry"])
    for key in ("scripts", "probes"):
        found[key] = tuple(found.get(key, ()))
    for key in ("packages", "requests", "extra"):
        found[key] = MappingProxyType(found.get(key, {}))
    return Client(name, **found)
