"""What is measured of each client: its tasks, and what it does with them on a sound gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.clients import catalogue
from conformance.clients.assignments import Assignment
from conformance.clients.catalogue import Client, Tier
from conformance.model import Request
from conformance.scenarios.clients import assigned
from tests.impact.classifying import Work

NONCE = "plum-4711"
"""The same at every run, so that the answers are."""

AGENTS = ("claude-code",)
UNTRIED = {"claude-code": ("thinking", "count_tokens")}
"""Tasks that are not worth their time: 34 requests for one count."""

BROKEN, WRONG_KEY, UNKNOWN_MODEL = "broken", "wrong_key", "unknown_model"
FAILING = (BROKEN, WRONG_KEY, UNKNOWN_MODEL)
"""Texts that end with an error on a sound gateway: its provider breaks the stream off, ..."""
REFUSED = (WRONG_KEY, UNKNOWN_MODEL)
"""... or the gateway refuses them."""

WHOLE = "whole_"
"""Begins the tasks whose answers a library asks for as a whole, not as a stream."""

SIMPLER = {"parallel_tools": "tool", "thinking": "text", BROKEN: "text"}
"""A task that shows more than a simpler one is tried where that one shows nothing."""


@dataclass(frozen=True)
class Cell:
    """A client with one of its tasks."""

    name: str
    protocol: str
    task: str

    @property
    def client(self) -> Client:
        """Who does it."""
        return catalogue.named(self.name)

    @property
    def assignment(self) -> Assignment:
        """What it is asked to do; the model takes orders."""
        found = assigned(self.client, self.of_client, NONCE, orders=True)
        if self.task != BROKEN:
            return found
        return replace(found, prompt=f"{found.prompt} [[fail after 3: broken]]")

    @property
    def of_client(self) -> str:
        """The task of the client that this is a form of."""
        return "text" if self.task in FAILING else self.task.removeprefix(WHOLE)

    @property
    def is_streamed(self) -> bool:
        """Whether a stream is asked for."""
        return not self.task.startswith(WHOLE)


@dataclass(frozen=True)
class Healthy:
    """A task on the sound gateway: what came of it, and the requests, made with `key`."""

    work: Work
    requests: tuple[Request, ...]
    key: str


def clients() -> list[Client]:
    """Tier A, and the agents that are quick enough."""
    return [c for c in catalogue.clients() if c.tier is Tier.A or c.name in AGENTS]


def cells(client: Client) -> list[Cell]:
    """Each of its tasks, the simple ones first."""
    untried = UNTRIED.get(client.name, ())
    whole = () if client.name in AGENTS else (f"{WHOLE}text", f"{WHOLE}tool")
    found = [
        Cell(client.name, protocol, task)
        for protocol in client.protocols
        for task in (*client.tasks(protocol), *whole, *FAILING)
    ]
    return [cell for cell in found if cell.task not in untried]


def concerned(of_client: Sequence[Cell], changed: Mapping[Cell, bool]) -> list[Cell]:
    """The tasks to be tried: their traffic differs, and no simpler task shows it."""
    differing = {(cell.protocol, cell.task) for cell in of_client if changed[cell]}
    return [
        cell
        for cell in of_client
        if changed[cell] and (cell.protocol, SIMPLER.get(cell.task)) not in differing
    ]
