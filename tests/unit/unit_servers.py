"""A server on loopback that answers each connection as it is told, byte by byte."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    """What one connection gets: parts of bytes, and then its end.

    `end` is `close`, `reset` (the connection breaks) or `hang` (nothing more comes
    until the client goes away).
    """

    parts: tuple[bytes, ...] = ()
    end: str = "close"


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    """A response with its true length."""
    own = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers]
    return "\r\n".join(own).encode() + b"\r\n\r\n" + body


def chunked(*chunks: bytes) -> tuple[bytes, ...]:
    """A chunked response in parts, without the last chunk that would end it."""
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    return (head, *(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks))


END = b"0\r\n\r\n"
"""What ends a chunked body."""


@dataclass
class Server:
    """Where it listens, and the requests that it got."""

    answers: Sequence[Answer]
    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it; the last answer serves all that follow."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            self.requests.append(await _request(reader))
            answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
            await _send(answer, reader, writer)
        except ConnectionError:
            pass  # the client went away first
        finally:
            writer.close()

    async def finish(self) -> None:
        """Wait until every connection has ended."""
        await asyncio.gather(*self._tasks)


@asynccontextmanager
async def serving(*answers: Answer) -> AsyncIterator[Server]:
    """A server on a free port of loopback; it ends with the block."""
    state = Server(answers)
    server = await asyncio.start_server(state.handle, "127.0.0.1", 0)
    state.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield state
        await state.finish()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").lower().split("\r\n")
    lengths = [line.partition(":")[2] for line in lines if line.startswith("content-length:")]
    return head + await reader.readexactly(int(lengths[0]) if lengths else 0)


async def _send(answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for part in answer.parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0)  # a turn for the client, so that parts arrive apart
    if answer.end == "hang":
        await reader.read()
    if answer.end == "reset":
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
