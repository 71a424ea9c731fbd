"""A target that sends no answer at all: what that says of it, in one line."""

from __future__ import annotations

from urllib.parse import urlsplit

from conformance.errors import PreflightFailure
from conformance.model import Exchange, Failure, FailureKind
from conformance.roots import site_of


def raise_if_unreachable(exchange: Exchange) -> None:
    """What one request shows of the whole target: no name, no port, no TLS."""
    failure = exchange.failure
    if failure and failure.kind in (FailureKind.DNS, FailureKind.REFUSED, FailureKind.TLS):
        raise unreachable(exchange.request.url, failure)


def unreachable(url: str, failure: Failure) -> PreflightFailure:
    """What is wrong with a target that did not answer, and what to do about it."""
    site, host, words = site_of(url), urlsplit(url).hostname, failure.detail
    found, fix = {
        FailureKind.DNS: (f"the name {host} does not resolve", "check the host of --base-url"),
        FailureKind.REFUSED: (f"{site} refused the connection", "check that it runs there"),
        FailureKind.TLS: (f"TLS with {site} failed ({words})", "check scheme and ca_file"),
        FailureKind.RESET: (f"{site} closed the connection unanswered", "see the gateway's log"),
        FailureKind.TIMEOUT: (
            f"{site} accepts connections, but sent {words}",
            "see its log, or raise --timeout-s",
        ),
        FailureKind.MALFORMED: (f"{site} does not speak HTTP ({words})", "check scheme and port"),
    }[failure.kind]
    return PreflightFailure("target", found, fix)
