"""Control adapters put keys into a wanted state, so that money checks need no set-up."""

from __future__ import annotations

from typing import Protocol

from conformance.secret import Secret


class Control(Protocol):
    """Makes keys at the gateway under test."""

    async def key(self, role: str) -> Secret | None:
        """A fresh key in the state of a role (`capped`, `broke`, `revoked`).

        None where this adapter cannot make one; raises ControlError where the
        gateway did not do what was asked.
        """
