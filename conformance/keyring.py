"""The keys of a run by role; whatever it hands out, the redactor knows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from conformance.control import Control
from conformance.redaction import Redactor, public_prefix
from conformance.secret import Secret
from conformance.tenancy import Tenancy

_NEVER_ISSUED = hashlib.sha256(b"a key that no gateway ever issued").hexdigest()


class Keyring:
    """Hands out the key of a role: given by the user, made up, or made by the adapter."""

    def __init__(self, given: Mapping[str, Secret], control: Control, redactor: Redactor) -> None:
        self._given = dict(given)
        self.control = control
        self._redactor = redactor
        self._given.setdefault("wrong", _wrong(given.get("valid")))
        self._given.setdefault("vendor", Secret(f"sk-ant-api03-{_NEVER_ISSUED[::-1]}"))
        for role, secret in self._given.items():
            redactor.add(role, secret)

    def tenancy(self, keys: dict[str, Secret]) -> Tenancy | None:
        """What a scenario that holds these keys may issue for itself."""
        issuer = self.control.issuer
        return Tenancy(issuer, self._redactor, keys) if issuer else None

    async def key(self, role: str) -> Secret | None:
        """The key of a role, a fresh one where the adapter makes it; None if there is none."""
        if role in self._given:
            return self._given[role]
        made = await self.control.key(role)
        if made is not None:
            self._redactor.add(role, made)
        return made


def _wrong(valid: Secret | None) -> Secret:
    """A key of the right shape (the valid one's prefix and length) that was never issued."""
    text = valid.reveal() if valid else "th-"
    prefix = public_prefix(text)
    length = max(20, len(text) - len(prefix))
    endless = _NEVER_ISSUED * (length // len(_NEVER_ISSUED) + 1)
    return Secret(prefix + endless[:length])
