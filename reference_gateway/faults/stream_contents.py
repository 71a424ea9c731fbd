"""Faults of what a stream carries: its text, its calls, its reasons, in sound frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reference_gateway.chat import Json
from reference_gateway.faults.places import ANTHROPIC, BOTH, OPENAI, events, payloads
from reference_gateway.faults.registry import fault
from reference_gateway.wire import Frame


def _texts(data: Json) -> Iterator[tuple[Json, str]]:
    """The deltas of an event that hold text, each with the name of the field."""
    for delta in (data.get("delta", {}), *(c["delta"] for c in data.get("choices", []))):
        for name in ("text", "content"):
            if isinstance(delta.get(name), str):
                yield delta, name


def _fragments(chunk: Json) -> Iterator[Json]:
    for choice in chunk.get("choices", []):
        yield from choice["delta"].get("tool_calls", [])


@fault(
    "gateway-stream-mojibake",
    payloads(BOTH),
    kills=("GW-SSE-005",),
    origin="https://github.com/databrickslabs/coding-agents-databricks-apps/issues/97",
)
def mojibake(data: Json) -> None:
    """The UTF-8 of a stream is read as Latin-1 and encoded again."""
    for delta, name in _texts(data):
        delta[name] = delta[name].encode().decode("latin-1")


@fault(
    "anthropic-stream-text-dropped",
    events(ANTHROPIC),
    kills=("GW-SSE-005",),
    origin="https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/378",
)
def text_dropped(frame: Frame) -> Iterable[Frame]:
    """The events of a stream are all there, but for its text."""
    is_text = isinstance(frame.data, dict) and any(True for _ in _texts(frame.data))
    return [] if is_text and frame.event == "content_block_delta" else [frame]


@fault(
    "anthropic-stream-stop-reason-openai",
    payloads(ANTHROPIC),
    kills=("ANT-STR-023",),
    origin="https://github.com/zeitlings/ayai-gpt-nexus/issues/2",
)
def stop_reason_openai(data: Json) -> None:
    """A stream that ended by itself says so in OpenAI's word."""
    if data["type"] == "message_delta" and data["delta"]["stop_reason"] == "end_turn":
        data["delta"]["stop_reason"] = "stop"


@fault(
    "anthropic-stream-block-start-filled",
    payloads(ANTHROPIC),
    kills=("ANT-STR-015",),
    origin="Anthropic page ANT-STR-015: a client adds what a block starts with to its deltas",
)
def block_start_filled(data: Json) -> None:
    """A text block starts with text and gets it again in its deltas."""
    if data["type"] == "content_block_start" and data["content_block"]["type"] == "text":
        data["content_block"]["text"] = "Hello twice. "


@fault(
    "anthropic-stream-tool-name-prefixed",
    payloads(ANTHROPIC),
    kills=("ANT-BLK-004", "ANT-STR-034"),
    origin="https://github.com/btsouth/toolport/issues/872",
)
def anthropic_name_prefixed(data: Json) -> None:
    """A streamed call names the tool with a prefix that the request did not have."""
    if data["type"] == "content_block_start" and data["content_block"]["type"] == "tool_use":
        data["content_block"]["name"] = f"proxy_{data['content_block']['name']}"


@fault(
    "openai-stream-tool-name-prefixed",
    payloads(OPENAI),
    kills=("OAI-TOOL-004",),
    origin="https://github.com/btsouth/toolport/issues/872",
)
def openai_name_prefixed(chunk: Json) -> None:
    """A streamed call names the function with a prefix that the request did not have."""
    for fragment in _fragments(chunk):
        if fragment["function"].get("name"):
            fragment["function"]["name"] = f"proxy_{fragment['function']['name']}"


@fault(
    "openai-stream-tool-ids-repeated",
    payloads(OPENAI),
    kills=("OAI-TOOL-002",),
    origin="https://github.com/can1357/oh-my-pi/issues/2055",
)
def ids_repeated(chunk: Json) -> None:
    """All calls of a stream have the same id."""
    for fragment in _fragments(chunk):
        if fragment.get("id"):
            fragment["id"] = "call_same"


@fault(
    "openai-stream-arguments-dropped",
    payloads(OPENAI),
    kills=("OAI-TOOL-008",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/3776",
)
def arguments_dropped(chunk: Json) -> None:
    """A streamed call comes with an empty object for its arguments."""
    for fragment in _fragments(chunk):
        fragment["function"]["arguments"] = "{}" if fragment.get("id") else ""
