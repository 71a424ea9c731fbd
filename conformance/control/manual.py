"""No control at all: the profile names keys that somebody put into their states."""

from __future__ import annotations

from conformance.secret import Secret


class ManualControl:
    """Makes nothing."""

    issuer = None

    async def key(self, role: str) -> Secret | None:
        """Always None: the role must be named by the profile or the environment."""
        del role
        return None
