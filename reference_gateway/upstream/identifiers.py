"""Identifiers of a client's users, which providers take up to a length of their own."""

from __future__ import annotations

import hashlib


def fitting(identifier: str, longest: int) -> str:
    """The identifier; one that is too long is its own digest, which stands for the same user."""
    if len(identifier) <= longest:
        return identifier
    return hashlib.sha256(identifier.encode()).hexdigest()
