"""Faults of authentication: who is let in, and who is turned away."""

from __future__ import annotations

import re
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.errors import (
    GatewayError,
    InternalError,
    InvalidRequest,
    Kind,
    Refusal,
    Unauthenticated,
)
from reference_gateway.faults.places import ANTHROPIC, BOTH, OPENAI, authentication
from reference_gateway.faults.registry import fault
from reference_gateway.keys import hash_secret, new_secret
from reference_gateway.ledger import Key, Ledger
from reference_gateway.seams import Authenticate

_GUEST_NANOUSD = 10**12
_KEY = re.compile(r"(?:th-|sk-th_)[0-9a-f]{64}")


class _Forbidden(GatewayError):
    kind = Kind.FORBIDDEN


async def _guest(ledger: Ledger) -> Key:
    account = await ledger.open_account(_GUEST_NANOUSD)
    return await ledger.add_key(hash_secret(new_secret()), account.id, None)


async def _let_in(call: Call, ledger: Ledger, proceed: Authenticate, wrongly: Refusal) -> Key:
    try:
        return await proceed(call, ledger)
    except Unauthenticated as problem:
        if problem.refusal is not wrongly:
            raise
        return await _guest(ledger)


async def _forbid(call: Call, ledger: Ledger, proceed: Authenticate, refusal: Refusal) -> Key:
    try:
        return await proceed(call, ledger)
    except Unauthenticated as problem:
        if problem.refusal is not refusal:
            raise
        raise _Forbidden("This key may not be used here.") from problem


def _has_key_shape(call: Call) -> bool:
    return call.credential.startswith("th-") and call.credential.isascii()


@fault(
    "anthropic-x-api-key-refused",
    authentication(ANTHROPIC),
    kills=(
        "ANT-AUTH-001",
        "ANT-AUTH-003",
    ),
    origin="https://github.com/sxueck/llm-gateway/issues/5",
)
async def x_api_key_refused(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """The messages endpoint does not look at `x-api-key`."""
    if call.path.endswith("/messages") and call.headers.get("x-api-key"):
        raise Unauthenticated(Refusal.MISSING)
    return await proceed(call, ledger)


@fault(
    "anthropic-bearer-refused",
    authentication(ANTHROPIC),
    kills=("ANT-AUTH-002",),
    origin="https://github.com/QwenLM/qwen-code/issues/4323",
)
async def anthropic_bearer_refused(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """The messages endpoint refuses a bearer credential that comes alone."""
    if call.path.endswith("/messages") and "x-api-key" not in call.headers:
        raise Unauthenticated(Refusal.MISSING)
    return await proceed(call, ledger)


@fault(
    "openai-bearer-refused",
    authentication(OPENAI),
    kills=("OAI-HTTP-002",),
    origin="https://github.com/unslothai/unsloth/issues/10400",
)
async def openai_bearer_refused(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """Chat completions refuse every bearer credential."""
    if call.path.endswith("/completions") and "authorization" in call.headers:
        raise Unauthenticated(Refusal.UNKNOWN)
    return await proceed(call, ledger)


@fault(
    "anthropic-missing-key-accepted",
    authentication(ANTHROPIC),
    kills=(
        "ANT-AUTH-004",
        "GW-AUTH-013",
    ),
    origin="https://github.com/diegosouzapw/OmniRoute/issues/6406",
)
async def anthropic_missing_key(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """A messages request without any credential is served."""
    return await _let_in(call, ledger, proceed, Refusal.MISSING)


@fault(
    "openai-missing-key-accepted",
    authentication(OPENAI),
    kills=(
        "OAI-HTTP-003",
        "GW-AUTH-013",
    ),
    origin="https://github.com/diegosouzapw/OmniRoute/issues/6406",
)
async def openai_missing_key(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """A chat completion without any credential is served."""
    return await _let_in(call, ledger, proceed, Refusal.MISSING)


@fault(
    "anthropic-wrong-key-accepted",
    authentication(ANTHROPIC),
    kills=(
        "ANT-AUTH-005",
        "ANT-CNT-004",
        "GW-AUTH-013",
    ),
    origin="gateway contract GW-AUTH-005: an unknown key of the right shape is refused",
)
async def anthropic_wrong_key(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """Whatever has the shape of a key is taken for one on the messages endpoint."""
    if not _has_key_shape(call):
        return await proceed(call, ledger)
    return await _let_in(call, ledger, proceed, Refusal.UNKNOWN)


@fault(
    "openai-wrong-key-accepted",
    authentication(OPENAI),
    kills=(
        "OAI-HTTP-004",
        "GW-AUTH-013",
    ),
    origin="gateway contract GW-AUTH-005: an unknown key of the right shape is refused",
)
async def openai_wrong_key(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """Whatever has the shape of a key is taken for one on chat completions."""
    if not _has_key_shape(call):
        return await proceed(call, ledger)
    return await _let_in(call, ledger, proceed, Refusal.UNKNOWN)


@fault(
    "anthropic-missing-key-forbidden",
    authentication(ANTHROPIC),
    kills=("ANT-AUTH-004",),
    origin="https://github.com/maximhq/bifrost/issues/7112",
)
async def anthropic_missing_forbidden(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """A messages request without a credential gets 403 instead of 401."""
    return await _forbid(call, ledger, proceed, Refusal.MISSING)


@fault(
    "openai-missing-key-forbidden",
    authentication(OPENAI),
    kills=("OAI-HTTP-003",),
    origin="https://github.com/maximhq/bifrost/issues/7112",
)
async def openai_missing_forbidden(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """A chat completion without a credential gets 403 instead of 401."""
    return await _forbid(call, ledger, proceed, Refusal.MISSING)


@fault(
    "anthropic-wrong-key-forbidden",
    authentication(ANTHROPIC),
    kills=(
        "ANT-AUTH-005",
        "ANT-CNT-004",
    ),
    origin="https://github.com/maximhq/bifrost/issues/7112",
)
async def anthropic_wrong_forbidden(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """An unknown key gets 403 instead of 401 on the messages endpoint."""
    return await _forbid(call, ledger, proceed, Refusal.UNKNOWN)


@fault(
    "openai-wrong-key-forbidden",
    authentication(OPENAI),
    kills=("OAI-HTTP-004",),
    origin="https://github.com/maximhq/bifrost/issues/7112",
)
async def openai_wrong_forbidden(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """An unknown key gets 403 instead of 401 on chat completions."""
    return await _forbid(call, ledger, proceed, Refusal.UNKNOWN)


@fault(
    "gateway-vendor-key-accepted",
    authentication(BOTH),
    kills=("GW-AUTH-006",),
    origin="gateway contract GW-AUTH-006: a vendor's own key is refused",
)
async def vendor_key_accepted(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """A vendor's own key is taken for one of the gateway's."""
    return await _let_in(call, ledger, proceed, Refusal.FOREIGN)


@fault(
    "gateway-revoked-key-accepted",
    authentication(BOTH),
    kills=("GW-AUTH-007",),
    origin="https://github.com/BerriAI/litellm/issues/35535",
)
async def revoked_key_accepted(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """A revoked key goes on working, as out of a stale cache."""
    return await _let_in(call, ledger, proceed, Refusal.REVOKED)


@fault(
    "gateway-empty-x-api-key-refused",
    authentication(ANTHROPIC),
    kills=("GW-AUTH-009",),
    origin="gateway contract GW-AUTH-009: clients are told to set ANTHROPIC_API_KEY to nothing",
)
async def empty_x_api_key(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """An empty `x-api-key` beside a valid bearer credential is refused."""
    if call.headers.get("x-api-key", "absent").strip() == "":
        raise Unauthenticated(Refusal.UNKNOWN)
    return await proceed(call, ledger)


@fault(
    "gateway-bearer-case-matters",
    authentication(BOTH),
    kills=("GW-AUTH-010",),
    origin="RFC 9110, section 11.1: the scheme is matched without regard to case",
)
async def bearer_case_matters(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """Only `Bearer` is understood, not `bearer`."""
    scheme = call.headers.get("authorization", "Bearer").partition(" ")[0]
    if scheme.lower() == "bearer" and scheme != "Bearer":
        raise Unauthenticated(Refusal.MISSING)
    return await proceed(call, ledger)


@fault(
    "gateway-validation-before-authentication",
    authentication(BOTH),
    kills=("GW-AUTH-011",),
    origin="gateway contract GW-AUTH-011: authentication comes before body validation",
)
async def validation_first(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """A malformed body is complained about before the key is looked at."""
    if call.method == "POST" and not isinstance(call.document, dict):
        raise InvalidRequest("The request body must be an object.")
    return await proceed(call, ledger)


@fault(
    "gateway-models-authentication-500",
    authentication(BOTH),
    kills=("GW-AUTH-013",),
    origin="https://github.com/diegosouzapw/OmniRoute/issues/6406",
)
async def models_500(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """The model list fails with 500 when no valid key is sent."""
    try:
        return await proceed(call, ledger)
    except Unauthenticated as problem:
        if call.path.endswith("/models"):
            raise InternalError() from problem
        raise


@fault(
    "gateway-key-compared-by-beginning",
    authentication(BOTH),
    kills=("GW-AUTH-015",),
    origin="gateway contract GW-AUTH-015: what is not the key is refused",
)
async def compared_by_beginning(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """What follows a valid key in its header is ignored."""
    found = _KEY.match(call.credential)
    if found is None:
        return await proceed(call, ledger)
    return await proceed(replace(call, headers={"x-api-key": found[0]}), ledger)


@fault(
    "gateway-odd-key-500",
    authentication(BOTH),
    kills=("GW-AUTH-015",),
    origin="gateway contract GW-AUTH-015: never a 5xx",
)
async def odd_key_500(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """A key with bytes that are not ASCII breaks the look-up."""
    if not call.credential.isascii():
        raise InternalError()
    return await proceed(call, ledger)
