"""Credentials leave a recording, the evidence stays.

A known credential, or a run of nine or more characters of its secret part, becomes
`[key:ROLE:whole]` or `[key:ROLE:part]` wherever it stands: body, header or URL, also
JSON- or percent-encoded. Requirements about leaks look for these marks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from conformance.model import Chunk, Exchange, Failure, Headers, Recording, Request, Response
from conformance.secret import Secret

MARK = re.compile(r"\[key:(?P<role>[a-z_]+):(?P<part>whole|part)\]")

# Public prefixes say whose key it is and are no secret.
_PREFIX = re.compile(rb"^(th-|lab-|sk-th_|sk-ant-api\d\d-|sk-proj-|sk-or-v1-|sk-)")
_SHORTEST_PART = 9


@dataclass(frozen=True)
class _Spelling:
    """One way to write one credential; `secret` is what follows its public prefix.

    `width` is the number of bytes that one character takes.
    """

    role: str
    whole: bytes
    secret: bytes
    width: int


class Redactor:
    """Knows the credentials of a run; control adapters add those that they make."""

    def __init__(self, credentials: Mapping[str, Secret] | None = None) -> None:
        # The shortest parts that count, by their length in bytes.
        self._parts: dict[int, dict[bytes, _Spelling]] = {}
        # Where such a part can stand at all: a search of its own is many times slower.
        self._stretches: dict[int, re.Pattern[bytes]] = {}
        for role, secret in (credentials or {}).items():
            self.add(role, secret)

    def add(self, role: str, secret: Secret) -> None:
        """From now on this credential is marked with its role."""
        for whole, width in _spellings(secret.reveal()):
            spelling = _Spelling(role, whole, _without_prefix(whole), width)
            size = min(_SHORTEST_PART * width, len(spelling.secret))
            if size == 0:
                continue  # nothing but a public prefix
            parts = self._parts.setdefault(size, {})
            for start in range(0, len(spelling.secret) - size + 1, width):
                parts.setdefault(spelling.secret[start : start + size], spelling)
            self._stretches[size] = _stretch(size, parts)

    def data(self, data: bytes) -> bytes:
        """The data with every credential replaced."""
        return _replaced(data, self._finds(data))

    def text(self, text: str) -> str:
        """The text with every credential replaced."""
        return self.data(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def recording(self, recording: Recording) -> Recording:
        """The recording with every credential replaced, chunk borders kept in place."""
        facts = {self.text(name): self._value(fact) for name, fact in recording.facts.items()}
        exchanges = tuple(self._exchange(exchange) for exchange in recording.exchanges)
        return replace(recording, exchanges=exchanges, facts=facts)

    def _value(self, value: Any) -> Any:
        """A JSON value with every credential in its texts replaced."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(name): self._value(inner) for name, inner in value.items()}
        return [self._value(inner) for inner in value] if isinstance(value, list) else value

    def _exchange(self, exchange: Exchange) -> Exchange:
        failure = exchange.failure
        return replace(
            exchange,
            request=self._request(exchange.request),
            response=self._response(exchange.response) if exchange.response else None,
            failure=Failure(failure.kind, self.text(failure.detail)) if failure else None,
        )

    def _request(self, request: Request) -> Request:
        return replace(
            request,
            url=self.text(request.url),
            headers=self._headers(request.headers),
            body=self.data(request.body),
        )

    def _response(self, response: Response) -> Response:
        finds = self._finds(response.body)
        if finds:
            response = replace(response, chunks=_remapped(response.chunks, finds))
        return replace(response, headers=self._headers(response.headers))

    def _headers(self, headers: Headers) -> Headers:
        return tuple((self.text(name), self.text(value)) for name, value in headers)

    def _finds(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """Non-overlapping (start, end, mark), in order."""
        finds: list[tuple[int, int, bytes]] = []
        for size, parts in self._parts.items():
            for spelling, run, end in _runs(size, parts, data, self._stretches[size]):
                part = "whole" if data[run:end] == spelling.secret else "part"
                start = _with_prefix(spelling, data, run)
                finds.append((start, end, f"[key:{spelling.role}:{part}]".encode()))
        return _without_overlaps(finds)


def credentials_in(texts: Iterable[str]) -> list[tuple[str, str]]:
    """The marks in some texts, as (role, `whole` or `part`)."""
    return [(m["role"], m["part"]) for text in texts for m in MARK.finditer(text)]


def _spellings(key: str) -> Iterator[tuple[bytes, int]]:
    """The ways to write a key, each with the bytes that one character takes."""
    as_json = json.dumps(key)[1:-1]
    plain = (key, as_json, as_json.replace("/", "\\/"), quote(key, safe=""))
    yield from ((spelling.encode(), 1) for spelling in dict.fromkeys(plain))
    yield "".join(f"\\u{ord(character):04x}" for character in key).encode(), 6
    yield "".join(f"%{ord(character):02X}" for character in key).encode(), 3


def public_prefix(key: str) -> str:
    """What a key begins with that says whose it is; empty where that is unknown."""
    prefix = _PREFIX.match(key.encode())
    return prefix[0].decode() if prefix else ""


def _without_prefix(whole: bytes) -> bytes:
    return _PREFIX.sub(b"", whole)


def _stretch(size: int, parts: Iterable[bytes]) -> re.Pattern[bytes]:
    """So many bytes in a row, or more, that occur in some part."""
    alphabet = b"".join(re.escape(bytes([byte])) for byte in sorted(set(b"".join(parts))))
    return re.compile(b"[%b]{%d,}" % (alphabet, size))


def _runs(
    size: int,
    parts: Mapping[bytes, _Spelling],
    data: bytes,
    stretch: re.Pattern[bytes],
) -> Iterator[tuple[_Spelling, int, int]]:
    """The runs of a secret in the data, as long as they go."""
    for found in stretch.finditer(data):
        yield from _runs_within(size, parts, data, found.start(), found.end())


def _runs_within(
    size: int, parts: Mapping[bytes, _Spelling], data: bytes, position: int, limit: int
) -> Iterator[tuple[_Spelling, int, int]]:
    while position <= limit - size:
        spelling = parts.get(data[position : position + size])
        if spelling is None:
            position += 1
            continue
        end = position + size
        step = spelling.width
        while end + step <= len(data) and data[position : end + step] in spelling.secret:
            end += step
        yield spelling, position, end
        position = end


def _with_prefix(spelling: _Spelling, data: bytes, start: int) -> int:
    length = len(spelling.whole) - len(spelling.secret)
    has_prefix = length and data[start - length : start] == spelling.whole[:length]
    return start - length if has_prefix else start


def _without_overlaps(finds: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """Of two finds that overlap the later one keeps what the earlier one leaves."""
    kept: list[tuple[int, int, bytes]] = []
    for start, end, mark in sorted(finds, key=lambda find: (find[0], -find[1])):
        begin = max(start, kept[-1][1]) if kept else start
        if begin < end:
            kept.append((begin, end, mark))
    return kept


def _replaced(data: bytes, finds: list[tuple[int, int, bytes]]) -> bytes:
    parts: list[bytes] = []
    position = 0
    for start, end, mark in finds:
        parts += [data[position:start], mark]
        position = end
    return b"".join([*parts, data[position:]])


def _remapped(chunks: tuple[Chunk, ...], finds: list[tuple[int, int, bytes]]) -> tuple[Chunk, ...]:
    """The chunks over the redacted body; a border inside a mark moves behind it."""
    body = _replaced(b"".join(chunk.data for chunk in chunks), finds)
    moved = _moved(finds)
    result: list[Chunk] = []
    old_end = new_start = 0
    for chunk in chunks:
        old_end += len(chunk.data)
        new_end = moved(old_end)
        result.append(Chunk(chunk.at_s, body[new_start:new_end]))
        new_start = new_end
    return tuple(result)


def _moved(finds: list[tuple[int, int, bytes]]) -> Callable[[int], int]:
    def position(old: int) -> int:
        shift = 0
        for start, end, mark in finds:
            if old <= start:
                break
            if old < end:
                return start + shift + len(mark)
            shift += len(mark) - (end - start)
        return old + shift

    return position
