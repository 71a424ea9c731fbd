"""Real clients at work: each is pointed at the gateway, through the recording pass-through.

One scenario for each client, protocol and task of `clients.toml`. Where the lab stands behind
the gateway it answers them, and some tasks are done once more over an upstream of the other
protocol. Nothing is judged here: what the client said and did becomes facts, what it sent and
got becomes exchanges, and so does what the lab got.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.clients import (
    assignments,
    catalogue,
    installing,
    lab_answers,
    passthrough,
    running,
)
from conformance.clients.assignments import Assignment
from conformance.clients.catalogue import Client
from conformance.clients.installing import Installed
from conformance.clients.passthrough import Passthrough
from conformance.clients.running import BUDGET, Done, agent_of
from conformance.errors import ClientError
from conformance.kinds import Protocol
from conformance.recorder import Gateway
from conformance.registry import SCRIPTED, scenario
from conformance.roots import site_of

CAPABILITIES = {
    "text": (),
    "tool": ("tools",),
    "parallel_tools": ("tools", "parallel_tools"),
    "thinking": ("thinking_enabled",),
    "count_tokens": ("count_tokens",),
}
RESPONSES = ("codex",)
"""Those that speak the Responses API and nothing else."""

MOST_REQUESTS = 20
"""How many requests of one client are passed on: some never stop by themselves."""

MOST_COUNTS = 60
"""The same where tokens are counted: Claude Code counts each part of its prompt."""

_KEPT_CHARACTERS = 4000


def assigned(client: Client, task: str, nonce: str, orders: bool) -> Assignment:
    """What a client is asked to do, in words that fit it."""
    agent = agent_of(client)
    if task in ("tool", "parallel_tools"):
        count = 2 if task == "parallel_tools" else 1
        if agent is None:
            return assignments.weather(nonce, orders, count)
        return assignments.commands(nonce, orders, count, agent.call)
    if task == "count_tokens":
        return Assignment(assignments.LINE if agent is None else "/context")
    return assignments.thought() if task == "thinking" else assignments.text(nonce, orders)


@dataclass(frozen=True)
class Trial:
    """A client with a task, and the protocol of the lab's provider where there is a lab."""

    client: Client
    protocol: Protocol
    task: str
    upstream: Protocol

    @property
    def title(self) -> str:
        """What is done, in a sentence."""
        who = f"{self.client.title[:1].upper()}{self.client.title[1:]}"
        where = f", with {self.upstream} upstream" if self.is_translated else ""
        return f"{who} does its task{where}: {self.task}."

    @property
    def is_translated(self) -> bool:
        """Whether client and upstream speak different protocols."""
        return self.upstream is not self.protocol

    @property
    def exchanges(self) -> int:
        """How many model requests a healthy run makes."""
        return self.client.requests[self.protocol][self.task] + sum(self.client.extra.values())


def _declare(trial: Trial) -> None:
    async def play(gateway: Gateway) -> None:
        await _played(gateway, trial)

    play.__doc__ = trial.title
    asks = ("responses",) if trial.client.name in RESPONSES else ()
    scenario(
        trial.client.scenario(trial.protocol, trial.task, trial.upstream),
        protocol=trial.protocol,
        exchanges=trial.exchanges,
        cost=trial.exchanges * BUDGET,
        capabilities=(*CAPABILITIES[trial.task], *asks),
        exclusive=True,
        opt_in="clients",
        lab=(f"lab_{trial.upstream}",),
        lab_is_optional=not trial.is_translated,
    )(play)


async def _played(gateway: Gateway, trial: Trial) -> None:
    client = trial.client
    installed = installing.found(client, installing.cache_folder())
    if installed is None:
        command = f"gateway-conformance clients install {client.name}"
        raise ClientError(f"needs {client.title}: `{command}`")
    if gateway.behind is not None:
        await _played_before_lab(gateway, trial, installed)
        return
    orders = gateway.claims(SCRIPTED)
    gateway.facts["is_scripted"] = orders
    assignment = assigned(client, trial.task, gateway.nonce, orders)
    await _worked(gateway, trial, installed, assignment, gateway.models[trial.protocol])


async def _played_before_lab(gateway: Gateway, trial: Trial, installed: Installed) -> None:
    """The lab is told what to answer; what it got stands in the recording."""
    assignment = assigned(trial.client, trial.task, gateway.nonce, orders=False)
    steps = lab_answers.steps(assignment, trial.upstream)
    script = await gateway.lab.script(*steps)
    gateway.facts["is_scripted"] = True
    if steps:
        assignment = lab_answers.marked(assignment, script.mark)
        gateway.facts["has_lab"] = True
    model = gateway.models[f"lab_{trial.upstream}"]
    await _worked(gateway, trial, installed, assignment, model)
    await gateway.lab.collect(script)


async def _worked(
    gateway: Gateway, trial: Trial, installed: Installed, assignment: Assignment, model: str
) -> None:
    client, task, root = trial.client, trial.task, gateway.routes[trial.protocol].root
    site = site_of(root)
    most = MOST_COUNTS if task == "count_tokens" else MOST_REQUESTS
    through = Passthrough(gateway.connection, site, gateway.keys["valid"], most)
    async with passthrough.opened(through):
        base_url = through.url + root.removeprefix(site)
        sent = running.Errand(installed, trial.protocol, task, base_url, through.client_key, model)
        found = await running.done(sent, assignment)
    gateway.exchanges.extend(through.exchanges(gateway.scenario))
    if through.spent is not None:
        raise through.spent
    if not gateway.exchanges:
        raise ClientError(f"{client.title} ended before it asked anything: {_words(found)}")
    gateway.facts |= _facts(client, task, assignment, found)
    gateway.facts |= {
        "over_cap": through.over_cap,
        "requests": client.requests[trial.protocol][task],
    }


def _facts(client: Client, task: str, assignment: Assignment, found: Done) -> dict[str, Any]:
    finished = found.finished
    return {
        "client": client.title,
        "version": client.version,
        "task": task,
        "command": [word[:_KEPT_CHARACTERS] for word in found.command],
        "exit_status": finished.exit_status,
        "timed_out": finished.timed_out,
        "seconds": round(finished.seconds, 3),
        "stdout": _end(finished.stdout),
        "stderr": _end(finished.stderr),
        "said": found.said,
        "runs": list(found.runs),
        "expected": {
            "whole": assignment.whole,
            "words": list(assignment.words),
            "runs": list(assignment.runs),
            "results": dict(assignment.results),
        },
    }


def _words(found: Done) -> str:
    said = found.said["error"] or found.finished.stderr or found.finished.stdout
    return " ".join(str(said).split())[-300:] or f"exit status {found.finished.exit_status}"


def _end(text: str) -> str:
    return text if len(text) <= _KEPT_CHARACTERS else f"... {text[-_KEPT_CHARACTERS:]}"


for _client in catalogue.clients():
    for _protocol in _client.protocols:
        for _task in _client.tasks(_protocol):
            for _upstream in _client.upstreams(_protocol, _task):
                _declare(Trial(_client, Protocol(_protocol), _task, Protocol(_upstream)))
