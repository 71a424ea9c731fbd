"""The Allure report of a folder of results, made by the `allure` command of npm."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from conformance import archive
from conformance.errors import UsageError
from conformance.report.allure_folder import categories

_LONGEST_S = 300
_INSTALL = "npm install -g allure@3 (needs Node 20 or newer), or npm install allure@3 here"
_TRACKING = re.compile(
    r"<script async src=\"https://www\.googletagmanager\.com/[^<]*</script>\s*"
    r"<script>\s*window\.dataLayer[^<]*</script>"
)


def render(results: Path, output: Path, name: str) -> Path:
    """Make one HTML file of the results; raises UsageError where Allure cannot."""
    command = _command(results)
    with tempfile.TemporaryDirectory() as place:
        settings = Path(place) / "allurerc.json"
        settings.write_text(json.dumps(_settings(name)), encoding="utf-8")
        options = ["--config", str(settings), "--single-file", "--output", str(output.resolve())]
        _run([command, "awesome", *options, str(results.resolve())])
    page = output / "index.html"
    if not page.is_file():
        raise UsageError(f"{command} wrote no {page}; expected Allure 3: {_INSTALL}")
    archive.write_whole(page, private(page.read_text(encoding="utf-8")))
    return page


def private(page: str) -> str:
    """The page without the script that reports each reader to Google Analytics."""
    return _TRACKING.sub("", page)


def _settings(name: str) -> dict[str, object]:
    """Allure 3 takes its categories from its settings, not from the results."""
    rules = [
        {
            "name": row["name"],
            "matchers": {"statuses": row["matchedStatuses"], "message": row["messageRegex"]},
        }
        for row in categories()
    ]
    return {"name": name, "categories": rules}


def _command(results: Path) -> str:
    beside = Path("node_modules") / ".bin" / "allure"
    command = str(beside) if beside.is_file() else shutil.which("allure")
    if command is None:
        raise UsageError(f"found no allure command for {results}; install it: {_INSTALL}")
    version = _run([command, "--version"]).strip()
    if not version.startswith("3."):
        raise UsageError(f"{command} is version {version or '?'}, expected 3: {_INSTALL}")
    return command


def _run(words: list[str]) -> str:
    try:
        ended = subprocess.run(
            words,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_LONGEST_S,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"{words[0]} could not be run: {error}") from None
    if ended.returncode:
        said = (ended.stderr or ended.stdout).strip().splitlines()[-1:] or ["no message"]
        raise UsageError(f"{words[0]} failed with status {ended.returncode}: {said[0]}")
    return ended.stdout
