"""Faults of caps, balances and charges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from reference_gateway import catalogue
from reference_gateway.call import Call
from reference_gateway.chat import Json, Usage
from reference_gateway.errors import InvalidRequest, PaymentRequired
from reference_gateway.faults.places import (
    ANTHROPIC,
    BOTH,
    OPENAI,
    authentication,
    refusals,
    replies,
    reservation,
    settlement,
)
from reference_gateway.faults.registry import Install, fault
from reference_gateway.ledger import Charge, Hold, Key, Ledger
from reference_gateway.seams import Authenticate, Reply, Reserve, Seams, Settle
from reference_gateway.wire import encode

_CONTRACT = "gateway contract, money: caps and balance"


async def _ignore_cap(call: Call, hold: Hold, ledger: Ledger, proceed: Reserve) -> None:
    """Reserve as if a cap that is used up were not there; one that is not used up still counts."""
    key = await ledger.key(hold.key.id)
    if key.cap_nanousd is None or key.spent_nanousd < key.cap_nanousd:
        return await proceed(call, hold, ledger)
    await ledger.set_cap(key.id, None)
    try:
        await proceed(call, hold, ledger)
    finally:
        await ledger.set_cap(key.id, key.cap_nanousd)


@fault(
    "anthropic-cap-not-enforced",
    reservation(ANTHROPIC),
    kills=("GW-CAP-001",),
    origin="https://github.com/BerriAI/litellm/issues/26672",
)
async def anthropic_cap(call: Call, hold: Hold, ledger: Ledger, proceed: Reserve) -> None:
    """A key whose cap is used up is still served on the messages endpoint."""
    if call.wants_stream:
        return await proceed(call, hold, ledger)
    return await _ignore_cap(call, hold, ledger, proceed)


@fault(
    "openai-cap-not-enforced",
    reservation(OPENAI),
    kills=("GW-CAP-003",),
    origin="https://github.com/BerriAI/litellm/issues/26672",
)
async def openai_cap(call: Call, hold: Hold, ledger: Ledger, proceed: Reserve) -> None:
    """A key whose cap is used up is still served on chat completions."""
    if call.wants_stream:
        return await proceed(call, hold, ledger)
    return await _ignore_cap(call, hold, ledger, proceed)


@fault(
    "gateway-cap-not-enforced-on-streams",
    reservation(BOTH),
    kills=("GW-CAP-004",),
    origin="https://github.com/BerriAI/litellm/issues/37923",
)
async def stream_cap(call: Call, hold: Hold, ledger: Ledger, proceed: Reserve) -> None:
    """A key whose cap is used up is still served when it asks for a stream."""
    if not call.wants_stream:
        return await proceed(call, hold, ledger)
    return await _ignore_cap(call, hold, ledger, proceed)


@fault(
    "gateway-balance-not-enforced",
    reservation(BOTH),
    kills=("GW-CAP-002",),
    origin="https://github.com/BerriAI/litellm/issues/26672",
)
async def balance_ignored(call: Call, hold: Hold, ledger: Ledger, proceed: Reserve) -> None:
    """An account without any balance is still served."""
    if (await ledger.account(hold.key.account)).balance_nanousd > 0:
        return await proceed(call, hold, ledger)
    await ledger.fund(hold.key.account, hold.amount_nanousd)
    try:
        await proceed(call, hold, ledger)
    finally:
        await ledger.fund(hold.key.account, -hold.amount_nanousd)


@fault(
    "anthropic-cap-forbidden",
    replies(ANTHROPIC, 402),
    kills=("GW-CAP-001", "GW-CAP-002"),
    origin="https://github.com/langwatch/langwatch/issues/4686",
)
def anthropic_forbidden(call: Call, reply: Reply) -> Reply:
    """A used-up cap gets 403 instead of 402 on the messages endpoint."""
    return reply if call.wants_stream else replace(reply, status=403)


@fault(
    "openai-cap-forbidden",
    replies(OPENAI, 402),
    kills=(
        "GW-CAP-003",
        "GW-CAP-002",
    ),
    origin="https://github.com/langwatch/langwatch/issues/4686",
)
def openai_forbidden(call: Call, reply: Reply) -> Reply:
    """A used-up cap gets 403 instead of 402 on chat completions."""
    return reply if call.wants_stream else replace(reply, status=403)


@fault(
    "anthropic-cap-wrong-type",
    refusals(ANTHROPIC, 402),
    kills=(
        "GW-CAP-001",
        "GW-CAP-002",
        "ANT-ERR-003",
    ),
    origin="https://github.com/BerriAI/litellm/issues/37599",
)
def wrong_type(body: Json) -> None:
    """A used-up cap is reported as an invalid request."""
    body["error"]["type"] = "invalid_request_error"


@fault(
    "gateway-402-as-stream",
    replies(BOTH, 402),
    kills=("GW-CAP-004",),
    origin="https://github.com/Oaklight/llm-rosetta/issues/345",
)
def payment_as_stream(call: Call, reply: Reply) -> Reply:
    """A used-up cap is told in an event stream with status 200 when a stream was asked for."""
    if not call.wants_stream:
        return reply
    frame = call.wire.error_frame(PaymentRequired("The cap is used up."), call.request_id)
    return Reply(200, {**reply.headers, "Content-Type": "text/event-stream"}, encode(frame))


@fault(
    "gateway-402-with-retry-after",
    replies(BOTH, 402),
    kills=("GW-CAP-006",),
    origin="OpenRouter documentation, errors: one kind of 402 carries retry-after",
)
def with_retry_after(call: Call, reply: Reply) -> Reply:
    """A used-up cap comes with `retry-after`, as if waiting helped."""
    del call
    return replace(reply, headers={**reply.headers, "retry-after": "1"})


@fault(
    "gateway-402-should-retry",
    replies(BOTH, 402),
    kills=("GW-CAP-006",),
    origin="openai-python _base_client.py: x-should-retry overrides the status",
)
def with_should_retry(call: Call, reply: Reply) -> Reply:
    """A used-up cap comes with `x-should-retry: true`, so that SDKs loop on it."""
    del call
    return replace(reply, headers={**reply.headers, "x-should-retry": "true"})


@fault(
    "gateway-raised-cap-ignored",
    reservation(BOTH),
    kills=("GW-CAP-007",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/5770",
)
async def raised_cap_ignored(call: Call, hold: Hold, ledger: Ledger, proceed: Reserve) -> None:
    """A key that was refused once stays refused, whatever is paid later."""
    if hold.key.id in _REFUSED:
        raise PaymentRequired("The key's spend cap is used up.")
    try:
        await proceed(call, hold, ledger)
    except PaymentRequired:
        _REFUSED.add(hold.key.id)
        raise


# Key ids are random, so gateways in one process do not meet here.
_REFUSED: set[str] = set()


def _counted_apart(change: Callable[[int], int]) -> Install:
    """Around money on the OpenAI-compatible protocol: told what the other one has spent."""

    def install(seams: Seams) -> Seams:
        spent: Counter[str] = Counter()

        async def settle(call: Call, charge: Charge, ledger: Ledger) -> None:
            await seams.settle(call, charge, ledger)
            if call.wire.protocol == "anthropic":
                spent[charge.key] += charge.amount_nanousd

        async def reserve(call: Call, hold: Hold, ledger: Ledger) -> None:
            key, more = await ledger.key(hold.key.id), change(spent[hold.key.id])
            if call.wire.protocol == "anthropic" or key.cap_nanousd is None or not more:
                return await seams.reserve(call, hold, ledger)
            await ledger.set_cap(key.id, key.cap_nanousd + more)
            try:
                await seams.reserve(call, hold, ledger)
            finally:
                await ledger.set_cap(key.id, key.cap_nanousd)

        return replace(seams, reserve=reserve, settle=settle)

    return install


@fault(
    "gateway-cap-per-protocol",
    _counted_apart,
    kills=("GW-CAP-005",),
    origin="gateway contract: spend is unified",
)
def cap_per_protocol(spent_nanousd: int) -> int:
    """Each protocol has the whole cap to itself."""
    return spent_nanousd


@fault(
    "gateway-no-reservation",
    reservation(BOTH),
    kills=("GW-CAP-008",),
    origin="https://github.com/BerriAI/litellm/issues/34732",
)
async def no_reservation(call: Call, hold: Hold, ledger: Ledger, proceed: Reserve) -> None:
    """Only recorded spend is compared with the cap; what is running is not held."""
    await proceed(call, replace(hold, amount_nanousd=1), ledger)


@fault(
    "gateway-failed-request-charged",
    authentication(BOTH),
    kills=(
        "GW-CAP-009",
        "OAI-EMB-001",
    ),
    origin="https://github.com/QuantumNous/new-api/issues/4429",
)
async def failed_request_charged(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """A request that is refused for its body or its model is charged for."""
    key = await proceed(call, ledger)
    try:
        if call.method == "POST":
            catalogue.find(call.wire.parse(call.document, call.headers).model)
    except InvalidRequest:
        await ledger.reserve(Hold(call.request_id, key, 1000))
        usage = Usage(1, 0)
        charge = Charge(call.request_id, key.id, key.account, "", usage, 1000)
        await ledger.settle(charge)
    return key


@fault(
    "gateway-charge-rounded",
    settlement,
    kills=("GW-CAP-010",),
    origin=f"{_CONTRACT}: GW-CAP-010",
)
async def charge_rounded(call: Call, charge: Charge, ledger: Ledger, proceed: Settle) -> None:
    """Charges are rounded up to a hundredth of a cent."""
    rounded = -(-charge.amount_nanousd // 100_000) * 100_000
    await proceed(call, replace(charge, amount_nanousd=rounded), ledger)


@fault(
    "gateway-cached-tokens-charged-twice",
    settlement,
    kills=("GW-CAP-013",),
    origin="https://github.com/Wei-Shaw/claude-relay-service/issues/1081",
)
async def cached_twice(call: Call, charge: Charge, ledger: Ledger, proceed: Settle) -> None:
    """What the prompt cache had a part in is charged at its rate and as fresh input too."""
    cache, model = charge.usage.cache, catalogue.find(charge.model)
    again = model.price_nanousd(Usage(cache.read_tokens + cache.written_tokens, 0))
    await proceed(call, replace(charge, amount_nanousd=charge.amount_nanousd + again), ledger)


@fault(
    "gateway-cached-tokens-at-full-price",
    settlement,
    kills=("GW-CAP-013",),
    origin="https://github.com/QuantumNous/new-api/issues/4129",
)
async def cached_at_full_price(call: Call, charge: Charge, ledger: Ledger, proceed: Settle) -> None:
    """What was read from the prompt cache costs as much as fresh input."""
    fresh = Usage(charge.usage.input_tokens, charge.usage.output_tokens)
    cost = catalogue.find(charge.model).price_nanousd(fresh)
    await proceed(call, replace(charge, amount_nanousd=cost), ledger)


@fault(
    "gateway-cap-shared-by-account",
    reservation(BOTH),
    kills=("GW-CAP-012",),
    origin="https://github.com/BerriAI/litellm/issues/26239",
)
async def cap_shared(call: Call, hold: Hold, ledger: Ledger, proceed: Reserve) -> None:
    """What one key spends counts against the caps of all keys of its account."""
    charges = await ledger.charges(None)
    spent = sum(c.amount_nanousd for c in charges if c.account == hold.key.account)
    if hold.key.cap_nanousd is not None and spent + hold.amount_nanousd > hold.key.cap_nanousd:
        raise PaymentRequired("The key's spend cap is used up.")
    await proceed(call, hold, ledger)
