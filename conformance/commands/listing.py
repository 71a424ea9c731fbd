"""`list`: the requirements that have a check."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from conformance import editions
from conformance.catalogue import catalogue, source_url
from conformance.commands import Commands
from conformance.registry import requirements, serving


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare `list`."""
    parser = commands.add_parser("list", help="print the requirements that have a check")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument(
        "--edition-toml", metavar="NAME", default="", help="as the file that freezes an edition"
    )
    parser.set_defaults(command=list_requirements)


def list_requirements(arguments: argparse.Namespace) -> int:
    """Print id, level and title of each, or everything as JSON, or an edition's file."""
    if arguments.edition_toml:
        today = datetime.now(UTC).date()
        print(editions.frozen(arguments.edition_toml, requirements(), today), end="")
        return 0
    rows = [_row(id) for id in requirements()]
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return 0
    for row in rows:
        print(f"{row['id']:<16} {row['level']['gateway']:<7} {row['title']}")
    return 0


def _row(id: str) -> dict[str, Any]:
    requirement, entry = requirements()[id], catalogue()[id]
    return {
        "id": id,
        "level": dict(entry.levels),
        "title": requirement.title,
        "rule": entry.rule,
        "source": source_url(entry),
        "scenarios": sorted(serving(requirement)),
    }
