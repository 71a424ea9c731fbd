"""The control API of the reference gateway; amounts are integer nano-dollars."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx

from conformance.errors import ControlError
from conformance.secret import Secret


@cache
def _tls() -> ssl.SSLContext:
    """Made once: loading the certificates takes longer than most calls."""
    return ssl.create_default_context()


class ReferenceControl:
    """Speaks to `control_url` with the control token."""

    def __init__(self, control_url: str, token: Secret) -> None:
        self._url = control_url.rstrip("/")
        self._token = token

    async def key(self, role: str) -> Secret | None:
        """A fresh key in the state of a role; None for a role it does not know."""
        makers = {"capped": self._capped, "broke": self._broke, "revoked": self._revoked}
        return await makers[role]() if role in makers else None

    async def _capped(self) -> Secret:
        # Nothing spent of a cap of nothing: used up, whatever a request may cost.
        made = await self._call("POST", "/keys", {"cap_nanousd": 0})
        return Secret(made["key"])

    async def _broke(self) -> Secret:
        account = await self._call("POST", "/accounts", {"balance_nanousd": 0})
        made = await self._call("POST", "/keys", {"account": account["id"]})
        return Secret(made["key"])

    async def _revoked(self) -> Secret:
        made = await self._call("POST", "/keys", {})
        await self._call("DELETE", f"/keys/{made['id']}")
        return Secret(made["key"])

    async def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._token.reveal()}"}
        try:
            async with httpx.AsyncClient(timeout=10.0, trust_env=False, verify=_tls()) as client:
                answer = await client.request(method, self._url + path, json=body, headers=headers)
        except httpx.TransportError as error:
            raise ControlError(f"control API: {method} {path}: {type(error).__name__}") from None
        if not answer.is_success:
            raise ControlError(f"control API: {method} {path}: status {answer.status_code}")
        found = answer.json()
        if not isinstance(found, dict):
            raise ControlError(f"control API: {method} {path}: no JSON object")
        return found
