"""Asking a provider over HTTP: one exchange, its deadlines, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import aiohttp

from reference_gateway.errors import UpstreamBroken, UpstreamTimeout, UpstreamUnreachable
from reference_gateway.upstream.providers import Provider

_MAX_BODY_BYTES = 64 * 1024 * 1024
# How long the rest of a stream is read whose answer is complete, so that its connection ends well.
_REST_S = 2.0


@dataclass(frozen=True)
class Outgoing:
    """A request as it goes to a provider."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Client:
    """Sends to providers; one for all of them, since connections are kept."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def send(self, provider: Provider, outgoing: Outgoing, ends_at: float) -> Exchange:
        """Send it; nothing of the exchange lasts beyond `ends_at`, in the loop's time."""
        sending = asyncio.create_task(self._send(outgoing))
        within = asyncio.get_running_loop().time() + provider.total_s
        return Exchange(provider, sending, min(ends_at, within))

    async def _send(self, outgoing: Outgoing) -> aiohttp.ClientResponse:
        return await self._open().post(
            outgoing.url,
            data=outgoing.body,
            headers=outgoing.headers,
            allow_redirects=False,
        )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            )
        return self._session

    def finish(self, exchange: Exchange, within_s: float = _REST_S) -> None:
        """Read what is left of an exchange beside everything else, and forget it."""
        task = asyncio.create_task(exchange.drained(within_s))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """Give up all that is left."""
        for task in list(self._ending):
            task.cancel()
        await asyncio.gather(*self._ending, return_exceptions=True)
        if self._session is not None:
            await self._session.close()


class Exchange:
    """A request that is on its way, and the answer as it comes."""

    def __init__(
        self, provider: Provider, sending: asyncio.Task[aiohttp.ClientResponse], ends_at: float
    ) -> None:
        self.provider = provider
        self._sending = sending
        self._ends_at = ends_at
        self._begins_at = 0.0
        self.is_complete = False

    async def head(self, *, is_stream: bool) -> None:
        """Wait until the answer begins; raises an `UpstreamFailed` where it does not."""
        provider = self.provider
        within_s = provider.first_byte_s if is_stream else provider.answer_s
        self._begins_at = self._now() + within_s
        # Waited for rather than awaited: whoever is cancelled here decides what becomes of it.
        await asyncio.wait([self._sending], timeout=self._left(self._begins_at))
        if not self._sending.done():
            raise UpstreamTimeout()
        try:
            self._sending.result()
        except aiohttp.ClientConnectorError as error:
            raise UpstreamUnreachable() from error
        except (aiohttp.ClientError, OSError) as error:
            raise UpstreamBroken() from error

    @property
    def status(self) -> int:
        """The status of the answer, once it has begun."""
        return self._sending.result().status

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields of the answer, once it has begun."""
        return self._sending.result().headers

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes; raises an `UpstreamFailed` where it breaks off or falls silent."""
        content, until = self._sending.result().content, self._begins_at
        while True:
            try:
                async with asyncio.timeout_at(min(until, self._ends_at)):
                    chunk = await content.readany()
            except TimeoutError as error:
                raise UpstreamTimeout() from error
            except (aiohttp.ClientError, OSError) as error:
                if rest := _unread(content):
                    yield rest
                raise UpstreamBroken() from error
            if not chunk:
                self.is_complete = True
                return
            yield chunk
            until = self._now() + self.provider.silence_s

    async def body(self) -> bytes:
        """All of the body; raises an `UpstreamFailed`."""
        found = bytearray()
        async for chunk in self.chunks():
            found += chunk
            if len(found) > _MAX_BODY_BYTES:
                raise UpstreamBroken("The model's answer is without end.")
        return bytes(found)

    def close(self) -> None:
        """Break it off, wherever it is; the provider sees the connection close."""
        if not self._sending.done():
            self._sending.cancel()
        elif not self._sending.cancelled() and self._sending.exception() is None:
            self._sending.result().close()

    async def drained(self, within_s: float) -> None:
        """Read all that is left of it and throw it away."""
        with suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(within_s):
                response = await asyncio.shield(self._sending)
                while await response.content.readany():
                    pass
        self.close()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _left(self, until: float) -> float:
        return max(0.0, min(until, self._ends_at) - self._now())


def _unread(content: aiohttp.StreamReader) -> bytes:
    """What had come before the connection broke.

    aiohttp raises instead of handing it out, and has no public way to it.
    """
    return b"".join(content._buffer)
