"""Faults of the 401 itself: what it repeats, and how it is sent."""

from __future__ import annotations

import json
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.errors import Refusal, Unauthenticated
from reference_gateway.faults.places import BOTH, OPENAI, refusals, replies
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Reply
from reference_gateway.wire import dump, encode


@fault(
    "gateway-credential-echoed",
    replies(BOTH, 401),
    kills=("GW-AUTH-008",),
    origin="https://github.com/BerriAI/litellm/issues/18731",
)
def credential_echoed(call: Call, reply: Reply) -> Reply:
    """The refusal repeats the whole key that was sent."""
    if not call.credential:
        return reply
    quoted = f"received {call.credential}. ".encode("utf-8", "replace")
    return replace(reply, body=reply.body.replace(b"Send a TokenHub", quoted + b"Send a TokenHub"))


@fault(
    "gateway-credential-echoed-in-header",
    replies(BOTH, 401),
    kills=("GW-AUTH-008",),
    origin="https://github.com/maximhq/bifrost/issues/3954",
)
def credential_in_header(call: Call, reply: Reply) -> Reply:
    """The refusal repeats the key in a header field."""
    is_sendable = call.credential.isascii() and call.credential.isprintable()
    if not call.credential or not is_sendable:
        return reply
    return replace(reply, headers={**reply.headers, "x-received-key": call.credential})


@fault(
    "gateway-401-as-stream",
    replies(BOTH, 401),
    kills=(
        "ANT-STR-032",
        "OAI-SSE-010",
    ),
    origin="https://github.com/Oaklight/llm-rosetta/issues/345",
)
def refusal_as_stream(call: Call, reply: Reply) -> Reply:
    """A refused key gets 200 and an event stream when a stream was asked for."""
    if not call.wants_stream:
        return reply
    frame = call.wire.error_frame(Unauthenticated(Refusal.UNKNOWN), call.request_id)
    headers = {**reply.headers, "Content-Type": "text/event-stream"}
    return Reply(200, headers, encode(frame))


@fault(
    "openai-wrong-key-without-code",
    refusals(OPENAI, 401),
    kills=("OAI-HTTP-004",),
    origin="OpenAI documentation, error codes: 401 invalid_api_key",
)
def without_code(body: Json) -> None:
    """The refusal of a wrong key has no code."""
    body["error"]["code"] = None


@fault(
    "gateway-valid-credential-echoed",
    replies(BOTH, 400),
    kills=("GW-AUTH-008",),
    origin="https://github.com/BerriAI/litellm/issues/18731",
)
def valid_credential_echoed(call: Call, reply: Reply) -> Reply:
    """The error about an invalid request quotes the caller's own valid key."""
    body = json.loads(reply.body)
    body["error"]["message"] += f" Asked with {call.credential}."
    return replace(reply, body=dump(body).encode())
