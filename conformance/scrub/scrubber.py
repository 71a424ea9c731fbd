"""Takes secrets out of values, texts, headers and bodies, and counts what went."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from conformance.imports.bodies import decoded
from conformance.imports.entry import Unreadable
from conformance.model import Chunk, Exchange, Headers, Recording, Request, Response
from conformance.scrub import content, patterns

MARK = "REDACTED"
_GONE = re.compile(rf"^(?:{MARK}(?:-\d+)?|\[key:\w+:\w+\])$")
_SCHEMES = ("bearer", "basic", "negotiate", "digest", "token")


class Scrubber:
    """Replaces secrets, and with `texts` all content; the same secret alike everywhere."""

    def __init__(self, texts: bool = False) -> None:
        self.removed: Counter[str] = Counter()
        self._texts = texts
        self._names: dict[str, str] = {}
        # The fragments of calls in the stream at hand, blanked as a whole.
        self._joined: frozenset[int] = frozenset()

    # ------------------------------------------------------------------------ headers

    def header(self, name: str, value: str) -> str:
        """The value of one header."""
        if not value:
            return value
        if patterns.COOKIE_HEADERS.match(name):
            return self._gone("cookie", value)
        if patterns.KEY_HEADERS.search(name) and "ratelimit" not in name.lower():
            scheme, blank, rest = value.partition(" ")
            if rest and scheme.lower() in _SCHEMES:
                return f"{scheme}{blank}{self._gone('key', rest)}"
            return self._gone("key", value)
        if patterns.ACCOUNT_HEADERS.search(name) and "ratelimit" not in name.lower():
            return self._gone("account id", value)
        return self.text(value)

    def pairs(self, headers: Headers) -> Headers:
        """Headers as pairs."""
        return tuple((name, self.header(name, value)) for name, value in headers)

    # ------------------------------------------------------------------------- bodies

    def body(self, text: str) -> str:
        """A body or any other text: JSON, server-sent events, or neither."""
        start = text.lstrip()[:1]
        if start in ("{", "["):
            scrubbed = self._json(text)
            if scrubbed is not None:
                return scrubbed
        if "data:" in text and re.match(r"\s*(data|event|id|retry)?:", text):
            return self._stream(text)
        if self._texts and text.strip():
            self.removed["text"] += 1
            return content.length(text)
        return self.text(text)

    def data(self, data: bytes, headers: Headers = ()) -> bytes:
        """A body as bytes, decoded first; one that nobody can read goes altogether."""
        for encoding in ("identity", "br", "deflate"):  # where no header says which
            try:
                text = decoded(data, (*headers, ("content-encoding", encoding))).decode("utf-8")
            except (Unreadable, UnicodeDecodeError):
                continue
            return self.body(text).encode("utf-8")
        self.removed["unreadable body"] += 1
        return f"{MARK}: {len(data)} bytes that are no text".encode()

    def _json(self, text: str) -> str | None:
        """JSON scrubbed: to the byte the same where nothing had to go; None if it is none."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return None
        scrubbed = self.protocol(value)
        return text if scrubbed == value else _dumped(scrubbed, text)

    def _stream(self, text: str) -> str:
        """Server-sent events line by line: every line, and every line end, stays in place."""
        lines = re.split(r"(?<=\n)", text)
        values = [_data(line) for line in lines]
        self._joined = content.join_fragments(values) if self._texts else frozenset()
        scrubbed = "".join(map(self._line, lines, values))
        self._joined = frozenset()
        return scrubbed

    def _line(self, line: str, value: Any) -> str:
        if value is None:
            return self.text(line)
        begin, end = line.index("{"), len(line.rstrip())
        scrubbed = self.protocol(value)
        if scrubbed == json.loads(line[begin:end]):
            return line
        return line[:begin] + _dumped(scrubbed, line[begin:end]) + line[end:]

    # ---------------------------------------------------------------- values of bodies

    def protocol(self, value: Any) -> Any:
        """A JSON value of a body."""
        if isinstance(value, Mapping):
            return {self.text(k): self._field(k, inner, value) for k, inner in value.items()}
        if isinstance(value, list):
            return [self.protocol(inner) for inner in value]
        if isinstance(value, str):
            inner = self._json(value) if value[:1] in ("{", "[") else None
            return self.text(value) if inner is None else inner
        return value

    def _field(self, name: str, value: Any, holder: Mapping[str, Any]) -> Any:
        if isinstance(value, str) and value:
            if patterns.KEY_FIELDS.match(name):
                return self._gone("key", value)
            if patterns.ACCOUNT_FIELDS.search(name):
                return self._gone("account id", value)
        is_delta = name == "delta" and isinstance(value, str)
        if self._texts and (is_delta or content.is_content(name, value, holder)):
            if id(holder) in self._joined:
                return value
            self.removed["text"] += isinstance(value, str) and bool(value)
            return content.blanked(value, name, self._field)
        return self.protocol(value)

    # -------------------------------------------------------------------------- texts

    def text(self, text: str) -> str:
        """A text with everything replaced that is shaped like a secret."""
        if len(text) < 6:
            return text
        if "=" in text:
            text = patterns.QUERY.sub(self._query, text)
        if not patterns.HINT.search(text):
            return text
        if "@" in text:
            text = patterns.USERINFO.sub(self._of("key"), text)
        for kind, shape in patterns.SHAPES:
            text = shape.sub(self._of(kind), text)
        return text

    def _query(self, found: re.Match[str]) -> str:
        name, value = found[1], found[2]
        if not value or not patterns.KEY_QUERIES.match(name):
            return found[0]
        return f"{name}={self._gone('query key', value)}"

    def _of(self, kind: str) -> Callable[[re.Match[str]], str]:
        return lambda found: self._gone(kind, found[0])

    def _gone(self, kind: str, secret: str) -> str:
        if _GONE.match(secret):
            return secret
        self.removed[kind] += 1
        return self._names.setdefault(secret, f"{MARK}-{len(self._names) + 1}")

    # --------------------------------------------------------------------- recordings

    def recording(self, recording: Recording) -> Recording:
        """A recording; what is untouched keeps its bytes and its chunks."""
        facts = self.protocol(dict(recording.facts))
        exchanges = tuple(self.exchange(exchange) for exchange in recording.exchanges)
        return replace(recording, exchanges=exchanges, facts=facts)

    def exchange(self, exchange: Exchange) -> Exchange:
        """An exchange; its chunks end with the lines that they ended in."""
        request = exchange.request
        sent = Request(
            request.method,
            self.text(request.url),
            self.pairs(request.headers),
            self.data(request.body, request.headers) if request.body else b"",
        )
        response = exchange.response
        return replace(
            exchange, request=sent, response=self._response(response) if response else None
        )

    def _response(self, response: Response) -> Response:
        body = self.data(response.body, response.headers) if response.body else b""
        changed = body != response.body
        chunks = _rechunked(response.chunks, body) if changed else response.chunks
        return replace(response, headers=self.pairs(response.headers), chunks=chunks)


def _data(line: str) -> Any:
    """The JSON object behind `data:`; None for any other line."""
    if not line.startswith("data:"):
        return None
    try:
        value = json.loads(line[5:])
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _dumped(value: Any, like: str) -> str:
    """JSON laid out as a text was."""
    indent = 1 if "\n" in like.strip() else None
    item = "," if indent or ", " not in like else ", "
    colon = ": " if '": ' in like else ":"
    # Escaped as it was: then no half surrogate can spoil the text.
    return json.dumps(value, ensure_ascii=like.isascii(), indent=indent, separators=(item, colon))


def _rechunked(chunks: tuple[Chunk, ...], body: bytes) -> tuple[Chunk, ...]:
    """New bytes in the rhythm of the old ones: each chunk ends with its line."""
    old = b"".join(chunk.data for chunk in chunks).splitlines(keepends=True)
    new = body.splitlines(keepends=True)
    if len(old) != len(new):
        return (Chunk(chunks[-1].at_s, body),)
    result: list[Chunk] = []
    old_end = line = taken = 0
    for chunk in chunks:
        old_end += len(chunk.data)
        piece = b""
        while line < len(old) and taken < old_end:
            taken += len(old[line])
            piece += new[line]
            line += 1
        result.append(Chunk(chunk.at_s, piece))
    return tuple(result)
