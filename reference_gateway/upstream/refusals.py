"""What becomes of a provider's failure: whether another may be asked, what the client gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from reference_gateway.chat import Json
from reference_gateway.errors import (
    GatewayError,
    InvalidRequest,
    Kind,
    Overloaded,
    RateLimited,
    UpstreamBroken,
    UpstreamFailed,
    UpstreamRefused,
    UpstreamTimeout,
)
from reference_gateway.upstream.native import NativeProtocol, object_of
from reference_gateway.upstream.refused import error_of

_TOO_SLOW = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT)
# Where the client's own request is at fault, another provider would say the same, and the
# client has to read what is wrong with it.
_CLIENTS_OWN = {
    400: Kind.INVALID_REQUEST,
    404: Kind.NOT_FOUND,
    413: Kind.TOO_LARGE,
    422: Kind.UNPROCESSABLE,
}
_LIMITS = ("anthropic-ratelimit-", "x-ratelimit-")
_ADVICE = ("retry-after", "x-should-retry")
_NEVER = "[redacted]"


def refused_with(
    protocol: NativeProtocol, key: str, status: int, headers: Mapping[str, str], body: bytes
) -> UpstreamFailed:
    """What an answer means that has an error's status; the provider's key is cut out of it."""
    if status < HTTPStatus.BAD_REQUEST:
        return UpstreamBroken("The provider of this model sent its answer elsewhere.")
    kind, message = error_of(protocol, status, headers, body)
    told = _error(body)
    return UpstreamRefused(
        status,
        message.replace(key, _NEVER) if key else message,
        type=kind,
        param=_text(told.get("param")),
        code=_text(told.get("code")),
        headers=_passed(headers, *_LIMITS, *_ADVICE),
    )


def limits(headers: Mapping[str, str]) -> dict[str, str]:
    """What a provider says of its limits, in any answer."""
    return _passed(headers, *_LIMITS)


def may_be_asked_again(failure: UpstreamFailed) -> bool:
    """True where another provider may well do better: all but what is the request's own fault."""
    return not (isinstance(failure, UpstreamRefused) and failure.status in _CLIENTS_OWN)


def broken_off(failure: UpstreamFailed) -> UpstreamFailed:
    """The same failure where its answer has begun: the request was good enough for that.

    A client that is told of a mistake of its own does not ask again.
    """
    return failure if may_be_asked_again(failure) else UpstreamBroken()


def refusal(failure: UpstreamFailed) -> GatewayError:
    """What the client is told.

    The words of a 401, 402 or 403 are about the operator's account, those of a 5xx about
    the provider's insides; neither is repeated.
    """
    if not isinstance(failure, UpstreamRefused):
        return failure
    if failure.status in _CLIENTS_OWN:
        return _at_fault(failure)
    if failure.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(failure.headers, "The provider of this model limits its requests.")
    if failure.status in (HTTPStatus.SERVICE_UNAVAILABLE, Kind.OVERLOADED.value):
        retry = {name: failure.headers[name] for name in failure.headers if name == "retry-after"}
        return Overloaded(retry) if retry else Overloaded()
    if failure.status in _TOO_SLOW:
        return UpstreamTimeout()
    return UpstreamBroken("The provider of this model failed.")


def _at_fault(failure: UpstreamRefused) -> GatewayError:
    found = InvalidRequest(failure.said, param=failure.param, code=failure.code)
    found.kind = _CLIENTS_OWN[failure.status]
    return found


def _passed(headers: Mapping[str, str], *names: str) -> dict[str, str]:
    lower = {name.lower(): value for name, value in headers.items()}
    return {name: value for name, value in lower.items() if name.startswith(names)}


def _error(body: bytes) -> Json:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return object_of(object_of(document).get("error"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
