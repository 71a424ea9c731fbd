"""What every request of ours looks like: its headers, its body, and its recorded form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from conformance import __version__
from conformance.kinds import Protocol
from conformance.model import Headers, Request
from conformance.profile import CredentialStyle
from conformance.secret import Secret

OWN_HEADERS = {
    "user-agent": f"gateway-conformance/{__version__}",
    "accept": "application/json",
    "accept-encoding": "identity",
    "content-type": "application/json",
}


PROTOCOL_HEADERS: Mapping[Protocol, Mapping[str, str]] = {
    Protocol.ANTHROPIC: {"anthropic-version": "2023-06-01"},
    Protocol.OPENAI: {},
}


def encoded(body: Mapping[str, Any]) -> bytes:
    """The bytes of a JSON body."""
    # Half surrogates that a gateway sent go back as the escapes they came as.
    return json.dumps(body, ensure_ascii=False).encode(errors="backslashreplace")


def credential_of(style: CredentialStyle, key: Secret) -> dict[str, str]:
    """The header that presents a key."""
    return {style.header: style.format.format(key=key.reveal())}


def recorded(request: httpx.Request) -> Request:
    """A request as the value that is kept of it."""
    headers: Headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
    )
    return Request(request.method, str(request.url), headers, request.content)
