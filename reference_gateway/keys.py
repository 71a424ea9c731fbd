"""Keys: made once, stored as a hash, looked up by it."""

from __future__ import annotations

import hashlib
import secrets

from reference_gateway.call import Call
from reference_gateway.errors import Refusal, Unauthenticated
from reference_gateway.ledger import Key, Ledger

PREFIXES = ("th-", "sk-th_")
_SECRET_BYTES = 32
# How the vendors' own keys begin; both kinds are pasted here by mistake.
_FOREIGN = ("sk-ant-", "sk-proj-", "sk-")


def new_secret(prefix: str = PREFIXES[0]) -> str:
    """A fresh key; the only time it exists in clear."""
    return prefix + secrets.token_hex(_SECRET_BYTES)


def hash_secret(secret: str) -> str:
    """The form in which a key is stored.

    A plain SHA-256 is enough for 256 random bits: there is nothing to guess.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


async def authenticate(call: Call, ledger: Ledger) -> Key:
    """The key that the request came with; raises `Unauthenticated`."""
    credential = call.credential
    if not credential:
        raise Unauthenticated(Refusal.MISSING)
    key = await ledger.find_key(hash_secret(credential))
    if key is None:
        raise Unauthenticated(_why_unknown(credential))
    if key.is_revoked:
        raise Unauthenticated(Refusal.REVOKED)
    return key


def _why_unknown(credential: str) -> Refusal:
    if credential.startswith(PREFIXES):
        return Refusal.UNKNOWN
    return Refusal.FOREIGN if credential.startswith(_FOREIGN) else Refusal.UNKNOWN
