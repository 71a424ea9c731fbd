"""What every request of ours looks like: its headers, its body, and its recorded form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from conformance import __version__
from conformance.model import Headers, Request
from conformance.profile import CredentialStyle
from conformance.secret import Secret

OWN_HEADERS = {
    "user-agent": f"gateway-conformance/{__version__}",
    "accept": "application/json",
    "accept-encoding": "identity",
    "content-type": "application/json",
}

_KEPT_BYTES = 1 << 16  # Of a body that is too large on purpose, the beginning says it all.


def encoded(body: Mapping[str, Any]) -> bytes:
    """The bytes of a JSON body."""
    # Half surrogates that a gateway sent go back as the escapes they came as.
    return json.dumps(body, ensure_ascii=False).encode(errors="backslashreplace")


def presented(styles: Iterable[CredentialStyle], key: Secret) -> dict[str, str]:
    """The headers that present a key, in each of these styles."""
    return {style.header: style.format.format(key=key.reveal()) for style in styles}


def recorded(request: httpx.Request) -> Request:
    """A request as the value that is kept of it."""
    headers: Headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
    )
    return Request(request.method, str(request.url), headers, kept(request.content))


def kept(content: bytes) -> bytes:
    """A body as it is kept: all of it, unless it was large on purpose."""
    if len(content) <= _KEPT_BYTES:
        return content
    return content[:_KEPT_BYTES] + f"... ({len(content):,} bytes in all)".encode()
