"""`list`: the requirements that have a check."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from conformance import editions
from conformance.commands import Commands
from conformance.coverage import Row, page, rows
from conformance.registry import requirements


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare `list`."""
    parser = commands.add_parser("list", help="print the requirements that have a check")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument(
        "--markdown", action="store_true", help="as a table that also has what is not checked"
    )
    form.add_argument(
        "--edition-toml", metavar="NAME", default="", help="as the file that freezes an edition"
    )
    parser.set_defaults(command=list_requirements)


def list_requirements(arguments: argparse.Namespace) -> int:
    """Print what each rests on, what shows it, and the faults that prove it."""
    if arguments.edition_toml:
        today = datetime.now(UTC).date()
        print(editions.frozen(arguments.edition_toml, requirements(), today), end="")
        return 0
    if arguments.markdown:
        print(page(), end="")
        return 0
    checked = [row for row in rows() if row.requirement]
    if arguments.json:
        print(json.dumps([_object(row) for row in checked], indent=1))
        return 0
    print("\n".join(line for row in checked for line in _lines(row)))
    return 0


def _object(row: Row) -> dict[str, Any]:
    return {
        "id": row.entry.id,
        "level": dict(row.entry.levels),
        "title": row.title,
        "rule": row.entry.rule,
        "source": row.source,
        "scenarios": row.scenarios,
        "faults": row.faults,
    }


def _lines(row: Row) -> Iterator[str]:
    yield f"{row.entry.id:<16} {row.entry.level('gateway'):<7} {row.title}"
    yield f"{'source':>26}  {row.source or '-'}"
    yield f"{'scenarios':>26}  {', '.join(row.scenarios)}"
    yield f"{'faults':>26}  {', '.join(row.faults) or '-'}"
