"""Control adapters put keys and accounts into a wanted state; amounts are integer nano-dollars.

Money checks then need no set-up by hand. What an adapter cannot do it does not claim as
an `Ability`, and the checks that need it are not run, by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from conformance.secret import Secret


class Ability(StrEnum):
    """What an adapter can do beyond handing out a key in the state of a role.

    KEYS: issue a key with a cap and an account of its own. SIBLINGS: several keys of one
    account. CAPS: change the cap of a key. FUNDS: tell the balance of an account and add to
    it. SPENT: tell what a key has spent. CHARGES: tell what each of its requests cost.
    LIMITS: say how many requests a key may make in a minute.
    """

    KEYS = "keys"
    SIBLINGS = "siblings"
    CAPS = "caps"
    FUNDS = "funds"
    SPENT = "spent"
    CHARGES = "charges"
    LIMITS = "limits"


@dataclass(frozen=True)
class Issued:
    """A key that an adapter made, with the names under which the gateway knows it."""

    id: str
    account: str
    secret: Secret


@dataclass(frozen=True)
class Charge:
    """What one request cost; `request_id` is the one that its answer carried.

    It is empty where the gateway does not say which request a charge is for.
    """

    request_id: str
    cost_nanousd: int
    usage: dict[str, int] = field(default_factory=dict)


class Issuer(Protocol):
    """Makes and changes keys and accounts; raises ControlError where the gateway refuses.

    What it does not claim in `abilities` is never asked of it.
    """

    abilities: frozenset[Ability]

    async def issue(
        self, *, cap_nanousd: int | None, balance_nanousd: int | None, account: str
    ) -> Issued:
        """A fresh key; of a fresh account unless one is named. None means without limit."""

    async def set_cap(self, issued: Issued, cap_nanousd: int | None) -> None:
        """Change what the key may spend in all; None removes the cap."""

    async def fund(self, issued: Issued, amount_nanousd: int) -> None:
        """Add to the balance of the key's account."""

    async def balance_nanousd(self, issued: Issued) -> int:
        """What is left on the key's account."""

    async def spent_nanousd(self, issued: Issued) -> int:
        """What the key has spent so far."""

    async def charges(self, issued: Issued) -> list[Charge]:
        """What each request with the key cost, oldest first."""

    async def set_limit(self, issued: Issued, requests_per_minute: int) -> None:
        """Say how many requests the key may make in a minute, from its next one on."""


class Control(Protocol):
    """Hands out keys in a wanted state; `issuer` is None where it can make none to order."""

    @property
    def issuer(self) -> Issuer | None:
        """Who makes keys to order, if anybody."""

    async def key(self, role: str) -> Secret | None:
        """A fresh key in the state of a role (`capped`, `broke`, `revoked`).

        None where this adapter cannot make one; raises ControlError where the
        gateway did not do what was asked.
        """


def abilities_of(control: Control) -> frozenset[Ability]:
    """What the adapter can do."""
    return control.issuer.abilities if control.issuer else frozenset()
