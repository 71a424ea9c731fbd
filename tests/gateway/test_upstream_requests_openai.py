"""What an Anthropic upstream is asked for a client of chat completions, word by word."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from upstream_requests import MODEL, PDF, PICTURE, SCHEMA, asked

from reference_gateway.errors import InvalidRequest

Json = dict[str, Any]
EPHEMERAL: Json = {"cache_control": {"type": "ephemeral"}}
FUNCTION: Json = {"name": "look", "description": "Looks.", "parameters": SCHEMA}
TOOLS: Json = {"tools": [{"type": "function", "function": FUNCTION}]}
TOOL: Json = {"name": "look", "description": "Looks.", "input_schema": SCHEMA}
_JPEG = base64.b64encode(b"\xff\xd8\xff\xe0 a picture").decode()


def text(words: str) -> Json:
    """A part, and a block: both protocols write it alike."""
    return {"type": "text", "text": words}


def user(content: object) -> Json:
    """A message of the user."""
    return {"role": "user", "content": content}


def call(id: str, arguments: str, name: str = "look") -> Json:
    """A call of the history."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def calling(*calls: Json, **fields: object) -> Json:
    """A message of the assistant with calls."""
    return {"role": "assistant", "tool_calls": list(calls), **fields}


def tool(id: str, content: object) -> Json:
    """What a tool returned."""
    return {"role": "tool", "tool_call_id": id, "content": content}


def blocks(role: str, *content: Json) -> Json:
    """A message upstream."""
    return {"role": role, "content": list(content)}


def used(id: str, name: str = "look", **input: object) -> Json:
    """A call upstream."""
    return {"type": "tool_use", "id": id, "name": name, "input": input}


def result(id: str, **content: object) -> Json:
    """What a tool returned, upstream."""
    return {"type": "tool_result", "tool_use_id": id, **content}


def _source(kind: str, data: str) -> Json:
    return {"type": "base64", "media_type": kind, "data": data}


def _image(url: str) -> Json:
    return {"type": "image_url", "image_url": {"url": url}}


def _legacy(arguments: str) -> Json:
    return {"role": "assistant", "function_call": {"name": "look", "arguments": arguments}}


_GO, _GO_UP = user("Go."), blocks("user", text("Go."))
CONVERSATIONS: dict[str, tuple[list[Json], list[Json]]] = {
    "one text": ([user("Grüße 👩‍👩‍👧 \u2028")], [blocks("user", text("Grüße 👩‍👩‍👧 \u2028"))]),
    "texts, an empty one left out": (
        [user([text("A"), text(""), text("B")])],
        [blocks("user", text("A"), text("B"))],
    ),
    "an empty answer": (
        [user("A"), {"role": "assistant", "content": ""}, user("B")],
        [blocks("user", text("A"), text("B"))],
    ),
    "a trailing answer": (
        [_GO, {"role": "assistant", "content": "The answer is ("}],
        [_GO_UP, blocks("assistant", text("The answer is ("))],
    ),
    "a refusal": (
        [_GO, {"role": "assistant", "content": None, "refusal": "No."}, user("Why?")],
        [_GO_UP, blocks("assistant", text("No.")), blocks("user", text("Why?"))],
    ),
    "parallel calls, every result in one message before the text": (
        [
            _GO,
            calling(call("call_b", '{"city": "Rome"}'), call("call_a", "{}"), content="I look."),
            tool("call_a", "Rain."),
            tool("call_b", [text("Sun."), text("Hot.")]),
            user("Well?"),
        ],
        [
            _GO_UP,
            blocks("assistant", text("I look."), used("call_b", city="Rome"), used("call_a")),
            blocks(
                "user",
                result("call_a", content="Rain."),
                result("call_b", content="Sun.\nHot."),
                text("Well?"),
            ),
        ],
    ),
    "a large number": (
        [_GO, calling(call("c", '{"number": 1234567890123456789012}')), tool("c", "1")],
        [
            _GO_UP,
            blocks("assistant", used("c", number=1234567890123456789012)),
            blocks("user", result("c", content="1")),
        ],
    ),
    "no arguments and no result": (
        [_GO, calling(call("c", "")), tool("c", "")],
        [_GO_UP, blocks("assistant", used("c")), blocks("user", result("c"))],
    ),
    "calls in the older form, of the same function twice": (
        [
            _GO,
            _legacy('{"city":"Rome"}'),
            {"role": "function", "name": "look", "content": "Sun."},
            _legacy('{"city":"Oslo"}'),
            {"role": "function", "name": "look", "content": "Rain."},
        ],
        [
            _GO_UP,
            blocks("assistant", used("function_1_look", city="Rome")),
            blocks("user", result("function_1_look", content="Sun.")),
            blocks("assistant", used("function_2_look", city="Oslo")),
            blocks("user", result("function_2_look", content="Rain.")),
        ],
    ),
    "a picture in bytes": (
        [user([text("See:"), _image(f"data:image/png;base64,{PICTURE}")])],
        [blocks("user", text("See:"), {"type": "image", "source": _source("image/png", PICTURE)})],
    ),
    "a picture under a name that Anthropic does not know": (
        [user([_image(f"data:image/jpg;base64,{_JPEG}")])],
        [blocks("user", {"type": "image", "source": _source("image/jpeg", _JPEG)})],
    ),
    "a picture behind a URL": (
        [user([_image("https://x.org/a.png")])],
        [
            blocks(
                "user",
                {"type": "image", "source": {"type": "url", "url": "https://x.org/a.png"}},
            )
        ],
    ),
    "a PDF": (
        [
            user(
                [
                    {
                        "type": "file",
                        "file": {
                            "filename": "deed.pdf",
                            "file_data": f"data:application/pdf;base64,{PDF}",
                        },
                    }
                ]
            )
        ],
        [
            blocks(
                "user",
                {
                    "type": "document",
                    "source": _source("application/pdf", PDF),
                    "title": "deed.pdf",
                },
            )
        ],
    ),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_conversation_is_told_as_it_was(name: str) -> None:
    told, wanted = CONVERSATIONS[name]

    assert asked("openai", "anthropic", messages=told)["messages"] == wanted


def test_system_and_developer_texts_stand_in_front_in_order() -> None:
    told = [
        {"role": "system", "content": "A"},
        user("Hi."),
        {"role": "developer", "content": [text("B"), text("")]},
        {"role": "assistant", "content": "Yes."},
        {"role": "system", "content": "C"},
        user("On."),
    ]
    found = asked("openai", "anthropic", messages=told)

    assert found["system"] == [text("A"), text("B"), text("C")]
    assert [message["role"] for message in found["messages"]] == ["user", "assistant", "user"]


_FORMAT = {"name": "place", "schema": SCHEMA}
FIELDS: dict[str, tuple[Json, Json]] = {
    "nothing else": ({}, {}),
    "no limit of the client's": ({"max_completion_tokens": None}, {"max_tokens": 4_096}),
    "the older name of the limit": (
        {"max_completion_tokens": None, "max_tokens": 60},
        {"max_tokens": 60},
    ),
    "a stream": ({"stream": True}, {"stream": True}),
    "temperature 0": ({"temperature": 0}, {"temperature": 0}),
    "temperature 1": ({"temperature": 1.0}, {"temperature": 1.0}),
    "top_p 0": ({"top_p": 0}, {"top_p": 0}),
    "one stop becomes a list": ({"stop": "END"}, {"stop_sequences": ["END"]}),
    "several stops": ({"stop": ["a", "b"]}, {"stop_sequences": ["a", "b"]}),
    "an empty stop": ({"stop": ""}, {}),
    "a user": ({"user": "u-1"}, {"metadata": {"user_id": "u-1"}}),
    "a safety identifier": (
        {"user": "u-1", "safety_identifier": "s-1"},
        {"metadata": {"user_id": "s-1"}},
    ),
    "a long user": (
        {"user": "u" * 257},
        {"metadata": {"user_id": hashlib.sha256(b"u" * 257).hexdigest()}},
    ),
    "service tier auto": ({"service_tier": "auto"}, {"service_tier": "auto"}),
    "service tier default": ({"service_tier": "default"}, {"service_tier": "standard_only"}),
    "no effort": ({"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}),
    "low effort": (
        {"reasoning_effort": "low"},
        {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
    ),
    "the highest effort": (
        {"reasoning_effort": "max"},
        {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}},
    ),
    "an answer in JSON": (
        {"response_format": {"type": "json_schema", "json_schema": _FORMAT}},
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
    ),
    "an answer in JSON that is described twice": (
        {
            "reasoning_effort": "high",
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    **_FORMAT,
                    "schema": {**SCHEMA, "description": "On earth."},
                    "description": "A place.",
                },
            },
        },
        {
            "thinking": {"type": "adaptive"},
            "output_config": {
                "effort": "high",
                "format": {
                    "type": "json_schema",
                    "schema": {**SCHEMA, "description": "A place.\nOn earth."},
                },
            },
        },
    ),
    "tools": (TOOLS, {"tools": [TOOL], "tool_choice": {"type": "auto"}}),
    "strict tools": (
        {"tools": [{"type": "function", "function": {**FUNCTION, "strict": True}}]},
        {"tools": [{**TOOL, "strict": True}], "tool_choice": {"type": "auto"}},
    ),
    "a tool that takes nothing": (
        {"tools": [{"type": "function", "function": {"name": "ping"}}]},
        {
            "tools": [{"name": "ping", "input_schema": {"type": "object", "properties": {}}}],
            "tool_choice": {"type": "auto"},
        },
    ),
    "a schema that does not say what it is of": (
        {"tools": [{"type": "function", "function": {"name": "ping", "parameters": {}}}]},
        {
            "tools": [{"name": "ping", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "auto"},
        },
    ),
    "functions": (
        {"functions": [FUNCTION], "function_call": {"name": "look"}},
        {
            "tools": [TOOL],
            "tool_choice": {"type": "tool", "name": "look", "disable_parallel_tool_use": True},
        },
    ),
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_said_in_the_words_of_the_upstream(name: str) -> None:
    fields, wanted = FIELDS[name]
    plain = {"model": MODEL, "max_tokens": 50, "messages": [blocks("user", text("Hi."))]}

    assert asked("openai", "anthropic", **fields) == plain | wanted


_NAMED = {"type": "function", "function": {"name": "look"}}
CHOICES: dict[str, tuple[Json, Json]] = {
    "auto": ({"tool_choice": "auto"}, {"type": "auto"}),
    "required": ({"tool_choice": "required"}, {"type": "any"}),
    "none": ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
    "named": ({"tool_choice": _NAMED}, {"type": "tool", "name": "look"}),
    "one at a time": (
        {"parallel_tool_calls": False},
        {"type": "auto", "disable_parallel_tool_use": True},
    ),
    "one, whichever": (
        {"tool_choice": "required", "parallel_tool_calls": False},
        {"type": "any", "disable_parallel_tool_use": True},
    ),
}


@pytest.mark.parametrize("name", CHOICES)
def test_the_choice_of_tools_is_as_free_as_it_was(name: str) -> None:
    choice, wanted = CHOICES[name]

    assert asked("openai", "anthropic", **TOOLS, **choice)["tool_choice"] == wanted


def test_only_allowed_tools_are_offered() -> None:
    tools = [*TOOLS["tools"], {"type": "function", "function": {"name": "ping"}}]
    allowed = {"mode": "required", "tools": [_NAMED]}
    choice = {"type": "allowed_tools", "allowed_tools": allowed}
    found = asked("openai", "anthropic", tools=tools, tool_choice=choice)

    assert (found["tools"], found["tool_choice"]) == ([TOOL], {"type": "any"})


def test_cache_marks_stay_where_they_were() -> None:
    told = [
        {"role": "system", "content": [text("A"), {**text("B"), **EPHEMERAL}]},
        user([text(""), {**text("C"), **EPHEMERAL}, text("D")]),
        calling(call("c", "{}")),
        {**tool("c", "1"), "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        user("E"),
    ]
    found = asked("openai", "anthropic", messages=told, tools=[{**TOOLS["tools"][0], **EPHEMERAL}])

    assert found["tools"] == [{**TOOL, **EPHEMERAL}]
    assert found["system"] == [text("A"), {**text("B"), **EPHEMERAL}]
    assert found["messages"] == [
        blocks("user", {**text("C"), **EPHEMERAL}, text("D")),
        blocks("assistant", used("c")),
        blocks(
            "user",
            result("c", content="1", cache_control={"type": "ephemeral", "ttl": "1h"}),
            text("E"),
        ),
    ]


UNSAID: dict[str, tuple[Json, str]] = {
    "nothing but system texts": (
        {"messages": [{"role": "system", "content": "Be brief."}]},
        "messages",
    ),
    "a picture that no model reads": (
        {"messages": [user([_image("data:image/avi;base64,UklGRgAAAABBVkkg")])]},
        "messages",
    ),
}


@pytest.mark.parametrize("name", UNSAID)
def test_what_only_shows_in_the_whole_is_refused_too(name: str) -> None:
    fields, param = UNSAID[name]

    with pytest.raises(InvalidRequest) as refusal:
        asked("openai", "anthropic", **fields)

    assert refusal.value.param == param


@pytest.mark.parametrize("number", ["1e999", "NaN", "-Infinity"])
def test_a_number_that_json_has_no_word_for_is_not_passed_on(number: str) -> None:
    told = [_GO, calling(call("c", f'{{"a": {number}}}')), tool("c", "1")]

    with pytest.raises(InvalidRequest):
        asked("openai", "anthropic", messages=told)
