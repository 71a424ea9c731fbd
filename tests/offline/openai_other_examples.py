"""Canonical exchanges of the endpoints beside chat: embeddings and responses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.offline.openai_examples import CREATED, Example

VECTORS = ([0.5, -0.25, 1.0], [0.125, 0.0, -1.0])
PACKED = ("AAAAPwAAgL4AAIA/", "AAAAPgAAAAAAAIC/")
"""VECTORS as little-endian float32 in base64."""


def embedded(form: str, vectors: Iterable[Any]) -> Example:
    """Two embeddings, in one of the two encodings."""
    rows = [{"object": "embedding", "index": n, "embedding": v} for n, v in enumerate(vectors)]
    usage = {"prompt_tokens": 2, "total_tokens": 2}
    asked = {"model": "harbour-vec", "input": ["port", "quay"], "encoding_format": form}
    answer = {"object": "list", "data": rows, "model": "harbour-vec", "usage": usage}
    return Example(asked, answer, path="/embeddings")


ITEM = {"id": "msg_3", "type": "message", "role": "assistant", "status": "completed"}
PART = {"type": "output_text", "text": "Good morning.", "annotations": []}
MESSAGE_ITEM = {**ITEM, "content": [PART]}
CALL_ITEM = {"id": "fc_4", "type": "function_call", "call_id": "call_x81", "name": "next_train"}
CALLED_ITEM = {**CALL_ITEM, "arguments": '{"town":"Brest"}', "status": "completed"}


def response(status: str, **more: Any) -> dict[str, Any]:
    """A response object."""
    asked = {"instructions": None, "metadata": {}, "tool_choice": "auto", "tools": []}
    how = {"parallel_tool_calls": True, "temperature": 1.0, "top_p": 1.0}
    head = {"id": "resp_6", "object": "response", "created_at": CREATED, "status": status}
    open_ends = {"error": None, "incomplete_details": None, "output": [], "usage": None}
    return {**head, "model": "harbour-2-2026-01-05", **asked, **how, **open_ends, **more}


def responding(*events: dict[str, Any]) -> Example:
    """A response streamed: its events, numbered, between its two opening ones and the end."""
    opening = [
        {"type": f"response.{type}", "response": response("in_progress")}
        for type in ("created", "in_progress")
    ]
    numbered = [{**e, "sequence_number": n} for n, e in enumerate((*opening, *events))]
    asked = {"model": "harbour-2", "input": "Good morning?", "stream": True}
    return Example(asked, tuple(numbered), path="/responses")


def of_item(type: str, item_id: str, **more: Any) -> dict[str, Any]:
    """An event about an output item, or about its only part."""
    place = {"content_index": 0} if "text" in type or "part" in type else {}
    return {"type": f"response.{type}", "item_id": item_id, "output_index": 0, **place, **more}


COUNTED = {"input_tokens": 8, "output_tokens": 3, "total_tokens": 11}
RESPONSE = Example(
    {"model": "harbour-2", "input": "Good morning?"},
    response("completed", output=[MESSAGE_ITEM], usage=COUNTED),
    path="/responses",
)
RESPONSE_STREAM = responding(
    of_item("output_item.added", "msg_3", item={**ITEM, "status": "in_progress", "content": []}),
    of_item("content_part.added", "msg_3", part={**PART, "text": ""}),
    of_item("output_text.delta", "msg_3", delta="Good"),
    of_item("output_text.delta", "msg_3", delta=" morning."),
    of_item("output_text.done", "msg_3", text="Good morning."),
    of_item("content_part.done", "msg_3", part=PART),
    of_item("output_item.done", "msg_3", item=MESSAGE_ITEM),
    {
        "type": "response.completed",
        "response": response("completed", output=[MESSAGE_ITEM], usage=COUNTED),
    },
)
RESPONSE_CALL = responding(
    of_item(
        "output_item.added", "fc_4", item={**CALL_ITEM, "arguments": "", "status": "in_progress"}
    ),
    of_item("function_call_arguments.delta", "fc_4", delta='{"town":'),
    of_item("function_call_arguments.delta", "fc_4", delta='"Brest"}'),
    of_item("function_call_arguments.done", "fc_4", arguments='{"town":"Brest"}'),
    of_item("output_item.done", "fc_4", item=CALLED_ITEM),
    {
        "type": "response.completed",
        "response": response("completed", output=[CALLED_ITEM], usage=COUNTED),
    },
)
RESPONSE_BROKEN = responding(
    {"type": "error", "code": "server_error", "message": "The model went away.", "param": None},
    {
        "type": "response.failed",
        "response": response(
            "failed", error={"code": "server_error", "message": "The model went away."}
        ),
    },
)

OTHER_EXAMPLES: dict[str, Example] = {
    "embeddings": embedded("float", VECTORS),
    "packed embeddings": embedded("base64", PACKED),
    "a response": RESPONSE,
    "a streamed response": RESPONSE_STREAM,
    "a streamed response that calls": RESPONSE_CALL,
    "a streamed response that breaks": RESPONSE_BROKEN,
}
