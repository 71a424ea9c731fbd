"""What the parsers keep of a request so that an upstream can be told of it."""

from __future__ import annotations

from typing import Any

from reference_gateway import anthropic, openai, responses
from reference_gateway.chat import Document, Prompt, Text, ToolCall, ToolResult, Turn

Json = dict[str, Any]


def chat(*messages: Json, **fields: object) -> Prompt:
    """A chat completion request as it is read."""
    return openai.parse({"model": "m", "messages": list(messages), **fields}, {})


def test_a_refusal_of_the_history_is_part_of_what_was_said() -> None:
    prompt = chat({"role": "assistant", "content": "A", "refusal": "No."})

    assert prompt.turns == (Turn("assistant", (Text("A"), Text("No."))),)


def test_calls_in_the_older_form_get_ids_that_no_other_has() -> None:
    call = {"role": "assistant", "function_call": {"name": "look", "arguments": "{}"}}
    result = {"role": "function", "name": "look", "content": "Sun."}
    parts = [part for turn in chat(call, result, call, result).turns for part in turn.parts]

    assert parts == [
        ToolCall("function_1_look", "look", "{}"),
        ToolResult("function_1_look", "Sun."),
        ToolCall("function_2_look", "look", "{}"),
        ToolResult("function_2_look", "Sun."),
    ]


def test_a_pdf_is_read_as_a_document() -> None:
    file = {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}
    prompt = chat({"role": "user", "content": [{"type": "file", "file": file}]})

    found = Document("application/pdf", about="a.pdf", data=b"%PDF-")
    assert prompt.turns == (Turn("user", (found,)),)


def test_arguments_keep_the_order_of_their_members() -> None:
    call = {"type": "tool_use", "id": "a", "name": "look", "input": {"z": 1, "a": 2}}
    result = {"type": "tool_result", "tool_use_id": "a"}
    turns = [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    prompt = anthropic.parse({"model": "m", "max_tokens": 9, "messages": turns}, {})

    assert prompt.turns[0].parts == (ToolCall("a", "look", '{"z":1,"a":2}'),)


def test_system_texts_know_how_much_was_said_before_them() -> None:
    turns = [
        {"role": "user", "content": [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]},
        {"role": "system", "content": "X"},
        {"role": "user", "content": "C"},
        {"role": "system", "content": "Y"},
    ]
    body = {"model": "m", "max_tokens": 9, "system": "S", "messages": turns}

    assert anthropic.parse(body, {}).system_places == (0, 2, 3)
    assert openai.parse(body, {}).system_places == (2, 3)
    assert responses.parse(
        {
            "model": "m",
            "instructions": "S",
            "input": [
                {"role": "user", "content": "A"},
                {"role": "developer", "content": "X"},
                {"role": "user", "content": "B"},
            ],
        },
        {},
    ).system_places == (0, 1)
