"""Pictures: told by their first bytes, named by size and, where it is only one, colour."""

from __future__ import annotations

import struct
import zlib

from reference_gateway.chat import Image

_PNG = b"\x89PNG\r\n\x1a\n"
_COLOURS = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "red": (255, 0, 0),
    "green": (0, 160, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "orange": (255, 140, 0),
    "purple": (128, 0, 128),
    "grey": (128, 128, 128),
}
# Samples per pixel by colour type; palettes and interlacing are not read.
_SAMPLES = {0: 1, 2: 3, 4: 2, 6: 4}
_MAX_PIXELS = 1_000_000


def media_type(data: bytes) -> str | None:
    """The type of a picture by its first bytes; None where it is none of the four."""
    if data.startswith(_PNG):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def described(image: Image) -> str:
    """What can be said of a picture: its type, its size, and its colour where it has but one."""
    if image.url is not None:
        return f"a picture at {image.url}"
    words = [image.media_type or "a picture"]
    size = _size(image.data)
    if size:
        words.append(f"of {size[0]}x{size[1]} pixels")
    colour = _colour(image.data)
    return " ".join([*words, *((f"all {colour}",) if colour else ())])


def _size(data: bytes) -> tuple[int, int] | None:
    kind = media_type(data)
    if kind == "image/png" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if kind == "image/gif" and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return width, height
    return None


def _colour(data: bytes) -> str | None:
    """The name of the only colour of a PNG with 8 bits a sample."""
    try:
        rows = _rows(data)
    except (ValueError, IndexError, struct.error, zlib.error):
        return None
    pixels = {pixel for row in rows for pixel in row}
    if len(pixels) != 1:
        return None
    found = pixels.pop()
    rgb = found[:3] if len(found) > 2 else found[:1] * 3

    def distance(name: str) -> int:
        return sum((a - b) ** 2 for a, b in zip(rgb, _COLOURS[name], strict=True))

    return min(_COLOURS, key=distance)


def _rows(data: bytes) -> list[list[tuple[int, ...]]]:
    if not data.startswith(_PNG):
        raise ValueError("no PNG")
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    if depth != 8 or interlaced or kind not in _SAMPLES or width * height > _MAX_PIXELS:
        raise ValueError("a PNG of a sort that is not read")
    size = _SAMPLES[kind]
    packed, stride = _compressed(data), 1 + width * size
    raw = zlib.decompressobj().decompress(packed, stride * height)
    if len(raw) < stride * height:
        raise ValueError("a PNG that is cut short")
    rows, above = [], bytes(width * size)
    for start in range(0, stride * height, stride):
        above = _unfiltered(raw[start], raw[start + 1 : start + stride], above, size)
        rows.append([tuple(above[at : at + size]) for at in range(0, len(above), size)])
    return rows


def _compressed(data: bytes) -> bytes:
    """The pixel data of a PNG, which may stand in several chunks."""
    at, found = len(_PNG), b""
    while at + 8 <= len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        if data[at + 4 : at + 8] == b"IDAT":
            found += data[at + 8 : at + 8 + length]
        at += length + 12
    return found


def _unfiltered(filter: int, row: bytes, above: bytes, size: int) -> bytes:
    found = bytearray(row)
    for at in range(len(found)):
        left = found[at - size] if at >= size else 0
        corner = above[at - size] if at >= size else 0
        guess = (0, left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))
        found[at] = (found[at] + guess[filter]) & 0xFF
    return bytes(found)


def _paeth(left: int, up: int, corner: int) -> int:
    """The neighbour that is nearest to left + up - corner (PNG specification, 9.4)."""
    target = left + up - corner
    return min((left, up, corner), key=lambda value: abs(target - value))
