"""Faults of the blocks inside a Messages stream: their start, order, deltas and end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json, Prompt, ToolChoice
from reference_gateway.faults.places import ANTHROPIC, Frames, events, payloads, prompts, streams
from reference_gateway.faults.registry import fault
from reference_gateway.wire import Frame


@fault(
    "anthropic-stream-blocks-interleaved",
    streams(ANTHROPIC),
    kills=("ANT-STR-010",),
    origin="https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/759",
)
async def blocks_interleaved(frames: Frames) -> Frames:
    """A block is stopped only after the next one has started."""
    held: Frame | None = None
    async for frame in frames:
        if frame.event == "content_block_stop":
            held = frame
            continue
        is_start = frame.event == "content_block_start"
        if held and not is_start:
            yield held
        yield frame
        if held and is_start:
            yield held
        held = None


@fault(
    "anthropic-stream-without-message-start",
    events(ANTHROPIC),
    kills=("ANT-STR-011",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/561",
)
def without_message_start(frame: Frame) -> Iterable[Frame]:
    """The stream begins with a block."""
    return [] if frame.event == "message_start" else [frame]


@fault(
    "anthropic-stream-two-message-starts",
    events(ANTHROPIC),
    kills=("ANT-STR-011",),
    origin="https://github.com/BerriAI/litellm/issues/32357",
)
def two_message_starts(frame: Frame) -> Iterable[Frame]:
    """`message_start` comes twice."""
    return [frame, frame] if frame.event == "message_start" else [frame]


@fault(
    "anthropic-stream-start-without-content",
    payloads(ANTHROPIC),
    kills=("ANT-STR-012",),
    origin="https://github.com/lbjlaq/Antigravity-Manager/issues/2028",
)
def start_without_content(data: Json) -> None:
    """The message of `message_start` has no `content`."""
    if data["type"] == "message_start":
        del data["message"]["content"]


@fault(
    "anthropic-stream-start-usage-null",
    payloads(ANTHROPIC),
    kills=("ANT-STR-013",),
    origin="https://github.com/lbjlaq/Antigravity-Manager/issues/2028",
)
def start_usage_null(data: Json) -> None:
    """The token counts of `message_start` are null."""
    if data["type"] == "message_start":
        data["message"]["usage"] = {"input_tokens": None, "output_tokens": None}


@fault(
    "anthropic-stream-index-from-one",
    payloads(ANTHROPIC),
    kills=("ANT-STR-014",),
    origin="https://github.com/jundot/omlx/issues/1353",
)
def index_from_one(data: Json) -> None:
    """Blocks are numbered from 1."""
    if "index" in data:
        data["index"] += 1


@fault(
    "anthropic-stream-text-start-empty",
    payloads(ANTHROPIC),
    kills=("ANT-STR-015",),
    origin="Anthropic SDK for Python: a text block that starts without text raises TypeError",
)
def text_start_empty(data: Json) -> None:
    """A text block starts without `text`."""
    if data["type"] == "content_block_start":
        data["content_block"].pop("text", None)


@fault(
    "anthropic-stream-tool-start-input-string",
    payloads(ANTHROPIC),
    kills=("ANT-STR-015",),
    origin="https://github.com/anomalyco/opencode/issues/3596",
)
def tool_start_input_string(data: Json) -> None:
    """A tool block starts with an empty string as its input."""
    if data["type"] == "content_block_start" and "input" in data["content_block"]:
        data["content_block"]["input"] = ""


@fault(
    "anthropic-stream-delta-of-no-block",
    payloads(ANTHROPIC),
    kills=("ANT-STR-016",),
    origin="https://github.com/ollama/ollama/issues/14816",
)
def delta_of_no_block(data: Json) -> None:
    """Deltas name the index of a block that was never opened."""
    if data["type"] == "content_block_delta":
        data["index"] += 7


@fault(
    "anthropic-stream-text-block-not-started",
    events(ANTHROPIC),
    kills=("ANT-STR-016",),
    origin="https://github.com/decolua/9router/issues/2248",
)
def text_block_not_started(frame: Frame) -> Iterable[Frame]:
    """A text block has deltas and a stop, but no start."""
    data = frame.data if isinstance(frame.data, dict) else {}
    return [] if data.get("content_block", {}).get("type") == "text" else [frame]


@fault(
    "anthropic-stream-delta-of-wrong-type",
    events(ANTHROPIC),
    kills=("ANT-STR-017",),
    origin="https://github.com/BerriAI/litellm/issues/29286",
)
def delta_of_wrong_type(frame: Frame) -> Iterable[Frame]:
    """A text block gets input deltas between its text deltas."""
    data = frame.data
    if isinstance(data, str) or data.get("delta", {}).get("type") != "text_delta":
        return [frame]
    stray = {"type": "input_json_delta", "partial_json": ""}
    return [Frame(frame.event, {**data, "delta": stray}), frame]


@fault(
    "anthropic-stream-blocks-not-stopped",
    events(ANTHROPIC),
    kills=("ANT-STR-018",),
    origin="https://github.com/QuantumNous/new-api/issues/4697",
)
def blocks_not_stopped(frame: Frame) -> Iterable[Frame]:
    """No block is ever stopped."""
    return [] if frame.event == "content_block_stop" else [frame]


@fault(
    "anthropic-stream-delta-null",
    events(ANTHROPIC),
    kills=("ANT-STR-019",),
    origin="https://github.com/sgl-project/sglang/issues/35542",
)
def delta_null(frame: Frame) -> Iterable[Frame]:
    """Some text deltas have null as their text."""
    data = frame.data
    if isinstance(data, str) or data.get("delta", {}).get("type") != "text_delta":
        return [frame]
    return [frame, Frame(frame.event, {**data, "delta": {"type": "text_delta", "text": None}})]


@fault(
    "anthropic-stream-arguments-cut",
    streams(ANTHROPIC),
    kills=("ANT-STR-020",),
    origin="https://github.com/QuantumNous/new-api/issues/6046",
)
async def arguments_cut(frames: Frames) -> Frames:
    """The last fragment of the arguments of each call is lost."""
    held: Frame | None = None
    async for frame in frames:
        is_fragment = isinstance(frame.data, dict) and bool(
            frame.data.get("delta", {}).get("partial_json")
        )
        if held and is_fragment:
            yield held
        held = frame if is_fragment else None
        if not is_fragment:
            yield frame


@fault(
    "anthropic-stream-tool-as-end-turn",
    payloads(ANTHROPIC),
    kills=("ANT-STR-034", "ANT-MSG-009"),
    origin="https://github.com/BerriAI/litellm/issues/34692",
)
def tool_as_end_turn(data: Json) -> None:
    """A stream that calls a tool says that the turn has ended."""
    if data["type"] == "message_delta" and data["delta"]["stop_reason"] == "tool_use":
        data["delta"]["stop_reason"] = "end_turn"


@fault(
    "anthropic-stream-forced-tool-ignored",
    prompts(ANTHROPIC),
    kills=("ANT-STR-034",),
    origin="https://github.com/BerriAI/litellm/issues/12158",
)
def forced_tool_ignored(call: Call, prompt: Prompt) -> Prompt:
    """A forced tool call becomes text when the answer is streamed."""
    del call
    is_meant = prompt.stream and prompt.choice.is_forced
    return replace(prompt, choice=ToolChoice("none")) if is_meant else prompt


@fault(
    "anthropic-stream-max-tokens-as-end-turn",
    payloads(ANTHROPIC),
    kills=("ANT-STR-034",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/805",
)
def max_tokens_as_end_turn(data: Json) -> None:
    """A stream that was cut at the budget says that the turn has ended."""
    if data["type"] == "message_delta" and data["delta"]["stop_reason"] == "max_tokens":
        data["delta"]["stop_reason"] = "end_turn"


@fault(
    "anthropic-stream-stop-sequences-dropped",
    prompts(ANTHROPIC),
    kills=("ANT-STR-034",),
    origin="https://github.com/BerriAI/litellm/issues/37118",
)
def stop_sequences_dropped(call: Call, prompt: Prompt) -> Prompt:
    """Stop sequences have no effect when the answer is streamed."""
    del call
    return replace(prompt, stop_sequences=()) if prompt.stream else prompt
