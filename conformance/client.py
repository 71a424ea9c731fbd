"""The HTTP client of a run: its TLS, its proxies, and the quiet of its log."""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache

import httpx

from conformance.errors import UsageError
from conformance.target import Target


@asynccontextmanager
async def opened(target: Target) -> AsyncIterator[httpx.AsyncClient]:
    """A client for the target, closed at the end.

    Proxy variables of the environment are honoured except for loopback targets.
    """
    client = httpx.AsyncClient(
        verify=tls(target.profile.ca_file),
        timeout=None,  # noqa: S113 - the deadlines are those of the recorder's Connection
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
        follow_redirects=False,
        trust_env=not target.is_loopback,
    )
    with unlogged():
        async with client:
            yield client


@contextmanager
def unlogged() -> Iterator[None]:
    """Keeps the HTTP library's log quiet: it quotes answers, and these may quote a key."""
    levels = {logging.getLogger(name): logging.getLogger(name).level for name in _QUOTING}
    for logger in levels:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)


_QUOTING = ("httpcore", "httpx")


@cache
def tls(ca_file: str) -> ssl.SSLContext:
    """The TLS settings of a run: the system's certificates, or those of a PEM file."""
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError):
        raise UsageError(f"profile: ca_file: {ca_file} is no readable PEM file") from None
