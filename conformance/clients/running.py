"""A client does one task in its sandbox; what it did is a value."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from conformance.clients import assignments, sandbox
from conformance.clients.assignments import Assignment
from conformance.clients.catalogue import Client, Registry
from conformance.clients.installing import Installed
from conformance.clients.printed import AGENTS, Agent, Said, of_driver
from conformance.clients.sandbox import Finished
from conformance.clients.settings import Settings, family_of, settings_of

BUDGET = 1024
"""The output tokens of a library's answer; agents ask for what they like."""

_NOTHING: Said = {"text": "", "answers": [], "error": ""}


@dataclass(frozen=True)
class Errand:
    """One client, one task, and where to send: `key` opens the pass-through only."""

    installed: Installed
    protocol: str
    task: str
    base_url: str
    key: str
    model: str

    @property
    def client(self) -> Client:
        """Who runs it."""
        return self.installed.client

    def settings(self, home: Path) -> Settings:
        """How the client is told where to send."""
        return settings_of(
            self.client.name,
            self.protocol,
            self.base_url,
            key=self.key,
            model=self.model,
            home=str(home),
        )


@dataclass(frozen=True)
class Done:
    """What came of it: how the process ended, what it said, and what it ran."""

    command: tuple[str, ...]
    finished: Finished
    said: Said
    runs: tuple[str, ...]


def agent_of(client: Client) -> Agent | None:
    """How to talk to an agent; None for a library, which has a driver."""
    return None if Path(client.driver).suffix else AGENTS[family_of(client.name)]


async def done(errand: Errand, assignment: Assignment) -> Done:
    """The client does its task, in a home that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gc-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        (home / "work").mkdir()
        agent = agent_of(errand.client)
        settings = errand.settings(home)
        for path, text in settings.files.items():
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_text(text, encoding="utf-8")
        if agent:
            command = _of_agent(errand, agent, settings, assignment)
        else:
            command = _of_library(errand, assignment, home)
        finished = await sandbox.run(
            command,
            env=settings.env,
            home=home,
            cap_s=errand.client.seconds,
            path=errand.installed.path,
            folder=home / "work",
        )
        if agent:
            return Done(command, finished, _NOTHING | agent.said(finished.stdout), _written(home))
        said = _NOTHING | of_driver(finished.stdout)
        ran = (assignments.ran(run["name"], run["arguments"]) for run in said.get("tool_runs", ()))
        return Done(command, finished, said, tuple(ran))


def _of_agent(
    errand: Errand, agent: Agent, settings: Settings, assignment: Assignment
) -> tuple[str, ...]:
    command = settings.command(assignment.prompt)
    if agent.splits:
        words = assignment.prompt.split(" ")
        command = tuple(w for c in command for w in (words if c == assignment.prompt else [c]))
    if errand.client.registry is Registry.PYPI:
        return (str(errand.installed.python), "-m", *command)
    return command


def _of_library(errand: Errand, assignment: Assignment, home: Path) -> tuple[str, ...]:
    """The driver's program, and the file with the job that it is given."""
    file = home / "job.json"
    file.write_text(json.dumps(job(errand, assignment)), encoding="utf-8")
    return (*program_of(errand.installed, home), str(file))


def program_of(installed: Installed, home: Path) -> tuple[str, ...]:
    """The driver of a library as a command, copied to where it finds the library."""
    program = home / "program"
    if not program.exists():
        with as_file(files("conformance.clients") / "drivers") as drivers:
            shutil.copytree(drivers, program, ignore=shutil.ignore_patterns("__*"))
        if installed.node is not None:
            # Node looks for modules beside the program, whatever folder it is started in.
            modules = program / "node_modules"
            modules.symlink_to(installed.modules, target_is_directory=True)
    return (*_interpreter(installed), str(program / installed.client.driver))


def _interpreter(installed: Installed) -> Sequence[str]:
    if installed.node is None:
        return (str(installed.python), "-B", "-s")
    return (str(installed.node),)


def job(errand: Errand, assignment: Assignment) -> dict[str, object]:
    """The job that a driver is given."""
    return {
        "protocol": errand.protocol,
        "task": errand.task,
        "model": errand.model,
        "prompt": assignment.prompt,
        "budget": BUDGET,
        "tools": list(assignment.tools),
        "results": dict(assignment.results),
    }


def _written(home: Path) -> tuple[str, ...]:
    """What the commands of an agent left behind."""
    found: list[str] = []
    for path in sorted((home / "work").rglob("ran-*.txt")):
        with suppress(OSError):
            content = path.read_text(encoding="utf-8", errors="replace")
            found.append(assignments.wrote(path.name, content))
    return tuple(found)
