"""The lab's data: every request under a provider's path is recorded and played a step."""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass

from aiohttp import web

from reference_gateway.anthropic_answer import ANTHROPIC, COUNT_TOKENS
from reference_gateway.call import Call
from reference_gateway.errors import (
    GatewayError,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NoSuchPath,
    TooLarge,
)
from reference_gateway.lab.inline import Inline
from reference_gateway.lab.plans import planned, refused, told
from reference_gateway.lab.received import Ended, Received
from reference_gateway.lab.scripts import Records, Script, without_marks
from reference_gateway.lab.sending import hang_up, send
from reference_gateway.lab.steps import HEALTHY, Step
from reference_gateway.openai_answer import OPENAI
from reference_gateway.pieces import Provider
from reference_gateway.wire import WireFormat, encode

MAX_BODY_BYTES = 64 * 1024 * 1024
_LOG = logging.getLogger(__name__)
_POSTS = {
    "chat/completions": OPENAI,
    "messages": ANTHROPIC,
    "messages/count_tokens": COUNT_TOKENS,
}


@dataclass(frozen=True)
class Upstream:
    """What the lab answers with, and what it keeps."""

    key: str
    records: Records
    inline: Inline
    provider: Provider


UPSTREAM = web.AppKey("upstream", Upstream)


def add_routes(app: web.Application) -> None:
    """Serve every provider, under whatever name it is asked for."""
    app.router.add_route("*", "/{provider:[^/]*}{path:.*}", _received)


async def _received(request: web.Request) -> web.StreamResponse:
    """Record a request and how it ends, whatever becomes of it."""
    upstream = request.app[UPSTREAM]
    pairs = (
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers
    )
    provider = request.match_info["provider"]
    received = Received(provider, request.method, request.path_qs, tuple(pairs))
    ended = Ended.LEFT
    try:
        problem, script = await _filed(request, received, upstream.records)
        response, ended = await _played(request, received, script, problem)
    except ConnectionError:
        response = web.Response()  # The gateway went away; nobody reads this.
    except Exception:
        # The process boundary: what the lab itself broke is not the gateway's doing.
        ended = Ended.CUT
        raise
    finally:
        await upstream.records.ended(received, ended)
    return response


async def _filed(
    request: web.Request, received: Received, records: Records
) -> tuple[GatewayError | None, Script | None]:
    """Read the body and file the request where it belongs, even if it broke off."""
    body = bytearray()
    problem: GatewayError | None = None
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                problem = TooLarge(MAX_BODY_BYTES)
                break
    except web.RequestPayloadError:
        problem = InvalidRequest("The request body does not match its headers.")
    finally:
        received.body = bytes(body)
        script = records.marked(received.body)
        records.add(received, script)
    return problem, script


async def _played(
    request: web.Request, received: Received, script: Script | None, problem: GatewayError | None
) -> tuple[web.StreamResponse, Ended]:
    """Play a step, and say how it ended."""
    call, step = _call(request, received), HEALTHY
    try:
        if problem is not None:
            raise problem
        _check_path(call, _path(request))
        step = _step(request.app[UPSTREAM], call, received.provider, script)
        await asyncio.sleep(step.wait_s)
        if step.close is not None:
            hang_up(request, is_reset=step.close == "reset")
            return web.Response(), Ended.CUT
        plan = await planned(step, call, request.app[UPSTREAM].provider)
    except GatewayError as refusal:
        plan = refused(call, step, refusal)
    except Exception:
        # The process boundary: the lab's own mistake is a 500 in the protocol's words.
        _LOG.exception("the lab could not answer")
        plan = refused(call, HEALTHY, InternalError())
    return await send(request, plan, step.stream, received, encode(call.wire.ping))


def _step(upstream: Upstream, call: Call, provider: str, script: Script | None) -> Step:
    """Whose turn it is; only a request with the lab's key has one."""
    if call.credential != upstream.key:
        raise told(401, "Incorrect API key provided.", "invalid_api_key")
    return script.next_step(provider) if script else upstream.inline.step(call)


def _check_path(call: Call, path: str) -> None:
    if path in _POSTS:
        wanted = "POST"
    elif path == "models" or path.startswith("models/"):
        wanted = "GET"
    else:
        raise NoSuchPath()
    if call.method != wanted:
        raise MethodNotAllowed(wanted)


def _call(request: web.Request, received: Received) -> Call:
    return Call(
        wire=_wire(request),
        method=request.method,
        path=request.path,
        headers=request.headers,
        body=without_marks(received.body),
        request_id=f"req_{secrets.token_hex(12)}",
        query=request.query,
    )


def _path(request: web.Request) -> str:
    """What is asked of the provider, with or without the version before it."""
    return request.match_info["path"].removeprefix("/").removeprefix("v1/")


def _wire(request: web.Request) -> WireFormat:
    """The protocol asked: by the path where it says, by the headers where it does not."""
    asked = _POSTS.get(_path(request))
    is_anthropic = "anthropic-version" in request.headers or "x-api-key" in request.headers
    return asked or (ANTHROPIC if is_anthropic else OPENAI)
