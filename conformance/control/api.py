"""An admin API over HTTP: JSON goes in, JSON comes out, and what fails is one line."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import httpx

from conformance.errors import ControlError


@cache
def _tls() -> ssl.SSLContext:
    """Made once: loading the certificates takes longer than most calls."""
    return ssl.create_default_context()


class AdminApi:
    """Calls paths below `url` with `headers`, which hold a secret; raises ControlError."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url.rstrip("/")
        self._headers = dict(headers)

    async def object(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The JSON object of a successful answer; fractions in it are `Decimal`."""
        found = await self.call(method, path, body)
        if not isinstance(found, dict):
            raise ControlError(f"control API: {method} {path}: no JSON object")
        return found

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON of a successful answer; None where its body is empty."""
        answer = await self._answer(method, path, body)
        if not answer.is_success:
            raise ControlError(f"control API: {method} {path}: status {answer.status_code}")
        try:
            return json.loads(answer.content, parse_float=Decimal) if answer.content else None
        except ValueError:
            raise ControlError(f"control API: {method} {path}: no JSON") from None

    async def _answer(
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> httpx.Response:
        try:
            async with httpx.AsyncClient(timeout=10.0, trust_env=False, verify=_tls()) as client:
                return await client.request(
                    method, self._url + path, json=body, headers=self._headers
                )
        except httpx.TransportError as error:
            raise ControlError(f"control API: {method} {path}: {type(error).__name__}") from None
