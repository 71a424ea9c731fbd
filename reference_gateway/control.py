"""The control API: makes accounts and keys in a wanted state; loopback only, token required.

docs/control-api.md lists its routes.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from decimal import Decimal

from aiohttp import web

from reference_gateway.amounts import MAX_NANOUSD, Currency, nanousd, parse
from reference_gateway.chat import Json
from reference_gateway.errors import GatewayError, InvalidRequest, UsageError
from reference_gateway.fields import Field, read_document
from reference_gateway.front import GATEWAY
from reference_gateway.gateway import json_reply
from reference_gateway.keys import PREFIXES, hash_secret, new_secret
from reference_gateway.ledger import Charge, Key

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TOKEN = web.AppKey("control_token", str)
DEFAULT_ACCOUNT = web.AppKey("default_account", str)
CNY_PER_USD = web.AppKey("cny_per_usd", Decimal)
_CURRENCIES = tuple(currency.value for currency in Currency)


def add_routes(app: web.Application) -> None:
    """Serve the control API."""
    app.router.add_post("/accounts", _open_account)
    app.router.add_get("/accounts", _accounts)
    app.router.add_get("/accounts/{id}", _account)
    app.router.add_post("/accounts/{id}/fund", _fund)
    app.router.add_post("/keys", _add_key)
    app.router.add_get("/keys", _keys)
    app.router.add_get("/keys/{id}", _key)
    app.router.add_patch("/keys/{id}", _set_cap)
    app.router.add_put("/keys/{id}/limit", _set_limit)
    app.router.add_delete("/keys/{id}", _revoke)
    app.router.add_get("/charges", _charges)
    app.router.add_get("/charges/{request_id}", _charge)
    app.router.add_get("/stats", _stats)


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse whoever lacks the token, and say in JSON what else is wrong."""
    expected = f"Bearer {request.app[TOKEN]}".encode()
    sent = request.headers.get("authorization", "").encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(sent, expected):
        return _reply(401, {"error": "Authorization: Bearer <control_token> is required."})
    try:
        return await handler(request)
    except (GatewayError, UsageError) as problem:
        return _reply(400, {"error": str(problem)})
    except KeyError as problem:
        return _reply(404, {"error": f"unknown id: {problem.args[0]}"})
    except web.HTTPException as problem:
        return _reply(problem.status, {"error": problem.reason})


async def _open_account(request: web.Request) -> web.Response:
    amount = _amount((await _body(request)).get("balance_nanousd"))
    account = await request.app[GATEWAY].ledger.open_account(amount)
    return _reply(201, asdict(account))


async def _accounts(request: web.Request) -> web.Response:
    accounts = await request.app[GATEWAY].ledger.accounts()
    return _reply(200, {"accounts": [asdict(account) for account in accounts]})


async def _account(request: web.Request) -> web.Response:
    account = await request.app[GATEWAY].ledger.account(request.match_info["id"])
    return _reply(200, asdict(account))


async def _fund(request: web.Request) -> web.Response:
    body = await _body(request)
    if body.get("amount").is_absent:
        amount = _amount(body.get("amount_nanousd"))
    else:
        amount = _paid(body, request.app[CNY_PER_USD])
    account = await request.app[GATEWAY].ledger.fund(request.match_info["id"], amount)
    return _reply(200, asdict(account))


async def _add_key(request: web.Request) -> web.Response:
    body = await _body(request)
    account, prefix = body.get("account"), body.get("prefix")
    account_id = request.app[DEFAULT_ACCOUNT] if account.is_absent else account.text()
    secret = new_secret(PREFIXES[0] if prefix.is_absent else prefix.word(PREFIXES))
    ledger = request.app[GATEWAY].ledger
    key = await ledger.add_key(hash_secret(secret), account_id, _cap(body))
    return _reply(201, {**_shown(key), "key": secret})


async def _keys(request: web.Request) -> web.Response:
    keys = await request.app[GATEWAY].ledger.keys()
    return _reply(200, {"keys": [_shown(key) for key in keys]})


async def _key(request: web.Request) -> web.Response:
    ledger, key_id = request.app[GATEWAY].ledger, request.match_info["id"]
    use = await ledger.key_use(key_id)
    return _reply(200, {**_shown(await ledger.key(key_id)), **asdict(use)})


async def _set_cap(request: web.Request) -> web.Response:
    body = await _body(request)
    if "cap_nanousd" not in body.value:
        raise body.get("cap_nanousd").refuse("Field required; null removes the cap")
    ledger = request.app[GATEWAY].ledger
    return _reply(200, _shown(await ledger.set_cap(request.match_info["id"], _cap(body))))


async def _set_limit(request: web.Request) -> web.Response:
    limit = (await _body(request)).get("requests_per_minute")
    per_minute = None if limit.is_absent else limit.integer(1)
    key = await request.app[GATEWAY].ledger.key(request.match_info["id"])
    request.app[GATEWAY].limits.set(key.id, per_minute)
    return _reply(200, {**_shown(key), "requests_per_minute": per_minute})


async def _revoke(request: web.Request) -> web.Response:
    return _reply(200, _shown(await request.app[GATEWAY].ledger.revoke(request.match_info["id"])))


async def _charges(request: web.Request) -> web.Response:
    ledger, key = request.app[GATEWAY].ledger, request.query.get("key")
    if key is not None:
        await ledger.key(key)
    charges = await ledger.charges(key)
    return _reply(200, {"charges": [_charged(charge) for charge in charges]})


async def _charge(request: web.Request) -> web.Response:
    charge = await request.app[GATEWAY].ledger.charge(request.match_info["request_id"])
    return _reply(200, _charged(charge))


async def _stats(request: web.Request) -> web.Response:
    return _reply(200, {"requests": request.app[GATEWAY].requests})


async def _body(request: web.Request) -> Field:
    body = Field(read_document(await request.read() or b"{}"))
    body.object()
    return body


def _amount(field: Field) -> int:
    amount = field.require().integer(0)
    if amount > MAX_NANOUSD:
        raise InvalidRequest(f"{field.path}: must be at most {MAX_NANOUSD}")
    return amount


def _paid(body: Field, cny_per_usd: Decimal) -> int:
    """An amount as text, so that no float comes near it, in a currency."""
    currency = body.get("currency")
    chosen = "USD" if currency.is_absent else currency.word(_CURRENCIES)
    return nanousd(parse(body.get("amount").text()), Currency(chosen), cny_per_usd)


def _cap(body: Field) -> int | None:
    cap = body.get("cap_nanousd")
    return None if cap.is_absent else _amount(cap)


def _shown(key: Key) -> Json:
    return {
        "id": key.id,
        "account": key.account,
        "cap_nanousd": key.cap_nanousd,
        "spent_nanousd": key.spent_nanousd,
        "revoked": key.is_revoked,
        "last_used_at": key.last_used_at,
    }


def _charged(charge: Charge) -> Json:
    fields = asdict(charge)
    usage = fields.pop("usage")
    cache = {f"cache_{name}": tokens for name, tokens in usage.pop("cache").items()}
    return {**fields, **usage, **cache}


def _reply(status: int, body: Json) -> web.Response:
    reply = json_reply(status, body)
    return web.Response(status=reply.status, headers=reply.headers, body=reply.body)
