"""What kind of network failure an exception is."""

from __future__ import annotations

import ssl

import httpx

from conformance.model import Failure, FailureKind

_NAMELESS = (
    "name or service not known",
    "getaddrinfo",
    "no address",
    "name resolution",
    "nodename",
)


def failure_of(error: httpx.TransportError) -> Failure:
    """The kind of a network failure, told from the exception and what caused it."""
    causes = _causes(error)
    detail = str(causes[-1]) or type(error).__name__
    return Failure(_kind(error, causes, detail.lower()), detail)


def _kind(error: httpx.TransportError, causes: list[BaseException], text: str) -> FailureKind:
    facts = {
        FailureKind.TLS: any(isinstance(cause, ssl.SSLError) for cause in causes),
        FailureKind.DNS: any(words in text for words in _NAMELESS),
        FailureKind.REFUSED: isinstance(error, httpx.ConnectError),
        FailureKind.TIMEOUT: isinstance(error, httpx.TimeoutException),
        FailureKind.RESET: isinstance(error, httpx.ReadError | httpx.WriteError)
        or "disconnected" in text,
    }
    return next((kind for kind, holds in facts.items() if holds), FailureKind.MALFORMED)


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain
