"""Clients at work: a library stays in a process that takes one task after another.

An agent is started anew for each task. Both see a pass-through that counts and caps what
they send.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any

from conformance.clients import assignments, installing, running, sandbox
from conformance.clients.installing import Installed
from conformance.clients.passthrough import Passthrough
from conformance.clients.running import Errand, agent_of
from tests.impact.cells import UNKNOWN_MODEL, WRONG_KEY, Cell
from tests.impact.classifying import Work
from tests.impact.gateways import Place

LONGEST_S = 15.0
"""How long a task may take; a client that is still at it then hangs."""

MOST_AT_ONCE = 3
"""Processes of one library: one of them may be waiting for what does not come."""

_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
_LONGEST_LINE = 8 << 20


@dataclass
class Library:
    """The processes of one library, made when they are needed."""

    installed: Installed
    home: Path
    proxy: str
    idle: list[asyncio.subprocess.Process] = field(default_factory=list)
    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_ONCE))

    async def told(self, job: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the library says of a job; None where it is not done in time."""
        async with self.free:
            process = self.idle.pop() if self.idle else await self._started()
            started = monotonic()
            try:
                async with asyncio.timeout(LONGEST_S):
                    said = await _said(process, job)
            except TimeoutError:
                return None
            else:
                if "crashed" not in said:
                    self.idle.append(process)
                return {**said, "seconds": monotonic() - started}
            finally:
                if process not in self.idle:
                    await _end(process)

    async def close(self) -> None:
        """End what still runs."""
        for process in self.idle:
            await _end(process)

    async def _started(self) -> asyncio.subprocess.Process:
        command = running.program_of(self.installed, self.home)
        process = await asyncio.create_subprocess_exec(
            *command,
            "-",
            env=sandbox.environment(self.home, self.installed.path, self.proxy),
            cwd=self.home,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
        await _line(process, "ready")
        return process


async def _said(process: asyncio.subprocess.Process, job: Mapping[str, Any]) -> dict[str, Any]:
    assert process.stdin
    with suppress(ConnectionError):
        process.stdin.write(json.dumps(job).encode() + b"\n")
        await process.stdin.drain()
    return await _line(process, "error")


async def _line(process: asyncio.subprocess.Process, member: str) -> dict[str, Any]:
    """The next line that is an object with this member: libraries print warnings too."""
    assert process.stdout
    while line := await process.stdout.readline():
        with suppress(ValueError):
            said = json.loads(line)
            if isinstance(said, dict) and member in said:
                return said
    status = await process.wait()
    return {"error": f"the process ended by itself with status {status}", "crashed": True}


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


@dataclass
class Workers:
    """All clients that can be set to work, by name; agents one at a time."""

    libraries: Mapping[str, Library]
    installed: Mapping[str, Installed]
    agents: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    async def work(self, cell: Cell, place: Place) -> tuple[Work, Passthrough]:
        """A client does its task at a gateway."""
        async with AsyncExitStack() as stack:
            if agent_of(cell.client):
                await stack.enter_async_context(self.agents)
            through = await stack.enter_async_context(place.through())
            errand = self._errand(cell, place, through)
            of_kind = self._by_agent if agent_of(cell.client) else self._by_library
            work = await of_kind(errand, cell)
        work = replace(work, requests=_requests(through), over_cap=through.over_cap)
        return work, through

    def _errand(self, cell: Cell, place: Place, through: Passthrough) -> Errand:
        installed = self.installed[cell.name]
        quick = replace(installed, client=replace(cell.client, seconds=LONGEST_S))
        known = place.target.models[cell.protocol]
        model = "no-such-model" if cell.task == UNKNOWN_MODEL else known
        # The pass-through knows only its own key; another one goes on as it is.
        key = "th-wrong" if cell.task == WRONG_KEY else through.client_key
        return Errand(quick, cell.protocol, cell.of_client, f"{through.url}/api", key, model)

    async def _by_library(self, errand: Errand, cell: Cell) -> Work:
        library = self.libraries[cell.name]
        said = await library.told(_job(errand, cell, library.home))
        if said is None:
            return Work({}, has_ended=False)
        runs = (assignments.ran(r["name"], r["arguments"]) for r in said.get("tool_runs", ()))
        return Work(said, tuple(runs), error=said["error"], seconds=said["seconds"])

    async def _by_agent(self, errand: Errand, cell: Cell) -> Work:
        done = await running.done(errand, cell.assignment)
        finished = done.finished
        failed = "" if finished.exit_status == 0 else finished.stderr or finished.stdout
        error = done.said["error"] or failed
        said = _without_chance(done.said)
        return Work(
            said,
            done.runs,
            has_ended=not finished.timed_out,
            error=error,
            seconds=finished.seconds,
        )


def _without_chance(said: Mapping[str, Any]) -> dict[str, Any]:
    """What an agent said, without what differs from run to run.

    Its prompts name its home and the tokens that are left, so no two are equally long.
    """
    answers = [{**answer, "input": bool(answer["input"])} for answer in said.get("answers", ())]
    return {**said, "text": _REMINDER.sub("", str(said["text"])).strip(), "answers": answers}


def _requests(through: Passthrough) -> int:
    return len(through.exchanges("counted")) + through.over_cap


def _job(errand: Errand, cell: Cell, home: Path) -> dict[str, Any]:
    env = dict(errand.settings(home).env)
    job = running.job(errand, cell.assignment)
    return {**job, "env": env, "most_retries": None, "streamed": cell.is_streamed}


@asynccontextmanager
async def ready(cells: list[Cell]) -> AsyncIterator[Workers]:
    """The clients of these cells; raises KeyError for one that is not installed."""
    cache = installing.cache_folder()
    found = {}
    for client in {cell.name: cell.client for cell in cells}.values():
        installed = installing.found(client, cache)
        if installed is None:
            raise KeyError(f"gateway-conformance clients install {client.name}")
        found[client.name] = installed
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sandbox.nowhere() as at:
        libraries = {}
        for name, installed in found.items():
            if not agent_of(installed.client):
                (Path(folder) / name).mkdir()
                libraries[name] = Library(installed, Path(folder) / name, at)
        try:
            yield Workers(libraries, found)
        finally:
            for library in libraries.values():
                await library.close()
