"""A client's script, played in a process of its own that sees nothing of our environment."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.clients import installing, sandbox
from conformance.clients.installing import Installed
from conformance.errors import ConformanceError
from tests.clients.facts import HERE, Library

LONGEST_S = 90
SCRIPTS = HERE / "scripts"


@dataclass(frozen=True)
class Played:
    """What every case of a client's script gave, by name."""

    client: Library
    outcomes: Mapping[str, Mapping[str, Any]]

    def returned(self, case: str) -> Any:
        """What a case returned; one that raised fails the test."""
        outcome = self.outcomes[case]
        assert "returned" in outcome, f"{self.client.name} raised in {case}: {outcome['raised']}"
        return outcome["returned"]

    def raised(self, case: str) -> Mapping[str, Any]:
        """What is known of the exception of a case; one that raised none fails the test."""
        outcome = self.outcomes[case]
        assert "raised" in outcome, f"{self.client.name} took {outcome['returned']} in {case}"
        raised: Mapping[str, Any] = outcome["raised"]
        return raised


def play(library: Library, given: Mapping[str, Any]) -> Played:
    """Every case of the library's script, which reads `given` from a file.

    The test is skipped where the library cannot be had.
    """
    try:
        installed = installing.install(library.client, installing.cache_folder())
    except ConformanceError as error:
        pytest.skip(str(error))
    return Played(library, _outcomes(library, installed, given))


def _outcomes(
    library: Library, installed: Installed, given: Mapping[str, Any]
) -> Mapping[str, Mapping[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "given.json").write_text(json.dumps(given), encoding="utf-8")
        command = (*_interpreter(installed, home), library.script, "given.json")
        running = sandbox.run(command, env={}, home=home, cap_s=LONGEST_S, path=installed.path)
        done = asyncio.run(running)
    assert done.exit_status == 0, f"{library.script} ended with {done.exit_status}: {done.stderr}"
    outcomes: Mapping[str, Mapping[str, Any]] = json.loads(done.stdout)
    return outcomes


def _interpreter(installed: Installed, home: Path) -> Sequence[str]:
    # Node looks for modules beside the script, whatever folder it is started in.
    shutil.copytree(SCRIPTS, home, dirs_exist_ok=True)
    if installed.node is None:
        return (str(installed.python), "-E", "-s")
    (home / "node_modules").symlink_to(installed.modules, target_is_directory=True)
    return ("node",)
