"""The client libraries that are tested, read from `versions.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Client:
    """One client library in one major version; `facts` are what its versions differ in."""

    name: str
    language: str
    packages: tuple[str, ...]
    script: str
    facts: Mapping[str, Any]


def clients(prefix: str = "") -> tuple[Client, ...]:
    """The clients whose name begins so, in the order of the file."""
    tables = tomllib.loads((HERE / "versions.toml").read_text(encoding="utf-8"))
    return tuple(
        Client(
            name=name,
            language=table["language"],
            packages=tuple(table["packages"]),
            script=table["script"],
            facts=table.get("facts", {}),
        )
        for name, table in tables.items()
        if name.startswith(prefix)
    )
