"""The data port: aiohttp requests become calls, replies and refusals become responses."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace

from aiohttp import web

from reference_gateway.anthropic_answer import ANTHROPIC
from reference_gateway.call import Call
from reference_gateway.connection import SERVER_NAME
from reference_gateway.errors import (
    GatewayError,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NoSuchPath,
    TooLarge,
)
from reference_gateway.gateway import Gateway, error_reply
from reference_gateway.openai_answer import OPENAI
from reference_gateway.seams import Headers, Reply
from reference_gateway.wire import WireFormat

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PREFIXES = ("/api/v1", "/v1")
GATEWAY = web.AppKey("gateway", Gateway)
MAX_BODY_BYTES = web.AppKey("max_body_bytes", int)
_CALL = web.RequestKey("call", Call)
_LOG = logging.getLogger(__name__)


def add_routes(app: web.Application) -> None:
    """Serve both protocols under both prefixes."""
    for prefix in PREFIXES:
        app.router.add_post(f"{prefix}/messages", _answer)
        app.router.add_post(f"{prefix}/chat/completions", _answer)
        app.router.add_get(f"{prefix}/models", _models)
        app.router.add_get(f"{prefix}/models/{{name:.+}}", _model)


async def _answer(request: web.Request) -> web.StreamResponse:
    gateway, call = request.app[GATEWAY], request[_CALL]
    job = await gateway.admit(call)
    if not job.prompt.stream:
        return _response(gateway, call, await gateway.answer(job))
    response = web.StreamResponse(headers=gateway.stream_headers(call, _marks(call)))
    await gateway.stream(job, response, request)
    return response


async def _models(request: web.Request) -> web.StreamResponse:
    gateway, call = request.app[GATEWAY], request[_CALL]
    return _response(gateway, call, await gateway.list_models(call))


async def _model(request: web.Request) -> web.StreamResponse:
    gateway, call = request.app[GATEWAY], request[_CALL]
    reply = await gateway.show_model(call, request.match_info["name"])
    return _response(gateway, call, reply)


@web.middleware
async def enveloped(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal in the envelope of the protocol that was asked."""
    gateway = request.app[GATEWAY]
    gateway.requests += 1
    call = _call(request, b"")
    try:
        call = _call(request, await request.read(), call.request_id)
        request[_CALL] = call
        return await handler(request)
    except GatewayError as problem:
        refusal = problem
    except web.HTTPException as problem:
        refusal = _translated(problem, request.app[MAX_BODY_BYTES])
    except web.RequestPayloadError:
        refusal = InvalidRequest("The request body does not match its headers.")
    except Exception:
        # The process boundary: whatever it was, the client gets its envelope.
        _LOG.exception("request %s failed", call.request_id)
        refusal = InternalError()
    return _response(gateway, call, error_reply(call, refusal))


def _translated(problem: web.HTTPException, max_body_bytes: int) -> GatewayError:
    if isinstance(problem, web.HTTPMethodNotAllowed):
        return MethodNotAllowed(", ".join(sorted(problem.allowed_methods)))
    if isinstance(problem, web.HTTPRequestEntityTooLarge):
        return TooLarge(max_body_bytes)
    if isinstance(problem, web.HTTPNotFound):
        return NoSuchPath()
    return InvalidRequest(f"{problem.reason}.")


def _call(request: web.Request, body: bytes, request_id: str | None = None) -> Call:
    return Call(
        wire=_wire(request),
        method=request.method,
        path=request.path,
        headers=request.headers,
        body=body,
        request_id=request_id or f"req_{secrets.token_hex(12)}",
        query=request.query,
    )


def _wire(request: web.Request) -> WireFormat:
    """The protocol asked: by the path where it says, by the headers where it does not."""
    steps = request.path.split("/")
    if "messages" in steps:
        return ANTHROPIC
    if "completions" in steps:
        return OPENAI
    is_anthropic = "anthropic-version" in request.headers or "x-api-key" in request.headers
    return ANTHROPIC if is_anthropic else OPENAI


def _marks(call: Call) -> Headers:
    """What every answer carries."""
    return {
        "request-id": call.request_id,
        "x-request-id": call.request_id,
        "Server": SERVER_NAME,
    }


def _response(gateway: Gateway, call: Call, reply: Reply) -> web.Response:
    marked = replace(reply, headers={**_marks(call), **reply.headers})
    sent = gateway.seams.reply(call, marked)
    return web.Response(status=sent.status, headers=sent.headers, body=sent.body)
