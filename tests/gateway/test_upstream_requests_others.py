"""What an upstream of either protocol is asked for Responses and legacy completions."""

from __future__ import annotations

from typing import Any

import pytest
from upstream_requests import MODEL, SCHEMA, asked

Json = dict[str, Any]
_FUNCTION: Json = {"name": "look", "parameters": SCHEMA, "strict": False}
_OFFERED: Json = {"tools": [{"type": "function", **_FUNCTION}]}
_ITEMS: list[Json] = [
    {"role": "developer", "content": [{"type": "input_text", "text": "Hush."}]},
    {"role": "user", "content": [{"type": "input_text", "text": "Go."}]},
    {"type": "reasoning", "summary": [], "encrypted_content": "x"},
    {
        "type": "function_call",
        "call_id": "c1",
        "name": "look",
        "arguments": '{"id": 12345678901234567890}',
    },
    {"type": "function_call", "call_id": "c2", "name": "look", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c1", "output": "Sun."},
    {
        "type": "function_call_output",
        "call_id": "c2",
        "output": [{"type": "input_text", "text": "Rain."}],
    },
    {"role": "user", "content": "Well?"},
]
_CODEX: Json = {
    "instructions": "Be brief.",
    "stream": True,
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "reasoning": {"summary": "auto", "effort": "high"},
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "k",
    "client_metadata": {"a": "b"},
    **_OFFERED,
    "input": _ITEMS,
}


def text(words: str) -> Json:
    """A block, and a part: both protocols write it alike."""
    return {"type": "text", "text": words}


def test_an_openai_upstream_is_asked_for_chat_completions() -> None:
    call = {"type": "function", "function": {"name": "look", "arguments": "{}"}, "id": "c2"}
    large = {"name": "look", "arguments": '{"id": 12345678901234567890}'}

    assert asked("responses", "openai", **_CODEX) == {
        "model": MODEL,
        "max_completion_tokens": 50,
        "stream": True,
        "stream_options": {"include_usage": True},
        "reasoning_effort": "high",
        "prompt_cache_key": "k",
        "tools": [{"type": "function", "function": _FUNCTION}],
        "tool_choice": "auto",
        "messages": [
            {"role": "system", "content": [text("Be brief."), text("Hush.")]},
            {"role": "user", "content": "Go."},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{**call, "id": "c1", "function": large}, call],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "Sun."},
            {"role": "tool", "tool_call_id": "c2", "content": "Rain."},
            {"role": "user", "content": "Well?"},
        ],
    }


def test_an_anthropic_upstream_is_asked_for_a_message() -> None:
    use = {"type": "tool_use", "id": "c1", "name": "look", "input": {"id": 12345678901234567890}}
    result = {"type": "tool_result", "tool_use_id": "c1", "content": "Sun."}

    assert asked("responses", "anthropic", **_CODEX) == {
        "model": MODEL,
        "max_tokens": 50,
        "stream": True,
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "high"},
        "tools": [{"name": "look", "input_schema": SCHEMA, "strict": False}],
        "tool_choice": {"type": "auto"},
        "system": [text("Be brief."), text("Hush.")],
        "messages": [
            {"role": "user", "content": [text("Go.")]},
            {"role": "assistant", "content": [use, {**use, "id": "c2", "input": {}}]},
            {
                "role": "user",
                "content": [
                    result,
                    {**result, "tool_use_id": "c2", "content": "Rain."},
                    text("Well?"),
                ],
            },
        ],
    }


def test_results_that_come_after_text_go_before_it() -> None:
    items = [_ITEMS[1], _ITEMS[4], _ITEMS[7], _ITEMS[6]]
    anthropic = asked("responses", "anthropic", input=items)["messages"][-1]["content"]
    openai = asked("responses", "openai", input=items)["messages"][-2:]

    assert [block["type"] for block in anthropic] == ["tool_result", "text"]
    assert [message["role"] for message in openai] == ["tool", "user"]


_FORMAT = {
    "type": "json_schema",
    "name": "place",
    "schema": SCHEMA,
    "strict": True,
    "description": "A place.",
}
CARRIED: dict[str, tuple[str, Json, Json]] = {
    "verbosity": ("responses", {"text": {"verbosity": "low"}}, {"verbosity": "low"}),
    "service tier": ("responses", {"service_tier": "priority"}, {"service_tier": "priority"}),
    "retention": (
        "responses",
        {"prompt_cache_retention": "24h"},
        {"prompt_cache_retention": "24h"},
    ),
    "minimal effort": (
        "responses",
        {"reasoning": {"effort": "minimal"}},
        {"reasoning_effort": "minimal"},
    ),
    "user": ("responses", {"user": "u"}, {"user": "u"}),
    "temperature above 1": ("responses", {"temperature": 1.5}, {"temperature": 1.5}),
    "a JSON object": (
        "responses",
        {"text": {"format": {"type": "json_object"}}},
        {"response_format": {"type": "json_object"}},
    ),
    "a JSON Schema": (
        "responses",
        {"text": {"format": _FORMAT}},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "place",
                    "description": "A place.",
                    "strict": True,
                    "schema": SCHEMA,
                },
            }
        },
    ),
    "penalties": (
        "completions",
        {"presence_penalty": 0, "frequency_penalty": -1.5},
        {"presence_penalty": 0, "frequency_penalty": -1.5},
    ),
    "a bias": ("completions", {"logit_bias": {"50256": -100}}, {"logit_bias": {"50256": -100}}),
    "a seed": ("completions", {"seed": 7}, {"seed": 7}),
    "a stop that is a line": ("completions", {"stop": "\n"}, {"stop": ["\n"]}),
    "a stream": (
        "completions",
        {"stream": True},
        {"stream": True, "stream_options": {"include_usage": True}},
    ),
}


@pytest.mark.parametrize("name", CARRIED)
def test_an_openai_upstream_has_its_own_words_for_a_field(name: str) -> None:
    wire, fields, wanted = CARRIED[name]
    plain = {
        "model": MODEL,
        "max_completion_tokens": 50,
        "messages": [{"role": "user", "content": "Hi."}],
    }

    assert asked(wire, "openai", **fields) == plain | wanted


def test_a_legacy_completion_is_a_message_of_the_user() -> None:
    found = asked("completions", "anthropic", prompt=["Once"], stop="END", temperature=0, user="u")

    assert found == {
        "model": MODEL,
        "max_tokens": 50,
        "messages": [{"role": "user", "content": [text("Once")]}],
        "stop_sequences": ["END"],
        "temperature": 0,
        "metadata": {"user_id": "u"},
    }
