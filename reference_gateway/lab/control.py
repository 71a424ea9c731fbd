"""The lab's control: scripts are put and read, with what was received for them.

docs/lab.md lists its routes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hmac import compare_digest

from aiohttp import web

from reference_gateway.errors import GatewayError, InvalidRequest
from reference_gateway.fields import Field, read_document
from reference_gateway.gateway import json_reply
from reference_gateway.lab.front import UPSTREAM
from reference_gateway.lab.reading import read_script
from reference_gateway.lab.received import shown
from reference_gateway.lab.scripts import ID, Records, Script

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
VERSION = 1
MAX_SETTLING_S = 600.0
TOKEN = web.AppKey("lab_token", str)
REFUSED_URL = web.AppKey("refused_url", str)
_PREFIX = "/lab"


def add_routes(app: web.Application) -> None:
    """Serve the control beside the data, which must not have a provider of its name."""
    app.router.add_get(_PREFIX, _about)
    app.router.add_get(f"{_PREFIX}/requests", _unscripted)
    app.router.add_put(f"{_PREFIX}/scripts/{{id}}", _put)
    app.router.add_get(f"{_PREFIX}/scripts/{{id}}", _get)
    app.router.add_delete(f"{_PREFIX}/scripts/{{id}}", _delete)
    for path in (_PREFIX, f"{_PREFIX}/{{path:.*}}"):
        app.router.add_route("*", path, _unknown)


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse whoever lacks the token, and say in JSON what else is wrong; data is let through."""
    if request.path != _PREFIX and not request.path.startswith(f"{_PREFIX}/"):
        return await handler(request)
    expected = f"Bearer {request.app[TOKEN]}".encode()
    sent = request.headers.get("authorization", "").encode("utf-8", "surrogateescape")
    if not compare_digest(sent, expected):
        return _reply(401, {"error": "Authorization: Bearer <token> is required."})
    try:
        return await handler(request)
    except GatewayError as problem:
        return _reply(400, {"error": str(problem)})
    except KeyError as problem:
        return _reply(404, {"error": f"unknown id: {problem.args[0]}"})
    except web.HTTPException as problem:
        return _reply(problem.status, {"error": problem.reason})


async def _about(request: web.Request) -> web.Response:
    upstream = request.app[UPSTREAM]
    found = {"key": upstream.key, "refused_url": request.app[REFUSED_URL], "version": VERSION}
    return _reply(200, found)


async def _unscripted(request: web.Request) -> web.Response:
    found = _records(request).unscripted(int(_number(request, "since")))
    return _reply(200, {"requests": [shown(received) for received in found]})


async def _put(request: web.Request) -> web.Response:
    script_id = request.match_info["id"]
    if not ID.fullmatch(script_id):
        raise InvalidRequest("the id of a script must be 16 of 0-9a-f")
    body = await request.read()
    steps, by_provider = read_script(Field(read_document(body or b"{}"), brackets=True))
    _records(request).put(script_id, Script(steps, by_provider))
    return _reply(200, {"id": script_id, "mark": f"[[lab:{script_id}]]"})


async def _get(request: web.Request) -> web.Response:
    records = _records(request)
    script = records.get(request.match_info["id"])
    await records.settled(script, min(_number(request, "settled_within_s"), MAX_SETTLING_S))
    return _reply(200, {"requests": [shown(received) for received in script.requests]})


async def _delete(request: web.Request) -> web.Response:
    _records(request).delete(request.match_info["id"])
    return _reply(200, {})


async def _unknown(request: web.Request) -> web.Response:
    raise web.HTTPNotFound(reason=f"nothing is served at {request.path}")


def _records(request: web.Request) -> Records:
    return request.app[UPSTREAM].records


def _number(request: web.Request, name: str) -> float:
    """A number of the query, 0 where it is not given."""
    value = request.query.get(name, "0")
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise InvalidRequest(f"{name}: must be a number, 0 or more")
    return number


def _reply(status: int, document: object) -> web.Response:
    reply = json_reply(status, document)
    return web.Response(status=status, headers=reply.headers, body=reply.body)
