"""Faults of taking chat completions in: some are refused, or failed on, for no good reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.errors import InternalError, InvalidRequest
from reference_gateway.faults.places import (
    OPENAI,
    Authenticating,
    authentication,
    documents,
    replies,
)
from reference_gateway.faults.registry import fault
from reference_gateway.ledger import Key, Ledger
from reference_gateway.seams import Authenticate, Reply

_RANGES = "OpenAI API reference, chat completions: the request body"
_SDKS = "openai for Python 3.54.0 and for JavaScript 6.49.0: what they send and read"
_HTTP = "RFC 9110 and RFC 9112"


def _refusing(is_meant: Callable[[Call], bool], words: str) -> Authenticating:
    """Refuses some requests before anything else is looked at."""

    async def authenticate(call: Call, ledger: Ledger, healthy: Authenticate) -> Key:
        if is_meant(call):
            raise InvalidRequest(words)
        return await healthy(call, ledger)

    return authenticate


def _failing(is_meant: Callable[[Call], bool]) -> Authenticating:
    """Fails on some requests."""

    async def authenticate(call: Call, ledger: Ledger, healthy: Authenticate) -> Key:
        if is_meant(call):
            raise InternalError
        return await healthy(call, ledger)

    return authenticate


def _has(name: str, start: str = "") -> Callable[[Call], bool]:
    return lambda call: name in call.headers and call.headers[name].startswith(start)


def _asks(name: str) -> Callable[[Call], bool]:
    """Requests to chat completions whose body has this member."""

    def asks(call: Call) -> bool:
        try:
            return call.path.endswith("/chat/completions") and name in call.asked
        except InvalidRequest:
            return False

    return asks


def _asks_nothing(name: str) -> Callable[[Call], bool]:
    """Requests that list nothing under a name."""
    return lambda call: _asks(name)(call) and call.asked[name] == []


def _asks_usage_alone(call: Call) -> bool:
    return _asks("stream_options")(call) and not call.asked.get("stream") and _is_given(call)


def _is_given(call: Call) -> bool:
    return call.asked.get("stream_options") is not None


def _asks_twice(call: Call) -> bool:
    names = ("max_tokens", "max_completion_tokens")
    return _asks("model")(call) and all(call.asked.get(name) is not None for name in names)


def _asks_much(call: Call) -> bool:
    return _asks("metadata")(call) and len(call.asked["metadata"] or ()) > 16


_ACCESS: tuple[tuple[str, str, str, str, Authenticating], ...] = (
    (
        "client-headers-refused",
        "OAI-HTTP-006",
        "A request with the headers of an SDK is refused.",
        _SDKS,
        _refusing(_has("x-stainless-lang"), "Unknown header."),
    ),
    (
        "organization-500",
        "OAI-HTTP-007",
        "A request on behalf of an organization is answered 500.",
        _SDKS,
        _failing(_has("openai-organization")),
    ),
    (
        "charset-refused",
        "OAI-HTTP-008",
        "A content type with a charset is refused.",
        _HTTP,
        _refusing(_has("content-type", "application/json;"), "Unknown content type."),
    ),
    (
        "query-refused",
        "OAI-HTTP-021",
        "A query parameter that is not known is refused.",
        _HTTP,
        _refusing(lambda call: "api-version" in call.query, "Unknown parameter."),
    ),
    (
        "text-type-500",
        "OAI-VAL-053",
        "JSON that is sent as text is answered 500.",
        _HTTP,
        _failing(_has("content-type", "text/plain")),
    ),
    (
        "two-budgets-500",
        "OAI-VAL-028",
        "Both token limits at once are answered 500.",
        _RANGES,
        _failing(_asks_twice),
    ),
    (
        "unknown-key-500",
        "OAI-VAL-031",
        "A key that is not known is answered 500.",
        "https://github.com/nashsu/llm_wiki/issues/336",
        _failing(_asks("no_such_parameter")),
    ),
    (
        "unknown-key-unnamed",
        "OAI-VAL-031",
        "A key that is not known is refused, and not named.",
        "https://github.com/nashsu/llm_wiki/issues/336",
        _refusing(_asks("no_such_parameter"), "Unrecognized request argument."),
    ),
    (
        "stream-options-alone-500",
        "OAI-VAL-033",
        "stream_options without stream are answered 500.",
        _RANGES,
        _failing(_asks_usage_alone),
    ),
    (
        "no-tools-500",
        "OAI-VAL-035",
        "An empty list of tools is answered 500.",
        _RANGES,
        _failing(_asks_nothing("tools")),
    ),
    (
        "much-metadata-500",
        "OAI-VAL-058",
        "Metadata with 17 keys is answered 500.",
        _RANGES,
        _failing(_asks_much),
    ),
)


def _registered(slug: str, id: str, summary: str, origin: str, change: Authenticating) -> None:
    change.__doc__ = summary
    fault(f"openai-{slug}", authentication(OPENAI), kills=(id,), origin=origin)(change)


for _row in _ACCESS:
    _registered(*_row)


@fault("openai-null-refused", documents(OPENAI), kills=("OAI-VAL-059",), origin=_RANGES)
def null_refused(body: Json) -> None:
    """`null` for an optional number is refused, as if it were no number."""
    if "seed" in body and body["temperature"] is None:
        body["temperature"] = "null"


@fault("openai-empty-body-500", replies(OPENAI, 400), kills=("OAI-VAL-002",), origin=_HTTP)
def empty_body_500(call: Call, reply: Reply) -> Reply:
    """An empty body is answered 500."""
    return reply if call.body else replace(reply, status=500)


@fault("openai-array-body-500", replies(OPENAI, 400), kills=("OAI-VAL-003",), origin=_HTTP)
def array_body_500(call: Call, reply: Reply) -> Reply:
    """A body that is an array is answered 500."""
    return replace(reply, status=500) if call.body == b"[]" else reply


@fault("openai-long-prompt-502", replies(OPENAI, 400), kills=("OAI-VAL-055",), origin=_RANGES)
def long_prompt_502(call: Call, reply: Reply) -> Reply:
    """A prompt that is too long is answered 502, as the upstream's answer cannot be read."""
    del call
    return replace(reply, status=502) if b"context_length" in reply.body else reply
