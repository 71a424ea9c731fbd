"""Faults of tool calls in their several forms: parallel, strict, chosen, and the older one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest

from reference_gateway.call import Call
from reference_gateway.chat import Json, Prompt
from reference_gateway.faults.places import OPENAI, Frames, answers, prompts, streams
from reference_gateway.faults.registry import fault
from reference_gateway.wire import Frame


def _calls(body: Json) -> Iterator[list[Json]]:
    for choice in body["choices"]:
        yield choice["message"].get("tool_calls", [])


@fault(
    "openai-parallel-calls-alike",
    answers(OPENAI),
    kills=("OAI-TOOL-012",),
    origin="https://github.com/BerriAI/litellm/issues/33678",
)
def calls_alike(body: Json) -> None:
    """Every parallel call has the arguments of the first."""
    for calls in _calls(body):
        for call in calls[1:]:
            call["function"]["arguments"] = calls[0]["function"]["arguments"]


@fault(
    "openai-parallel-calls-cut",
    answers(OPENAI),
    kills=("OAI-TOOL-012",),
    origin="https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/759",
)
def calls_cut(body: Json) -> None:
    """Of several parallel calls only the first comes."""
    for calls in _calls(body):
        del calls[1:]


@fault(
    "openai-fragments-interleaved",
    streams(OPENAI),
    kills=("OAI-TOOL-025",),
    origin="OpenAI clients call a tool when the index changes",
)
async def interleaved(frames: Frames) -> Frames:
    """The fragments of parallel calls come in turn."""
    waiting: dict[int, list[Frame]] = defaultdict(list)
    async for frame in frames:
        index = _index(frame)
        if index is not None:
            waiting[index].append(frame)
            continue
        for turn in zip_longest(*waiting.values()):
            for fragment in filter(None, turn):
                yield fragment
        waiting.clear()
        yield frame


def _index(frame: Frame) -> int | None:
    """The call that a chunk is a fragment of."""
    choices = frame.data.get("choices", ()) if isinstance(frame.data, dict) else []
    fragments = choices[0]["delta"].get("tool_calls") if choices else None
    return int(fragments[0]["index"]) if fragments else None


@fault(
    "openai-function-answered-as-tool",
    answers(OPENAI),
    kills=("OAI-TOOL-019",),
    origin="https://github.com/Continuum-AI-Corp/OrcaRouter-Lite/issues/131",
)
def function_as_tool(body: Json) -> None:
    """A call in its older form is answered in the newer one."""
    for choice in body["choices"]:
        called = choice["message"].pop("function_call", None)
        if called:
            call = {"id": "call_0", "type": "function", "function": called}
            choice["message"]["tool_calls"] = [call]
            choice["finish_reason"] = "tool_calls"


@fault(
    "openai-allowed-tools-ignored",
    prompts(OPENAI),
    kills=("OAI-TOOL-014",),
    origin="https://github.com/dynamiq-ai/dynamiq/issues/753",
)
def allowed_ignored(call: Call, prompt: Prompt) -> Prompt:
    """A tool outside of the allowed subset is called."""
    del call
    return replace(prompt, choice=replace(prompt.choice, allowed=()))


@fault(
    "openai-strict-extra-argument",
    answers(OPENAI),
    kills=("OAI-TOOL-013",),
    origin="https://github.com/ankitcharolia/kiro-gateway/issues/35",
)
def strict_extra_argument(body: Json) -> None:
    """Arguments have a key that the schema does not know."""
    for choice in body["choices"]:
        for call in choice["message"].get("tool_calls", []):
            arguments = json.loads(call["function"]["arguments"])
            if arguments:
                call["function"]["arguments"] = json.dumps({**arguments, "explanation": "none"})
