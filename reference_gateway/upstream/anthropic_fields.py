"""What becomes of each field of a Messages request before an OpenAI upstream."""

from __future__ import annotations

from typing import Any

from reference_gateway.upstream.untranslatable import left_out, refused, translated

_MAX_NAME = 64
_MAX_STOPS = 4
_CACHES = "the upstream caches prefixes by itself, and clients mark every request"
_WHOLE = "a hint for when the tool is read; the tool is offered whole"
_NOT_OURS = (
    "tools that a provider runs itself are offered unasked beside the client's own; alone or"
    " forced they are refused"
)
_NO_URL = "all but a PDF behind a URL, which has no word there"
_NO_SEARCH_RESULT = "quotations from documents have no word there"


def _is_budget(value: Any) -> bool:
    return bool(value != 0)


def _is_short(value: Any) -> bool:
    return len(value) <= _MAX_NAME


def _are_few(value: Any) -> bool:
    return len(value) <= _MAX_STOPS


def _is_at_hand(source: Any) -> bool:
    return bool(source.get("type") != "url")


def _is_text(source: Any) -> bool:
    return source.get("type") in ("text", "content")


_BODY = (
    translated("model", "model", "the name that the provider knows"),
    translated("messages", "messages"),
    translated("system", "messages", "each text in its place, as role system"),
    translated(
        "max_tokens",
        "max_completion_tokens",
        "1 at least; 0 only warms a cache, which has no word there",
        _is_budget,
    ),
    translated("stream", "stream", "usage is always asked for, in stream_options"),
    translated("temperature", "temperature"),
    translated("top_p", "top_p"),
    refused("top_k", "it has no word there"),
    translated("stop_sequences", "stop", "always a list, of four at most", _are_few),
    translated("metadata.user_id", "user", "what is longer than 64 characters as its SHA-256"),
    translated("service_tier", "service_tier", "standard_only is default there"),
    translated(
        "thinking",
        "reasoning_effort",
        "disabled is none; a budget is low below 4096 tokens, medium below 16384, else high,"
        " and max_tokens bounds it; adaptive is the model's own",
    ),
    left_out("thinking.display", "the gateway itself shows or hides what was thought"),
    translated("output_config.effort", "reasoning_effort", "the same words"),
    translated("output_config.format", "response_format", "strict, as it is at Anthropic"),
    left_out("output_config.task_budget", "advice; max_tokens is the bound"),
    left_out("cache_control", _CACHES),
    left_out("context_management", "the history is sent whole instead of shortened"),
    left_out("betas", "what a beta adds is judged by its own fields"),
    left_out("diagnostics", "only tells about caches"),
    left_out("speed", "the answer is the same, only later"),
    refused("mcp_servers", "the upstream calls no servers", []),
    refused("container", "the upstream runs no code"),
    refused("inference_geo", "where the upstream works cannot be promised", "not_available"),
)
_TOOLS = (
    translated("tools[].name", "function.name", f"{_MAX_NAME} characters at most", _is_short),
    translated("tools[].description", "function.description"),
    translated("tools[].input_schema", "function.parameters"),
    translated("tools[].strict", "function.strict"),
    left_out("tools[].type", _NOT_OURS),
    refused("tools[].allowed_callers", "only the model itself can call", ["direct"]),
    left_out("tools[].cache_control", _CACHES),
    left_out("tools[].eager_input_streaming", "arguments stream as the upstream makes them"),
    left_out("tools[].defer_loading", _WHOLE),
    left_out("tools[].input_examples", "they illustrate the schema, which is sent"),
    translated("tool_choice", "tool_choice", "any is required"),
    translated("tool_choice.disable_parallel_tool_use", "parallel_tool_calls"),
)
_BLOCKS = (
    left_out("system[].cache_control", _CACHES),
    left_out("messages[].content[].cache_control", _CACHES),
    left_out("messages[].content[tool_result].content[].cache_control", _CACHES),
    translated("messages[].content[text]", "content"),
    left_out("messages[].content[text].citations", "they repeat what the documents say"),
    translated("messages[].content[image]", "image_url", "bytes as a data URI, a URL as it is"),
    translated("messages[].content[document]", "file, or text", "a title goes before it"),
    translated("messages[].content[document].source", "file, or text", _NO_URL, allows=_is_at_hand),
    translated(
        "messages[assistant].content[document].source",
        "text",
        "only as text: an answer holds no files there",
        _is_text,
    ),
    refused("messages[].content[document].citations.enabled", _NO_SEARCH_RESULT, False),
    translated("messages[].content[thinking]", "reasoning_content", "without its signature"),
    left_out("messages[].content[redacted_thinking]", "no other model can read it"),
    translated("messages[].content[tool_use]", "tool_calls", "the id and the arguments kept"),
    left_out("messages[].content[tool_use].caller", "the model itself; there is no other"),
    translated("messages[].content[tool_result]", "role tool", "before any text of its turn"),
    translated(
        "messages[].content[tool_result].is_error", "content", "the text begins with `Error: `"
    ),
    translated(
        "messages[].content[tool_result].content[image]",
        "image_url",
        "in the user message after the results, behind the id of the call",
    ),
    translated(
        "messages[].content[tool_result].content[document].source",
        "file, or text",
        _NO_URL,
        _is_at_hand,
    ),
    refused(
        "messages[].content[tool_result].content[document].citations.enabled",
        _NO_SEARCH_RESULT,
        False,
    ),
)
MESSAGES = (*_BODY, *_TOOLS, *_BLOCKS)
"""Messages requests before an OpenAI upstream."""
