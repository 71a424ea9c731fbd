"""A recorded request sent once more, byte by byte; two answers are the same but for names."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

from conformance.model import Request

LONGEST_S = 4.0
"""After this time an answer that has not ended counts as one that does not end."""

SLOWER_S = 1.5
"""By so much later an answer is another one: a healthy one takes a tenth of it."""

_OWN = {"host", "connection", "content-length", "transfer-encoding"}
# What no two answers share: times, and names that were made for the occasion.
_DATE = re.compile(rb"(?im)^date:.*\r\n")
_TIME = re.compile(rb"\b1[789]\d{8}\b")
_MADE = re.compile(rb"(?<![A-Za-z0-9])(?=[A-Za-z]*\d)[A-Za-z0-9]{16,}")


@dataclass(frozen=True)
class Answer:
    """What came back, with the names in it replaced, how it ended, and whether that took long."""

    text: bytes
    end: str
    seconds: float

    @property
    def is_served(self) -> bool:
        """Whether the request was taken."""
        return self.text.startswith(b"HTTP/1.1 200 ")

    def is_like(self, other: Answer) -> bool:
        """Whether a client cannot tell one from the other, nor wait noticeably longer."""
        if (self.text, self.end) != (other.text, other.end):
            return False
        return abs(self.seconds - other.seconds) < SLOWER_S


async def answer(request: Request, base_url: str, old_key: str, key: str) -> Answer:
    """The answer of the gateway at `base_url` to a request that was made with another key."""
    parts, started = urlsplit(base_url), monotonic()
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    received = bytearray()
    end = "closed"
    try:
        writer.write(_bytes(request, parts.netloc, old_key, key))
        async with asyncio.timeout(LONGEST_S):
            await writer.drain()
            while data := await reader.read(65_536):
                received += data
    except TimeoutError:
        end = "open"
    except ConnectionError:
        end = "reset"
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    return Answer(plain(bytes(received)), end, monotonic() - started)


def plain(answer: bytes) -> bytes:
    """An answer without its date, its times replaced, and its names by their order and length."""
    names: dict[bytes, bytes] = {}

    def numbered(found: re.Match[bytes]) -> bytes:
        name = found[0]
        return names.setdefault(name, b"<name %d of %d>" % (len(names), len(name)))

    return _MADE.sub(numbered, _TIME.sub(b"<time>", _DATE.sub(b"", answer)))


def _bytes(request: Request, host: str, old_key: str, key: str) -> bytes:
    parts = urlsplit(request.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    kept = [(name, value) for name, value in request.headers if name.lower() not in _OWN]
    own = [
        ("Host", host),
        ("Connection", "close"),
        *([("Content-Length", str(len(request.body)))] if request.body else []),
    ]
    lines = [f"{request.method} {target} HTTP/1.1"]
    lines += [f"{name}: {value.replace(old_key, key)}" for name, value in (*kept, *own)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body
