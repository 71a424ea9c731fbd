"""Content encodings undone piece by piece, while the bytes themselves go on untouched."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli
import zstandard


class Undecodable(Exception):
    """The bytes are not in the encoding that their headers name."""


class Decoder:
    """Undoes the encodings of one body as its pieces arrive; an unknown one stays as it is."""

    def __init__(self, encodings: str) -> None:
        names = [name.strip().lower() for name in encodings.split(",")]
        self._steps = [_STEPS[name]() for name in reversed(names) if name in _STEPS]

    def decode(self, data: bytes) -> bytes:
        """What a piece holds so far; raises Undecodable."""
        for step in self._steps:
            try:
                data = step(data)
            except _BROKEN as error:
                raise Undecodable(str(error)) from None
        return data


Step = Callable[[bytes], bytes]
_BROKEN = (zlib.error, brotli.error, zstandard.ZstdError)


def _gzip() -> Step:
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress


def _deflate() -> Step:
    return zlib.decompressobj().decompress


def _brotli() -> Step:
    found: Step = brotli.Decompressor().process
    return found


def _zstd() -> Step:
    return zstandard.ZstdDecompressor().decompressobj().decompress


_STEPS: dict[str, Callable[[], Step]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
