"""Fixtures: the address of a ledger of each kind, and the server behind one of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ledger_postgres
import pytest


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server; the folder of its socket."""
    if not ledger_postgres.is_available():
        pytest.skip("no PostgreSQL here: initdb and postgres are neither on PATH nor in /usr/lib")
    with ledger_postgres.server() as folder:
        yield folder


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty ledger that several processes can open."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.sqlite")
    return ledger_postgres.new_database(request.getfixturevalue("postgres"))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def any_address(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """The address of an empty ledger, the one in memory too."""
    if request.param == "memory":
        return None
    if request.param == "sqlite":
        return str(tmp_path / "ledger.sqlite")
    return ledger_postgres.new_database(request.getfixturevalue("postgres"))
