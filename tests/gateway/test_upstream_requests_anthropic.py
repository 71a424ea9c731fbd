"""What an OpenAI upstream is asked for an Anthropic client, word by word."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from upstream_requests import MODEL, PDF, PICTURE, SCHEMA, asked, asked_with

from reference_gateway.signatures import sealed, sign

Json = dict[str, Any]
TOOL: Json = {"name": "look", "description": "Looks.", "input_schema": SCHEMA}
FUNCTION: Json = {
    "type": "function",
    "function": {"name": "look", "description": "Looks.", "parameters": SCHEMA},
}
_IMAGE: Json = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": PICTURE},
}
_IMAGE_URL: Json = {
    "type": "image_url",
    "image_url": {"url": f"data:image/png;base64,{PICTURE}"},
}


def text(words: str) -> Json:
    """A block, and a part: both protocols write it alike."""
    return {"type": "text", "text": words}


def user(*content: Any) -> Json:
    """A message of the user; a single string is its whole content."""
    whole = content[0] if len(content) == 1 and isinstance(content[0], str) else list(content)
    return {"role": "user", "content": whole}


def assistant(*content: Json) -> Json:
    """A message of the assistant."""
    return {"role": "assistant", "content": list(content)}


def use(id: str, **input: object) -> Json:
    """A call."""
    return {"type": "tool_use", "id": id, "name": "look", "input": input}


def result(id: str, content: object, **fields: object) -> Json:
    """What a tool returned."""
    return {"type": "tool_result", "tool_use_id": id, "content": content, **fields}


def called(id: str, arguments: str) -> Json:
    """A call upstream."""
    return {"id": id, "type": "function", "function": {"name": "look", "arguments": arguments}}


def tool(id: str, content: str) -> Json:
    """What a tool returned, upstream."""
    return {"role": "tool", "tool_call_id": id, "content": content}


def calling(*calls: Json, content: object = None, **fields: object) -> Json:
    """A message of the assistant with calls, upstream."""
    return {"role": "assistant", "content": content, **fields, "tool_calls": list(calls)}


_CALL = (user("Go."), assistant(use("toolu_1", city="Rome")))
_CALLED = (user("Go."), calling(called("toolu_1", '{"city":"Rome"}')))
_THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": sign("Hm.")}
_PDF_FILE = {
    "type": "file",
    "file": {"filename": "document.pdf", "file_data": f"data:application/pdf;base64,{PDF}"},
}


def _document(**source: object) -> Json:
    return {"type": "document", "source": source}


CONVERSATIONS: dict[str, tuple[list[Json], list[Json]]] = {
    "one text": ([user(text("Grüße 👩‍👩‍👧 \u2028"))], [user("Grüße 👩‍👩‍👧 \u2028")]),
    "several texts": ([user(text("A"), text("B"))], [user(text("A"), text("B"))]),
    "two messages in a row": ([user("A"), user("B")], [user(text("A"), text("B"))]),
    "a trailing answer": (
        [user("Go."), assistant(text("The answer is ("))],
        [user("Go."), {"role": "assistant", "content": "The answer is ("}],
    ),
    "an answer in two texts": (
        [user("Go."), assistant(text("A"), text("B")), user("On.")],
        [user("Go."), {"role": "assistant", "content": [text("A"), text("B")]}, user("On.")],
    ),
    "an empty last answer": ([user("Go."), assistant()], [user("Go.")]),
    "a system text between turns": (
        [user("A"), {"role": "system", "content": "Hush."}, assistant(text("B")), user("C")],
        [
            user("A"),
            {"role": "system", "content": "Hush."},
            {"role": "assistant", "content": "B"},
            user("C"),
        ],
    ),
    "a system text between two messages of the user": (
        [user("A"), {"role": "system", "content": [text("X"), text("Y")]}, user("B")],
        [user("A"), {"role": "system", "content": [text("X"), text("Y")]}, user("B")],
    ),
    "a system text at the end": (
        [*_CALL, user(result("toolu_1", "Sun.")), {"role": "system", "content": "Hush."}],
        [*_CALLED, tool("toolu_1", "Sun."), {"role": "system", "content": "Hush."}],
    ),
    "parallel calls and their results before the text": (
        [
            user("Go."),
            assistant(text("I look."), use("a", city="Rome"), use("b", city="Oslo")),
            user(result("b", "Rain."), result("a", [text("Sun."), text("Hot.")]), text("Well?")),
        ],
        [
            user("Go."),
            calling(
                called("a", '{"city":"Rome"}'), called("b", '{"city":"Oslo"}'), content="I look."
            ),
            tool("b", "Rain."),
            tool("a", "Sun.\nHot."),
            user("Well?"),
        ],
    ),
    "arguments digit for digit, in order": (
        [
            user("Go."),
            assistant(use("a", z=1234567890123456789012, a=[0.1, -0.0, None, True], e="é\u2028")),
            user(result("a", "")),
        ],
        [
            user("Go."),
            calling(
                called("a", '{"z":1234567890123456789012,"a":[0.1,-0.0,null,true],"e":"é\u2028"}')
            ),
            tool("a", ""),
        ],
    ),
    "no arguments": (
        [user("Go."), assistant(use("a")), user({"type": "tool_result", "tool_use_id": "a"})],
        [user("Go."), calling(called("a", "{}")), tool("a", "")],
    ),
    "a tool that failed": (
        [*_CALL, user(result("toolu_1", "no such city", is_error=True))],
        [*_CALLED, tool("toolu_1", "Error: no such city")],
    ),
    "a picture in a result": (
        [*_CALL, user(result("toolu_1", [text("See."), _IMAGE]), text("What is it?"))],
        [
            *_CALLED,
            tool("toolu_1", "See."),
            user(text("Returned by the tool call toolu_1:"), _IMAGE_URL, text("What is it?")),
        ],
    ),
    "a PDF in a result": (
        [
            *_CALL,
            user(
                result(
                    "toolu_1", [_document(type="base64", media_type="application/pdf", data=PDF)]
                )
            ),
        ],
        [
            *_CALLED,
            tool("toolu_1", ""),
            user(text("Returned by the tool call toolu_1:"), _PDF_FILE),
        ],
    ),
    "pictures": (
        [
            user(
                text("Look:"),
                _IMAGE,
                {"type": "image", "source": {"type": "url", "url": "https://x.org/a.png"}},
            )
        ],
        [
            user(
                text("Look:"),
                _IMAGE_URL,
                {"type": "image_url", "image_url": {"url": "https://x.org/a.png"}},
            )
        ],
    ),
    "a PDF": (
        [
            user(
                {
                    **_document(type="base64", media_type="application/pdf", data=PDF),
                    "title": "Deed",
                    "context": "Signed.",
                }
            )
        ],
        [user(text("Deed\nSigned."), _PDF_FILE)],
    ),
    "a plain text": (
        [user(_document(type="text", media_type="text/plain", data="The moon."), text("Sum up."))],
        [user(text("The moon."), text("Sum up."))],
    ),
    "thinking of ours, and from elsewhere": (
        [
            user("Go."),
            assistant(_THOUGHT, {**_THOUGHT, "thinking": "Ah.", "signature": ""}, use("a")),
            user(result("a", "1")),
        ],
        [
            user("Go."),
            calling(called("a", "{}"), reasoning_content="Hm.\nAh."),
            tool("a", "1"),
        ],
    ),
    "thinking that nobody can read": (
        [
            user("Go."),
            assistant(
                {"type": "redacted_thinking", "data": sealed()},
                {"type": "thinking", "thinking": "", "signature": sign("")},
                text("Yes."),
            ),
            user("On."),
        ],
        [user("Go."), {"role": "assistant", "content": "Yes."}, user("On.")],
    ),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_conversation_is_told_as_it_was(name: str) -> None:
    told, wanted = CONVERSATIONS[name]

    assert asked("anthropic", "openai", messages=told)["messages"] == wanted


_HI = user("Hi.")
FIELDS: dict[str, tuple[Json, Json]] = {
    "nothing else": ({}, {}),
    "a stream asks for usage": (
        {"stream": True},
        {"stream": True, "stream_options": {"include_usage": True}},
    ),
    "not a stream": ({"stream": False}, {}),
    "system as a text": (
        {"system": "Be brief."},
        {"messages": [{"role": "system", "content": "Be brief."}, _HI]},
    ),
    "system as a list": (
        {"system": [text("A"), text("B")]},
        {"messages": [{"role": "system", "content": [text("A"), text("B")]}, _HI]},
    ),
    "an empty system": ({"system": ""}, {}),
    "temperature 0": ({"temperature": 0}, {"temperature": 0}),
    "temperature 1.0": ({"temperature": 1.0}, {"temperature": 1.0}),
    "top_p 0": ({"top_p": 0}, {"top_p": 0}),
    "one stop sequence stays a list": ({"stop_sequences": ["END"]}, {"stop": ["END"]}),
    "four stop sequences": ({"stop_sequences": list("abcd")}, {"stop": list("abcd")}),
    "no stop sequence": ({"stop_sequences": []}, {}),
    "a user": ({"metadata": {"user_id": "u-1"}}, {"user": "u-1"}),
    "a long user": (
        {"metadata": {"user_id": "u" * 65}},
        {"user": hashlib.sha256(b"u" * 65).hexdigest()},
    ),
    "no user": ({"metadata": {"user_id": None}}, {}),
    "service tier auto": ({"service_tier": "auto"}, {"service_tier": "auto"}),
    "service tier standard": ({"service_tier": "standard_only"}, {"service_tier": "default"}),
    "thinking off": ({"thinking": {"type": "disabled"}}, {"reasoning_effort": "none"}),
    "thinking adaptive": ({"thinking": {"type": "adaptive"}}, {}),
    "effort": (
        {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}},
        {"reasoning_effort": "max"},
    ),
    "an answer in JSON": (
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
            }
        },
    ),
    "tools": ({"tools": [TOOL]}, {"tools": [FUNCTION], "tool_choice": "auto"}),
    "strict tools": (
        {"tools": [{**TOOL, "strict": True, "type": "custom"}]},
        {
            "tools": [{**FUNCTION, "function": {**FUNCTION["function"], "strict": True}}],
            "tool_choice": "auto",
        },
    ),
    "no tools": ({"tools": [], "tool_choice": {"type": "auto"}}, {}),
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_said_in_the_words_of_the_upstream(name: str) -> None:
    fields, wanted = FIELDS[name]
    plain = {"model": MODEL, "max_completion_tokens": 50, "messages": [_HI]}

    assert asked("anthropic", "openai", **fields) == plain | wanted


@pytest.mark.parametrize(
    ("budget", "effort"),
    [(1_024, "low"), (4_095, "low"), (4_096, "medium"), (16_383, "medium"), (31_999, "high")],
)
def test_a_budget_becomes_a_word_and_max_tokens_still_bounds_it(budget: int, effort: str) -> None:
    thinking = {"type": "enabled", "budget_tokens": budget}
    found = asked("anthropic", "openai", thinking=thinking, max_tokens=32_000)

    assert (found["reasoning_effort"], found["max_completion_tokens"]) == (effort, 32_000)


CHOICES: dict[str, tuple[Json, Json]] = {
    "auto": ({"type": "auto"}, {"tool_choice": "auto"}),
    "any": ({"type": "any"}, {"tool_choice": "required"}),
    "none": ({"type": "none"}, {"tool_choice": "none"}),
    "named": (
        {"type": "tool", "name": "look"},
        {"tool_choice": {"type": "function", "function": {"name": "look"}}},
    ),
    "one at a time": (
        {"type": "auto", "disable_parallel_tool_use": True},
        {"tool_choice": "auto", "parallel_tool_calls": False},
    ),
    "one, whichever": (
        {"type": "any", "disable_parallel_tool_use": True},
        {"tool_choice": "required", "parallel_tool_calls": False},
    ),
    "in parallel": ({"type": "auto", "disable_parallel_tool_use": False}, {"tool_choice": "auto"}),
}


@pytest.mark.parametrize("name", CHOICES)
def test_the_choice_of_tools_is_as_free_as_it_was(name: str) -> None:
    choice, wanted = CHOICES[name]
    found = asked("anthropic", "openai", tools=[TOOL], tool_choice=choice)

    assert {key: found[key] for key in found if key in ("tool_choice", "parallel_tool_calls")} == (
        wanted
    )


def test_what_claude_code_sends_is_never_a_refusal() -> None:
    ephemeral = {"cache_control": {"type": "ephemeral"}}
    body = {
        "model": "m",
        "max_tokens": 32_000,
        "stream": True,
        "thinking": {"type": "adaptive", "display": "omitted"},
        "output_config": {"effort": "high"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "metadata": {"user_id": '{"device_id":"a"}'},
        "system": [text("x-billing"), {**text("You are an agent."), **ephemeral}],
        "tools": [{**TOOL, "defer_loading": True, "eager_input_streaming": True, **ephemeral}],
        "messages": [
            {"role": "system", "content": "Date: today."},
            {"role": "user", "content": [{**text("Look."), **ephemeral}]},
            assistant(text("I look."), use("toolu_1", city="Rome")),
            user({**result("toolu_1", [_IMAGE]), **ephemeral}),
        ],
    }

    assert asked_with("anthropic", "openai", body) == {
        "model": MODEL,
        "max_completion_tokens": 32_000,
        "stream": True,
        "stream_options": {"include_usage": True},
        "reasoning_effort": "high",
        "user": '{"device_id":"a"}',
        "tools": [FUNCTION],
        "tool_choice": "auto",
        "messages": [
            {
                "role": "system",
                "content": [text("x-billing"), text("You are an agent."), text("Date: today.")],
            },
            user("Look."),
            calling(called("toolu_1", '{"city":"Rome"}'), content="I look."),
            tool("toolu_1", ""),
            user(text("Returned by the tool call toolu_1:"), _IMAGE_URL),
        ],
    }
