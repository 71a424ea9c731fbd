"""The admin API of Mozilla's any-llm gateway: users, their budgets, and keys of users.

A key has no cap there: what may be spent is the budget of its user, cap and balance in
one. So every key gets a user of its own, and several keys of one account are not claimed.
Amounts are dollars there, and integer nano-dollars at our seam.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from conformance.control import Ability, Charge, Issued, Issuer
from conformance.control.api import AdminApi
from conformance.errors import ControlError
from conformance.secret import Secret

_NANO = 10**9
_PLENTY_NANOUSD = 1000 * _NANO
"""A thousand dollars: a budget cannot be taken away again, so "without limit" is this one."""

_MOST_LOGGED = 1000
"""The longest page of the usage log."""


class AnyLlmControl:
    """Speaks to the gateway at `url` (without `/v1`) with its master key."""

    abilities = frozenset(
        {Ability.KEYS, Ability.CAPS, Ability.FUNDS, Ability.SPENT, Ability.CHARGES}
    )

    def __init__(self, url: str, master_key: Secret) -> None:
        # The header of its own goes first there, before authorization and x-api-key.
        self._api = AdminApi(url, {"x-anyllm-key": f"Bearer {master_key.reveal()}"})

    @property
    def issuer(self) -> Issuer:
        """Itself."""
        return self

    async def key(self, role: str) -> Secret | None:
        """A fresh key in the state of a role; None for a role it does not know."""
        if role in ("capped", "broke"):
            # Nothing spent of a budget of nothing: used up, whatever a request may cost.
            spent = await self.issue(cap_nanousd=0, balance_nanousd=None, account="")
            return spent.secret
        if role == "revoked":
            issued = await self.issue(cap_nanousd=None, balance_nanousd=None, account="")
            await self._api.call("DELETE", f"/v1/keys/{issued.id}")
            return issued.secret
        return None

    async def issue(
        self, *, cap_nanousd: int | None, balance_nanousd: int | None, account: str
    ) -> Issued:
        """A fresh key of a fresh user, whose budget is the smaller one of cap and balance."""
        if account:
            raise ControlError("any-llm: two keys of one user share its budget")
        limits = [limit for limit in (cap_nanousd, balance_nanousd) if limit is not None]
        user = {"user_id": f"conformance-{uuid.uuid4()}"}
        budget = await self._new_budget(min(limits, default=None))
        await self._api.object("POST", "/v1/users", user | {"budget_id": budget})
        made = await self._api.object("POST", "/v1/keys", user)
        return Issued(str(made["id"]), user["user_id"], Secret(made["key"]))

    async def set_cap(self, issued: Issued, cap_nanousd: int | None) -> None:
        """Change what the key may spend in all: its user gets another budget."""
        budget = await self._new_budget(cap_nanousd)
        await self._api.object("PATCH", _user(issued), {"budget_id": budget})

    async def fund(self, issued: Issued, amount_nanousd: int) -> None:
        """Add to the budget of the key's user."""
        user = await self._api.object("GET", _user(issued))
        await self.set_cap(issued, await self._budget_nanousd(user) + amount_nanousd)

    async def balance_nanousd(self, issued: Issued) -> int:
        """What is left of the budget of the key's user."""
        user = await self._api.object("GET", _user(issued))
        return await self._budget_nanousd(user) - _nanousd(user["spend"])

    async def spent_nanousd(self, issued: Issued) -> int:
        """What the key's user has spent so far."""
        return _nanousd((await self._api.object("GET", _user(issued)))["spend"])

    async def charges(self, issued: Issued) -> list[Charge]:
        """What each request with the key cost, oldest first; failed ones are logged without."""
        path = f"{_user(issued)}/usage?limit={_MOST_LOGGED}"
        newest_first = await self._api.call("GET", path)
        return [_charge(row) for row in reversed(newest_first) if row["cost"] is not None]

    async def set_limit(self, issued: Issued, requests_per_minute: int) -> None:
        """Refused: its limits are those of the whole server."""
        del issued, requests_per_minute
        raise ControlError("any-llm: a key has no limit of its own")

    async def _new_budget(self, limit_nanousd: int | None) -> str:
        limit = _PLENTY_NANOUSD if limit_nanousd is None else limit_nanousd
        made = await self._api.object("POST", "/v1/budgets", {"max_budget": limit / _NANO})
        return str(made["budget_id"])

    async def _budget_nanousd(self, user: Mapping[str, Any]) -> int:
        budget = await self._api.object("GET", f"/v1/budgets/{user['budget_id']}")
        return _nanousd(budget["max_budget"])


def _user(issued: Issued) -> str:
    return f"/v1/users/{issued.account}"


def _charge(row: Mapping[str, Any]) -> Charge:
    """A row of the usage log; the gateway gives its answers no request id to join it by."""
    counted = {
        "input_tokens": int(row["prompt_tokens"] or 0),
        "output_tokens": int(row["completion_tokens"] or 0),
    }
    return Charge("", _nanousd(row["cost"]), counted)


def _nanousd(dollars: Decimal | int) -> int:
    """Dollars as the gateway tells them; it adds binary fractions, so the last digits drift."""
    return round(dollars * _NANO)
