"""Assembly: the lab's application, and the lab on its port."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from aiohttp import web

from reference_gateway.errors import UsageError
from reference_gateway.lab import control, front
from reference_gateway.lab.inline import Inline
from reference_gateway.lab.scripts import Records
from reference_gateway.listening import listen, url_of
from reference_gateway.scripted import ScriptedModel

# Whoever still waits for an answer when the lab ends has to do without.
_GRACE_S = 0.1


@dataclass(frozen=True)
class Lab:
    """A lab that accepts connections; `key` is what a gateway sends, `token` is for control."""

    url: str
    token: str
    key: str
    refused_url: str


def make_lab_app(key: str, token: str, refused_url: str) -> web.Application:
    """The application of a lab: its control, and every other path a provider's."""
    app = web.Application(middlewares=[control.guarded], client_max_size=front.MAX_BODY_BYTES)
    app[front.UPSTREAM] = front.Upstream(key, Records(), Inline(), ScriptedModel())
    app[control.TOKEN] = token
    app[control.REFUSED_URL] = refused_url
    control.add_routes(app)
    front.add_routes(app)
    return app


@contextlib.asynccontextmanager
async def serve_lab(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Lab]:
    """Run a lab in this event loop; requests that are open at the end are dropped."""
    key, token = f"lab-{secrets.token_hex(16)}", secrets.token_urlsafe(32)
    async with contextlib.AsyncExitStack() as stack:
        refused_url = stack.enter_context(_refused(host))
        app = make_lab_app(key, token, refused_url)
        # A handler is cancelled as soon as its connection is lost: so it sees a gateway leave.
        runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=_GRACE_S
        )
        yield Lab(await listen(stack, runner, host, port), token, key, refused_url)


@contextlib.contextmanager
def _refused(host: str) -> Iterator[str]:
    """A port that is taken, and on which nobody listens: connections to it are refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as bound:
        try:
            bound.bind((host, 0))
        except OSError as error:
            raise UsageError(f"cannot bind to {host}: {error.strerror}") from error
        yield url_of(bound.getsockname())
