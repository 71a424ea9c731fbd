"""What the gateway asks an upstream for a client that speaks another protocol."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from reference_gateway.anthropic_answer import ANTHROPIC
from reference_gateway.call import Call
from reference_gateway.completions import COMPLETIONS
from reference_gateway.openai_answer import OPENAI
from reference_gateway.responses_answer import RESPONSES
from reference_gateway.upstream.translation import Protocol, request_body
from reference_gateway.wire import WireFormat

Json = dict[str, Any]
MODEL = "upstream-model"
WIRES: Mapping[str, WireFormat] = {
    "anthropic": ANTHROPIC,
    "openai": OPENAI,
    "responses": RESPONSES,
    "completions": COMPLETIONS,
}
PLAIN: Mapping[str, Json] = {
    "anthropic": {"max_tokens": 50, "messages": [{"role": "user", "content": "Hi."}]},
    "openai": {"max_completion_tokens": 50, "messages": [{"role": "user", "content": "Hi."}]},
    "responses": {"max_output_tokens": 50, "input": "Hi."},
    "completions": {"max_tokens": 50, "prompt": "Hi."},
}
"""The smallest request in each wire format."""
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
PICTURE = base64.b64encode(PNG).decode()
PDF = base64.b64encode(b"%PDF-1.7 a page").decode()
SCHEMA: Json = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def asked(wire: str, protocol: Protocol, **fields: object) -> Json:
    """The upstream's body for the smallest request of a client, with these fields beside."""
    return asked_with(wire, protocol, {"model": "m", **PLAIN[wire], **fields})


def asked_with(wire: str, protocol: Protocol, body: Json) -> Json:
    """The upstream's body for a client's whole body, which goes through its bytes."""
    call = Call(WIRES[wire], "POST", "/", {}, json.dumps(body).encode(), "req", {})
    return request_body(protocol, call, WIRES[wire].parse(call.document, {}), MODEL)
