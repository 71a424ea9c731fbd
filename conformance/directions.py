"""The directions through a gateway: a client's protocol onto an upstream's."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from conformance.kinds import Protocol

BOTH = tuple(Protocol)

UPSTREAM_MODEL = "lab-model"
"""What the lab's model is called by its providers, whatever the gateway calls it."""


def names(
    name: str, clients: Iterable[Protocol] = BOTH, upstreams: Iterable[Protocol] = BOTH
) -> tuple[str, ...]:
    """The names that a scenario has in these directions, client first."""
    return tuple(f"lab-{name}-{client}-{behind}" for client, behind in product(clients, upstreams))


def same(name: str) -> tuple[str, ...]:
    """The names of the two directions in which nothing is translated."""
    return tuple(found for one in BOTH for found in names(name, (one,), (one,)))
