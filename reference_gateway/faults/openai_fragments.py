"""Faults of streamed tool calls in chat completions."""

from __future__ import annotations

from collections.abc import Iterator

from reference_gateway.chat import Json
from reference_gateway.faults.places import OPENAI, Frames, payloads, streams
from reference_gateway.faults.registry import fault
from reference_gateway.wire import Frame


def _fragments(chunk: Json) -> Iterator[Json]:
    for choice in chunk.get("choices", ()):
        yield from choice["delta"].get("tool_calls", [])


@fault(
    "openai-fragment-index-missing",
    payloads(OPENAI),
    kills=("OAI-TOOL-020",),
    origin="https://github.com/ollama/ollama/issues/7881",
)
def index_missing(chunk: Json) -> None:
    """Fragments do not say to which call they belong."""
    for fragment in _fragments(chunk):
        del fragment["index"]


@fault(
    "openai-fragment-id-missing",
    payloads(OPENAI),
    kills=("OAI-TOOL-020",),
    origin="https://github.com/sgl-project/sglang/issues/35542",
)
def id_missing(chunk: Json) -> None:
    """The first fragment of a call has no id."""
    for fragment in _fragments(chunk):
        fragment.pop("id", None)


@fault(
    "openai-fragment-name-missing",
    payloads(OPENAI),
    kills=("OAI-TOOL-020",),
    origin="https://github.com/zed-industries/zed/issues/38412",
)
def name_missing(chunk: Json) -> None:
    """The first fragment of a call has no name."""
    for fragment in _fragments(chunk):
        fragment["function"].pop("name", None)


@fault(
    "openai-fragment-id-repeated",
    streams(OPENAI),
    kills=("OAI-TOOL-021",),
    origin="openai-python helper: repeated ids are joined to call_1call_1",
)
async def id_repeated(frames: Frames) -> Frames:
    """Every fragment repeats the id of its call."""
    known = ""
    async for frame in frames:
        for fragment in _fragments(frame.data) if isinstance(frame.data, dict) else []:
            known = fragment.setdefault("id", known)
        yield frame


@fault(
    "openai-fragment-name-repeated",
    streams(OPENAI),
    kills=("OAI-TOOL-021",),
    origin="https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/649",
)
async def name_repeated(frames: Frames) -> Frames:
    """Every fragment repeats the name of its function."""
    known = ""
    async for frame in frames:
        for fragment in _fragments(frame.data) if isinstance(frame.data, dict) else []:
            known = fragment["function"].setdefault("name", known)
        yield frame


@fault(
    "openai-fragment-index-from-one",
    payloads(OPENAI),
    kills=("OAI-TOOL-022",),
    origin="https://github.com/tensorzero/tensorzero/issues/5481",
)
def index_from_one(chunk: Json) -> None:
    """Calls are numbered from 1."""
    for fragment in _fragments(chunk):
        fragment["index"] += 1


@fault(
    "openai-fragment-index-shared",
    payloads(OPENAI),
    kills=("OAI-TOOL-023",),
    origin="https://github.com/BerriAI/litellm/issues/33678",
)
def index_shared(chunk: Json) -> None:
    """All calls have the index 0."""
    for fragment in _fragments(chunk):
        fragment["index"] = 0


@fault(
    "openai-fragment-last-lost",
    streams(OPENAI),
    kills=("OAI-TOOL-024",),
    origin="https://github.com/QuantumNous/new-api/issues/6046",
)
async def last_lost(frames: Frames) -> Frames:
    """The last fragment of the arguments of each call is lost."""
    held: Frame | None = None
    async for frame in frames:
        if held and _is_more(frame):
            yield held
        held = frame if _is_more(frame) else None
        if held is None:
            yield frame


def _is_more(frame: Frame) -> bool:
    """True for a fragment that adds to the arguments of a call that has begun."""
    return isinstance(frame.data, dict) and any(
        "id" not in fragment for fragment in _fragments(frame.data)
    )


@fault(
    "openai-fragment-function-null",
    payloads(OPENAI),
    kills=("OAI-TOOL-026",),
    origin="https://github.com/sgl-project/sglang/issues/35542",
)
def function_null(chunk: Json) -> None:
    """The first fragment of a call has null as its arguments."""
    for fragment in _fragments(chunk):
        if "id" in fragment:
            fragment["function"]["arguments"] = None
