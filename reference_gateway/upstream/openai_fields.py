"""What becomes of each field of OpenAI's requests where the upstream is not asked as it came."""

from __future__ import annotations

from typing import Any

from reference_gateway.anthropic_conflicts import is_closed
from reference_gateway.upstream.untranslatable import (
    Rule,
    among,
    carried,
    left_out,
    refused,
    translated,
)

_EFFORTS = ("none", "low", "medium", "high", "xhigh", "max")
_EFFORT = "none is thinking disabled, the others adaptive; minimal has no word there"
_TIERS = ("auto", "default")
_NO_WORD = "it has no word there"
_NO_LIKELIHOODS = "likelihoods of tokens are not told there"
_CACHES = "a hint for the upstream's cache"
_LABEL = "a label for the client's own lists"
_OWN = "the gateway does it itself"
_SCHEMA = "every object of it needs additionalProperties: false"
_STOP = "each needs a character that is no white space"
_NOTHING_KEPT = "nothing is kept there"
_NO_SPEAKER = "a message has no speaker's name there"


def _is_one_at_most(value: Any) -> bool:
    return bool(value <= 1)


def _is_visible(stop: Any) -> bool:
    return all(each.strip() for each in ([stop] if isinstance(stop, str) else stop) if each)


def _is_object(schema: Any) -> bool:
    return bool(schema.get("type", "object") == "object")


_SAMPLING = (
    translated("temperature", "temperature", "1 at most", _is_one_at_most),
    translated("top_p", "top_p"),
    left_out("seed", "best effort in OpenAI's own words, so no answer is wrong without"),
)
_NO_PENALTIES = (
    refused("presence_penalty", _NO_WORD, 0, 0.0),
    refused("frequency_penalty", _NO_WORD, 0, 0.0),
    refused("logit_bias", _NO_WORD, {}),
)
_WHO = (
    translated("user", "metadata.user_id", "what is longer than 256 characters as its SHA-256"),
    translated("safety_identifier", "metadata.user_id", "before user, which it replaces"),
)
_HINTS = (
    left_out("prompt_cache_key", _CACHES),
    left_out("prompt_cache_retention", _CACHES),
    left_out("metadata", _LABEL),
    left_out("client_metadata", _LABEL),
    refused("store", _NOTHING_KEPT, False),
)
_STREAM = (
    translated("model", "model", "the name that the provider knows"),
    translated("stream", "stream"),
    left_out("stream_options", _OWN),
)
_TIER = translated(
    "service_tier",
    "service_tier",
    "default is standard_only; it has no other tiers",
    among(*_TIERS),
)

CHAT_TO_ANTHROPIC: tuple[Rule, ...] = (
    *_STREAM,
    translated("messages", "messages, system", "system and developer texts in front, in order"),
    translated("max_completion_tokens", "max_tokens", "the smaller one, 4096 where none is given"),
    translated("max_tokens", "max_tokens", "the smaller one, 4096 where none is given"),
    *_SAMPLING,
    *_NO_PENALTIES,
    translated("stop", "stop_sequences", _STOP, _is_visible),
    refused("n", "an answer is one there", 1),
    refused("logprobs", _NO_LIKELIHOODS, False),
    refused("top_logprobs", _NO_LIKELIHOODS, 0),
    translated("reasoning_effort", "thinking, output_config.effort", _EFFORT, among(*_EFFORTS)),
    refused("verbosity", _NO_WORD, "medium"),
    refused("response_format.type", "JSON needs a schema there", "text", "json_schema"),
    translated(
        "response_format.json_schema.schema", "output_config.format.schema", _SCHEMA, is_closed
    ),
    translated("response_format.json_schema.description", "output_config.format.schema"),
    left_out("response_format.json_schema.name", _LABEL),
    left_out("response_format.json_schema.strict", "the schema is always enforced there"),
    _TIER,
    *_WHO,
    *_HINTS,
    left_out("prediction", "only makes the same answer sooner"),
    refused("audio", _NO_WORD),
    refused("modalities", "answers are text there", ["text"]),
    refused("moderation", "nothing is judged there"),
    refused("web_search_options", "the upstream is given no search"),
    translated("tools[].function.name", "tools[].name"),
    translated("tools[].function.description", "tools[].description"),
    translated(
        "tools[].function.parameters", "tools[].input_schema", "it has to be an object", _is_object
    ),
    translated("tools[].function.strict", "tools[].strict"),
    translated("tools[].cache_control", "tools[].cache_control"),
    translated("functions[].parameters", "tools[].input_schema", "as with tools", _is_object),
    translated("functions", "tools"),
    translated("function_call", "tool_choice"),
    translated("tool_choice", "tool_choice", "of allowed_tools only these are offered"),
    translated("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"),
    refused("messages[user].name", _NO_SPEAKER),
    refused("messages[assistant].name", _NO_SPEAKER),
    refused("messages[system].name", _NO_SPEAKER),
    refused("messages[developer].name", _NO_SPEAKER),
    left_out("messages[tool].name", "the id names the call"),
    translated("messages[assistant].refusal", "content"),
    left_out("messages[assistant].reasoning_content", "thinking without its signature is refused"),
    refused("messages[assistant].audio", _NO_WORD),
    translated("messages[assistant].tool_calls", "tool_use", "the id and the arguments kept"),
    translated("messages[assistant].function_call", "tool_use", "with an id by its number"),
    translated("messages[tool]", "tool_result", "all of a turn in one message, before its text"),
    translated("messages[].content[text]", "text", "empty ones are left out"),
    translated("messages[].content[].cache_control", "cache_control"),
    translated("messages[].content[image_url]", "image", "a data URI as base64, a URL as it is"),
    left_out("messages[].content[image_url].image_url.detail", "pictures are always read whole"),
    translated("messages[].content[file]", "document", "a PDF that came along"),
    refused("messages[].content[input_audio]", _NO_WORD),
)
"""Chat completions before an Anthropic upstream."""

_RESPONSES: tuple[Rule, ...] = (
    *_STREAM,
    translated("input", "messages", "items of reasoning are left out"),
    translated("instructions", "messages, or system"),
    translated("text.format", "response_format, or output_config.format"),
    left_out("reasoning.summary", "items of reasoning are not told here"),
    left_out("reasoning.generate_summary", "items of reasoning are not told here"),
    left_out("max_tool_calls", "counts calls of built-in tools, which there are none of"),
    refused("include", "there is nothing of it to tell", [], ["reasoning.encrypted_content"]),
    refused("truncation", "a prompt is never cut", "disabled"),
    refused("background", _NOTHING_KEPT, False),
    refused("previous_response_id", _NOTHING_KEPT),
    refused("conversation", _NOTHING_KEPT),
    refused("prompt", _NOTHING_KEPT),
    refused("context_management", "a prompt is never cut", []),
    refused("top_logprobs", _NO_LIKELIHOODS, 0),
    translated("tools", "tools", "functions; others beside them are left out, alone refused"),
    translated("tool_choice", "tool_choice"),
    translated("parallel_tool_calls", "parallel_tool_calls, or disable_parallel_tool_use"),
)

RESPONSES_TO_ANTHROPIC: tuple[Rule, ...] = (
    *_RESPONSES,
    translated("max_output_tokens", "max_tokens", "4096 where none is given"),
    *_SAMPLING,
    translated("reasoning.effort", "thinking, output_config.effort", _EFFORT, among(*_EFFORTS)),
    refused("text.format.type", "JSON needs a schema there", "text", "json_schema"),
    translated("text.format.schema", "output_config.format.schema", _SCHEMA, is_closed),
    refused("text.verbosity", _NO_WORD, "medium"),
    translated("tools[].parameters", "tools[].input_schema", "it has to be an object", _is_object),
    _TIER,
    *_WHO,
    *_HINTS,
)
"""Responses requests before an Anthropic upstream."""

_SAME_WORDS = (
    translated("temperature", "temperature"),
    translated("top_p", "top_p"),
    translated("user", "user"),
    translated("safety_identifier", "user", "before user, which it replaces"),
)

RESPONSES_TO_OPENAI: tuple[Rule, ...] = (
    *_RESPONSES,
    translated("max_output_tokens", "max_completion_tokens", "4096 where none is given"),
    *_SAME_WORDS,
    translated("reasoning.effort", "reasoning_effort"),
    carried("text.verbosity", "verbosity"),
    carried("service_tier"),
    carried("prompt_cache_key"),
    carried("prompt_cache_retention"),
    left_out("metadata", _LABEL),
    left_out("client_metadata", _LABEL),
    refused("store", _NOTHING_KEPT, False),
)
"""Responses requests before an OpenAI upstream, which is asked for chat completions."""

_COMPLETIONS: tuple[Rule, ...] = (
    *_STREAM,
    translated("prompt", "messages", "as one message of the user"),
    left_out("echo", _OWN),
    refused("n", "an answer is one there", 1),
    refused("best_of", "an answer is one there", 1),
    refused("suffix", _NO_WORD),
    refused("logprobs", _NO_LIKELIHOODS),
)

COMPLETIONS_TO_ANTHROPIC: tuple[Rule, ...] = (
    *_COMPLETIONS,
    translated("max_tokens", "max_tokens", "16 where none is given"),
    translated("stop", "stop_sequences", _STOP, _is_visible),
    *_SAMPLING,
    *_NO_PENALTIES,
    *_WHO,
)
"""Legacy completions before an Anthropic upstream."""

COMPLETIONS_TO_OPENAI: tuple[Rule, ...] = (
    *_COMPLETIONS,
    translated("max_tokens", "max_completion_tokens", "16 where none is given"),
    translated("stop", "stop", "always a list"),
    *_SAME_WORDS,
    carried("presence_penalty"),
    carried("frequency_penalty"),
    carried("logit_bias"),
    carried("seed"),
)
"""Legacy completions before an OpenAI upstream, which is asked for chat completions."""
