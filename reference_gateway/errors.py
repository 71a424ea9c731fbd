"""Why a request is refused; each wire format says it in its own envelope.

GatewayError
  InvalidRequest          400  the body is wrong
    ModelNotSupported     400  no such model, or its name in the wrong case
  Unauthenticated         401  no key, or none of ours
  PaymentRequired         402  the cap is used up, or the balance is too small
  NoSuchPath              404
    ModelNotSuited        404  the model is of another endpoint
  MethodNotAllowed        405
  TooSlow                 408  the body did not come to its end
  TooLarge                413
  RateLimited             429
  InternalError           500
  UpstreamFailed               a provider could not answer; another may be asked
    UpstreamBroken        502  its answer is no answer, or broke off
    UpstreamUnreachable   502  nobody listens there
    UpstreamTimeout       504  it took too long
    UpstreamRefused            it said no, with a status of its own
  NoUpstreamKey           503  the model is known but not provisioned
  Overloaded              529  whoever produces the answer has no room; 503 on OpenAI's protocol
UsageError                a user's mistake on the command line or in a file
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Kind(Enum):
    """The classes of refusal; the value is the HTTP status."""

    INVALID_REQUEST = 400
    UNAUTHENTICATED = 401
    PAYMENT_REQUIRED = 402
    FORBIDDEN = 403
    NOT_FOUND = 404
    METHOD_NOT_ALLOWED = 405
    TOO_SLOW = 408
    TOO_LARGE = 413
    UNPROCESSABLE = 422
    RATE_LIMITED = 429
    INTERNAL = 500
    BAD_GATEWAY = 502
    UNAVAILABLE = 503
    TIMEOUT = 504
    OVERLOADED = 529

    def status(self, protocol: str) -> int:
        """The HTTP status as the protocol has it; only Anthropic's knows 529."""
        is_foreign = self is Kind.OVERLOADED and protocol != "anthropic"
        return Kind.UNAVAILABLE.value if is_foreign else self.value


class GatewayError(Exception):
    """A request that is refused.

    `param` names the field in the client's words, `code` is OpenAI's word for the case.
    """

    kind: Kind = Kind.INTERNAL

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.headers = headers


class InvalidRequest(GatewayError):
    """The body is not what the protocol allows."""

    kind = Kind.INVALID_REQUEST


class ModelNotSupported(InvalidRequest):
    """No such model in the catalogue; case matters."""

    def __init__(self) -> None:
        super().__init__(
            "model not supported: see GET /v1/models for the names, bare or with the"
            " anthropic/ prefix; case matters",
            param="model",
            code="model_not_found",
        )


class Refusal(Enum):
    """What was wrong with the credential."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    FOREIGN = "foreign"


class Unauthenticated(GatewayError):
    """No valid key came with the request; the message never repeats what came."""

    kind = Kind.UNAUTHENTICATED

    def __init__(self, refusal: Refusal) -> None:
        found = {
            Refusal.MISSING: "No key was sent",
            Refusal.UNKNOWN: "The key is not known here",
            Refusal.REVOKED: "The key was revoked",
            Refusal.FOREIGN: "The key is another vendor's own",
        }[refusal]
        code = None if refusal is Refusal.MISSING else "invalid_api_key"
        super().__init__(
            f"{found}. Send a TokenHub key (it begins with th-) as x-api-key or as"
            " Authorization: Bearer.",
            code=code,
        )
        self.refusal = refusal


class PaymentRequired(GatewayError):
    """The key's cap or the account's balance does not cover the request."""

    kind = Kind.PAYMENT_REQUIRED

    def __init__(self, message: str) -> None:
        super().__init__(message, code="insufficient_balance")


class NoSuchPath(GatewayError):
    """Nothing is served at this path."""

    kind = Kind.NOT_FOUND

    def __init__(self, message: str = "Not found: no such path.", code: str | None = None) -> None:
        super().__init__(message, code=code)


class ModelNotSuited(NoSuchPath):
    """The model exists, but not on the endpoint that was asked."""

    def __init__(self, task: str) -> None:
        super().__init__(f"This model is for {task} and not served here.", code="model_not_found")
        self.param = "model"


class MethodNotAllowed(GatewayError):
    """The path exists, but not with this method; `allowed` goes into the Allow header."""

    kind = Kind.METHOD_NOT_ALLOWED

    def __init__(self, allowed: str) -> None:
        super().__init__(
            f"This method is not allowed here; use {allowed}.", headers={"Allow": allowed}
        )


class TooLarge(GatewayError):
    """The body is over the size limit."""

    kind = Kind.TOO_LARGE

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"Request exceeds the maximum size of {limit_bytes} bytes.")


class TooSlow(GatewayError):
    """The body stopped short of its length, and nothing more came."""

    kind = Kind.TOO_SLOW

    def __init__(self) -> None:
        super().__init__("The body of the request did not come to its end.")


class RateLimited(GatewayError):
    """The key made too many requests; the headers say when it may make more."""

    kind = Kind.RATE_LIMITED

    def __init__(
        self,
        headers: Mapping[str, str],
        message: str = "Too many requests with this key; retry-after says when to come again.",
    ) -> None:
        super().__init__(message, code="rate_limit_exceeded", headers=headers)


class InternalError(GatewayError):
    """The gateway itself failed; nothing about its insides is told."""

    kind = Kind.INTERNAL

    def __init__(self) -> None:
        super().__init__("Internal error.")


class NoUpstreamKey(GatewayError):
    """The model is known, but nobody can serve it yet."""

    kind = Kind.UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("No upstream API key is provisioned for this model yet.")


class UpstreamFailed(GatewayError):
    """A provider did not answer as it should; the message may go to the client."""

    kind = Kind.BAD_GATEWAY


class UpstreamBroken(UpstreamFailed):
    """Whoever produced the answer broke off, or what came is no answer."""

    def __init__(self, message: str = "The model broke off its answer.") -> None:
        super().__init__(message)


class UpstreamUnreachable(UpstreamFailed):
    """No connection to the provider could be made."""

    def __init__(self) -> None:
        super().__init__("The provider of this model cannot be reached at the moment.")


class UpstreamTimeout(UpstreamFailed):
    """The provider took longer than it may."""

    kind = Kind.TIMEOUT

    def __init__(self) -> None:
        super().__init__("The provider of this model did not answer in time.")


class UpstreamRefused(UpstreamFailed):
    """The provider said no, with a status or inside its answer; 0 where it gave no status.

    What it `said` may name the operator's account: `upstream.refusals` decides what of it
    the client gets to see, and until then the message tells nothing.
    """

    def __init__(
        self,
        status: int,
        said: str,
        *,
        type: str = "",
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        message = "The provider of this model refused the request."
        super().__init__(message, param=param, code=code, headers=headers)
        self.status = status
        self.said = said
        self.type = type


class Overloaded(GatewayError):
    """Whoever produces the answers has no room for this one."""

    kind = Kind.OVERLOADED

    def __init__(self, headers: Mapping[str, str] = MappingProxyType({"retry-after": "5"})) -> None:
        message = "The model is overloaded at the moment; try again later."
        super().__init__(message, code="server_is_overloaded", headers=headers)


class UsageError(Exception):
    """The gateway cannot be started as asked; the message is one line for the user."""
