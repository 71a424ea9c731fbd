"""`matrix`: many runs as one page, requirements by gateway."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from conformance.commands import Commands
from conformance.commands.output import write_page
from conformance.compare.matrix import matrix
from conformance.compare.matrix_page import render
from conformance.compare.runs import Run, load, told_apart
from conformance.errors import UsageError


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare `matrix`."""
    parser = commands.add_parser(
        "matrix",
        help="write many runs as one HTML page: requirements by gateway",
        description="Writes one self-contained page about the runs of many gateways or versions.",
    )
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="a run folder")
    parser.add_argument(
        *("-o", "--output"),
        type=Path,
        default=Path("matrix.html"),
        metavar="FILE",
        help="where to write the page (matrix.html)",
    )
    parser.add_argument(
        "--name",
        nargs="+",
        action="extend",
        default=[],
        help="what to call the runs, in their order, after them; else profile or host",
    )
    parser.set_defaults(command=write_matrix)


def write_matrix(arguments: argparse.Namespace) -> int:
    """Write the page and print where it is."""
    runs = _runs(arguments.runs, arguments.name)
    write_page(arguments.output, render(matrix(runs), arguments.output.parent))
    print(arguments.output)
    return 0


def _runs(folders: list[Path], names: list[str]) -> list[Run]:
    if names and len(names) != len(folders):
        found = f"{len(names)} names for {len(folders)} runs"
        raise UsageError(f"--name: found {found}; give one for each run, or none")
    if len(set(names)) != len(names):
        raise UsageError("--name: found the same name twice; readers could not tell the runs apart")
    runs = [load(folder) for folder in folders]
    return [
        replace(run, name=name) for run, name in zip(runs, names or told_apart(runs), strict=True)
    ]
