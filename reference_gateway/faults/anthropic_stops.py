"""Faults of how a Messages answer that is not streamed says why it ended."""

from __future__ import annotations

from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json, Prompt
from reference_gateway.faults.places import ANTHROPIC, answers, prompts
from reference_gateway.faults.registry import fault

_MORE_THAN_ASKED = 40


@fault(
    "anthropic-stop-reason-openai",
    answers(ANTHROPIC),
    kills=("ANT-MSG-007",),
    origin="https://github.com/theopenco/llmgateway/issues/2974",
)
def stop_reason_openai(body: Json) -> None:
    """A finished answer has OpenAI's word `stop` as its stop reason."""
    if body["stop_reason"] == "end_turn":
        body["stop_reason"] = "stop"


@fault(
    "anthropic-stop-reason-null",
    answers(ANTHROPIC),
    kills=("ANT-MSG-007",),
    origin="https://github.com/theopenco/llmgateway/issues/2974",
)
def stop_reason_null(body: Json) -> None:
    """A finished answer has no stop reason."""
    if body["stop_reason"] == "end_turn":
        body["stop_reason"] = None


@fault(
    "anthropic-stop-sequence-unasked",
    answers(ANTHROPIC),
    kills=("ANT-MSG-008",),
    origin="https://github.com/maximhq/bifrost/issues/1732",
)
def stop_sequence_unasked(body: Json) -> None:
    """`stop_sequence` is an empty string though no sequence stopped the answer."""
    if body["stop_sequence"] is None:
        body["stop_sequence"] = ""


@fault(
    "anthropic-tool-use-as-end-turn",
    answers(ANTHROPIC),
    kills=("ANT-MSG-009",),
    origin="https://github.com/BerriAI/litellm/issues/34692",
)
def tool_use_as_end_turn(body: Json) -> None:
    """An answer that calls a tool says that the turn has ended."""
    if body["stop_reason"] == "tool_use":
        body["stop_reason"] = "end_turn"


@fault(
    "anthropic-text-as-tool-use",
    answers(ANTHROPIC),
    kills=("ANT-MSG-009",),
    origin="https://github.com/vllm-project/vllm/issues/53256",
)
def text_as_tool_use(body: Json) -> None:
    """A plain text answer says that a tool is called."""
    if body["stop_reason"] == "end_turn":
        body["stop_reason"] = "tool_use"


@fault(
    "anthropic-max-tokens-as-end-turn",
    answers(ANTHROPIC),
    kills=("ANT-MSG-010",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/805",
)
def max_tokens_as_end_turn(body: Json) -> None:
    """An answer that was cut at the budget says that the turn has ended."""
    if body["stop_reason"] == "max_tokens":
        body["stop_reason"] = "end_turn"


@fault(
    "anthropic-max-tokens-exceeded",
    prompts(ANTHROPIC),
    kills=(
        "ANT-MSG-010",
        "GW-CAP-012",
    ),
    origin="https://github.com/dtzp555-max/ocp/issues/470",
)
def max_tokens_exceeded(call: Call, prompt: Prompt) -> Prompt:
    """The answer may be longer than `max_tokens` when it is not streamed."""
    del call
    longer = prompt.max_tokens + _MORE_THAN_ASKED
    return prompt if prompt.stream else replace(prompt, max_tokens=longer)


@fault(
    "anthropic-stop-sequence-as-end-turn",
    answers(ANTHROPIC),
    kills=("ANT-MSG-011",),
    origin="https://github.com/vllm-project/vllm/issues/45807",
)
def stop_sequence_as_end_turn(body: Json) -> None:
    """An answer that a stop sequence ended says that the turn has ended."""
    if body["stop_reason"] == "stop_sequence":
        body |= {"stop_reason": "end_turn", "stop_sequence": None}


@fault(
    "anthropic-stop-sequences-dropped",
    prompts(ANTHROPIC),
    kills=("ANT-MSG-011",),
    origin="https://github.com/BerriAI/litellm/issues/37118",
)
def stop_sequences_dropped(call: Call, prompt: Prompt) -> Prompt:
    """Stop sequences have no effect when the answer is not streamed."""
    del call
    return prompt if prompt.stream else replace(prompt, stop_sequences=())


@fault(
    "anthropic-stop-sequence-in-text",
    answers(ANTHROPIC),
    kills=("ANT-MSG-011",),
    origin="https://github.com/exo-explore/exo/issues/2122",
)
def stop_sequence_in_text(body: Json) -> None:
    """The stop sequence that ended the answer is part of its text."""
    if body["stop_sequence"] and body["content"]:
        body["content"][-1]["text"] += body["stop_sequence"]
