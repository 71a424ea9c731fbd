"""Reports of a clean and of a failing run, opened in a browser where there is one."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from browser_pages import FAULTS, axe, chromium, opened


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; tests without the tools of the environment are skipped."""
    if not chromium() or axe() is None or find_spec("playwright") is None:
        pytest.skip("needs chromium, playwright and axe-core: tox run -e accessibility")
    with opened() as browser:
        yield browser


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The two reports, by name."""
    place = tmp_path_factory.mktemp("reports")
    return {name: _run(place / name, faults) for name, faults in _RUNS.items()}


_RUNS: dict[str, tuple[str, ...]] = {"clean": (), "failing": FAULTS}


def _run(folder: Path, faults: tuple[str, ...]) -> Path:
    options = [f"--fault={fault}" for fault in faults]
    command = [sys.executable, "-m", "conformance", "run", "-q"]
    subprocess.run(
        [*command, f"--report-dir={folder}", *options],
        cwd=folder.parent,
        stdout=subprocess.DEVNULL,
        check=False,
        timeout=120,
    )
    return folder / "report.html"
