"""The matrix as one self-contained HTML page that a team can publish.

Only redacted recordings and the verdicts of the runs are read, so no key can be in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from conformance import __version__, report
from conformance.compare.excerpt import Excerpt, excerpt
from conformance.compare.matrix import Cell, Column, Matrix
from conformance.compare.runs import Run
from conformance.report.findings import unjudged
from conformance.report.page import render as render_page
from conformance.report.summary import Banner, banner

TEMPLATE = "matrix.html"
_NAMED = 3
_AREA_NAMES = {"anthropic": "Anthropic", "openai": "OpenAI", "gateway": "Gateway"}


def render(matrix: Matrix, folder: Path) -> str:
    """The page, to be written into this folder: links to reports are relative to it."""
    return render_page(
        TEMPLATE,
        {
            "matrix": matrix,
            "heading": heading(matrix),
            "banners": _banners(matrix.columns),
            "links": {column.number: report_link(column.run, folder) for column in matrix.columns},
            "evidence": _evidence(matrix),
            "area_names": _AREA_NAMES,
            "unjudged_of": unjudged,
            "suite_version": __version__,
            "requirements": sum(1 for _ in matrix.rows),
            "differing": sum(row.differs for row in matrix.rows),
        },
    )


def heading(matrix: Matrix) -> str:
    """What the page is about."""
    names = [column.run.name for column in matrix.columns]
    if len(names) > _NAMED:
        return f"LLM gateway conformance: {len(names)} runs side by side"
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    return f"Conformance of {listed}"


def report_link(run: Run, folder: Path) -> str:
    """The run's own report as seen from a folder; empty where there is none to reach.

    A path that shares nothing with the folder but the root of the disk would only tell
    readers where the page was made.
    """
    start, end = folder.resolve(), run.folder.resolve()
    if not run.has_report or start.anchor != end.anchor:
        return ""
    shared = Path(os.path.commonpath([start, end]))
    return "" if shared == Path(start.anchor) else quote(_relative(start, end))


def _relative(start: Path, end: Path) -> str:
    return Path(os.path.relpath(end / report.NAME, start)).as_posix()


def _banners(columns: tuple[Column, ...]) -> Mapping[int, Banner]:
    return {column.number: banner(column.run.judged) for column in columns}


def _evidence(matrix: Matrix) -> Mapping[str, Excerpt]:
    """The evidence of every cell that has some, by the cell's id."""
    cells = (cell for row in matrix.rows for cell in row.cells)
    return {cell.id: _excerpt(cell) for cell in cells if cell.has_evidence}


def _excerpt(cell: Cell) -> Excerpt:
    assert cell.verdict is not None
    return excerpt(cell.run, cell.verdict, cell.id)
