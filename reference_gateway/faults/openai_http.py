"""Faults of chat completions as HTTP: methods, headers, bytes, and what says: try again."""

from __future__ import annotations

import gzip
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.faults.places import (
    OPENAI,
    refusals,
    replies,
)
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Reply

_RANGES = "OpenAI API reference, chat completions: the request body"
_SDKS = "openai for Python 3.54.0 and for JavaScript 6.49.0: what they send and read"
_HTTP = "RFC 9110 and RFC 9112"


@fault("openai-put-500", replies(OPENAI, 405), kills=("OAI-VAL-051",), origin=_HTTP)
def put_500(call: Call, reply: Reply) -> Reply:
    """Another method is answered 500."""
    del call
    return replace(reply, status=500)


@fault("openai-put-without-allow", replies(OPENAI, 405), kills=("OAI-VAL-051",), origin=_HTTP)
def put_without_allow(call: Call, reply: Reply) -> Reply:
    """A method is refused without saying which are allowed."""
    del call
    return replace(reply, headers={n: v for n, v in reply.headers.items() if n != "Allow"})


_HEADERS = (
    ("processing-time", "OAI-HTTP-013", 200, "openai-processing-ms", "12.5 ms"),
    ("rate-limit", "OAI-HTTP-014", 200, "x-ratelimit-reset-tokens", "soon"),
    ("retry-after", "OAI-HTTP-015", 503, "retry-after", "later"),
    ("should-retry", "OAI-HTTP-016", 404, "x-should-retry", "no"),
)


def _header_added(slug: str, id: str, status: int, name: str, value: str) -> None:
    def change(call: Call, reply: Reply) -> Reply:
        del call
        return replace(reply, headers={**reply.headers, name: value})

    change.__doc__ = f"Answers say `{name}: {value}`."
    fault(f"openai-header-{slug}", replies(OPENAI, status), kills=(id,), origin=_SDKS)(change)


for _header in _HEADERS:
    _header_added(*_header)


@fault("openai-compressed", replies(OPENAI, 200), kills=("OAI-HTTP-017",), origin=_HTTP)
def compressed(call: Call, reply: Reply) -> Reply:
    """The model list is compressed, whatever the client can read."""
    if not call.path.endswith("/models"):
        return reply
    headers = {**reply.headers, "Content-Encoding": "gzip"}
    return replace(reply, headers=headers, body=gzip.compress(reply.body))


@fault("openai-byte-order-mark", replies(OPENAI, 200), kills=("OAI-HTTP-019",), origin=_HTTP)
def byte_order_mark(call: Call, reply: Reply) -> Reply:
    """Answers begin with a byte-order mark."""
    del call
    return replace(reply, body=b"\xef\xbb\xbf" + reply.body)


@fault("openai-refusal-too-long", replies(OPENAI, 400), kills=("OAI-HTTP-018",), origin=_HTTP)
def refusal_too_long(call: Call, reply: Reply) -> Reply:
    """A refusal is longer than it says: the rest is taken for the next answer's beginning."""
    if b"conformance-connection" not in call.body:
        return reply
    headers = {**reply.headers, "Content-Length": str(len(reply.body))}
    return replace(reply, headers=headers, body=reply.body + b"\n\n{}")


@fault("openai-invalid-type", refusals(OPENAI, 400), kills=("OAI-ERR-003",), origin=_RANGES)
def invalid_type(body: Json) -> None:
    """An invalid request's error is of a type that OpenAI does not have."""
    body["error"]["type"] = "bad_request"


@fault(
    "openai-invalid-retryable",
    replies(OPENAI, 400),
    kills=("OAI-ERR-013", "OAI-VAL-009"),
    origin="openai for Python: 409 is sent again, three times in all",
)
def invalid_retryable(call: Call, reply: Reply) -> Reply:
    """An empty conversation is refused with 409, which clients repeat."""
    del call
    return replace(reply, status=409) if b'"empty_array"' in reply.body else reply


@fault(
    "openai-refusal-asks-for-retry",
    replies(OPENAI, 401),
    kills=("OAI-ERR-013",),
    origin="openai for Python: x-should-retry beats the status",
)
def refusal_asks_for_retry(call: Call, reply: Reply) -> Reply:
    """A refused key asks the client to try again."""
    del call
    return replace(reply, headers={**reply.headers, "x-should-retry": "true"})


@fault(
    "openai-capped-rate-limit",
    refusals(OPENAI, 402),
    kills=("OAI-ERR-008",),
    origin="OpenAI's error guide: insufficient_quota beside rate_limit_exceeded",
)
def capped_rate_limit(body: Json) -> None:
    """A key without money is told to slow down."""
    body["error"] |= {"type": "requests", "code": "rate_limit_exceeded"}
