"""A client's script, played in a process of its own that sees nothing of our environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.installing import AbsentError, modules_of, python_of
from tests.clients.versions import HERE, Client

LONGEST_S = 90
SCRIPTS = HERE / "scripts"


@dataclass(frozen=True)
class Played:
    """What every case of a client's script gave, by name."""

    client: Client
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


def play(client: Client, given: Mapping[str, Any]) -> Played:
    """Every case of the client's script; `given` reaches it on its standard input.

    The test is skipped where the client cannot be had.
    """
    try:
        return Played(client, _outcomes(client, given))
    except AbsentError as error:
        pytest.skip(str(error))


def _outcomes(client: Client, given: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        command = _command(client, Path(folder))
        done = subprocess.run(
            command,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": folder},
            input=json.dumps(given),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=LONGEST_S,
            check=False,
        )
    assert done.returncode == 0, f"{client.script} ended with {done.returncode}: {done.stderr}"
    outcomes: Mapping[str, Mapping[str, Any]] = json.loads(done.stdout)
    return outcomes


def _command(client: Client, folder: Path) -> Sequence[str]:
    if client.language == "python":
        return (str(python_of(client)), "-E", "-s", str(SCRIPTS / client.script))
    # Node looks for modules beside the script, whatever folder it is started in.
    shutil.copytree(SCRIPTS, folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(modules_of(client), target_is_directory=True)
    return ("node", client.script)
