"""What is asked of providers for one job: sent, begun, and not left behind when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType

from reference_gateway.call import Call
from reference_gateway.errors import UpstreamBroken, UpstreamFailed, UpstreamRefused
from reference_gateway.seams import Headers, Reply, Seams
from reference_gateway.upstream.client import Client, Exchange, Outgoing
from reference_gateway.upstream.native import NativeProtocol, document_of
from reference_gateway.upstream.providers import Provider
from reference_gateway.upstream.refusals import limits, refused_with
from reference_gateway.upstream.refused import is_error, refused

_UNASKED = "stream_options"


@dataclass(frozen=True)
class Request:
    """What goes to a provider; the second body is for one that does not know `stream_options`."""

    provider: Provider
    protocol: NativeProtocol
    url: str
    headers: Headers
    bodies: tuple[bytes, ...]
    is_stream: bool


class Asking:
    """One provider after the other is asked; only the last exchange can still be open.

    `is_over` is set by whoever reads a stream and has all of it, before the provider has
    closed it.
    """

    def __init__(self, call: Call, seams: Seams, client: Client, ends_at: float) -> None:
        self._call = call
        self._seams = seams
        self._client = client
        self._ends_at = ends_at
        self._exchange: Exchange | None = None
        self._answered: Exchange | None = None
        self.is_over = False

    async def __aenter__(self) -> Asking:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what is open: at leisure where all was read, at once where it is of no use."""
        exchange = self._exchange
        if exchange is None or exchange.is_complete:
            return
        if self.is_over:
            self._client.finish(exchange)
        elif isinstance(error, asyncio.CancelledError | ConnectionError):
            await self._seams.abandon(self._call, exchange)
        else:
            exchange.close()

    @property
    def limits(self) -> Headers:
        """What the client's own kind of provider told of its limits with the last answer."""
        found = self._answered
        if found is None or found.provider.protocol != self._call.wire.protocol:
            return {}
        return limits(found.headers)

    async def stream(self, request: Request) -> AsyncIterator[bytes]:
        """The body of a streamed answer, once it has a good status and is a stream."""
        exchange = await self._begun(request)
        if "json" in self._checked(exchange, b"").headers.get("content-type", ""):
            document = document_of((await exchange.body()).decode(errors="replace"))
            raise refused(document) if is_error(document) else UpstreamBroken()
        return exchange.chunks()

    async def whole(self, request: Request) -> bytes:
        """The body of an answer that is not streamed and has a good status."""
        exchange = await self._begun(request)
        return self._checked(exchange, await exchange.body()).body

    async def _begun(self, request: Request) -> Exchange:
        *others, last = request.bodies
        for body in others:
            try:
                return await self._sent(request, body)
            except UpstreamRefused as refusal:
                about = f"{refusal.param} {refusal.said}"
                if _UNASKED not in about and "include_usage" not in about:
                    raise
        return await self._sent(request, last)

    async def _sent(self, request: Request, body: bytes) -> Exchange:
        if self._exchange is not None:
            self._exchange.close()
        provider, fields = request.provider, request.headers
        fields, body = self._seams.provider_request(self._call, provider, fields, body)
        outgoing = Outgoing(request.url, fields, body)
        exchange = self._client.send(provider, outgoing, self._ends_at)
        self._exchange = exchange
        await exchange.head(is_stream=request.is_stream)
        if exchange.status < HTTPStatus.MULTIPLE_CHOICES:
            self._answered = exchange
            return exchange
        found = b""
        with suppress(UpstreamFailed):  # The status says enough.
            found = await exchange.body()
        reply = self._checked(exchange, found)
        raise refused_with(request.protocol, provider.key, reply.status, reply.headers, reply.body)

    def _checked(self, exchange: Exchange, body: bytes) -> Reply:
        fields = {name.lower(): value for name, value in exchange.headers.items()}
        return self._seams.provider_reply(self._call, Reply(exchange.status, fields, body))
