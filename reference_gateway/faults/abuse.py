"""Faults of hostile input: what breaks the gateway, and what its errors show of the inside."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.errors import InternalError
from reference_gateway.faults.places import BOTH, authentication, replies
from reference_gateway.faults.registry import fault
from reference_gateway.ledger import Key, Ledger
from reference_gateway.seams import Authenticate, Reply
from reference_gateway.wire import dump

_CONTRACT = "gateway contract, resilience and safety: "
_DEEP = b"[" * 1_000
_PAGE = b"<html><head><title>415</title></head><body><h1>nginx</h1></body></html>"


def _broken(call: Call, reply: Reply) -> Reply:
    """A failure of the gateway's own, in its envelope."""
    body = call.wire.error(InternalError(), call.request_id)
    return replace(reply, status=500, body=dump(body).encode())


@fault(
    "gateway-deep-nesting-500",
    replies(BOTH),
    kills=("GW-SAFE-001",),
    origin=_CONTRACT + "deep nesting",
)
def deep_nesting(call: Call, reply: Reply) -> Reply:
    """Arrays a thousand deep run the parser out of its stack."""
    return _broken(call, reply) if _DEEP in call.body else reply


@fault(
    "gateway-lone-surrogate-500",
    replies(BOTH),
    kills=("GW-SAFE-001",),
    origin="https://github.com/Cyrax321/CONTINUUM/issues/505",
)
def lone_surrogate(call: Call, reply: Reply) -> Reply:
    """Half a surrogate pair, which JSON can spell and UTF-8 cannot, breaks the gateway."""
    return _broken(call, reply) if rb'"\udd8a"' in call.body else reply


@fault(
    "gateway-nul-500",
    replies(BOTH),
    kills=("GW-SAFE-001",),
    origin=_CONTRACT + "NUL",
)
def nul(call: Call, reply: Reply) -> Reply:
    """A NUL in a text breaks whatever stores it."""
    return _broken(call, reply) if rb"a\u0000b" in call.body else reply


@fault(
    "gateway-huge-number-500",
    replies(BOTH),
    kills=("GW-SAFE-001",),
    origin=_CONTRACT + "huge numbers",
)
def huge_number(call: Call, reply: Reply) -> Reply:
    """A number of a thousand digits is more than the gateway can hold."""
    return _broken(call, reply) if b"9" * 1_000 in call.body else reply


@fault(
    "gateway-null-message-hangs",
    authentication(BOTH),
    kills=("GW-SAFE-001",),
    origin="https://github.com/dtzp555-max/ocp/issues/420",
)
async def null_message(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """A message that is null leaves the request without an answer for ever."""
    if b'"messages": [null]' in call.body:
        await asyncio.sleep(3_600)
    return await proceed(call, ledger)


@fault(
    "gateway-bad-encoding-reset",
    replies(BOTH, 400),
    kills=("GW-SAFE-001",),
    origin="https://github.com/Cyrax321/CONTINUUM/issues/505",
)
def bad_encoding(call: Call, reply: Reply) -> Reply:
    """Bytes that are not UTF-8 break the connection."""
    if b"\xc0\xaf" in call.body:
        raise asyncio.CancelledError
    return reply


@fault(
    "gateway-oversize-500",
    replies(BOTH, 413),
    kills=("GW-SAFE-003", "ANT-VAL-053"),
    origin="https://github.com/mnfst/llm-gateway/issues/2126",
)
def oversize_500(call: Call, reply: Reply) -> Reply:
    """A body over the limit is a failure of the gateway's own."""
    return _broken(call, reply)


@fault(
    "gateway-oversize-reset",
    replies(BOTH, 413),
    kills=("GW-SAFE-003", "ANT-VAL-053"),
    origin="https://github.com/api7/aisix/issues/159",
)
def oversize_reset(call: Call, reply: Reply) -> Reply:
    """A body over the limit breaks the connection."""
    del call, reply
    raise asyncio.CancelledError


@fault(
    "gateway-odd-encoding-html",
    replies(BOTH, 400),
    kills=("GW-SAFE-002",),
    origin="https://github.com/Kilo-Org/cloud/issues/4670",
)
def odd_encoding_html(call: Call, reply: Reply) -> Reply:
    """An encoding that is none is refused by the server in front, in HTML."""
    if b"no-such-encoding" not in call.headers.get("content-encoding", "").encode():
        return reply
    return replace(reply, headers={**reply.headers, "Content-Type": "text/html"}, body=_PAGE)


def _is_alike(call: Call) -> bool:
    """One body of the corpus, so that nothing else trips over the fault."""
    return call.body == b"null"


@fault(
    "gateway-stack-trace-shown",
    replies(BOTH, 400),
    kills=("GW-SAFE-002",),
    origin="https://github.com/maximhq/bifrost/issues/4697",
)
def stack_trace(call: Call, reply: Reply) -> Reply:
    """The refusal of a body shows the stack of the parser."""
    trace = 'Traceback (most recent call last): File "parse.py", line 7, in parse'
    return _told(call, reply, trace)


@fault(
    "gateway-path-shown",
    replies(BOTH, 400),
    kills=("GW-SAFE-002",),
    origin="https://github.com/maximhq/bifrost/issues/4697",
)
def path_shown(call: Call, reply: Reply) -> Reply:
    """The refusal of a body names a file of the server."""
    return _told(call, reply, "in /usr/lib/relay/parser.py")


@fault(
    "gateway-secret-name-shown",
    replies(BOTH, 400),
    kills=("GW-SAFE-002",),
    origin="https://github.com/BerriAI/litellm/issues/39757",
)
def secret_name(call: Call, reply: Reply) -> Reply:
    """The refusal of a body names the variable that holds the upstream's key."""
    return _told(call, reply, "(UPSTREAM_API_KEY is set)")


@fault(
    "gateway-upstream-host-in-header",
    replies(BOTH, 400),
    kills=("GW-SAFE-002",),
    origin="https://github.com/maximhq/bifrost/issues/3954",
)
def upstream_host(call: Call, reply: Reply) -> Reply:
    """A header of the refusal gives the inner address of the upstream."""
    if not _is_alike(call):
        return reply
    return replace(reply, headers={**reply.headers, "x-upstream": "10.4.7.11:8080"})


@fault(
    "gateway-own-key-in-refusal",
    replies(BOTH, 400),
    kills=("GW-SAFE-002",),
    origin="https://github.com/BerriAI/litellm/issues/18731",
)
def own_key(call: Call, reply: Reply) -> Reply:
    """The refusal of a body quotes the key that came with it."""
    return _told(call, reply, f"(sent with {call.credential})")


def _told(call: Call, reply: Reply, more: str) -> Reply:
    """The refusal with some words more in its message."""
    if not _is_alike(call):
        return reply
    words = reply.body.replace(b'"message":"', f'"message":"{dump(more)[1:-1]} '.encode(), 1)
    return replace(reply, body=words)
