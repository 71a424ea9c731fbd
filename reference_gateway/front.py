"""The data port: aiohttp requests become calls, replies and refusals become responses."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace

from aiohttp import web

from reference_gateway.anthropic_answer import ANTHROPIC, COUNT_TOKENS
from reference_gateway.call import Call
from reference_gateway.completions import COMPLETIONS
from reference_gateway.connection import SERVER_NAME, ClientLeft
from reference_gateway.embeddings import EMBEDDINGS
from reference_gateway.errors import (
    GatewayError,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NoSuchPath,
    TooLarge,
    TooSlow,
)
from reference_gateway.gateway import Gateway, error_reply
from reference_gateway.openai_answer import OPENAI
from reference_gateway.paths import right_base
from reference_gateway.responses_answer import RESPONSES
from reference_gateway.seams import Headers, Reply
from reference_gateway.wire import WireFormat

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PREFIXES = ("/api/v1", "/v1")
GATEWAY = web.AppKey("gateway", Gateway)
MAX_BODY_BYTES = web.AppKey("max_body_bytes", int)
BODY_STALL_S = web.AppKey("body_stall_s", float)
_LEFT = 499
_CALL = web.RequestKey("call", Call)
_LOG = logging.getLogger(__name__)
# What aiohttp reads, some of it only where a decoder is installed; it ignores all else.
_ENCODINGS = ("", "identity", "gzip", "deflate", "br", "zstd")


def add_routes(app: web.Application) -> None:
    """Serve both protocols under both prefixes."""
    for prefix in PREFIXES:
        for path, handler in _POSTS.items():
            app.router.add_post(prefix + path, handler, expect_handler=_expected)
        for path, handler in _GETS.items():
            app.router.add_get(prefix + path, handler, expect_handler=_expected)


async def _expected(request: web.Request) -> None:
    """Send `100 Continue` where it is expected; any other expectation may be ignored.

    aiohttp's own way refuses it in plain text, before anything of ours is asked.
    """
    if request.headers.get("expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _answer(request: web.Request) -> web.StreamResponse:
    gateway, call = request.app[GATEWAY], request[_CALL]
    job = await gateway.admit(call)
    if not job.prompt.stream:
        return _response(gateway, call, await gateway.answer(job, request))
    response = web.StreamResponse(headers=gateway.stream_headers(call, _marks(call)))
    await gateway.stream(job, response, request)
    return response


async def _count_tokens(request: web.Request) -> web.StreamResponse:
    gateway, call = request.app[GATEWAY], request[_CALL]
    return _response(gateway, call, await gateway.count_tokens(call))


async def _embeddings(request: web.Request) -> web.StreamResponse:
    gateway, call = request.app[GATEWAY], request[_CALL]
    return _response(gateway, call, await gateway.embed(call))


async def _models(request: web.Request) -> web.StreamResponse:
    gateway, call = request.app[GATEWAY], request[_CALL]
    return _response(gateway, call, await gateway.list_models(call))


async def _model(request: web.Request) -> web.StreamResponse:
    gateway, call = request.app[GATEWAY], request[_CALL]
    reply = await gateway.show_model(call, request.match_info["name"])
    return _response(gateway, call, reply)


_POSTS: dict[str, Handler] = {
    "/messages": _answer,
    "/messages/count_tokens": _count_tokens,
    "/chat/completions": _answer,
    "/completions": _answer,
    "/responses": _answer,
    "/embeddings": _embeddings,
}
_GETS: dict[str, Handler] = {"/models": _models, "/models/{name:.+}": _model}


@web.middleware
async def enveloped(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal in the envelope of the protocol that was asked."""
    gateway = request.app[GATEWAY]
    gateway.requests += 1
    call = _call(request, b"")
    try:
        call = _call(request, await _body(request), call.request_id)
        request[_CALL] = call
        _check_encoding(request.headers.get("content-encoding", ""))
        return await handler(request)
    except GatewayError as problem:
        refusal = problem
    except web.HTTPException as problem:
        refusal = _translated(problem, request)
    except web.RequestPayloadError:
        refusal = InvalidRequest("The request body does not match its headers.")
    except ClientLeft:
        return web.Response(status=_LEFT)  # Nobody reads it.
    except Exception:
        # The process boundary: whatever it was, the client gets its envelope.
        _LOG.exception("request %s failed", call.request_id)
        refusal = InternalError()
    return _response(gateway, call, error_reply(call, refusal))


async def _body(request: web.Request) -> bytes:
    """The whole body; raises `TooSlow` where nothing more of it comes, `TooLarge` early."""
    limit, stall_s = request.app[MAX_BODY_BYTES], request.app[BODY_STALL_S]
    body = bytearray()
    while not request.content.at_eof():
        try:
            async with asyncio.timeout(stall_s):
                body += await request.content.readany()
        except TimeoutError:
            raise TooSlow() from None
        if len(body) > limit:
            raise TooLarge(limit)
    return bytes(body)


def _check_encoding(name: str) -> None:
    if name.strip().lower() not in _ENCODINGS:
        raise InvalidRequest("content-encoding: this encoding of the body is not supported")


def _translated(problem: web.HTTPException, request: web.Request) -> GatewayError:
    if isinstance(problem, web.HTTPMethodNotAllowed):
        return MethodNotAllowed(", ".join(sorted(problem.allowed_methods)))
    if isinstance(problem, web.HTTPNotFound):
        return _nowhere(request)
    return InvalidRequest(f"{problem.reason}.")


def _nowhere(request: web.Request) -> NoSuchPath:
    base = right_base(request.path, (*_POSTS, *_GETS), PREFIXES)
    if base is None:
        return NoSuchPath()
    return NoSuchPath(
        f"Not found: the base URL of this client should be {request.url.origin()}{base}"
    )


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
        return COUNT_TOKENS if "count_tokens" in steps else ANTHROPIC
    if "completions" in steps:
        return OPENAI if "chat" in steps else COMPLETIONS
    if "embeddings" in steps:
        return EMBEDDINGS
    if "responses" in steps:
        return RESPONSES
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
