"""The control API of the reference gateway; amounts are integer nano-dollars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.control import Ability, Charge, Issued, Issuer
from conformance.control.api import AdminApi
from conformance.secret import Secret

_PLENTY_NANOUSD = 10**12
"""A thousand dollars: the balance of an account that is to have no limit."""


class ReferenceControl:
    """Speaks to `control_url` with the control token."""

    abilities = frozenset(Ability)

    def __init__(self, control_url: str, token: Secret) -> None:
        self._api = AdminApi(control_url, {"authorization": f"Bearer {token.reveal()}"})

    @property
    def issuer(self) -> Issuer:
        """Itself."""
        return self

    async def key(self, role: str) -> Secret | None:
        """A fresh key in the state of a role; None for a role it does not know."""
        makers = {"capped": self._capped, "broke": self._broke, "revoked": self._revoked}
        return await makers[role]() if role in makers else None

    async def _capped(self) -> Secret:
        # Nothing spent of a cap of nothing: used up, whatever a request may cost.
        made = await self._api.object("POST", "/keys", {"cap_nanousd": 0})
        return Secret(made["key"])

    async def _broke(self) -> Secret:
        account = await self._api.object("POST", "/accounts", {"balance_nanousd": 0})
        made = await self._api.object("POST", "/keys", {"account": account["id"]})
        return Secret(made["key"])

    async def _revoked(self) -> Secret:
        made = await self._api.object("POST", "/keys", {})
        await self._api.object("DELETE", f"/keys/{made['id']}")
        return Secret(made["key"])

    async def issue(
        self, *, cap_nanousd: int | None, balance_nanousd: int | None, account: str
    ) -> Issued:
        """A fresh key; of the account that is named, else of a fresh one with this balance."""
        if not account:
            held = _PLENTY_NANOUSD if balance_nanousd is None else balance_nanousd
            opened = await self._api.object("POST", "/accounts", {"balance_nanousd": held})
            account = str(opened["id"])
        made = await self._api.object(
            "POST", "/keys", {"account": account, "cap_nanousd": cap_nanousd}
        )
        return Issued(str(made["id"]), account, Secret(made["key"]))

    async def set_cap(self, issued: Issued, cap_nanousd: int | None) -> None:
        """Change what the key may spend in all."""
        await self._api.object("PATCH", f"/keys/{issued.id}", {"cap_nanousd": cap_nanousd})

    async def fund(self, issued: Issued, amount_nanousd: int) -> None:
        """Add to the balance of the key's account."""
        body = {"amount_nanousd": amount_nanousd}
        await self._api.object("POST", f"/accounts/{issued.account}/fund", body)

    async def balance_nanousd(self, issued: Issued) -> int:
        """What is left on the key's account."""
        return int(
            (await self._api.object("GET", f"/accounts/{issued.account}"))["balance_nanousd"]
        )

    async def spent_nanousd(self, issued: Issued) -> int:
        """What the key has spent so far."""
        return int((await self._api.object("GET", f"/keys/{issued.id}"))["spent_nanousd"])

    async def charges(self, issued: Issued) -> list[Charge]:
        """What each request with the key cost, oldest first."""
        listed = (await self._api.object("GET", f"/charges?key={issued.id}"))["charges"]
        return [_charge(row) for row in listed]

    async def set_limit(self, issued: Issued, requests_per_minute: int) -> None:
        """Say how many requests the key may make in a minute."""
        body = {"requests_per_minute": requests_per_minute}
        await self._api.object("PUT", f"/keys/{issued.id}/limit", body)


def _charge(row: Mapping[str, Any]) -> Charge:
    counted = {name: value for name, value in row.items() if name.endswith("_tokens")}
    return Charge(str(row["request_id"]), int(row["amount_nanousd"]), counted)
