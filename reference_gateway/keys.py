"""Keys: made once, stored as a hash, looked up by it."""

from __future__ import annotations

import hashlib
import secrets
import time

from reference_gateway.call import Call
from reference_gateway.errors import Refusal, Unauthenticated
from reference_gateway.ledger import Key, Ledger

PREFIXES = ("th-", "sk-th_")
_SECRET_BYTES = 32
# A key's last use is known to the minute, so that not every request writes it.
LAST_USE_PRECISION_S = 60
# How the vendors' own keys begin; both kinds are pasted here by mistake.
_FOREIGN = ("sk-ant-", "sk-proj-", "sk-")


def new_secret(prefix: str = PREFIXES[0]) -> str:
    """A fresh key; the only time it exists in clear."""
    return prefix + secrets.token_hex(_SECRET_BYTES)


def hash_secret(secret: str) -> str:
    """The form in which a key is stored.

    A plain SHA-256 is right for 256 random bits. bcrypt and its kin slow down the guessing
    of passwords; nobody guesses these, and each request would pay for it.
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
    now = int(time.time())
    if key.last_used_at is None or now - key.last_used_at >= LAST_USE_PRECISION_S:
        await ledger.mark_used(key.id, now)
    return key


def _why_unknown(credential: str) -> Refusal:
    if credential.startswith(PREFIXES):
        return Refusal.UNKNOWN
    return Refusal.FOREIGN if credential.startswith(_FOREIGN) else Refusal.UNKNOWN
