"""Servers that are no gateway: each answers everything in one wrong way.

Plain sockets, because half of what goes wrong cannot be said with an HTTP library.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Behaviour = Callable[["Request"], None]


@dataclass
class Request:
    """A request that was read, and the connection to answer on.

    `said` is all of it, byte for byte, but that no other request follows on its connection.
    """

    connection: socket.socket
    target: str
    headers: dict[str, str]
    body: bytes
    said: bytes
    ended: threading.Event

    @property
    def is_stream(self) -> bool:
        """Whether the body asks for a stream."""
        return b'"stream": true' in self.body or b'"stream":true' in self.body

    def answer(self, status: str, type: str, body: bytes, *headers: str) -> None:
        """Send a whole answer."""
        self.connection.sendall(_head(status, type, f"content-length: {len(body)}", *headers))
        self.connection.sendall(body)

    def reset(self) -> None:
        """Close the connection with a reset."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()


@dataclass
class Server:
    """A server on loopback; `targets` are the paths that were asked for."""

    listener: socket.socket
    behaviour: Behaviour
    targets: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        """Accept until the listener is closed."""
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        # A suite that hangs up early is no error of the server.
        with connection, contextlib.suppress(OSError, ValueError):
            request = _read(connection, self.ended)
            self.targets.append(request.target)
            self.behaviour(request)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)

    def stop(self) -> None:
        """Refuse connections from now on, and let go of those that hang."""
        self.ended.set()
        # Closing alone does not wake up a thread that accepts.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@contextlib.contextmanager
def serving(behaviour: Behaviour) -> Iterator[Server]:
    """Start a server with one behaviour, and stop it."""
    server = Server(socket.create_server(("127.0.0.1", 0), backlog=64), behaviour)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


@contextlib.contextmanager
def refusing() -> Iterator[str]:
    """A URL on loopback that refuses connections as long as this lasts."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def always(status: str, type: str, body: str, *headers: str) -> Behaviour:
    """Answer everything with this."""
    return lambda request: request.answer(status, type, body.encode(), *headers)


TOO_MANY = always(
    "429 Too Many Requests",
    "application/json",
    '{"error": {"message": "slow down", "type": "rate_limit_error"}}',
    "retry-after: 0",
)


def hang(request: Request) -> None:
    """Accept, and never say anything."""
    request.ended.wait()


def reset(request: Request) -> None:
    """Break the connection off unanswered."""
    request.reset()


def half_a_body(request: Request) -> None:
    """Promise more than comes."""
    request.connection.sendall(_head("200 OK", "application/json", "content-length: 400"))
    request.connection.sendall(b'{"id": "x", "object": "chat.comp')


def empty(request: Request) -> None:
    """Nothing but a status."""
    request.connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")


NOTHING_OF_A_GATEWAY: dict[str, Behaviour] = {
    "500 JSON": always("500 Internal Server Error", "application/json", '{"error": "no"}'),
    "500 text": always("500 Internal Server Error", "text/plain", "Internal Server Error"),
    "401 envelope": always(
        "401 Unauthorized",
        "application/json",
        '{"type": "error", "error": {"type": "authentication_error", "message": "no"}}',
    ),
    "200 empty object": always("200 OK", "application/json", "{}"),
    "200 nothing": empty,
    "200 HTML": always("200 OK", "text/html", "<!doctype html><title>Welcome</title>"),
    "404 HTML": always("404 Not Found", "text/html", "<!doctype html><title>Where?</title>"),
    "429": TOO_MANY,
    "hang": hang,
    "reset": reset,
    "SSE": always("200 OK", "text/event-stream", "data: {}\n\ndata: [DONE]\n\n"),
    "half a body": half_a_body,
}


def echo(request: Request) -> None:
    """Give back all of the request, in an error or, where a stream is asked for, in one."""
    said = json.dumps({"headers": request.headers, "body": request.body.decode()})
    back = [f"x-echo-{name}: {value}" for name, value in request.headers.items()]
    if not request.is_stream:
        error = {"type": "error", "error": {"type": "api_error", "message": said}}
        body = json.dumps(error).encode()
        request.answer("500 Internal Server Error", "application/json", body, *back)
        return
    # Three bytes at a time, so that no piece holds the key.
    head = _head("200 OK", "text/event-stream", "transfer-encoding: chunked", *back)
    request.connection.sendall(head)
    frame = f"event: error\ndata: {said}\n\n".encode()
    for start in range(0, len(frame), 3):
        piece = frame[start : start + 3]
        request.connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    request.connection.sendall(b"0\r\n\r\n")


def relay(upstream: str, most: int | None = None) -> Behaviour:
    """Pass requests and answers on as they come; after `most` requests break every connection."""
    host, _, port = urlsplit(upstream).netloc.partition(":")
    lock = threading.Lock()
    passed = 0

    def behave(request: Request) -> None:
        nonlocal passed
        with lock:
            passed += 1
            is_dead = most is not None and passed > most
        if is_dead:
            request.reset()
            return
        with socket.create_connection((host, int(port)), 30) as passing:
            passing.sendall(request.said)
            while piece := passing.recv(65_536):
                request.connection.sendall(piece)

    return behave


def _head(status: str, type: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-type: {type}", "connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _read(connection: socket.socket, ended: threading.Event) -> Request:
    with connection.makefile("rb") as stream:
        first = stream.readline()
        if not first:
            raise ConnectionError("hung up without a request")
        target = first.split()[1].decode()
        headers: dict[str, str] = {}
        said = first
        while (line := stream.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
            said += b"" if name.lower() == "connection" else line
        body = stream.read(int(headers.get("content-length", "0")))
    said += b"connection: close\r\n\r\n" + body
    return Request(connection, target, headers, body, said, ended)
