"""Bodies as the client read them: base64 and content encodings undone.

Most recorders keep the decoded body beside the wire's headers, so an encoding is undone
only where the bytes bear it.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import zstandard

from conformance.imports.entry import Unreadable
from conformance.model import Headers

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def from_text(text: str) -> bytes:
    """The bytes of a text; a half surrogate, which JSON can spell, stays recognisable."""
    return text.encode("utf-8", "surrogatepass")


def from_json(value: Any) -> bytes:
    """The bytes of a body that was recorded parsed: a text stays as it is."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return from_text(value)
    return from_text(json.dumps(value, ensure_ascii=False, default=str))


def from_base64(text: str) -> bytes:
    """The bytes behind a base64 text, line breaks allowed."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (ValueError, binascii.Error):
        raise Unreadable("a body that is not base64", "base64, as the recording says") from None


def decoded(body: bytes, headers: Headers) -> bytes:
    """The body without the content encodings that its bytes bear."""
    for name in reversed(_encodings(headers)):
        undo = _UNDO.get(name)
        if undo is not None:
            body = undo(body)
    if body.startswith((_GZIP, _ZSTD)):  # the header was filtered out, the encoding was not
        body = _gunzipped(body) if body.startswith(_GZIP) else _unzstd(body)
    return body


def _encodings(headers: Headers) -> list[str]:
    values = [value for name, value in headers if name.lower() == "content-encoding"]
    return [part.strip().lower() for value in values for part in value.split(",")]


def _gunzipped(body: bytes) -> bytes:
    if not body.startswith(_GZIP):
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        raise Unreadable("a gzip body that cannot be decoded", "a whole gzip body") from None


def _unzstd(body: bytes) -> bytes:
    if not body.startswith(_ZSTD):
        return body
    try:
        return zstandard.ZstdDecompressor().decompressobj().decompress(body)
    except zstandard.ZstdError:
        raise Unreadable("a zstd body that cannot be decoded", "a whole zstd body") from None


def _unbrotli(body: bytes) -> bytes:
    if _is_text(body):
        return body
    try:
        return bytes(brotli.decompress(body))
    except brotli.error:
        raise Unreadable("a br body that cannot be decoded", "a whole brotli body") from None


def _inflated(body: bytes) -> bytes:
    if _is_text(body):
        return body
    for window in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        try:
            return zlib.decompress(body, window)
        except zlib.error:
            continue
    raise Unreadable("a deflate body that cannot be decoded", "a whole deflate body")


def _is_text(body: bytes) -> bool:
    """Whether the bytes are UTF-8 already: brotli and deflate have no mark of their own."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


_UNDO: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzipped,
    "x-gzip": _gunzipped,
    "br": _unbrotli,
    "deflate": _inflated,
    "zstd": _unzstd,
}
