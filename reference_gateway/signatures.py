"""Signatures of thinking: only what this process thought can be given back to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

_SECRET = secrets.token_bytes(32)
_SEALED_BYTES = 24


def sign(text: str) -> str:
    """The signature of a text; the same text has the same one, as long as the process runs."""
    digest = hmac.digest(_SECRET, text.encode(errors="surrogatepass"), hashlib.sha256)
    return base64.b64encode(digest).decode()


def is_signed(text: str, signature: str) -> bool:
    """True when the signature is that of the text."""
    return hmac.compare_digest(sign(text).encode(), signature.encode(errors="surrogatepass"))


def sealed() -> str:
    """What stands for thinking that the client must not read; signed in itself."""
    token = secrets.token_hex(_SEALED_BYTES)
    return f"{token}.{sign(token)}"


def is_sealed(data: str) -> bool:
    """True when the data came from `sealed`, unchanged."""
    token, _, signature = data.partition(".")
    return is_signed(token, signature)
