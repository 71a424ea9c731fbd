"""Assembly: the only place where the gateway's parts are put together."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass

from aiohttp import web

from reference_gateway import control, front
from reference_gateway.behind import before_lab
from reference_gateway.catalogue import BUILT_IN, NANOUSD_PER_USD, Catalogue
from reference_gateway.config import Config, check_loopback
from reference_gateway.connection import EnvelopedRunner
from reference_gateway.faults import install
from reference_gateway.gateway import Gateway
from reference_gateway.keys import hash_secret, new_secret
from reference_gateway.lab.app import serve_lab
from reference_gateway.ledger import Ledger, opened
from reference_gateway.limits import RateLimits
from reference_gateway.listening import listen
from reference_gateway.scripted import ScriptedModel
from reference_gateway.seams import Resolve, Seams
from reference_gateway.upstream.answering import Answerers
from reference_gateway.upstream.providers import ready


@dataclass(frozen=True)
class Running:
    """A gateway that accepts connections; `key` is valid and its account funded."""

    base_url: str
    control_url: str
    control_token: str
    key: str


@dataclass(frozen=True)
class RunningBeforeLab(Running):
    """A gateway with the lab behind it."""

    lab_url: str
    lab_token: str


def make_app(config: Config, ledger: Ledger) -> web.Application:
    """The data port's application, with the faults that the configuration asks for."""
    providers = ready(config.providers, os.environ)
    catalogue = BUILT_IN.joined(config.models, providers)
    seams = install(config.faults, Seams(resolve=_resolution(catalogue)))
    answerers = Answerers(providers, ScriptedModel(config.pace_s), seams, config.request_s)
    app = web.Application(middlewares=[front.enveloped], client_max_size=config.max_body_bytes)
    limits = RateLimits(config.requests_per_minute)
    app[front.GATEWAY] = Gateway(ledger, catalogue, answerers, limits, config.ping_s)
    app.on_cleanup.append(_closed)
    app[front.MAX_BODY_BYTES] = config.max_body_bytes
    app[front.BODY_STALL_S] = config.body_stall_s
    front.add_routes(app)
    return app


def _resolution(catalogue: Catalogue) -> Resolve:
    return lambda call, name: catalogue.find(name, call.wire.task)


async def _closed(app: web.Application) -> None:
    await app[front.GATEWAY].answerers.close()


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
        lab = await stack.enter_async_context(serve_lab(config.host)) if config.lab else None
        if lab is not None:
            config = before_lab(config, lab)
        ledger = await stack.enter_async_context(opened(config.ledger))
        app = make_app(config, ledger)
        account = await ledger.open_account(config.opening_balance_usd * NANOUSD_PER_USD)
        secret, token = new_secret(), secrets.token_urlsafe(32)
        await ledger.add_key(hash_secret(secret), account.id, None)
        control_app = _make_control_app(config, app[front.GATEWAY], token, account.id)
        base_url = await _listen(stack, app, config, config.port)
        control_url = await _listen(stack, control_app, config, config.control_port)
        running = Running(base_url, control_url, token, secret)
        yield (
            RunningBeforeLab(**asdict(running), lab_url=lab.url, lab_token=lab.token)
            if (lab)
            else running
        )


async def _listen(
    stack: contextlib.AsyncExitStack, app: web.Application, config: Config, port: int
) -> str:
    runner = EnvelopedRunner(app, access_log=None, shutdown_timeout=config.grace_s)
    return await listen(stack, runner, config.host, port)
