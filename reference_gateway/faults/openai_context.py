"""Faults that lose part of a conversation, or refuse what one may hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Image, Json, Part, Prompt, Text, Turn
from reference_gateway.errors import InternalError, InvalidRequest
from reference_gateway.faults.places import OPENAI, prompts
from reference_gateway.faults.registry import fault

_LONGEST_ID = 40


def _messages(call: Call) -> Iterator[Json]:
    document = call.document
    yield from document["messages"] if isinstance(document, dict) else ()


def _has(call: Call, role: str) -> bool:
    return any(message["role"] == role for message in _messages(call))


@fault(
    "openai-system-dropped",
    prompts(OPENAI),
    kills=("OAI-PARAM-001", "OAI-PARAM-003"),
    origin="https://github.com/Alishahryar1/free-claude-code/issues/1122",
)
def system_dropped(call: Call, prompt: Prompt) -> Prompt:
    """System messages do not reach the model."""
    return replace(prompt, system=()) if _has(call, "system") else prompt


@fault(
    "openai-developer-dropped",
    prompts(OPENAI),
    kills=("OAI-PARAM-002",),
    origin="https://github.com/diegosouzapw/OmniRoute/issues/2281",
)
def developer_dropped(call: Call, prompt: Prompt) -> Prompt:
    """Developer messages do not reach the model."""
    return replace(prompt, system=()) if _has(call, "developer") else prompt


@fault(
    "openai-developer-refused",
    prompts(OPENAI),
    kills=("OAI-PARAM-002",),
    origin="https://github.com/8monkey-ai/hebo-gateway/issues/251",
)
def developer_refused(call: Call, prompt: Prompt) -> Prompt:
    """The role developer is unknown."""
    if _has(call, "developer"):
        raise InvalidRequest("Invalid value of messages[0].role.", param="messages[0].role")
    return prompt


@fault(
    "openai-second-part-lost",
    prompts(OPENAI),
    kills=("OAI-PARAM-003",),
    origin="https://github.com/dtzp555-max/ocp/issues/110",
)
def second_part_lost(call: Call, prompt: Prompt) -> Prompt:
    """Only the first text part of a message is read."""
    del call
    return replace(prompt, turns=tuple(_with_first_text(turn) for turn in prompt.turns))


def _with_first_text(turn: Turn) -> Turn:
    texts = [part for part in turn.parts if isinstance(part, Text)]
    return replace(turn, parts=tuple(part for part in turn.parts if part not in texts[1:]))


@fault(
    "openai-history-forgotten",
    prompts(OPENAI),
    kills=("OAI-PARAM-004",),
    origin="https://github.com/lingyuins/octopus/issues/235",
)
def history_forgotten(call: Call, prompt: Prompt) -> Prompt:
    """Only the last turn of a conversation of texts is read."""
    del call
    parts = [part for turn in prompt.turns for part in turn.parts]
    is_plain = all(isinstance(part, Text) for part in parts)
    return replace(prompt, turns=prompt.turns[-1:]) if is_plain else prompt


@fault(
    "openai-image-dropped",
    prompts(OPENAI),
    kills=("GW-PAR-006", "OAI-PARAM-005"),
    origin="https://github.com/LuthienResearch/luthien-proxy/issues/108",
)
def image_dropped(call: Call, prompt: Prompt) -> Prompt:
    """Pictures do not reach the model."""
    del call
    turns = tuple(replace(turn, parts=_without_images(turn)) for turn in prompt.turns)
    return replace(prompt, turns=turns)


def _without_images(turn: Turn) -> tuple[Part, ...]:
    return tuple(part for part in turn.parts if not isinstance(part, Image))


@fault(
    "openai-assistant-last-500",
    prompts(OPENAI),
    kills=("OAI-PARAM-021",),
    origin="https://github.com/XiaomiMiMo/MiMo-Code/issues/1703",
)
def assistant_last(call: Call, prompt: Prompt) -> Prompt:
    """A conversation whose last message is the assistant's fails with 500."""
    if [message["role"] for message in _messages(call)][-1] == "assistant":
        raise InternalError()
    return prompt


@fault(
    "openai-tool-parts-refused",
    prompts(OPENAI),
    kills=("OAI-TOOL-017",),
    origin="https://github.com/BerriAI/litellm/issues/6422",
)
def tool_parts_refused(call: Call, prompt: Prompt) -> Prompt:
    """The content of a tool message has to be a string."""
    for message in _messages(call):
        if message["role"] == "tool" and isinstance(message["content"], list):
            raise InvalidRequest("messages: tool content must be a string.", param="messages")
    return prompt


@fault(
    "openai-long-call-ids-refused",
    prompts(OPENAI),
    kills=("OAI-TOOL-018",),
    origin="OpenAI, reported often: tool call ids over 40 characters are refused",
)
def long_ids_refused(call: Call, prompt: Prompt) -> Prompt:
    """Tool call ids of another vendor are too long."""
    for message in _messages(call):
        if len(message.get("tool_call_id") or "") > _LONGEST_ID:
            raise InvalidRequest("messages: tool_call_id is too long.", param="messages")
    return prompt
