"""The roots (up to and including the version) where a protocol may live at a base URL."""

from __future__ import annotations

from urllib.parse import urlsplit


def roots(base_url: str, known: str) -> list[str]:
    """The roots (up to and including the version) that a base URL may stand for, in order.

    `known` is the root that the profile names. All forms that vendors print are
    covered: the site, `.../api`, `.../api/v1`, `.../v1`.
    """
    site = site_of(base_url)
    path = urlsplit(base_url).path.rstrip("/")
    found = [base_url] if path.endswith("/v1") else []
    if known and (known.startswith(path) or path == known):
        found.insert(0, site + known)
    if not path.endswith("/v1"):
        found += [f"{base_url}/v1", f"{base_url}/api/v1", base_url]
    return list(dict.fromkeys(found))


def other_roots(base_url: str) -> list[str]:
    """Where the gateway may be if it is nowhere that the base URL stands for."""
    site = site_of(base_url)
    path = urlsplit(base_url).path.rstrip("/")
    for endpoint in ("/messages", "/chat/completions", "/models"):
        path = path.removesuffix(endpoint)
    segments = [segment for segment in path.split("/") if segment]
    once = "".join(f"/{segment}" for segment in dict.fromkeys(segments))
    parents = ["".join(f"/{s}" for s in segments[:n]) for n in range(len(segments), -1, -1)]
    tried = [once, *parents, "/api"]
    guesses = [p if p.endswith("/v1") else f"{p}/v1" for p in tried]
    return [site + guess for guess in dict.fromkeys(guesses)]


def site_of(url: str) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
