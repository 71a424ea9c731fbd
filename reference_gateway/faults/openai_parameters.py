"""Faults of parameters: without effect, refused, or counted wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reference_gateway.call import Call
from reference_gateway.catalogue import MAX_OUTPUT_TOKENS
from reference_gateway.chat import Json, Prompt
from reference_gateway.errors import InvalidRequest
from reference_gateway.faults.places import OPENAI, answers, payloads, prompts
from reference_gateway.faults.registry import fault

_IGNORED = "https://github.com/dtzp555-max/ocp/issues/470"
_UNCOUNTED = 7


def _asked(call: Call, name: str) -> Any:
    return call.document.get(name) if isinstance(call.document, dict) else None


@fault(
    "openai-max-tokens-by-its-old-name-ignored",
    prompts(OPENAI),
    kills=("OAI-PARAM-007",),
    origin=_IGNORED,
)
def old_budget_ignored(call: Call, prompt: Prompt) -> Prompt:
    """`max_tokens` has no effect; only its new name is read."""
    is_old = _asked(call, "max_completion_tokens") is None
    return replace(prompt, max_tokens=MAX_OUTPUT_TOKENS) if is_old else prompt


@fault(
    "openai-stop-string-ignored",
    prompts(OPENAI),
    kills=("OAI-PARAM-008",),
    origin=_IGNORED,
)
def stop_string_ignored(call: Call, prompt: Prompt) -> Prompt:
    """`stop` has an effect as an array only."""
    is_text = isinstance(_asked(call, "stop"), str)
    return replace(prompt, stop_sequences=()) if is_text else prompt


@fault(
    "openai-stream-stop-across-pieces-missed",
    prompts(OPENAI),
    kills=("OAI-PARAM-008",),
    origin="A stop text that spans two pieces is looked for in each piece alone",
)
def stop_across_pieces_missed(call: Call, prompt: Prompt) -> Prompt:
    """A stop text of several words is not found in a stream."""
    del call
    found = tuple(stop for stop in prompt.stop_sequences if " " not in stop)
    return replace(prompt, stop_sequences=found) if prompt.stream else prompt


@fault("openai-n-ignored", prompts(OPENAI), kills=("OAI-PARAM-009",), origin=_IGNORED)
def n_ignored(call: Call, prompt: Prompt) -> Prompt:
    """One choice comes, however many were asked for."""
    del call
    return replace(prompt, choices=1)


@fault(
    "openai-n-prompt-counted-per-choice",
    answers(OPENAI),
    kills=("OAI-PARAM-009", "OAI-PARAM-018"),
    origin="OpenAI API description, CreateChatCompletionRequest: n, and CompletionUsage",
)
def prompt_per_choice(body: Json) -> None:
    """The prompt is counted once for each choice."""
    usage = body["usage"]
    usage["prompt_tokens"] *= len(body["choices"])
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]


@fault(
    "openai-n-first-choice-counted",
    answers(OPENAI),
    kills=("OAI-PARAM-009",),
    origin="OpenAI API description, n: you will be charged for all of the choices",
)
def first_choice_counted(body: Json) -> None:
    """Only the tokens of the first choice are counted."""
    usage = body["usage"]
    usage["completion_tokens"] //= len(body["choices"])
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]


@fault(
    "openai-metadata-refused",
    prompts(OPENAI),
    kills=("OAI-PARAM-010",),
    origin="https://github.com/pinecone-io/canopy/issues/137",
)
def metadata_refused(call: Call, prompt: Prompt) -> Prompt:
    """`metadata` is refused as an unknown parameter."""
    if _asked(call, "metadata") is not None:
        raise InvalidRequest("Unknown parameter: metadata.", param="metadata")
    return prompt


@fault(
    "openai-top-p-beside-temperature-refused",
    prompts(OPENAI),
    kills=("OAI-PARAM-015",),
    origin="https://github.com/JohnnyZ93/oai-compatible-copilot/issues/57",
)
def top_p_refused(call: Call, prompt: Prompt) -> Prompt:
    """`temperature` and `top_p` cannot be given together, as at some upstreams."""
    if _asked(call, "temperature") is not None and _asked(call, "top_p") is not None:
        raise InvalidRequest("temperature and top_p cannot both be specified.", param="top_p")
    return prompt


@fault(
    "openai-include-usage-refused",
    prompts(OPENAI),
    kills=(
        "OAI-PARAM-017",
        "OAI-ERR-011",
    ),
    origin="https://github.com/pinecone-io/canopy/issues/137",
)
def include_usage_refused(call: Call, prompt: Prompt) -> Prompt:
    """`stream_options` is refused as an unknown parameter, unless there are tools."""
    if _asked(call, "stream_options") is not None and not prompt.tools:
        raise InvalidRequest("Unknown parameter: stream_options.", param="stream_options")
    return prompt


@fault(
    "openai-obfuscation-refused",
    prompts(OPENAI),
    kills=("OAI-PARAM-017",),
    origin="https://github.com/pinecone-io/canopy/issues/137",
)
def obfuscation_refused(call: Call, prompt: Prompt) -> Prompt:
    """`stream_options` knows `include_usage` only."""
    if "include_obfuscation" in (_asked(call, "stream_options") or {}):
        raise InvalidRequest("Unknown parameter: stream_options.include_obfuscation.")
    return prompt


@fault(
    "openai-json-fenced",
    answers(OPENAI),
    kills=("OAI-PARAM-011", "OAI-PARAM-012"),
    origin="https://github.com/Neroued/ninfer/issues/87",
)
def json_fenced(body: Json) -> None:
    """JSON comes in a code fence, as models write it on their own."""
    for choice in body["choices"]:
        content = choice["message"]["content"]
        if content and content.startswith("{"):
            choice["message"]["content"] = f"```json\n{content}\n```"


@fault(
    "openai-json-object-ignored",
    prompts(OPENAI),
    kills=("OAI-PARAM-011",),
    origin="https://github.com/ankitcharolia/kiro-gateway/issues/35",
)
def json_object_ignored(call: Call, prompt: Prompt) -> Prompt:
    """`json_object` is answered in prose."""
    del call
    return replace(prompt, output_schema=None) if prompt.output_schema == {} else prompt


@fault(
    "openai-json-schema-ignored",
    prompts(OPENAI),
    kills=("OAI-PARAM-012",),
    origin="https://github.com/jundot/omlx/issues/1241",
)
def json_schema_ignored(call: Call, prompt: Prompt) -> Prompt:
    """A schema is answered with some JSON object."""
    del call
    return replace(prompt, output_schema={}) if prompt.output_schema else prompt


@fault(
    "openai-stream-json-schema-ignored",
    prompts(OPENAI),
    kills=("OAI-PARAM-012",),
    origin="https://github.com/tensorzero/tensorzero/issues/2086",
)
def streamed_schema_ignored(call: Call, prompt: Prompt) -> Prompt:
    """A schema has no effect on a stream."""
    del call
    return replace(prompt, output_schema=None) if prompt.stream else prompt


@fault("openai-logprobs-ignored", prompts(OPENAI), kills=("OAI-PARAM-013",), origin=_IGNORED)
def logprobs_ignored(call: Call, prompt: Prompt) -> Prompt:
    """Likelihoods are asked for, and the list of them is empty."""
    del call
    return prompt if prompt.stream else replace(prompt, top_logprobs=None)


@fault(
    "openai-logprobs-positive",
    answers(OPENAI),
    kills=("OAI-PARAM-013",),
    origin="OpenAI API description, ChatCompletionTokenLogprob: a log probability",
)
def logprobs_positive(body: Json) -> None:
    """Likelihoods are probabilities between 0 and 1, not their logarithms."""
    for choice in body["choices"]:
        for entry in (choice["logprobs"] or {}).get("content", []):
            entry["logprob"] = 0.5


@fault(
    "openai-stream-logprobs-not-joining",
    payloads(OPENAI),
    kills=("OAI-PARAM-014",),
    origin="https://github.com/BerriAI/litellm/issues/3253",
)
def logprobs_not_joining(chunk: Json) -> None:
    """Only the first token of each chunk has a likelihood."""
    for choice in chunk.get("choices", ()):
        found = choice["logprobs"] or {"content": []}
        found["content"] = found["content"][:1]


@fault(
    "openai-stream-prompt-tokens-differ",
    payloads(OPENAI),
    kills=("GW-CAP-010", "GW-PAR-005", "OAI-PARAM-018"),
    origin="https://github.com/api7/aisix/issues/794",
)
def prompt_tokens_differ(chunk: Json) -> None:
    """A stream estimates the tokens of its prompt, and comes to another count."""
    if chunk.get("usage"):
        chunk["usage"]["prompt_tokens"] += _UNCOUNTED
        chunk["usage"]["total_tokens"] += _UNCOUNTED
