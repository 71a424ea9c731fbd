"""The command line of the suite: `gateway-conformance run | list | report`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest

from conformance import __version__, report
from conformance.catalogue import catalogue, source_url
from conformance.errors import ConformanceError
from conformance.plan import serving
from conformance.registry import requirements

USAGE_ERROR = 4


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is that of the command."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["run"]:
        # Everything behind `run` is pytest's, --help included.
        return run(arguments[1:])
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except ConformanceError as error:
        print(f"gateway-conformance: {error}", file=sys.stderr)
        return USAGE_ERROR


def run(arguments: Sequence[str]) -> int:
    """Judge a gateway with pytest; root and cache are in the current folder."""
    here = Path.cwd()
    with as_file(files("conformance") / "installed.ini") as ini:
        return int(
            pytest.main(
                [
                    *("-c", str(ini), f"--rootdir={here}", "-o", f"cache_dir={here}/.pytest_cache"),
                    *("-p", "conformance.plugin", "--pyargs", "conformance.suite"),
                    *arguments,
                ]
            )
        )


def list_requirements(options: argparse.Namespace) -> int:
    """Print every requirement that has a check."""
    rows = [_row(id) for id in requirements()]
    if options.json:
        print(json.dumps(rows, indent=1))
        return 0
    for row in rows:
        print(f"{row['id']:<16} {row['level']['gateway']:<7} {row['title']}")
    return 0


def write_report(options: argparse.Namespace) -> int:
    """Write `report.html` of a run folder anew and print where it is."""
    print(report.write(options.folder))
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gateway-conformance", description="Decides whether an LLM gateway is right."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("run", help="judge a gateway; takes pytest's options and ours")
    listing = commands.add_parser("list", help="print the requirements that have a check")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(command=list_requirements)
    again = commands.add_parser("report", help="write report.html of a run folder anew")
    again.add_argument("folder", type=Path, help="a run folder with verdicts.jsonl")
    again.set_defaults(command=write_report)
    return parser


if __name__ == "__main__":
    sys.exit(main())
