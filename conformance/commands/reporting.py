"""`report`: the report of a run folder, written anew; with `--allure`, Allure's."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance import archive, report, verdicts
from conformance.commands import Commands
from conformance.errors import UsageError
from conformance.report import allure_folder, allure_page


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare `report`."""
    parser = commands.add_parser(
        "report", help="write report.html and summary.md of a run folder anew, or Allure's report"
    )
    parser.add_argument(
        "folder", type=Path, help="a run folder with verdicts.jsonl (or, with --allure, results)"
    )
    parser.add_argument(
        "--allure",
        action="store_true",
        help="render with the npm command allure 3: one HTML file in allure-report/",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="where the Allure report goes"
    )
    parser.set_defaults(command=write_report)


def write_report(arguments: argparse.Namespace) -> int:
    """Write the report and print where it is."""
    if arguments.output and not arguments.allure:
        raise UsageError("--output goes with --allure; report.html stands in its run folder")
    print(_allure(arguments) if arguments.allure else report.write(arguments.folder))
    return 0


def _allure(arguments: argparse.Namespace) -> Path:
    folder: Path = arguments.folder
    output: Path = arguments.output or folder / "allure-report"
    return allure_page.render(_results(folder), output, "Gateway conformance")


def _results(folder: Path) -> Path:
    """The results in a folder, or those of a run folder, written beside its verdicts."""
    if any(folder.glob("*-result.json")):
        return folder
    judged = verdicts.read(folder)
    recordings, _ = archive.read_readable(folder / "recordings")
    results = folder / "allure-results"
    allure_folder.write(results, judged, recordings)
    return results
