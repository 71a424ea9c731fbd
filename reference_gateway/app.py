"""Assembly: the only place where the gateway's parts are put together."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from reference_gateway import control, front
from reference_gateway.catalogue import NANOUSD_PER_USD
from reference_gateway.config import Config, check_loopback
from reference_gateway.connection import EnvelopedRunner
from reference_gateway.errors import UsageError
from reference_gateway.faults import install
from reference_gateway.gateway import Gateway
from reference_gateway.keys import hash_secret, new_secret
from reference_gateway.ledger import Ledger, opened
from reference_gateway.limits import RateLimits
from reference_gateway.scripted import ScriptedModel
from reference_gateway.seams import Seams


@dataclass(frozen=True)
class Running:
    """A gateway that accepts connections; `key` is valid and its account funded."""

    base_url: str
    control_url: str
    control_token: str
    key: str


def make_app(config: Config, ledger: Ledger) -> web.Application:
    """The data port's application, with the faults that the configuration asks for."""
    seams = install(config.faults, Seams())
    app = web.Application(middlewares=[front.enveloped], client_max_size=config.max_body_bytes)
    limits = RateLimits(config.requests_per_minute)
    gateway = Gateway(ledger, ScriptedModel(config.pace_s), seams, limits, config.ping_s)
    app[front.GATEWAY] = gateway
    app[front.MAX_BODY_BYTES] = config.max_body_bytes
    app[front.BODY_STALL_S] = config.body_stall_s
    front.add_routes(app)
    return app


def _make_control_app(
    config: Config, gateway: Gateway, token: str, account: str
) -> web.Application:
    app = web.Application(middlewares=[control.guarded])
    app[front.GATEWAY] = gateway
    app[control.CNY_PER_USD] = config.cny_per_usd
    app[control.TOKEN] = token
    app[control.DEFAULT_ACCOUNT] = account
    control.add_routes(app)
    return app


@contextlib.asynccontextmanager
async def serve(config: Config) -> AsyncIterator[Running]:
    """Run both ports in this event loop; leaving the block finishes open streams first.

    A new account is funded and a new key made at every start: the secret of an older one
    is nowhere to be read.
    """
    check_loopback(config.host)
    async with contextlib.AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(opened(config.ledger))
        app = make_app(config, ledger)
        account = await ledger.open_account(config.opening_balance_usd * NANOUSD_PER_USD)
        secret, token = new_secret(), secrets.token_urlsafe(32)
        await ledger.add_key(hash_secret(secret), account.id, None)
        control_app = _make_control_app(config, app[front.GATEWAY], token, account.id)
        base_url = await _listen(stack, app, config, config.port)
        control_url = await _listen(stack, control_app, config, config.control_port)
        yield Running(base_url, control_url, token, secret)


async def _listen(
    stack: contextlib.AsyncExitStack, app: web.Application, config: Config, port: int
) -> str:
    runner = EnvelopedRunner(app, access_log=None, shutdown_timeout=config.grace_s)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    try:
        await web.TCPSite(runner, config.host, port).start()
    except OSError as error:
        raise UsageError(f"cannot listen on {config.host}:{port}: {error.strerror}") from error
    host, bound = runner.addresses[0][:2]
    return f"http://[{host}]:{bound}" if ":" in host else f"http://{host}:{bound}"
