"""Whatever is said in a conversation reaches an upstream of the other protocol unchanged."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from upstream_requests import SCHEMA, asked

Json = dict[str, Any]
Exchange = tuple[str, list[tuple[str, Json, str]], str]
"""What the user says, the calls with their results, and what the user says to them."""

# Surrogates are no characters: a body that holds one is no JSON text.
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(TEXTS, VALUES, max_size=3)
IDS = st.from_regex(r"[a-zA-Z0-9_-]{1,40}", fullmatch=True)
CALLS = st.lists(st.tuples(IDS, ARGUMENTS, TEXTS), max_size=3, unique_by=lambda call: call[0])
CONVERSATIONS = st.lists(st.tuples(TEXTS, CALLS, TEXTS), min_size=1, max_size=3)
FEW = settings(max_examples=60, deadline=None)


def same(found: object, wanted: object) -> bool:
    """True when two JSON values are the same, digit for digit and in the same order."""
    return json.dumps(found) == json.dumps(wanted)


def anthropic_turns(exchanges: list[Exchange]) -> Iterator[Json]:
    """The conversation as an Anthropic client sends it."""
    for question, calls, remark in exchanges:
        yield {"role": "user", "content": [{"type": "text", "text": question}]}
        yield {"role": "assistant", "content": [{"type": "text", "text": question}, *_uses(calls)]}
        results = [
            {"type": "tool_result", "tool_use_id": id, "content": result} for id, _, result in calls
        ]
        yield {"role": "user", "content": [*results, {"type": "text", "text": remark}]}


def _uses(calls: list[tuple[str, Json, str]]) -> list[Json]:
    return [
        {"type": "tool_use", "id": id, "name": "look", "input": arguments}
        for id, arguments, _ in calls
    ]


def openai_turns(exchanges: list[Exchange]) -> Iterator[Json]:
    """The conversation as a client of chat completions sends it."""
    for question, calls, remark in exchanges:
        yield {"role": "user", "content": question}
        made = [
            {
                "id": id,
                "type": "function",
                "function": {"name": "look", "arguments": json.dumps(arguments)},
            }
            for id, arguments, _ in calls
        ]
        yield {"role": "assistant", "content": question, **({"tool_calls": made} if made else {})}
        for id, _, result in calls:
            yield {"role": "tool", "tool_call_id": id, "content": result}
        yield {"role": "user", "content": remark}


def said_to_openai(messages: list[Json]) -> tuple[str, list[tuple[str, Any]], list[Json]]:
    """All text, the calls and the results of an OpenAI request."""
    words, calls, results = "", [], []
    for message in messages:
        if message["role"] == "tool":
            results.append({message["tool_call_id"]: message["content"]})
            continue
        content = message["content"]
        parts = content if isinstance(content, list) else [{"text": content or ""}]
        words += "".join(part["text"] for part in parts)
        calls += [
            (call["id"], json.loads(call["function"]["arguments"]))
            for call in message.get("tool_calls", [])
        ]
    return words, calls, results


def said_to_anthropic(messages: list[Json]) -> tuple[str, list[tuple[str, Any]], list[Json]]:
    """All text, the calls and the results of an Anthropic request."""
    found = [block for message in messages for block in message["content"]]
    words = "".join(block["text"] for block in found if block["type"] == "text")
    calls = [(block["id"], block["input"]) for block in found if block["type"] == "tool_use"]
    results = [
        {block["tool_use_id"]: block["content"]}
        for block in found
        if block["type"] == "tool_result"
    ]
    return words, calls, results


def said(exchanges: list[Exchange]) -> tuple[str, list[tuple[str, Any]], list[Json]]:
    """What has to arrive."""
    words = "".join(question + question + remark for question, _, remark in exchanges)
    calls = [(id, arguments) for _, made, _ in exchanges for id, arguments, _ in made]
    results = [{id: result} for _, made, _ in exchanges for id, _, result in made]
    return words, calls, results


@FEW
@given(CONVERSATIONS, TEXTS)
def test_what_an_anthropic_client_says_reaches_an_openai_upstream(
    exchanges: list[Exchange], system: str
) -> None:
    told = list(anthropic_turns(exchanges))
    tools = [{"name": "look", "input_schema": SCHEMA}]
    found = asked("anthropic", "openai", messages=told, system=system, tools=tools)["messages"]

    assert found[0] == {"role": "system", "content": system}
    assert same(said_to_openai(found[1:]), said(exchanges))


@FEW
@given(CONVERSATIONS, TEXTS)
def test_what_an_openai_client_says_reaches_an_anthropic_upstream(
    exchanges: list[Exchange], system: str
) -> None:
    told = [{"role": "system", "content": system}, *openai_turns(exchanges)]
    found = asked("openai", "anthropic", messages=told)

    assert found["system"] == [{"type": "text", "text": system}]
    assert same(said_to_anthropic(found["messages"]), said(exchanges))


@FEW
@given(CONVERSATIONS)
def test_roles_alternate_and_results_come_first(exchanges: list[Exchange]) -> None:
    told = list(openai_turns(exchanges))
    found = asked("openai", "anthropic", messages=told)["messages"]
    kinds = [[block["type"] for block in message["content"]] for message in found]

    assert all(one["role"] != next["role"] for one, next in itertools.pairwise(found))
    assert all(kind == sorted(kind, key=lambda each: each != "tool_result") for kind in kinds)
