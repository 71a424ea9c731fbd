"""Faults of access to the Anthropic endpoints: paths, headers, versions, betas, credentials."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json, Prompt
from reference_gateway.errors import InvalidRequest, NoSuchPath, Refusal, Unauthenticated
from reference_gateway.faults.places import (
    ANTHROPIC,
    authentication,
    prompts,
    refusals,
    replies,
)
from reference_gateway.faults.registry import fault
from reference_gateway.ledger import Key, Ledger
from reference_gateway.seams import Authenticate, Reply
from reference_gateway.wire import dump

_MESSAGES = "/messages"
_CONTRACT = "Claude Code documentation, gateway protocol: "


@fault(
    "anthropic-query-unrouted",
    authentication(ANTHROPIC),
    kills=("ANT-EP-002",),
    origin=_CONTRACT + "match on the path, it posts to /v1/messages?beta=true",
)
async def query_unrouted(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """A path with a query string is not found."""
    if call.path.endswith(_MESSAGES) and call.query:
        raise NoSuchPath()
    return await proceed(call, ledger)


@fault(
    "anthropic-query-redirected",
    replies(ANTHROPIC),
    kills=("ANT-EP-002", "ANT-EP-006"),
    origin=_CONTRACT + "any redirect is a failure",
)
def query_redirected(call: Call, reply: Reply) -> Reply:
    """A path with a query string is redirected to the bare one."""
    if not (call.path.endswith(_MESSAGES) and call.query):
        return reply
    return Reply(308, {**reply.headers, "Location": call.path}, b"")


@fault(
    "anthropic-wrong-method-other-envelope",
    replies(ANTHROPIC, 405),
    kills=(
        "ANT-EP-003",
        "ANT-ERR-001",
    ),
    origin="Starlette and FastAPI: a wrong method is answered with a detail",
)
def wrong_method_other_envelope(call: Call, reply: Reply) -> Reply:
    """A wrong method gets the web framework's own error."""
    del call
    return replace(reply, body=dump({"detail": "Method Not Allowed"}).encode())


@fault(
    "anthropic-unknown-path-400",
    replies(ANTHROPIC, 404),
    kills=("ANT-EP-004",),
    origin="Anthropic documentation, errors: 404 not_found_error, check the endpoint path",
)
def unknown_path_400(call: Call, reply: Reply) -> Reply:
    """An unknown path is taken for an invalid request."""
    del call
    if b"no such path" not in reply.body:
        return reply
    changed = reply.body.replace(b"not_found_error", b"invalid_request_error")
    return replace(reply, status=400, body=changed)


@fault(
    "anthropic-charset-refused",
    authentication(ANTHROPIC),
    kills=("ANT-EP-007",),
    origin="RFC 9110, section 8.3.1: a media type may have parameters",
)
async def charset_refused(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """Only the bare content type `application/json` is understood."""
    if "charset" in call.headers.get("content-type", ""):
        raise InvalidRequest("content-type: must be application/json")
    return await proceed(call, ledger)


@fault(
    "anthropic-accept-decides",
    authentication(ANTHROPIC),
    kills=("ANT-EP-008",),
    origin="Anthropic SDKs: they accept application/json, streams included",
)
async def accept_decides(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """Whoever accepts streams has to ask for one."""
    if call.headers.get("accept") == "text/event-stream" and not call.wants_stream:
        raise InvalidRequest("stream: must be true for this Accept header")
    return await proceed(call, ledger)


@fault(
    "anthropic-sdk-headers-refused",
    authentication(ANTHROPIC),
    kills=("ANT-EP-009",),
    origin="Anthropic SDKs: x-stainless-* headers on every request",
)
async def client_headers_refused(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """A header that the gateway does not know fails the request."""
    if any(name.lower().startswith("x-stainless-") for name in call.headers):
        raise InvalidRequest("Unexpected header.")
    return await proceed(call, ledger)


@fault(
    "anthropic-unasked-gzip",
    replies(ANTHROPIC, 200),
    kills=("ANT-EP-010",),
    origin="RFC 9110, section 12.5.3: identity excludes any other encoding",
)
def unasked_gzip(call: Call, reply: Reply) -> Reply:
    """Answers are compressed for clients that did not offer to read them."""
    if "accept-encoding" not in call.headers:
        return reply
    headers = {**reply.headers, "Content-Encoding": "gzip"}
    return replace(reply, headers=headers, body=gzip.compress(reply.body))


@fault(
    "anthropic-escapes-refused",
    prompts(ANTHROPIC),
    kills=("ANT-EP-011",),
    origin="RFC 8259, section 7: surrogate pairs as escapes",
)
def escapes_refused(call: Call, prompt: Prompt) -> Prompt:
    r"""A character outside the first plane may not be written as `\u` escapes."""
    if b"\\ud83" in call.body.lower():
        raise InvalidRequest("The request body is not valid JSON: a lone surrogate.")
    return prompt


@fault(
    "anthropic-probe-reset",
    replies(ANTHROPIC, 404),
    kills=("ANT-EP-012",),
    origin=_CONTRACT + "a probe may be rejected, but not by breaking the connection",
)
def probe_reset(call: Call, reply: Reply) -> Reply:
    """The connection is broken where a client only looks who is there."""
    if call.method == "HEAD":
        raise asyncio.CancelledError
    return reply


@fault(
    "anthropic-two-credentials-refused",
    authentication(ANTHROPIC),
    kills=("ANT-AUTH-003",),
    origin=_CONTRACT + "an apiKeyHelper's value is sent in both headers",
)
async def two_credentials_refused(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """A key that comes in both headers is refused."""
    if call.headers.get("x-api-key") and "authorization" in call.headers:
        raise Unauthenticated(Refusal.UNKNOWN)
    return await proceed(call, ledger)


@fault(
    "anthropic-count-bearer-refused",
    authentication(("count_tokens",)),
    kills=("ANT-AUTH-006",),
    origin="https://github.com/NousResearch/hermes-agent/issues/7351",
)
async def count_bearer_refused(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """Token counts do not look at bearer credentials."""
    if "x-api-key" not in call.headers:
        raise Unauthenticated(Refusal.MISSING)
    return await proceed(call, ledger)


@fault(
    "anthropic-first-version-refused",
    authentication(ANTHROPIC),
    kills=(
        "ANT-EP-001",
        "ANT-THK-002",
        "GW-CAP-007",
        "ANT-VER-001",
    ),
    origin="https://github.com/decolua/9router/issues/2357",
)
async def first_version_refused(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """The version that nearly every client sends is refused."""
    return await _refused_version("2023-06-01", call, ledger, proceed)


@fault(
    "anthropic-second-version-refused",
    authentication(ANTHROPIC),
    kills=("ANT-VER-002",),
    origin="https://github.com/sseshachala/conductai/issues/2179",
)
async def second_version_refused(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """The version of the current SDK majors is refused."""
    return await _refused_version("2026-10-21", call, ledger, proceed)


async def _refused_version(version: str, call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    key = await proceed(call, ledger)
    if call.headers.get("anthropic-version") == version and call.path.endswith(_MESSAGES):
        raise InvalidRequest(f'anthropic-version: "{version}" is not a valid version')
    return key


@fault(
    "anthropic-betas-refused",
    authentication(ANTHROPIC),
    kills=(
        "ANT-BETA-001",
        "ANT-CACHE-003",
        "ANT-CC-007",
    ),
    origin=_CONTRACT + "many betas on every call",
)
async def betas_refused(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """Several betas in one header are taken for one that nobody knows."""
    if "," in call.headers.get("anthropic-beta", ""):
        raise InvalidRequest("Unexpected value(s) for the anthropic-beta header")
    return await proceed(call, ledger)


@fault(
    "anthropic-limits-as-durations",
    replies(ANTHROPIC, 200),
    kills=("ANT-HDR-007",),
    origin="Anthropic documentation, rate limits: resets are RFC 3339 times",
)
def limits_as_durations(call: Call, reply: Reply) -> Reply:
    """Rate limits are passed on under Anthropic's names in OpenAI's units."""
    del call
    limits = {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "12ms",
    }
    return replace(reply, headers={**reply.headers, **limits})


@fault(
    "anthropic-retry-advice-word",
    replies(ANTHROPIC, 400),
    kills=("ANT-HDR-009",),
    origin="Anthropic SDKs: x-should-retry is compared with true and false",
)
def retry_advice_word(call: Call, reply: Reply) -> Reply:
    """The advice on another try is a number."""
    del call
    return replace(reply, headers={**reply.headers, "x-should-retry": "0"})


@fault(
    "anthropic-error-without-request-id",
    refusals(ANTHROPIC),
    kills=("ANT-ERR-002",),
    origin="Anthropic documentation, errors: request_id in the body",
)
def error_without_request_id(body: Json) -> None:
    """Errors do not say in their body which request they are about."""
    del body["request_id"]


@fault(
    "anthropic-error-with-trace",
    replies(ANTHROPIC, 400),
    kills=("ANT-ERR-009",),
    origin="https://github.com/BerriAI/litellm/issues/39037",
)
def error_with_trace(call: Call, reply: Reply) -> Reply:
    """The message of an error goes on with the gateway's own stack trace."""
    del call
    body = json.loads(reply.body)
    body["error"]["message"] += '\nTraceback (most recent call last):\n  File "app.py", line 7'
    return replace(reply, body=dump(body).encode())
