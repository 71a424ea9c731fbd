"""Several hundred bad requests, by name: malformed, mistyped, misdeclared, oversized, mutated.

Pure: the same seed makes the same requests on every machine, so a finding can be sent
again by its name. What is *sent as HTTP* deserves an answer in the protocol's envelope;
what is no HTTP may also be answered by the server in front, or by closing the connection.
"""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
MUTATIONS = 100
_JSON_TYPE = b"content-type: application/json"
_FOR_THE_SERVER = ("Expect: something", "Upgrade")
"""What the HTTP server in front may refuse itself (417, 400), knowing no protocol."""


@dataclass(frozen=True)
class Bad:
    """One bad request: its body, and the header lines that are not the usual ones.

    `lines` of None are those of any sound request. `is_http` says that the request itself
    is sound HTTP, whatever its body holds, which no HTTP server answers on its own.
    """

    name: str
    body: bytes
    lines: tuple[bytes, ...] | None = None
    is_http: bool = True


def corpus(sound: Mapping[str, Any], seed: int) -> Iterator[Bad]:
    """Every bad request that grows from a sound one."""
    good = json.dumps(sound).encode()
    yield from _malformed(good)
    yield from _numbers(sound)
    yield from _nested(sound)
    yield from _mistyped(sound)
    yield from _misdeclared(good)
    yield from _encoded(good)
    yield from _misframed(good)
    yield from _odd_headers(good)
    yield from _mutated(good, seed)


# ------------------------------------------------------------------------------ bodies


def _malformed(good: bytes) -> Iterator[Bad]:
    """Bodies that are not JSON, or not in UTF-8."""
    for share in (1, 2, 5, 10, 25, 50, 75, 90, 95, 99):
        yield Bad(f"cut at {share} %", good[: len(good) * share // 100])
    for name, body in {
        "white space only": b" \n\t ",
        "a trailing comma": good[:-1] + b",}",
        "a second document": good + good,
        "a second brace": good + b"}",
        "text behind it": good + b" and more",
        "single quotes": good.replace(b'"', b"'"),
        "unquoted keys": b"{model: 1, messages: []}",
        "a comment": b"/* hello */" + good,
        "a byte order mark": b"\xef\xbb\xbf" + good,
        "UTF-16": good.decode().encode("utf-16"),
        "UTF-32": good.decode().encode("utf-32"),
        "NaN": _with(good, b"NaN"),
        "Infinity": _with(good, b"Infinity"),
        "minus Infinity": _with(good, b"-Infinity"),
        "a hexadecimal number": _with(good, b"0x10"),
        "a leading zero": _with(good, b"007"),
        "a leading plus": _with(good, b"+7"),
        "undefined": _with(good, b"undefined"),
        "a raw newline in a string": _with(good, b'"a\nb"'),
        "a raw NUL in a string": _with(good, b'"a\x00b"'),
        "a raw NUL before it": b"\x00" + good,
        "an escape that is none": _with(good, b'"\\x41"'),
        "half an escape": _with(good, b'"\\u12"'),
        "an escaped NUL": _with(good, b'"a\\u0000b"'),
        "a lone high surrogate": _with(good, b'"\\ud83d"'),
        "a lone low surrogate": _with(good, b'"\\udd8a"'),
        "surrogates in the wrong order": _with(good, b'"\\udd8a\\ud83d"'),
        "an overlong encoding": _with(good, b'"\xc0\xaf"'),
        "a stray continuation byte": _with(good, b'"\x80"'),
        "a cut code point": _with(good, b'"\xf0\x9f\xa6"'),
        "a surrogate in UTF-8": _with(good, b'"\xed\xa0\xbd"'),
        "a code point beyond Unicode": _with(good, b'"\xf4\x90\x80\x80"'),
        "bytes at random": bytes(range(256)),
        "a form": b"model=a&messages=b",
        "XML": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>",
        "YAML": b"model: a\nmessages: []\n",
        "a pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07builtins",
        "null": b"null",
        "true": b"true",
        "a number": b"42",
        "a string": b'"hello"',
        "an array": b"[]",
        "an array of it": b"[" + good + b"]",
        "an empty object": b"{}",
    }.items():
        yield Bad(f"body: {name}", body)


def _with(good: bytes, value: bytes) -> bytes:
    """The good object with one field more, written by hand."""
    return good[:-1] + b', "conformance_extra": ' + value + b"}"


def _numbers(sound: Mapping[str, Any]) -> Iterator[Bad]:
    """Numbers that are hard to hold, where a number belongs."""
    rest = json.dumps({name: value for name, value in sound.items() if name != "max_tokens"})
    for name, number in {
        "1e400": b"1e400",
        "1e-400": b"1e-400",
        "a thousand digits": b"9" * 1_000,
        "ten thousand digits": b"9" * 10_000,
        "two to the 63": b"9223372036854775808",
        "minus two to the 63": b"-9223372036854775809",
        "two to the 53 and one": b"9007199254740993",
        "minus zero": b"-0",
        "a fraction": b"16.5",
        "an exponent": b"1e1",
    }.items():
        yield Bad(f"max_tokens: {name}", rest.encode()[:-1] + b', "max_tokens": ' + number + b"}")
    doubled = json.dumps(sound)[:-1].encode()
    yield Bad("model twice", doubled + b', "model": "no-such-model-conformance"}')
    yield Bad("messages twice", doubled + b', "messages": 7}')
    yield Bad("__proto__", doubled + b', "__proto__": {"admin": true}}')


def _nested(sound: Mapping[str, Any]) -> Iterator[Bad]:
    """Bodies that are deep, wide or long."""
    good = json.dumps(sound).encode()
    for depth in (100, 1_000, 10_000, 100_000):
        yield Bad(f"{depth:,} arrays deep", _with(good, b"[" * depth + b"]" * depth))
        deep = b'{"a":' * depth + b"1" + b"}" * depth
        yield Bad(f"{depth:,} objects deep", _with(good, deep))
    yield Bad("100,000 open brackets", b"[" * 100_000)
    wide = json.dumps({f"key{number}": number for number in range(20_000)})
    yield Bad("20,000 keys", _with(good, wide.encode()))
    yield Bad("a key of 100 kB", _with(good, json.dumps({"k" * 100_000: 1}).encode()))
    many = {**sound, "messages": [{"role": "user", "content": ""}] * 2_000}
    yield Bad("2,000 empty messages", json.dumps(many).encode())


_WRONG: dict[str, Any] = {
    "null": None,
    "true": True,
    "0": 0,
    "-1": -1,
    "1e308": 1e308,
    "an empty string": "",
    "10 kB": "x" * 10_000,
    "NUL": "\u0000",
    "markup": "<script>alert(1)</script>",
    "a path": "../../../../etc/passwd",
    "SQL": "' OR 1=1 --",
    "a template": "{{7*7}}${7*7}",
    "an empty array": [],
    "[null]": [None],
    "[[[]]]": [[[]]],
    "an empty object": {},
    "a reference": {"$ref": "#"},
}
_FIELDS = (
    ("model",),
    ("messages",),
    ("max_tokens",),
    ("stream",),
    ("system",),
    ("tools",),
    ("tool_choice",),
    ("metadata",),
    ("messages", 0),
    ("messages", 0, "role"),
    ("messages", 0, "content"),
)


def _mistyped(sound: Mapping[str, Any]) -> Iterator[Bad]:
    """Every field of interest with every value that does not belong there."""
    for path in _FIELDS:
        for name, value in _WRONG.items():
            where = ".".join(map(str, path))
            yield Bad(f"{where}: {name}", json.dumps(_put(sound, path, value)).encode())


def _put(sound: Mapping[str, Any], path: tuple[str | int, ...], value: Any) -> Json:
    changed: Json = json.loads(json.dumps(sound))
    holder: Any = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return changed


# ----------------------------------------------------------------------------- headers


def _misdeclared(good: bytes) -> Iterator[Bad]:
    """A good body under a content type that does not fit."""
    types = {
        "no content type": None,
        "text/plain": b"text/plain",
        "a form": b"application/x-www-form-urlencoded",
        "multipart without boundary": b"multipart/form-data",
        "multipart": b"multipart/form-data; boundary=x",
        "XML": b"application/xml",
        "UTF-16": b"application/json; charset=utf-16",
        "a charset that is none": b"application/json; charset=no-such-charset",
        "no type at all": b"garbage",
        "an endless type": b"application/" + b"x" * 5_000,
    }
    for name, value in types.items():
        declared = (b"content-type: " + value,) if value else ()
        yield Bad(f"content-type: {name}", good, (*declared, _length(good)))


def _encoded(good: bytes) -> Iterator[Bad]:
    """Bodies that say they are compressed."""
    bomb = gzip.compress(b'{"model": "' + b"x" * 5_000_000 + b'"}', mtime=0)
    for name, encoding, body in (
        ("gzip", b"gzip", gzip.compress(good, mtime=0)),
        ("gzip, which it is not", b"gzip", good),
        ("gzip, cut", b"gzip", gzip.compress(good, mtime=0)[:-8]),
        ("gzip, 5 MB in 5 kB", b"gzip", bomb),
        ("deflate", b"deflate", zlib.compress(good)),
        ("deflate, which it is not", b"deflate", good),
        ("br, which it is not", b"br", good),
        ("an encoding that is none", b"no-such-encoding", good),
        ("gzip twice", b"gzip, gzip", gzip.compress(gzip.compress(good, mtime=0), mtime=0)),
    ):
        lines = (_JSON_TYPE, b"content-encoding: " + encoding, _length(body))
        yield Bad(f"content-encoding: {name}", body, lines)


def _misframed(good: bytes) -> Iterator[Bad]:
    """Bodies whose length is told wrongly."""
    chunked = b"transfer-encoding: chunked"
    size = f"{len(good):x}".encode()
    whole = size + b"\r\n" + good + b"\r\n0\r\n\r\n"
    for name, framing, body in (
        ("negative", (b"content-length: -1",), good),
        ("no number", (b"content-length: many",), good),
        ("endless", (b"content-length: " + b"9" * 40,), b""),
        ("two that differ", (_length(good), b"content-length: 3"), good),
        ("beside chunks", (_length(good), chunked), whole),
    ):
        yield Bad(f"content-length: {name}", body, (_JSON_TYPE, *framing), is_http=False)
    for name, body in {
        "a size that is none": b"zz\r\n" + good,
        "a negative size": b"-5\r\n" + good,
        "an endless size": b"f" * 40 + b"\r\n" + good,
        "an endless extension": size + b";" + b"x" * 20_000 + b"\r\n" + good + b"\r\n0\r\n\r\n",
    }.items():
        yield Bad(f"chunks: {name}", body, (_JSON_TYPE, chunked), is_http=False)
    yield Bad("chunks: sound", whole, (_JSON_TYPE, chunked))
    single = b"".join(b"1\r\n" + bytes([byte]) + b"\r\n" for byte in good) + b"0\r\n\r\n"
    yield Bad("chunks: of one byte", single, (_JSON_TYPE, chunked))
    unknown = (_JSON_TYPE, b"transfer-encoding: gzip, no-such")
    yield Bad("transfer-encoding: one that is none", good, unknown, is_http=False)


def _odd_headers(good: bytes) -> Iterator[Bad]:
    """Header lines that no client should send."""
    for name, line in {
        "no colon": b"x-no-colon",
        "a space before the colon": b"x-odd : 1",
        "an empty name": b": 1",
        "a NUL in it": b"x-odd: a\x00b",
        "bytes that are not ASCII": b"x-odd: \xff\xfe\xfd",
        "a name that is not ASCII": b"x-\xff: 1",
        "a line of 100 kB": b"x-long: " + b"x" * 100_000,
        "a bare CR": b"x-odd: a\rx-more: b",
        "a folded line": b"x-odd: a\r\n b",
    }.items():
        lines = (_JSON_TYPE, _length(good), line)
        yield Bad(f"header: {name}", good, lines, is_http=False)
    many = tuple(f"x-many-{number}: {number}".encode() for number in range(1_000))
    yield Bad("header: a thousand lines", good, (_JSON_TYPE, _length(good), *many), is_http=False)
    for name, line in {
        "Expect: something": b"expect: the-unexpected",
        "Upgrade": b"connection: upgrade\r\nupgrade: websocket",
        "a forwarded host": b"x-forwarded-host: 169.254.169.254",
        "a forwarded path": b"x-original-url: /admin",
        "a method override": b"x-http-method-override: DELETE",
        "a foreign origin": b"origin: https://example.com",
        "a range": b"range: bytes=0-1",
        "a condition": b"if-none-match: *",
        "a cookie of 4 kB": b"cookie: a=" + b"x" * 4_000,
    }.items():
        lines = (_JSON_TYPE, _length(good), line)
        yield Bad(f"header: {name}", good, lines, is_http=name not in _FOR_THE_SERVER)


def _length(body: bytes) -> bytes:
    return f"content-length: {len(body)}".encode()


# --------------------------------------------------------------------------- mutations


def _mutated(good: bytes, seed: int) -> Iterator[Bad]:
    """The good body with some bytes changed, put in, taken out or doubled."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose, nothing secret
    for number in range(MUTATIONS):
        body = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            _mutate(body, chance)
        yield Bad(f"mutation {number} of seed {seed}", bytes(body))


def _mutate(body: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(body)) if body else 0
    size = chance.randint(1, 8)
    kind = chance.choice(("flip", "insert", "delete", "double", "digit"))
    if kind == "flip" and body:
        body[place] ^= 1 << chance.randrange(8)
    elif kind == "insert":
        body[place:place] = chance.randbytes(size)
    elif kind == "delete":
        del body[place : place + size]
    elif kind == "double":
        body[place:place] = body[place : place + size]
    else:
        body[place:place] = str(chance.randrange(10**6)).encode()
