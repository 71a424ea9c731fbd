"""Connections whose HTTP itself is broken still get an error in JSON, and no secret is logged."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from reference_gateway.wire import dump

SERVER_NAME = "reference-gateway"
T = TypeVar("T")


class ClientLeft(ConnectionError):
    """The client closed its connection before it had its answer."""


async def while_connected(request: web.Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of some work, which is cancelled as soon as the client has left.

    Raises `ClientLeft` then, when the work has come to its end. aiohttp could cancel the
    whole handler instead, but then what it owes the ledger too.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientLeft("The client has left.")
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: web.Request) -> None:
    if isinstance(request.protocol, _Connection):
        await request.protocol.lost.wait()
    else:
        await asyncio.Future()


class EnvelopedRunner(web.AppRunner):
    """Runs an application on connections that answer broken HTTP in an envelope.

    aiohttp has no public hook for this: its own answer is plain text, and text and log
    repeat the offending header line, which may hold a credential.
    """

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        return _Server(
            server.request_handler, request_factory=server.request_factory, **server._kwargs
        )


class _Server(web.Server):
    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(RequestHandler):
    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.lost = asyncio.Event()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell whoever still works for the client."""
        self.lost.set()
        super().connection_lost(exc)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log what went wrong, unless it is the client's body, which was refused in words."""
        if not isinstance(kw.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **kw)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to a request that could not even be read; closes the connection."""
        del exc, message  # Both may quote what was sent.
        if request.writer.output_size > 0:
            raise ConnectionError("The answer had begun when the connection broke.")
        request_id = f"req_{secrets.token_hex(12)}"
        response = web.Response(
            status=status,
            headers={"request-id": request_id, "x-request-id": request_id, "Server": SERVER_NAME},
            body=_both_envelopes(status, request_id),
            content_type="application/json",
        )
        response.force_close()
        return response


def _both_envelopes(status: int, request_id: str) -> bytes:
    """An error that reads as either protocol's, since nobody knows which was meant."""
    is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    detail = {
        "type": "api_error" if is_ours else "invalid_request_error",
        "message": "Internal error." if is_ours else "Malformed HTTP request.",
        "param": None,
        "code": None,
    }
    return dump({"type": "error", "error": detail, "request_id": request_id}).encode()
