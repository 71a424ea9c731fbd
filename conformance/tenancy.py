"""The accounts and keys that one scenario makes for itself, by role."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from conformance.control import Issued, Issuer
from conformance.redaction import Redactor
from conformance.secret import Secret


@dataclass
class Tenancy:
    """Issues keys through the control adapter and changes them; the redactor knows them all.

    A key that was issued is sent by its role, as any other. Amounts are nano-dollars.
    """

    issuer: Issuer
    redactor: Redactor
    keys: dict[str, Secret]
    _issued: dict[str, Issued] = field(default_factory=dict)

    async def issue(
        self,
        role: str,
        *,
        cap_nanousd: int | None = None,
        balance_nanousd: int | None = None,
        beside: str = "",
    ) -> None:
        """A fresh key under this role; of the account of the role `beside`, else of its own."""
        account = self._issued[beside].account if beside else ""
        issued = await self.issuer.issue(
            cap_nanousd=cap_nanousd, balance_nanousd=balance_nanousd, account=account
        )
        self.redactor.add(role, issued.secret)
        self._issued[role] = issued
        self.keys[role] = issued.secret

    async def set_cap(self, role: str, cap_nanousd: int | None) -> None:
        """Change what the key may spend in all; None removes the cap."""
        await self.issuer.set_cap(self._issued[role], cap_nanousd)

    async def set_limit(self, role: str, requests_per_minute: int) -> None:
        """Say how many requests the key may make in a minute."""
        await self.issuer.set_limit(self._issued[role], requests_per_minute)

    async def fund(self, role: str, amount_nanousd: int) -> None:
        """Add to the balance of the key's account."""
        await self.issuer.fund(self._issued[role], amount_nanousd)

    async def balance_nanousd(self, role: str) -> int:
        """What is left on the key's account."""
        return await self.issuer.balance_nanousd(self._issued[role])

    async def spent_nanousd(self, role: str) -> int:
        """What the key has spent so far."""
        return await self.issuer.spent_nanousd(self._issued[role])

    async def charges(self, role: str) -> list[dict[str, Any]]:
        """What each request with the key cost, oldest first, as a fact of the recording."""
        return [asdict(charge) for charge in await self.issuer.charges(self._issued[role])]
