"""Sends bytes that no HTTP library would send, and records what comes back.

What is sent need not be HTTP; what comes back is read as HTTP/1.1, because a gateway
that answers at all has to answer so.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urlsplit

import h11

from conformance.client import tls
from conformance.model import Chunk, Ended, Failure, FailureKind, Headers, Response
from conformance.target import Target

_READ_BYTES = 65_536
_MALFORMED = "the answer is not HTTP/1.1"


async def exchanged(
    target: Target, url: str, payload: bytes, timeout_s: float
) -> tuple[Response | None, Failure | None]:
    """Send the payload to the host of a URL on a connection of its own and read one answer."""
    answer = _Answer(monotonic())
    try:
        async with asyncio.timeout(timeout_s):
            await _spoken(target, url, payload, answer)
    except TimeoutError:
        if not answer.status:
            return None, Failure(FailureKind.TIMEOUT, f"no answer within {timeout_s:g} s")
        return answer.response(Ended.SILENT), None
    except OSError as error:
        if not answer.status:
            return None, _failure(error)
    except h11.RemoteProtocolError as error:
        if not answer.status:
            return None, Failure(FailureKind.MALFORMED, f"{_MALFORMED}: {error}")
    return answer.response(Ended.COMPLETE if answer.is_complete else Ended.CUT), None


def payload(url: str, lines: Sequence[bytes], body: bytes) -> bytes:
    """A POST to a URL with these header lines, byte for byte, and this body."""
    parts = urlsplit(url)
    first = [f"POST {parts.path} HTTP/1.1".encode(), f"Host: {parts.netloc}".encode()]
    return b"\r\n".join([*first, *lines]) + b"\r\n\r\n" + body


def headers(lines: Sequence[bytes]) -> Headers:
    """Header lines as pairs, for the record: what stands before and after the first colon."""
    texts = [line.decode("latin-1") for line in lines]
    return tuple((text.partition(":")[0], text.partition(":")[2].strip(" \t")) for text in texts)


@dataclass
class _Answer:
    """An answer as far as it has come."""

    started: float
    status: int = 0
    headers: Headers = ()
    headers_at_s: float = 0.0
    chunks: list[Chunk] = field(default_factory=list)
    is_complete: bool = False

    def take(self, event: h11.Event) -> None:
        """One event of the answer."""
        at_s = round(monotonic() - self.started, 6)
        if isinstance(event, h11.Response):
            self.status, self.headers_at_s = event.status_code, at_s
            pairs = event.headers.raw_items()
            self.headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in pairs)
        elif isinstance(event, h11.Data):
            self.chunks.append(Chunk(at_s, bytes(event.data)))
        elif isinstance(event, h11.EndOfMessage):
            self.is_complete = True

    def response(self, ended: Ended) -> Response:
        """What has come, as a response that ended so."""
        ended_at_s = round(monotonic() - self.started, 6)
        chunks = tuple(self.chunks)
        return Response(self.status, self.headers, chunks, ended, self.headers_at_s, ended_at_s)


async def _spoken(target: Target, url: str, payload: bytes, answer: _Answer) -> None:
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    context: ssl.SSLContext | None = tls(target.profile.ca_file) if is_tls else None
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
    try:
        sending = asyncio.create_task(_sent(writer, payload))
        try:
            await _read(reader, answer)
        finally:
            sending.cancel()
    finally:
        writer.close()


async def _sent(writer: asyncio.StreamWriter, payload: bytes) -> None:
    """Send while the answer is read: a server may refuse before it has read everything."""
    writer.write(payload)
    await writer.drain()


async def _read(reader: asyncio.StreamReader, answer: _Answer) -> None:
    connection = h11.Connection(h11.CLIENT)
    # The parser wants to have seen a request; what was sent in truth does not matter to it.
    connection.send(h11.Request(method="POST", target="/", headers=[("Host", "any")]))
    connection.send(h11.EndOfMessage())
    while not answer.is_complete:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(_READ_BYTES)
            if not data and not answer.status:
                raise ConnectionResetError("the connection was closed without an answer")
            connection.receive_data(data)
        elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            return
        elif not isinstance(event, type):
            answer.take(event)


def _failure(error: OSError) -> Failure:
    if isinstance(error, ssl.SSLError):
        return Failure(FailureKind.TLS, str(error))
    kind = FailureKind.REFUSED if isinstance(error, ConnectionRefusedError) else FailureKind.RESET
    return Failure(kind, str(error) or type(error).__name__)
