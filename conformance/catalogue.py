"""The committed list of requirement ids: levels, rules, scopes, sources, exclusions.

Read from `requirements/catalogue.toml`, `sources.toml`, `excluded.toml` and `kills.toml`. The
catalogue says what a page demands; `registry` says which of it has a check.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from conformance.model import Level


@dataclass(frozen=True)
class Entry:
    """One requirement as its page states it.

    `levels` is keyed by the target's kind: `gateway` or `vendor`.
    """

    id: str
    levels: Mapping[str, Level]
    rule: str
    scope: tuple[str, ...]
    sources: tuple[str, ...]
    issues: tuple[str, ...]
    capability: str

    def level(self, kind: str) -> Level:
        """The level for a target of this kind."""
        return self.levels[kind]


@dataclass(frozen=True)
class Source:
    """A document or measurement that a requirement rests on; `url` may be empty."""

    tag: str
    title: str
    url: str


@cache
def catalogue() -> Mapping[str, Entry]:
    """Every id that the pages define, in page order."""
    return {id: _entry(id, table) for id, table in _load("catalogue.toml").items()}


@cache
def sources() -> Mapping[str, Source]:
    """What the source tags of the catalogue stand for."""
    tables = _load("sources.toml")
    return {tag: Source(tag, table["title"], table.get("url", "")) for tag, table in tables.items()}


@cache
def excluded() -> Mapping[str, str]:
    """The ids that have no check, each with its reason."""
    return _load("excluded.toml")


@cache
def kills() -> Mapping[str, tuple[str, ...]]:
    """The faults of the reference gateway that break each id, by their names."""
    return {id: tuple(slugs) for id, slugs in _load("kills.toml").items()}


def source_url(entry: Entry) -> str:
    """The first public address that an entry rests on; empty where there is none."""
    tagged = (sources()[tag].url for tag in entry.sources)
    issues = (issue_url(reference) for reference in entry.issues)
    return next((url for url in (*tagged, *issues) if url), "")


def issue_url(reference: str) -> str:
    """The address of an issue given as `owner/name#1`."""
    repository, _, number = reference.partition("#")
    return f"https://github.com/{repository}/issues/{number}"


def _entry(id: str, table: Mapping[str, Any]) -> Entry:
    level = table["level"]
    levels = level if isinstance(level, dict) else {"gateway": level, "vendor": level}
    return Entry(
        id=id,
        levels={kind: Level(name) for kind, name in levels.items()},
        rule=table["rule"],
        scope=tuple(table["scope"]),
        sources=tuple(table["sources"]),
        issues=tuple(table.get("issues", ())),
        capability=table.get("capability", ""),
    )


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((files("conformance.requirements") / name).read_text(encoding="utf-8"))
