"""The client libraries that are tested: those of the catalogue that `facts.toml` knows."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.clients import catalogue
from conformance.clients.catalogue import Client

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Library:
    """A client library and what plays it; `facts` are what its versions differ in."""

    client: Client
    package: str
    script: str
    facts: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name in the catalogue."""
        return self.client.name

    @property
    def version(self) -> str:
        """The version that is tested."""
        return self.client.packages[self.package]


def libraries(*prefixes: str) -> tuple[Library, ...]:
    """The libraries whose name begins so, in the order of the file."""
    tables = tomllib.loads((HERE / "facts.toml").read_text(encoding="utf-8"))
    return tuple(
        Library(catalogue.named(name), table["package"], table["script"], table.get("facts", {}))
        for name, table in tables.items()
        if name.startswith(prefixes or ("",))
    )
