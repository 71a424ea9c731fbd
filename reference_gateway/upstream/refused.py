"""What an upstream says when it refuses: its type and its words, in whichever shape they come."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.client import responses

from reference_gateway.chat import Json
from reference_gateway.errors import UpstreamRefused
from reference_gateway.upstream.fragments import whole
from reference_gateway.upstream.native import NativeProtocol, object_of, text_of

_LONGEST_MESSAGE = 2_000
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "requests": 429,
    "tokens": 429,
    "api_error": 500,
    "server_error": 500,
    "internal_server_error": 500,
    "service_unavailable_error": 503,
    "server_is_overloaded": 503,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status that goes with the words of an error that came inside an answer."""

_ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_OPENAI_TYPES = {
    429: "requests",
    503: "service_unavailable_error",
    529: "service_unavailable_error",
}


def error_of(
    protocol: NativeProtocol, status: int, headers: Mapping[str, str], body: bytes
) -> tuple[str, str]:
    """The type and the message of an upstream's error; neither is ever empty.

    A page of HTML is not repeated: it is no message, and may say more than a client should see.
    """
    del headers  # What they say of the media type is wrong as often as right.
    found = _said(body)
    kind, message = next((_kinds(found)), ""), _message(found)
    return (
        kind or _usual_type(protocol, status),
        message or f"The model's provider answered {_named(status)} without a message.",
    )


def refused(document: object) -> UpstreamRefused:
    """The error that an upstream told inside of an answer; its status where its words imply one."""
    told = _error(document)
    words = list(_kinds(document))
    code = told.get("code")
    status = next((_STATUSES[word] for word in words if word in _STATUSES), 0)
    if isinstance(code, int) and code in range(400, 600):
        status = code
    message = _message(document) or "The model failed while it answered."
    return UpstreamRefused(
        status,
        message,
        type=next(iter(words), ""),
        param=text_of(told.get("param")) or None,
        code=text_of(code) or None,
    )


def is_error(document: Json) -> bool:
    """True for an object that tells of an error and is no part of an answer."""
    return bool(document.get("error")) or "error" in (document.get("type"), document.get("object"))


def _said(body: bytes) -> object:
    text = body.decode(errors="replace").strip()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return "" if text.startswith("<") else text


def _error(document: object) -> Json:
    """The object that holds the message: the inner one, or where there is none the outer one."""
    if isinstance(document, list) and document:
        return _error(document[0])
    outer = object_of(document)
    return object_of(outer.get("error")) or outer


def _kinds(document: object) -> Iterator[str]:
    """The words that classify an error, the most usual first."""
    told = _error(document)
    for name in ("type", "code", "status"):
        word = text_of(told.get(name))
        if word and word != "error" and not word.isdigit():
            yield whole(word)


def _message(document: object) -> str:
    """The message, out of any of the places where vendors put one."""
    told = _error(document)
    outer = object_of(document)
    places = (told.get("message"), outer.get("error"), outer.get("message"), outer.get("detail"))
    found = next((text for place in places if (text := _text(place))), "")
    return whole(found or _text(document if isinstance(document, str) else ""))[:_LONGEST_MESSAGE]


def _text(value: object) -> str:
    """A message: a text, or the texts of a list of complaints, each with the field it is about."""
    if isinstance(value, list):
        return "; ".join(filter(None, map(_complaint, value)))
    return text_of(value).strip()


def _complaint(value: object) -> str:
    about = object_of(value)
    place, message = about.get("loc"), _text(about.get("msg") or about.get("message") or value)
    if not message or not isinstance(place, list):
        return message
    return f"{'.'.join(map(str, place))}: {message}"


def _usual_type(protocol: NativeProtocol, status: int) -> str:
    if protocol == "anthropic":
        return _ANTHROPIC_TYPES.get(status, "api_error")
    is_ours = status < HTTPStatus.INTERNAL_SERVER_ERROR
    return _OPENAI_TYPES.get(status, "invalid_request_error" if is_ours else "server_error")


def _named(status: int) -> str:
    return f"{status} {responses.get(status, '')}".rstrip()
