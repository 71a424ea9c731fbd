"""An upstream that refuses or fails, with nobody to take over: what a client is told of it.

Each direction meets each failure; those whose two ways through a gateway (as it came, or
translated) are the same are asked in the same protocol only.
"""

from __future__ import annotations

import asyncio
from typing import Any

from conformance.kinds import Protocol
from conformance.nonces import LIMITS, REFUSAL, RETRY_AFTER, SHOWN_KEY
from conformance.recorder import Gateway
from conformance.scenarios.lab_directions import directed
from conformance.scenarios.lab_provoked import Failure, error, meet

ANTHROPIC, OPENAI = Protocol.ANTHROPIC, Protocol.OPENAI
_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
_STREAM = {"content-type": "text/event-stream"}
_TYPES = {
    ANTHROPIC: {
        400: "invalid_request_error",
        401: "authentication_error",
        403: "permission_error",
        429: "rate_limit_error",
        500: "api_error",
        503: "overloaded_error",
        529: "overloaded_error",
    },
    OPENAI: {
        400: "invalid_request_error",
        401: "invalid_request_error",
        403: "permission_denied_error",
        429: "requests",
        500: "server_error",
        503: "service_unavailable_error",
        529: "service_unavailable_error",
    },
}


def refusing(upstream: Protocol, status: int, words: str, **headers: str) -> dict[str, Any]:
    """A step: an error of this status in the upstream's own envelope, with header fields."""
    body = error(upstream, _TYPES[upstream][status], words)
    return {"status": status, "body": body, "headers": headers}


def _refusals(upstream: Protocol, is_translated: bool) -> list[Failure]:
    bad = refusing(upstream, 400, REFUSAL)
    key = refusing(upstream, 401, f"Incorrect API key provided: {SHOWN_KEY}.")
    told = LIMITS if upstream is ANTHROPIC else {}
    mark = {"request-id": "req_lab4713", "x-should-retry": "true"} | told
    busy = refusing(upstream, 429, "Slow down.", **{"retry-after": RETRY_AFTER}, **mark)
    found = [Failure("400 streamed", bad, True), Failure("401", key), Failure("429", busy)]
    if upstream is ANTHROPIC:
        full = refusing(upstream, 529, "Overloaded.")
        found.append(Failure("529", full, not is_translated))
    if not is_translated:
        banned = refusing(upstream, 403, f"The key {SHOWN_KEY} is not allowed to do this.")
        found += [Failure("400", bad), Failure("403", banned, True), Failure("429", busy, True)]
    return found


def _failures(upstream: Protocol, is_translated: bool) -> list[Failure]:
    overload = error(upstream, _TYPES[upstream][503], "Overloaded.")
    first = {"after_events": 0, "body": overload}
    found = [
        Failure("dropped", {"close": "close"}, True),
        Failure("HTML", {"status": 502, "body": _PAGE}, not is_translated),
        Failure("empty", {"status": 200, "body": ""}),
        Failure("truncated JSON", {"status": 200, "body": '{"id": "lab-1", "mod'}),
        Failure("broken SSE", {"stream": {"raw": 'data: {"id": "lab-1", "mod\n\n'}}, True),
        Failure("error in the stream", {"stream": {"error": first}}, True),
    ]
    if not is_translated:
        found += [
            Failure("reset", {"close": "reset"}),
            Failure("500", refusing(upstream, 500, "Internal error.")),
            Failure("empty", {"status": 200, "headers": _STREAM, "body": ""}, True),
            Failure("error in a 200", {"status": 200, "body": overload}),
        ]
    return found


@directed("refused", exchanges=0, meets=_refusals, exclusive=True)
async def refused(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Questions that the upstream refuses: for what they say, for the key, for its limits."""
    for failure in _refusals(upstream, client is not upstream):
        await meet(gateway, client, f"lab_{upstream}", failure)


@directed("failed", exchanges=0, meets=_failures, exclusive=True)
async def failed(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Questions whose upstream fails, or answers what is no answer."""
    for failure in _failures(upstream, client is not upstream):
        await meet(gateway, client, f"lab_{upstream}", failure)


@directed("limits", exchanges=2, clients=(ANTHROPIC,), upstreams=(ANTHROPIC,), upstream="sound")
async def limits(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Sound answers whose upstream tells its limits in header fields, plain and streamed."""
    for is_streamed in (False, True):
        told = Failure("limits", {"headers": LIMITS}, is_streamed)
        await meet(gateway, client, f"lab_{upstream}", told)


@directed("silent", exchanges=2, opt_in="slow")
async def silent(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """An upstream that says nothing, and hangs up at last: a plain question and a stream."""
    silence_s = gateway.facts["silence_s"] = gateway.silence_s
    step = {"wait_s": silence_s, "close": "close"}

    async def ask(is_streamed: bool) -> None:
        failure = Failure("silence", step, is_streamed)
        await meet(gateway, client, f"lab_{upstream}", failure, silent_for_s=silence_s)

    await asyncio.gather(ask(False), ask(True))
