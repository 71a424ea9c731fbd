"""Faults of what a Responses stream adds up to: its texts, its id, its usage, its failure."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from reference_gateway.chat import Json
from reference_gateway.faults.openai_responses_streams import whole
from reference_gateway.faults.places import RESPONSES, Frames, events, payloads, streams
from reference_gateway.faults.registry import fault
from reference_gateway.wire import Frame

_DESCRIPTION = "OpenAI API description, ResponseStreamEvent"


@fault(
    "openai-responses-stream-done-differs",
    payloads(RESPONSES),
    kills=("OAI-RESP-007",),
    origin=_DESCRIPTION,
)
def done_differs(data: Json) -> None:
    """The last event of a text has only the end of it."""
    if data["type"] == "response.output_text.done":
        data["text"] = data["text"][1:]


@fault(
    "openai-responses-stream-arguments-done-empty",
    payloads(RESPONSES),
    kills=("OAI-RESP-007",),
    origin=_DESCRIPTION,
)
def arguments_done_empty(data: Json) -> None:
    """The last event of a call has no arguments."""
    if data["type"] == "response.function_call_arguments.done":
        data["arguments"] = "{}"


@fault(
    "openai-responses-stream-whole-differs",
    events(RESPONSES),
    kills=("OAI-RESP-007",),
    origin=_DESCRIPTION,
)
def whole_differs(frame: Frame) -> Iterable[Frame]:
    """The finished response has lost its texts."""
    for item in whole(frame).get("output", []):
        for part in item.get("content", []):
            part["text"] = ""
    return [frame]


@fault(
    "openai-responses-stream-deltas-cumulative",
    streams(RESPONSES),
    kills=("OAI-RESP-007",),
    origin="https://github.com/infiniflow/ragflow/issues/15443",
)
async def deltas_cumulative(frames: Frames) -> Frames:
    """Each delta holds the whole text so far."""
    said = ""
    async for frame in frames:
        if isinstance(frame.data, dict) and frame.event == "response.output_text.delta":
            said += frame.data["delta"]
            frame.data["delta"] = said
        yield frame


@fault(
    "openai-responses-stream-id-changes",
    payloads(RESPONSES),
    kills=("OAI-RESP-008",),
    origin="https://github.com/open-webui/open-webui/issues/23917",
)
def id_changes(data: Json) -> None:
    """The response has another id in each event."""
    if "response" in data:
        data["response"]["id"] = f"resp_{secrets.token_hex(8)}"


@fault(
    "openai-responses-stream-without-usage",
    payloads(RESPONSES),
    kills=("OAI-RESP-008",),
    origin=_DESCRIPTION,
)
def without_usage(data: Json) -> None:
    """The finished response says nothing of its cost."""
    if "response" in data:
        data["response"]["usage"] = None


def _broken_off(frame: Frame, said: Json) -> Frame | None:
    """The error in place of the first output item; None for any other event."""
    if not isinstance(frame.data, dict) or frame.event != "response.output_item.added":
        return None
    return Frame("error", {**said, "sequence_number": frame.data["sequence_number"]})


@fault(
    "openai-responses-stream-error-without-failed",
    streams(RESPONSES),
    kills=("OAI-RESP-001", "OAI-RESP-010"),
    origin=_DESCRIPTION,
)
async def error_without_failed(frames: Frames) -> Frames:
    """A stream breaks off with an error event, and no `response.failed` follows."""
    said = {"type": "error", "code": "server_error", "message": "Upstream lost.", "param": None}
    async for frame in frames:
        broken = _broken_off(frame, said)
        yield broken or frame
        if broken:
            return


@fault(
    "openai-responses-stream-error-without-type",
    streams(RESPONSES),
    kills=("OAI-RESP-001", "OAI-RESP-010"),
    origin="https://github.com/zed-industries/zed/issues/63825",
)
async def error_without_type(frames: Frames) -> Frames:
    """A stream breaks off with the bare error object of chat completions."""
    said = {"error": {"message": "Upstream lost.", "type": "server_error"}}
    async for frame in frames:
        broken = _broken_off(frame, said)
        yield broken or frame
        if broken:
            return
