"""What a client that asks for the wrong path is told: the base URL that it should have."""

from __future__ import annotations

from collections.abc import Iterable

VERSION = "/v1"


def right_base(path: str, endpoints: Iterable[str], prefixes: Iterable[str]) -> str | None:
    """The path of the base URL that the client needs; None where the path tells nothing.

    Some clients append `/v1/messages` to their base, others `/messages` alone: the end of
    what was asked tells which, so the same slip has its own remedy for each.
    """
    ended = [endpoint for endpoint in endpoints if path.endswith(endpoint)]
    if not ended:
        return None
    asked = path.removesuffix(max(ended, key=len))
    roots = [prefix.removesuffix(VERSION) for prefix in prefixes]
    root = max((root for root in roots if asked.startswith(f"{root}/") or asked == root), key=len)
    return root if asked.endswith(VERSION) else root + VERSION
