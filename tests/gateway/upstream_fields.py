"""The fields of each request that a foreign upstream refuses, or that nothing is said of there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from upstream_requests import PDF, PICTURE, SCHEMA

Json = dict[str, Any]
Key = tuple[str, str, str]
"""Client's wire format, upstream's protocol, path."""

TOOL: Json = {"name": "look", "input_schema": SCHEMA}
FUNCTION: Json = {"type": "function", "function": {"name": "look", "parameters": SCHEMA}}
OPEN: Json = {"type": "object", "properties": {"city": {"type": "string"}}}
EPHEMERAL: Json = {"type": "ephemeral"}
_BY_URL: Json = {"type": "document", "source": {"type": "url", "url": "https://x.org/a.pdf"}}
_CITED: Json = {
    "type": "document",
    "source": {"type": "text", "media_type": "text/plain", "data": "The moon."},
    "citations": {"enabled": True},
}
_PDF: Json = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
}


def user(*content: Json) -> Json:
    """A message of the user."""
    return {"messages": [{"role": "user", "content": list(content)}]}


def returned(*content: Json, **fields: object) -> Json:
    """An Anthropic history with a call and what its tool returned."""
    use = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"city": "Rome"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": list(content), **fields}
    turns = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]
    return {"tools": [TOOL], "messages": turns}


def spoken(role: str, **fields: object) -> Json:
    """A history in which a message of this role has these fields."""
    message = {"role": role, "content": "Yes.", **fields}
    return {"messages": [{"role": "user", "content": "Well?"}, message]}


def _json_schema(**wanted: object) -> Json:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "a", **wanted}}}


def _text_format(**wanted: object) -> Json:
    return {"text": {"format": {"type": "json_schema", "name": "a", **wanted}}}


def _parameters(**schema: object) -> Json:
    return {"tools": [{"type": "function", "function": {"name": "look", "parameters": schema}}]}


_TO_ANTHROPIC: Mapping[str, Json] = {
    "temperature": {"temperature": 1.2},
    "presence_penalty": {"presence_penalty": 0.5},
    "frequency_penalty": {"frequency_penalty": -0.5},
    "logit_bias": {"logit_bias": {"50256": -100}},
    "stop": {"stop": ["END", "\n"]},
}
_ONE_ANSWER: Mapping[str, Json] = {
    "n": {"n": 2},
    "best_of": {"best_of": 2},
    "suffix": {"suffix": "The end."},
    "logprobs": {"logprobs": 2},
}
_STATEFUL: Mapping[str, Json] = {
    "include": {"include": ["message.output_text.logprobs"]},
    "truncation": {"truncation": "auto"},
    "background": {"background": True},
    "previous_response_id": {"previous_response_id": "resp_1"},
    "conversation": {"conversation": "conv_1"},
    "prompt": {"prompt": {"id": "pmpt_1"}},
    "context_management": {"context_management": [{"type": "compaction"}]},
    "top_logprobs": {"top_logprobs": 3},
    "store": {"store": True},
}
_TABLES: Mapping[tuple[str, str], Mapping[str, Json]] = {
    ("anthropic", "openai"): {
        "max_tokens": {"max_tokens": 0},
        "top_k": {"top_k": 40},
        "stop_sequences": {"stop_sequences": ["a", "b", "c", "d", "e"]},
        "mcp_servers": {"mcp_servers": [{"type": "url", "url": "https://x.org", "name": "x"}]},
        "container": {"container": "container_1"},
        "inference_geo": {"inference_geo": "eu"},
        "tools[].name": {"tools": [{**TOOL, "name": "n" * 65}]},
        "tools[].allowed_callers": {"tools": [{**TOOL, "allowed_callers": ["code_execution"]}]},
        "messages[].content[document].source": user(_BY_URL),
        "messages[assistant].content[document].source": {
            "messages": [
                {"role": "user", "content": "Write."},
                {"role": "assistant", "content": [_PDF]},
            ]
        },
        "messages[].content[document].citations.enabled": user(_CITED),
        "messages[].content[tool_result].content[document].source": returned(_BY_URL),
        "messages[].content[tool_result].content[document].citations.enabled": returned(_CITED),
    },
    ("openai", "anthropic"): {
        **_TO_ANTHROPIC,
        "n": {"n": 2},
        "logprobs": {"logprobs": True},
        "top_logprobs": {"top_logprobs": 3},
        "reasoning_effort": {"reasoning_effort": "minimal"},
        "verbosity": {"verbosity": "low"},
        "response_format.type": {"response_format": {"type": "json_object"}},
        "response_format.json_schema.schema": _json_schema(schema=OPEN),
        "service_tier": {"service_tier": "flex"},
        "store": {"store": True},
        "audio": {"audio": {"voice": "alloy", "format": "wav"}},
        "modalities": {"modalities": ["text", "audio"]},
        "moderation": {"moderation": {"model": "omni-moderation-latest"}},
        "web_search_options": {"web_search_options": {}},
        "tools[].function.parameters": _parameters(type="string"),
        "functions[].parameters": {
            "functions": [{"name": "look", "parameters": {"type": "array"}}]
        },
        "messages[user].name": spoken("user", name="ada"),
        "messages[assistant].name": spoken("assistant", name="ada"),
        "messages[system].name": spoken("system", name="ada"),
        "messages[developer].name": spoken("developer", name="ada"),
        "messages[assistant].audio": spoken("assistant", audio={"id": "audio_1"}),
        "messages[].content[input_audio]": user(
            {"type": "input_audio", "input_audio": {"data": PICTURE, "format": "wav"}}
        ),
    },
    ("responses", "anthropic"): {
        **_STATEFUL,
        "temperature": {"temperature": 1.2},
        "reasoning.effort": {"reasoning": {"effort": "minimal"}},
        "text.format.type": {"text": {"format": {"type": "json_object"}}},
        "text.format.schema": _text_format(schema=OPEN),
        "text.verbosity": {"text": {"verbosity": "high"}},
        "tools[].parameters": {
            "tools": [{"type": "function", "name": "look", "parameters": {"type": "string"}}]
        },
        "service_tier": {"service_tier": "priority"},
    },
    ("responses", "openai"): _STATEFUL,
    ("completions", "anthropic"): {**_ONE_ANSWER, **_TO_ANTHROPIC},
    ("completions", "openai"): _ONE_ANSWER,
}
REFUSED: Mapping[Key, Json] = {
    (*pair, path): fields for pair, rows in _TABLES.items() for path, fields in rows.items()
}
"""What makes each field that can be refused a refusal; it is wrong in nothing else."""

_CACHES: Mapping[str, Json] = {
    "prompt_cache_key": {"prompt_cache_key": "k"},
    "prompt_cache_retention": {"prompt_cache_retention": "24h"},
    "metadata": {"metadata": {"team": "a"}},
    "client_metadata": {"client_metadata": {"session": "a"}},
}
_SUMMARY: Mapping[str, Json] = {
    "reasoning.summary": {"reasoning": {"summary": "auto"}},
    "reasoning.generate_summary": {"reasoning": {"generate_summary": "concise"}},
    "max_tool_calls": {"max_tool_calls": 3},
    "stream_options": {"stream_options": {"include_obfuscation": False}},
}
_LEFT_OUT: Mapping[tuple[str, str], Mapping[str, Json]] = {
    ("anthropic", "openai"): {
        "cache_control": {"cache_control": EPHEMERAL},
        "context_management": {"context_management": {"edits": []}},
        "betas": {"betas": ["effort-2025-11-24"]},
        "diagnostics": {"diagnostics": {"cache": True}},
        "speed": {"speed": "fast"},
        "output_config.task_budget": {"output_config": {"task_budget": {"total": 9_000}}},
    },
    ("openai", "anthropic"): {
        **_CACHES,
        "seed": {"seed": 7},
        "prediction": {"prediction": {"type": "content", "content": "Hi."}},
        "stream_options": {"stream_options": {"include_usage": True}},
    },
    ("responses", "anthropic"): {**_CACHES, **_SUMMARY, "seed": {"seed": 7}},
    ("responses", "openai"): {
        **_SUMMARY,
        "metadata": {"metadata": {"team": "a"}},
        "client_metadata": {"client_metadata": {"session": "a"}},
    },
    ("completions", "anthropic"): {
        "seed": {"seed": 7},
        "echo": {"echo": True},
        "stream_options": {"stream_options": {"include_usage": True}},
    },
    ("completions", "openai"): {
        "echo": {"echo": True},
        "stream_options": {"stream_options": {"include_usage": True}},
    },
}
LEFT_OUT: Mapping[Key, Json] = {
    (*pair, path): fields for pair, rows in _LEFT_OUT.items() for path, fields in rows.items()
}
"""Fields of the body itself that clients send and that no foreign upstream is told."""


def _turn(role: str, **block: object) -> Json:
    return {"role": role, "content": [block]}


_LOOK: Json = {"type": "tool_use", "id": "t", "name": "look", "input": {}}
WITHIN: Mapping[Key, tuple[Json, Json]] = {
    ("anthropic", "openai", "thinking.display"): (
        {"thinking": {"type": "adaptive", "display": "omitted"}},
        {"thinking": {"type": "adaptive"}},
    ),
    ("anthropic", "openai", "tools[].type"): (
        {"tools": [TOOL, {"type": "web_search_20250305", "name": "web_search"}]},
        {"tools": [TOOL]},
    ),
    ("anthropic", "openai", "tools[].cache_control"): (
        {"tools": [{**TOOL, "cache_control": EPHEMERAL}]},
        {"tools": [TOOL]},
    ),
    ("anthropic", "openai", "tools[].eager_input_streaming"): (
        {"tools": [{**TOOL, "eager_input_streaming": True}]},
        {"tools": [TOOL]},
    ),
    ("anthropic", "openai", "tools[].defer_loading"): (
        {"tools": [{**TOOL, "defer_loading": True}]},
        {"tools": [TOOL]},
    ),
    ("anthropic", "openai", "tools[].input_examples"): (
        {"tools": [{**TOOL, "input_examples": [{"city": "Rome"}]}]},
        {"tools": [TOOL]},
    ),
    ("anthropic", "openai", "system[].cache_control"): (
        {"system": [{"type": "text", "text": "Be brief.", "cache_control": EPHEMERAL}]},
        {"system": "Be brief."},
    ),
    ("anthropic", "openai", "messages[].content[].cache_control"): (
        user({"type": "text", "text": "Hi.", "cache_control": EPHEMERAL}),
        user({"type": "text", "text": "Hi."}),
    ),
    ("anthropic", "openai", "messages[].content[tool_result].content[].cache_control"): (
        returned({"type": "text", "text": "Sun.", "cache_control": EPHEMERAL}),
        returned({"type": "text", "text": "Sun."}),
    ),
    ("anthropic", "openai", "messages[].content[text].citations"): (
        {"messages": [_turn("assistant", type="text", text="A", citations=[{"type": "x"}])]},
        {"messages": [_turn("assistant", type="text", text="A")]},
    ),
    ("anthropic", "openai", "messages[].content[tool_use].caller"): (
        {
            "messages": [
                _turn("assistant", **_LOOK, caller={"type": "direct"}),
                _turn("user", type="tool_result", tool_use_id="t"),
            ]
        },
        {
            "messages": [
                _turn("assistant", **_LOOK),
                _turn("user", type="tool_result", tool_use_id="t"),
            ]
        },
    ),
    ("openai", "anthropic", "response_format.json_schema.name"): (
        _json_schema(schema=SCHEMA, strict=True),
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "b", "schema": SCHEMA, "strict": True},
            }
        },
    ),
    ("openai", "anthropic", "response_format.json_schema.strict"): (
        _json_schema(schema=SCHEMA, strict=False),
        _json_schema(schema=SCHEMA, strict=True),
    ),
    ("openai", "anthropic", "messages[tool].name"): (
        {
            "messages": [
                {
                    "role": "assistant",
                    "tool_calls": [
                        {"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
                    ],
                },
                {"role": "tool", "tool_call_id": "c", "content": "1", "name": "f"},
            ]
        },
        {
            "messages": [
                {
                    "role": "assistant",
                    "tool_calls": [
                        {"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
                    ],
                },
                {"role": "tool", "tool_call_id": "c", "content": "1"},
            ]
        },
    ),
    ("openai", "anthropic", "messages[assistant].reasoning_content"): (
        spoken("assistant", reasoning_content="Well, yes."),
        spoken("assistant"),
    ),
    ("openai", "anthropic", "messages[].content[image_url].image_url.detail"): (
        user({"type": "image_url", "image_url": {"url": "https://x.org/a.png", "detail": "low"}}),
        user({"type": "image_url", "image_url": {"url": "https://x.org/a.png"}}),
    ),
}
"""Fields inside others that no foreign upstream is told: the request with, and without."""
