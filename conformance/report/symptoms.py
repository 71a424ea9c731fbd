"""The symptom table: what users report, why it happens, who mends it, what clients show.

Read from `reports/symptoms.toml`; every requirement names one of its rows.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any


class Owner(StrEnum):
    """Who has to act."""

    CLIENT = "client"
    GATEWAY = "gateway"
    PROVIDER = "provider"
    CONFIGURATION = "configuration"


@dataclass(frozen=True)
class Seen:
    """What users of one client see: its own error text where it has one."""

    client: str
    words: str


@dataclass(frozen=True)
class Report:
    """What somebody saw of the symptom in public, and the issue (`owner/name#1`) that says so."""

    says: str
    issue: str


@dataclass(frozen=True)
class Symptom:
    """One row: `symptom` in the user's words, `clients` what users of each client see."""

    slug: str
    symptom: str
    cause: str
    fix: str
    owner: Owner
    clients: tuple[Seen, ...]
    reports: tuple[Report, ...] = ()


UNLISTED = Symptom(
    slug="unlisted",
    symptom="A failure that this version of the suite does not know",
    cause="The run was made by another version of the suite.",
    fix="Make the report with the version that made the run, or run again.",
    owner=Owner.CONFIGURATION,
    clients=(Seen("All clients", "Not known."),),
)
"""Stands in for the row of a requirement that is not registered (any more)."""


@cache
def symptoms() -> Mapping[str, Symptom]:
    """Every row by its slug, in the order of the table."""
    text = (files("conformance.reports") / "symptoms.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return {slug: _symptom(slug, table) for slug, table in tables.items()}


def _symptom(slug: str, table: Mapping[str, Any]) -> Symptom:
    return Symptom(
        slug=slug,
        symptom=table["symptom"],
        cause=table["cause"],
        fix=table["fix"],
        owner=Owner(table["owner"]),
        clients=_seen(table["clients"]),
        reports=tuple(Report(row["says"], row["issue"]) for row in table.get("reports", ())),
    )


def _seen(clients: str | Mapping[str, str]) -> tuple[Seen, ...]:
    """A table by client, or one sentence about all of them."""
    rows = {"All clients": clients} if isinstance(clients, str) else clients
    return tuple(Seen(client, words) for client, words in rows.items())
