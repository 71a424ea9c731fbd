"""What a gateway may change in a request is no difference; what it may not is one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from conformance.asked import calls, differences, texts
from conformance.asked.anthropic import asked_of_anthropic
from conformance.asked.facts import Asked, Picture, Thought
from conformance.asked.openai import asked_of_openai

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}
BIG = 1234567890123456789


def user(*said: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text} for text in said]}


def use(id: str, given: Any, name: str = "look") -> dict[str, Any]:
    block = {"type": "tool_use", "id": id, "name": name, "input": given}
    return {"role": "assistant", "content": [block]}


def result(id: str, content: Any, **more: Any) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": id, "content": content, **more}
    return {"role": "user", "content": [block]}


def call(id: str, arguments: str, name: str = "look") -> dict[str, Any]:
    made = {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [made]}


def tool(id: str, content: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": content}


def anthropic(*messages: Any, **more: Any) -> Asked:
    return asked_of_anthropic({"model": "m", "messages": list(messages), **more})


def openai(*messages: Any, **more: Any) -> Asked:
    return asked_of_openai({"model": "m", "messages": list(messages), **more})


def found(*finders: Iterable[differences.Difference]) -> list[str]:
    return [difference.where for finder in finders for difference in finder]


TOLERATED = {
    "texts that are joined": (
        anthropic(user("a", "b")),
        openai({"role": "user", "content": "a\nb"}),
    ),
    "messages of one role that are joined": (
        openai(user("a"), user("b")),
        anthropic(user("a", "b")),
    ),
    "texts that are taken apart": (
        anthropic(user("a"), system="x\n\ny"),
        openai({"role": "system", "content": "x\n\ny"}, user("a", " ")),
    ),
    "a developer who is the system, in front": (
        openai(user("a"), {"role": "developer", "content": "x"}, user("b")),
        anthropic(user("a"), user("b"), system=[{"type": "text", "text": "x"}]),
    ),
}


@pytest.mark.parametrize(("asked", "got"), TOLERATED.values(), ids=TOLERATED)
def test_texts_may_be_arranged_otherwise(asked: Asked, got: Asked) -> None:
    assert found(texts.of_texts(asked, got)) == []


CHANGED = {
    "a word less": (user("one two"), user("one"), "messages[0].content[0]"),
    "white space inside": (user("a  b"), user("a b"), "messages[0].content[0]"),
    "white space before": (user("  a"), user("a"), "messages[0].content[0]"),
    "another speaker": (user("a"), {"role": "assistant", "content": "a"}, "messages"),
    "nothing at all": (user("a"), user(), "messages"),
}


@pytest.mark.parametrize(("asked", "got", "where"), CHANGED.values(), ids=CHANGED)
def test_a_changed_text_is_found(asked: Any, got: Any, where: str) -> None:
    assert found(texts.of_texts(anthropic(asked), anthropic(got))) == [where]


def test_a_text_that_was_added_is_found() -> None:
    got = openai({"role": "system", "content": "Be good."}, user("a"))

    assert found(texts.of_texts(anthropic(user("a")), got)) == ["messages[0].content"]


def test_only_the_first_changed_turn_is_told() -> None:
    asked = openai(user("a"), {"role": "assistant", "content": "b"}, user("c"))
    got = openai(user("x"), {"role": "assistant", "content": "y"}, user("z"))

    assert found(texts.of_texts(asked, got)) == ["messages[0].content[0]"]


def test_the_place_of_a_difference_is_told() -> None:
    difference = texts.unlike(["Hello, Ada"], "Hello, Bob", "messages[0].content")

    assert difference.expected == "'Hello, Ada' at character 7"
    assert difference.actual == "'Hello, Bob' at character 7"


def test_calls_may_have_other_ids_and_orders_of_members() -> None:
    asked = anthropic(use("toolu_1", {"n": 1, "m": [BIG, None]}), result("toolu_1", "ok"))
    got = openai(call("call_9", f'{{"m": [{BIG}, null], "n": 1.0}}'), tool("call_9", "ok"))

    assert found(calls.of_calls(asked, got), calls.of_results(asked, got)) == []


def test_results_of_one_turn_may_change_their_order() -> None:
    begun = (use("1", {}), use("2", {}))
    asked = anthropic(*begun, result("1", "a"), result("2", "b"))
    got = anthropic(*begun, result("2", "b"), result("1", "a"))

    assert found(calls.of_results(asked, got)) == []


CALLS = {
    "rounded": ([use("1", {"n": BIG})], [call("1", '{"n": 1234567890123456800}')]),
    "a number for a truth": ([use("1", {"n": True})], [call("1", '{"n": 1}')]),
    "no JSON": ([use("1", {"n": 1})], [call("1", '{"n":')]),
    "another tool": ([use("1", {})], [call("1", "{}", "hear")]),
    "missing": ([use("1", {})], []),
    "added": ([], [call("1", "{}")]),
}


@pytest.mark.parametrize(("asked", "got"), CALLS.values(), ids=CALLS)
def test_a_changed_call_is_found(asked: Any, got: Any) -> None:
    assert len(found(calls.of_calls(anthropic(*asked), openai(*got)))) == 1


RESULTS = {
    "changed": ([tool("1", "okay")], ["messages[1]"]),
    "missing": ([], ["messages"]),
    "of another id": ([tool("2", "ok")], ["messages", "messages[1]"]),
    "said twice": ([tool("1", "ok"), tool("1", "ok")], ["messages[1]"]),
}


@pytest.mark.parametrize(("got", "where"), RESULTS.values(), ids=RESULTS)
def test_a_changed_result_is_found(got: Any, where: list[str]) -> None:
    asked = anthropic(use("1", {}), result("1", "ok"))

    assert found(calls.of_results(asked, openai(call("1", "{}"), *got))) == where


@pytest.mark.parametrize("said", ["Error: no", '{"error": "no"}'], ids=["a word", "an object"])
def test_a_failure_may_be_told_in_words(said: str) -> None:
    asked = anthropic(use("1", {}), result("1", "no", is_error=True))
    got = openai(call("1", "{}"), tool("1", said))

    assert found(calls.of_results(asked, got), calls.of_errors(asked, got)) == []


def test_a_failure_that_is_not_told_is_found() -> None:
    asked = anthropic(use("1", {}), result("1", "no", is_error=True))

    assert found(calls.of_errors(asked, openai(call("1", "{}"), tool("1", "no")))) == [
        "messages[1]"
    ]


def test_a_word_may_stand_for_an_empty_result() -> None:
    asked = anthropic(use("1", {}), result("1", []))

    assert found(calls.of_results(asked, openai(call("1", "{}"), tool("1", "(empty)")))) == []


def test_what_the_user_says_before_a_result_is_found() -> None:
    got = openai(call("1", "{}"), user("Well?"), tool("1", "ok"))

    assert found(calls.of_order(got)) == ["messages[1].content[0]"]


def test_tools_may_change_their_order_and_not_their_number() -> None:
    offered = [{"name": name, "input_schema": SCHEMA} for name in ("one", "two")]
    asked = anthropic(tools=offered)

    assert found(differences.of_tools(asked, anthropic(tools=offered[::-1]))) == []
    assert found(differences.of_tools(asked, anthropic(tools=offered[:1]))) == ["tools"]
    assert found(differences.of_tools(anthropic(tools=offered[1:]), asked)) == ["tools[0]"]


@pytest.mark.parametrize(
    ("added", "where"),
    [
        ({"required": [], "$defs": {}}, []),
        ({"required": ["n"]}, ["tools[0]: schema.required"]),
        ({"additionalProperties": False}, ["tools[0]: schema.additionalProperties"]),
    ],
    ids=["nothing", "a demand", "a bar"],
)
def test_what_is_added_to_a_schema_counts_where_it_says_something(
    added: dict[str, Any], where: list[str]
) -> None:
    asked, got = (
        anthropic(tools=[{"name": "one", "input_schema": {"type": "object", **more}}])
        for more in ({}, added)
    )

    assert found(differences.of_tools(asked, got)) == where


@pytest.mark.parametrize(
    ("actual", "where"),
    [({"a": [1]}, "x.a"), ({"a": [1, 3]}, "x.a[1]"), ({}, "x.a"), ({"a": [1, 2], "b": 0}, "x.b")],
    ids=["shorter", "other", "missing", "added"],
)
def test_the_first_difference_of_values_has_its_path(actual: Any, where: str) -> None:
    assert found(differences.of_values({"a": [1, 2]}, actual, "x")) == [where]


def test_pictures_are_read_wherever_they_stand() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QQ"}}
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ"}}
    asked = anthropic({"role": "user", "content": [image]}, result("1", [image]))
    got = openai({"role": "user", "content": [part]}, tool("1", [part]))

    expected = [("image/png", "QQ", "")] * 2
    for side in (asked, got):
        pictures = side.of(Picture)
        assert [(one.media_type, one.data, one.url) for one in pictures] == expected


def test_choices_are_read_in_the_words_of_both_protocols() -> None:
    function = {"type": "function", "function": {"name": "look"}}
    words = [("auto", "auto"), ({"type": "any"}, "required"), ({"type": "none"}, "none")]

    assert anthropic().choice == openai().choice == "auto"
    for mine, theirs in [*words, ({"type": "tool", "name": "look"}, function)]:
        assert anthropic(tool_choice=mine).choice == openai(tool_choice=theirs).choice


def test_a_call_in_its_older_form_has_its_name_for_an_id() -> None:
    given = {"name": "look", "arguments": json.dumps({"n": BIG})}
    begun = {"role": "assistant", "content": None, "function_call": given}
    asked = openai(begun, {"role": "function", "name": "look", "content": "ok"})
    got = anthropic(use("toolu_1", {"n": BIG}), result("toolu_1", "ok"))

    assert found(calls.of_calls(asked, got), calls.of_results(asked, got)) == []


def test_reasoning_of_a_chat_message_is_a_thought() -> None:
    said = {"role": "assistant", "content": "a", "reasoning_content": "hm"}

    assert [one.block for one in openai(said).of(Thought)] == [{"reasoning_content": "hm"}]


def test_the_schema_of_the_answer_may_have_its_older_name() -> None:
    format = {"type": "json_schema", "schema": SCHEMA}
    newer = anthropic(output_config={"format": format}).shape
    older = anthropic(output_format=format).shape

    assert newer is not None
    assert older is not None
    assert (newer.schema, older.schema) == (SCHEMA, SCHEMA)


def test_a_cache_mark_is_told_by_what_it_stands_on() -> None:
    short = {"type": "ephemeral"}
    text = {"type": "text", "text": "Be good.", "cache_control": short}
    function = {"type": "function", "function": {"name": "look"}, "cache_control": short}
    asked = openai({"role": "system", "content": [text]}, tools=[function])

    assert [(mark.section, mark.holder) for mark in asked.marks] == [
        ("tools", "look"),
        ("system", "Be good."),
    ]


def test_what_has_no_form_is_left_out() -> None:
    odd = {"messages": [None, {"role": "user", "content": [None, {"type": "audio"}]}, {"role": 1}]}

    assert asked_of_anthropic(odd).parts == ()
    assert asked_of_openai({"messages": "no list", "tools": [0]}).parts == ()
