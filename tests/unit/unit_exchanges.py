"""Exchanges made by hand: sound answers of both protocols, and builders to break them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from conformance import sse
from conformance.kinds import Kind
from conformance.model import Chunk, Ended, Exchange, Recording, Request, Response

SITE = "http://127.0.0.1:8080/v1"
PATHS = {"anthropic": "/messages", "openai": "/chat/completions"}
STARTED = "2026-09-21T14:13:25+00:00"
"""When every exchange started: within ten minutes of COMPLETION's `created`."""

CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}

MESSAGE: dict[str, Any] = {
    "id": "msg_01",
    "type": "message",
    "role": "assistant",
    "model": "demo-model-1",
    "content": [{"type": "text", "text": "Hello! How can I help?"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 10, "output_tokens": 9},
}

TOOL_MESSAGE: dict[str, Any] = MESSAGE | {
    "content": [
        {"type": "tool_use", "id": "toolu_01", "name": "get_weather", "input": {"city": "Paris"}}
    ],
    "stop_reason": "tool_use",
}

COMPLETION: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1790000001,
    "model": "demo-1",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Yellow.", "refusal": None},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 24, "completion_tokens": 3, "total_tokens": 27},
}

TOOL_COMPLETION: dict[str, Any] = COMPLETION | {
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'},
                    }
                ],
            },
            "finish_reason": "tool_calls",
        }
    ]
}

ANTHROPIC_ERROR: dict[str, Any] = {
    "type": "error",
    "error": {"type": "authentication_error", "message": "invalid key"},
}
OPENAI_ERROR: dict[str, Any] = {
    "error": {
        "message": "Incorrect API key.",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_api_key",
    }
}

# ----------------------------------------------------------------- events of Anthropic streams


def message_start(**message: Any) -> dict[str, Any]:
    """The event that opens a stream."""
    skeleton = {
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": 5, "output_tokens": 1},
    }
    return {"type": "message_start", "message": MESSAGE | skeleton | message}


def block_start(index: Any = 0, type: str = "text") -> dict[str, Any]:
    """The start of a content block."""
    blocks: dict[str, dict[str, Any]] = {
        "text": {"text": ""},
        "thinking": {"thinking": "", "signature": ""},
        "tool_use": {"id": f"toolu_{index}", "name": "get_weather", "input": {}},
    }
    block = {"type": type, **blocks.get(type, {})}
    return {"type": "content_block_start", "index": index, "content_block": block}


def block_delta(index: Any = 0, type: str = "text_delta", text: str = "Hi") -> dict[str, Any]:
    """A delta of a content block."""
    fields = {
        "text_delta": "text",
        "thinking_delta": "thinking",
        "input_json_delta": "partial_json",
        "signature_delta": "signature",
    }
    delta = {"type": type, fields.get(type, "payload"): text}
    return {"type": "content_block_delta", "index": index, "delta": delta}


def block_stop(index: Any = 0) -> dict[str, Any]:
    """The end of a content block."""
    return {"type": "content_block_stop", "index": index}


def message_delta(stop_reason: Any = "end_turn") -> dict[str, Any]:
    """The event that says why and how much."""
    delta = {"stop_reason": stop_reason, "stop_sequence": None}
    return {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 9}}


STOP: dict[str, Any] = {"type": "message_stop"}
PING: dict[str, Any] = {"type": "ping"}
FAILED: dict[str, Any] = {
    "type": "error",
    "error": {"type": "overloaded_error", "message": "Overloaded"},
}
BLOCK = (block_start(), block_delta(), block_stop())
HELLO_STREAM = (message_start(), *BLOCK, message_delta(), STOP)
TOOL_STREAM = (
    message_start(),
    *BLOCK,
    block_start(1, "tool_use"),
    block_delta(1, "input_json_delta", ""),
    block_delta(1, "input_json_delta", '{"city": "Par'),
    block_delta(1, "input_json_delta", 'is"}'),
    block_stop(1),
    message_delta("tool_use"),
    STOP,
)
FAILED_STREAM = (message_start(), block_start(), block_delta(), FAILED)

# ------------------------------------------------------------------- chunks of OpenAI streams


def chunk(*choices: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A chunk with these choices."""
    return {
        "id": "chatcmpl-S1",
        "object": "chat.completion.chunk",
        "created": 1790000010,
        "model": "demo-1",
        "choices": list(choices),
        **more,
    }


def choice(index: Any = 0, finish: Any = None, **delta: Any) -> dict[str, Any]:
    """One choice of a chunk."""
    return {"index": index, "delta": delta, "finish_reason": finish}


def call(index: Any = 0, arguments: str = "", **first: Any) -> dict[str, Any]:
    """A tool call fragment; `id` and `name` for the first one."""
    function = {"arguments": arguments, **({"name": first["name"]} if first else {})}
    head = {"id": first["id"], "type": "function"} if first else {}
    return {"index": index, **head, "function": function}


USAGE = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
CHAT_STREAM = (
    chunk(choice(role="assistant", content="")),
    chunk(choice(content="Hello")),
    chunk(choice(content=", Ada!")),
    chunk(choice(finish="stop")),
    chunk(usage=USAGE),
    sse.DONE,
)
CHAT_TOOL_STREAM = (
    chunk(choice(role="assistant", content=None)),
    chunk(choice(tool_calls=[call(0, id="call_1", name="get_weather")])),
    chunk(choice(tool_calls=[call(0, '{"ci')])),
    chunk(choice(tool_calls=[call(0, 'ty": "Paris"}')])),
    chunk(choice(tool_calls=[call(1, '{"city": "Tokyo"}', id="call_2", name="get_weather")])),
    chunk(choice(finish="tool_calls")),
    chunk(usage=USAGE),
    sse.DONE,
)
CHAT_FAILED_STREAM = (
    chunk(choice(role="assistant", content="")),
    chunk(choice(content="The first half of")),
    {"error": {"message": "The upstream closed the connection.", "type": "server_error"}},
    sse.DONE,
)

# -------------------------------------------------------------------------------- requests

ASKED_ANTHROPIC: dict[str, Any] = {
    "model": "demo-model-1",
    "max_tokens": 64,
    "stop_sequences": ["5"],
    "messages": [{"role": "user", "content": "Weather in Paris?"}],
    "tools": [{"name": "get_weather", "input_schema": CITY}],
    "tool_choice": {"type": "tool", "name": "get_weather"},
}
ASKED_OPENAI: dict[str, Any] = {
    "model": "demo-1",
    "max_completion_tokens": 64,
    "stop": ["5"],
    "messages": [{"role": "user", "content": "Weather in Paris?"}],
    "tools": [{"type": "function", "function": {"name": "get_weather", "parameters": CITY}}],
    "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
}
ASKED = {"anthropic": ASKED_ANTHROPIC, "openai": ASKED_OPENAI}

# ------------------------------------------------------------------------------- builders


def events(*values: Any) -> tuple[sse.Event, ...]:
    """Events as a decoder gives them, named as their data says."""
    return tuple(
        sse.Event(index, _name(value), _data(value), float(index))
        for index, value in enumerate(values)
    )


def framed(values: Iterable[Any], named: bool) -> bytes:
    """A stream with these events; `named` puts an `event:` line before each."""
    blocks = [
        (f"event: {_name(value)}\n" if named else "") + f"data: {_data(value)}\n\n"
        for value in values
    ]
    return "".join(blocks).encode()


def _name(value: Any) -> str:
    found = value.get("type") if isinstance(value, dict) else None
    return found if isinstance(found, str) and found.isprintable() and found else "message"


def _data(value: Any) -> str:
    return value if value == sse.DONE else json.dumps(value)


def request(protocol: str, **changes: Any) -> Request:
    """A request to one protocol, its body changed."""
    body = json.dumps(ASKED[protocol] | changes).encode()
    headers = (("content-type", "application/json"), ("authorization", "Bearer [key:valid:whole]"))
    return Request("POST", SITE + PATHS[protocol], headers, body)


def response(
    body: bytes,
    status: int = 200,
    media_type: str = "application/json",
    headers: Iterable[tuple[str, str]] = (),
) -> Response:
    """A complete response in one chunk."""
    own = (("content-type", media_type), *headers)
    return Response(status, own, (Chunk(0.1, body),), Ended.COMPLETE, 0.05, 0.2)


def exchange(kind: Kind, value: Any, id: str = "", **how: Any) -> Exchange:
    """A sound exchange of one kind; `value` is the body, or the events of a stream.

    `how` may give the `status`, the `headers` of the answer, or changes of the request.
    """
    protocol, _, what = kind.partition(" ")
    status = how.pop("status", 401 if what == "error" else 200)
    name = "request-id" if protocol == "anthropic" else "x-request-id"
    headers = how.pop("headers", ((name, f"req_{id}"),))
    if what == "stream":
        body, media_type = framed(value, protocol == "anthropic"), "text/event-stream"
        how["stream"] = True
    else:
        body, media_type = json.dumps(value).encode(), "application/json"
    answer = response(body, status, media_type, headers)
    return Exchange(id or "made#1", request(protocol, **how), answer, started_at=STARTED)


def recording(name: str, *exchanges: Exchange) -> Recording:
    """A recording of one scenario."""
    return Recording(name, exchanges)
