"""The reference gateway with a fault, in this process, and the way of a client to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from conformance.clients import passthrough
from conformance.clients.passthrough import Passthrough
from conformance.connection import Connection, Deadlines, connected
from conformance.secret import Secret
from conformance.target import Target, Wish, resolve
from reference_gateway.app import serve
from reference_gateway.config import Config

MOST_REQUESTS = 20
"""How many requests of one task are let through: a client that makes more is in a loop."""


@dataclass(frozen=True)
class Place:
    """A gateway that runs: where it is, its key, and the connection of pass-throughs to it."""

    site: str
    key: str
    connection: Connection

    @property
    def target(self) -> Target:
        """Which models it has, among others."""
        return self.connection.target

    @asynccontextmanager
    async def through(self) -> AsyncIterator[Passthrough]:
        """A pass-through for one task of one client."""
        way = Passthrough(self.connection, self.site, Secret(self.key), MOST_REQUESTS)
        async with passthrough.opened(way):
            yield way


@asynccontextmanager
async def serving(*faults: str) -> AsyncIterator[Place]:
    """The gateway with these faults; what is still open at the end is not waited for."""
    async with serve(Config(faults=faults, grace_s=0.1)) as gateway:
        target = resolve(Wish(), {}).started(f"{gateway.base_url}/api", Secret(gateway.key))
        async with connected(target, Deadlines()) as connection:
            yield Place(gateway.base_url, gateway.key, connection)
