"""A plugin that makes the suite break down in the middle of a request, key in hand."""

from __future__ import annotations

from typing import NoReturn

import httpx


def _crash(self: httpx.AsyncClient, request: httpx.Request, **how: object) -> NoReturn:
    raise RuntimeError(f"a defect of our own: {dict(request.headers)}")


httpx.AsyncClient.send = _crash  # type: ignore[assignment]
