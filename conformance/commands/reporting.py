"""`report`: the HTML report of a run folder, written anew."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance import report
from conformance.commands import Commands


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare `report`."""
    parser = commands.add_parser("report", help="write report.html of a run folder anew")
    parser.add_argument("folder", type=Path, help="a run folder with verdicts.jsonl")
    parser.set_defaults(command=write_report)


def write_report(arguments: argparse.Namespace) -> int:
    """Write the report and print where it is."""
    print(report.write(arguments.folder))
    return 0
