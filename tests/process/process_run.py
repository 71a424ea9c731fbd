"""A run of the suite as its user starts it: a pytest process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from conformance import verdicts
from conformance.model import Outcome, Verdict

ROOT = Path(__file__).parents[2]
"""The checkout, where `pytest` alone judges the embedded gateway."""

LEAN = [
    part
    for name in ("playwright", "hypothesispytest", "anyio", "timeout")
    for part in ("-p", f"no:{name}")
]
"""Plugins of no concern here, left out because they take longer to load than a run."""

LONGEST_S = 120
_OURS = ("GATEWAY_", "GITHUB_", "PYTEST_", "BASE_URL", "TOKENHUB_API_KEY", "COVERAGE_")
_SHOW = ("CI", "BUILD_NUMBER", "FORCE_COLOR", "PY_COLORS")


@dataclass(frozen=True)
class Run:
    """What a run left: its exit status, everything it printed, and its run folder."""

    status: int
    output: str
    folder: Path

    @property
    def judged(self) -> verdicts.Judged:
        """What `verdicts.jsonl` says."""
        return verdicts.read(self.folder)

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The verdicts by requirement."""
        return {verdict.requirement: verdict for verdict in self.judged.verdicts}

    @property
    def outcomes(self) -> dict[str, str]:
        """The outcomes by requirement."""
        return {id: str(verdict.outcome) for id, verdict in self.verdicts.items()}

    @property
    def failing(self) -> set[str]:
        """The requirements that failed."""
        return {id for id, outcome in self.outcomes.items() if outcome == Outcome.FAIL}

    @property
    def broke_down(self) -> bool:
        """Whether the output shows an error of the suite itself."""
        return any(word in self.output for word in ("Traceback (most", "INTERNALERROR"))

    def line(self, words: str) -> str:
        """The one line of the output that says this."""
        found = [line for line in self.output.splitlines() if words in line]
        assert len(found) == 1, f"{words!r} in {len(found)} lines of:\n{self.output}"
        return found[0]


def environment(**wanted: str) -> dict[str, str]:
    """The environment without anything that names a gateway or steers pytest."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_OURS) and name not in _SHOW and not name.upper().endswith("_PROXY")
    }
    return {**kept, "COLUMNS": "160", **wanted}


def command(place: Path, *arguments: str, plugins: list[str] | None = None) -> list[str]:
    """`pytest` with all of its output below a folder, unless it goes on in another one."""
    goes_on = any(argument.startswith("--resume") for argument in arguments)
    return [
        *(sys.executable, "-m", "pytest"),
        *([] if goes_on else [f"--report-dir={place / 'run'}"]),
        *("-o", f"cache_dir={place / 'cache'}"),
        *(LEAN if plugins is None else plugins),
        *arguments,
    ]


def run(
    place: Path,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    plugins: list[str] | None = None,
) -> Run:
    """Run the suite to its end; `env` is added to a clean environment."""
    ended = subprocess.run(
        command(place, *arguments, plugins=plugins),
        cwd=ROOT,
        env=environment(**(env or {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    return Run(ended.returncode, ended.stdout, place / "run")


class Underway:
    """A run that has not ended: its process, and what it has printed."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.printed: list[str] = []

    def until(self, words: str) -> str:
        """The next line with these words, waited for."""
        for line in self._lines:
            self.printed.append(line)
            if words in line:
                return line
        raise AssertionError(f"{words!r} was never printed:\n{''.join(self.printed)}")

    def ended(self) -> Run:
        """The run once its process is gone."""
        self.printed += self._lines
        return Run(self.process.wait(LONGEST_S), "".join(self.printed), self.folder)

    @property
    def _lines(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout


@contextmanager
def underway(
    place: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> Iterator[Underway]:
    """Start the suite in a process group of its own, so that it can be interrupted."""
    with subprocess.Popen(
        command(place, *arguments),
        cwd=ROOT,
        env=environment(**(env or {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield Underway(process, place / "run")
        finally:
            process.kill()
