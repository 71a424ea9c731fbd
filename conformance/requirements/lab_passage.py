"""GW-UP-006 and -045: what passes through the gateway in each direction, and what must not."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.kinds import Protocol
from conformance.model import (
    Exchange,
    Findings,
    Inconclusive,
    Level,
    Recording,
    Request,
    Violation,
)
from conformance.redaction import credentials_in
from conformance.registry import requirement

PASSAGES = tuple(f"lab-passage-{client}-{upstream}" for client in Protocol for upstream in Protocol)
"""The scenarios of the four directions, client first."""

SERVED = "GW-UP-045"
"""What every requirement of the lab needs: where a direction is not served, nothing tells."""
READ = (SERVED, "ANT-STR-001", "ANT-STR-004", "OAI-SSE-007", "OAI-STREAM-027")
"""What rules about answers need: where plain streams cannot be read, theirs cannot either."""

UNSEEN = "nothing of it reached the lab"

_NOT_OF_CLIENTS = ("upstream", "lab", "header")
"""The roles of credentials that no client of the gateway holds."""


@requirement(SERVED, on=PASSAGES, symptom="request-refused", needs=("ANT-EP-001", "OAI-HTTP-001"))
def every_direction_is_served(recording: Recording) -> Findings:
    """A valid request is answered, whichever protocol the client and the upstream speak.

    A gateway need not translate: one that says so with a 4xx is warned about.
    """
    for exchange in recording.final:
        status = exchange.status
        if status in (401, 402, 403):
            yield Inconclusive("nobody was let in")
        elif not 200 <= status < 300:
            said = " ".join(exchange.answer.text.split())[:160]
            level = Level.SHOULD if 400 <= status < 500 else None
            yield Violation("status", "200", f"{status}: {said}", level, exchange.id)
    if not recording.upstream:
        yield Inconclusive(UNSEEN)


@requirement("GW-UP-006", on=PASSAGES, symptom="key-leak", needs=(SERVED,))
def credentials_stay_on_their_side(recording: Recording) -> Findings:
    """No upstream request holds the client's credential, and no answer the upstream's."""
    if not recording.upstream:
        yield Inconclusive(UNSEEN)
    for exchange in recording.upstream:
        for where, role, part in _held(exchange.request):
            if role not in _NOT_OF_CLIENTS:
                actual = f"the client's {role} key, {part}, to {exchange.provider}"
                yield Violation(where, "no credential of a client", actual, exchange=exchange.id)
    for exchange in recording.sent:
        for where, role, part in _shown(exchange):
            if role == "upstream":
                actual = f"the key for the upstream, {part}"
                yield Violation(where, "no credential of the gateway", actual, exchange=exchange.id)


def _held(request: Request) -> Iterator[tuple[str, str, str]]:
    """The credentials in a request: where, whose, and whether whole."""
    body = request.body.decode("utf-8", errors="replace")
    texts = [("request.url", request.url), ("request.body", body)]
    texts += [(f"request.headers.{name.lower()}", value) for name, value in request.headers]
    for where, text in texts:
        yield from ((where, role, part) for role, part in credentials_in([text]))


def _shown(exchange: Exchange) -> Iterator[tuple[str, str, str]]:
    """The credentials in an answer: where, whose, and whether whole."""
    response = exchange.response
    if response is None:
        return
    texts = [("body", response.text)]
    texts += [(f"headers.{name.lower()}", value) for name, value in response.headers]
    for where, text in texts:
        yield from ((where, role, part) for role, part in credentials_in([text]))
