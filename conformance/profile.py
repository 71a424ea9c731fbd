"""A profile says what differs between gateways; read from TOML, checked by a schema.

Every profile is laid over `profiles/generic.toml`, so it states only what is its own.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator

from conformance.errors import UsageError
from conformance.kinds import Protocol

ANTHROPIC_VERSIONS = ("2023-06-01", "2026-10-21")
"""The API versions of the Anthropic protocol, the oldest first."""


@dataclass(frozen=True)
class CredentialStyle:
    """A way to present a key: the header, and its value with `{key}` in it."""

    header: str
    format: str

    @property
    def name(self) -> str:
        """`bearer` for the authorization header, else the header's name."""
        return "bearer" if self.header.lower() == "authorization" else self.header.lower()


@dataclass(frozen=True)
class Endpoint:
    """Where a protocol lives (`root` is the path up to and including `/v1`, or empty).

    `version` is what `anthropic-version` says; empty for a protocol without versions.
    """

    root: str
    credentials: tuple[CredentialStyle, ...]
    version: str = ""


@dataclass(frozen=True)
class Expectation:
    """What a gateway may answer to a condition that the protocols leave open."""

    statuses: frozenset[int]
    anthropic_types: frozenset[str]


@dataclass(frozen=True)
class KeySource:
    """Where the key of a role comes from: environment variables, then a file."""

    env: tuple[str, ...]
    file: str


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens; those of the prompt cache default to the input price."""

    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None

    @property
    def reading(self) -> float:
        """What input costs that was read from the prompt cache."""
        return self.input if self.cache_read is None else self.cache_read

    @property
    def writing(self) -> float:
        """What input costs that was written to the prompt cache."""
        return self.input if self.cache_write is None else self.cache_write


@dataclass(frozen=True)
class Profile:
    """One gateway as the suite knows it.

    `kind` is `gateway` or `vendor`. `models` is keyed by role: `anthropic`,
    `openai`, `unsupported`, `miscased`, `prefixed`, `unprovisioned`, and the roles of
    the lab; an empty name says that the gateway offers no such model.
    """

    name: str
    kind: str
    hosts: tuple[str, ...]
    endpoints: Mapping[Protocol, Endpoint]
    headers: Mapping[str, str]
    ca_file: str
    expect: Mapping[str, Expectation]
    capabilities: frozenset[str]
    models: Mapping[str, str]
    prices: Mapping[str, Price]
    keys: Mapping[str, KeySource]
    control: str

    def claims(self, capabilities: Iterable[str]) -> bool:
        """Whether the gateway is said to be capable of all of these."""
        return self.capabilities.issuperset(capabilities)

    @property
    def chat_models(self) -> tuple[str, ...]:
        """The models of the price list that chat, in its order; those of the lab left out."""
        others = {name for role, name in self.models.items() if _is_apart(role)}
        return tuple(name for name in self.prices if name not in others)

    def names_host(self, host: str) -> bool:
        """Whether the profile is that of this host."""
        return host in self.hosts


def _is_apart(role: str) -> bool:
    return role in ("embedding", "completion") or role.startswith("lab_")


def load(name_or_path: str) -> Profile:
    """The built-in profile of this name, or the one in this TOML file."""
    if name_or_path in names():
        text = (files("conformance.profiles") / f"{name_or_path}.toml").read_text(encoding="utf-8")
        return _profile(text, name_or_path)
    path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(names())
        raise UsageError(
            f"--profile: found {name_or_path!r}, expected one of {known} or a TOML file"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise UsageError(f"profile {path}: cannot be read: {reason}") from None
    return _profile(text, str(path))


def of_host(url: str) -> Profile:
    """The built-in profile that names the host of this URL, else `generic`."""
    host = urlsplit(url).hostname or ""
    profiles = (load(name) for name in names())
    return next((profile for profile in profiles if profile.names_host(host)), load("generic"))


@cache
def names() -> tuple[str, ...]:
    """The built-in profiles."""
    found = files("conformance.profiles").iterdir()
    return tuple(sorted(f.name.removesuffix(".toml") for f in found if f.name.endswith(".toml")))


def _profile(text: str, origin: str) -> Profile:
    try:
        own = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"profile {origin}: not TOML: {error}") from None
    generic = (files("conformance.profiles") / "generic.toml").read_text(encoding="utf-8")
    table = _overlaid(tomllib.loads(generic), own)
    _check(table, origin)
    return _from(table)


def _check(table: Mapping[str, Any], origin: str) -> None:
    schema = json.loads((files("conformance.schemas") / "profile.json").read_text(encoding="utf-8"))
    for error in Draft202012Validator(schema).iter_errors(table):
        place = error.json_path.removeprefix("$.")
        raise UsageError(f"profile {origin}: {place}: {error.message}")


def _overlaid(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _overlaid(merged[key], value) if both else value
    return merged


def _from(table: Mapping[str, Any]) -> Profile:
    claimed = table["claims"]
    return Profile(
        name=table["name"],
        kind=table["kind"],
        hosts=tuple(table["hosts"]),
        endpoints={Protocol(name): _endpoint(table["protocols"][name]) for name in claimed},
        headers=table["headers"],
        ca_file=table["ca_file"],
        expect={name: _expectation(value) for name, value in table["expect"].items()},
        capabilities=frozenset(table["capabilities"]),
        models=table["models"],
        prices={name: Price(**price) for name, price in table["prices"].items()},
        keys={role: _key_source(value) for role, value in table["keys"].items()},
        control=table["control"],
    )


def _endpoint(table: Mapping[str, Any]) -> Endpoint:
    styles = tuple(CredentialStyle(**style) for style in table["credentials"])
    return Endpoint(table["root"], styles, table.get("version", ""))


def _expectation(table: Mapping[str, Any]) -> Expectation:
    return Expectation(frozenset(table["status"]), frozenset(table["anthropic_type"]))


def _key_source(table: Mapping[str, Any]) -> KeySource:
    return KeySource(tuple(table.get("env", ())), table.get("file", ""))
