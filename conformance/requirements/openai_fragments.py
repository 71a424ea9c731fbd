"""OAI-TOOL, streamed: the fragments that a tool call comes in."""

from __future__ import annotations

import json
from typing import Any

from conformance import chat
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Violation
from conformance.profile import Profile
from conformance.registry import requirement
from conformance.requirements.openai_sse import READABLE
from conformance.requirements.openai_tools import is_whole, unparsable
from conformance.shapes import mismatches

STREAM = Kind.OPENAI_STREAM
STREAMED = (*READABLE, "OAI-STREAM-006")


def has_fragments(exchange: Exchange) -> bool:
    """Whether the stream carries tool call fragments."""
    return any(True for _ in chat.fragments(exchange))


@requirement("OAI-TOOL-026", on=STREAM, when=has_fragments, symptom="tool-loop", needs=STREAMED)
def fragments_hold_texts(exchange: Exchange) -> Findings:
    """In a fragment `function` is an object and `arguments` a string."""
    for fragment in chat.fragments(exchange):
        yield from mismatches(fragment.fields, "OAI-TOOL-026", fragment.where)


@requirement(
    "OAI-TOOL-020",
    on=STREAM,
    when=has_fragments,
    symptom="tool-loop",
    needs=(*STREAMED, "OAI-TOOL-026"),
)
def first_fragments_introduce_the_call(exchange: Exchange) -> Findings:
    """The first fragment of a call carries `index`, `id`, `type` and `function.name`."""
    seen: set[str] = set()
    for fragment in chat.fragments(exchange):
        key = f"{fragment.choice} {fragment.fields.get('index')!r}"
        if key in seen:
            continue
        seen.add(key)
        yield from mismatches(fragment.fields, "OAI-TOOL-020", fragment.where)
        if not isinstance(fragment.fields.get("index"), int):
            yield Violation(f"{fragment.where}.index", "an integer", "none")
        if fragment.fields.get("type") != "function":
            actual = json.dumps(fragment.fields.get("type"))
            yield Violation(f"{fragment.where}.type", "function", actual)


@requirement(
    "OAI-TOOL-021",
    on=STREAM,
    when=has_fragments,
    symptom="tool-loop",
    needs=(*STREAMED, "OAI-TOOL-020"),
)
def later_fragments_only_add(exchange: Exchange) -> Findings:
    """Later fragments of a call repeat neither its `id` nor its `function.name`."""
    for fragment, first in _later(exchange):
        if fragment.fields.get("id") and fragment.fields["id"] == first.fields.get("id"):
            yield Violation(f"{fragment.where}.id", "absent", str(fragment.fields["id"]))
        same = not fragment.fields.get("id") or fragment.fields["id"] == first.fields.get("id")
        name = fragment.function.get("name", "")
        if name is None or (name and same):
            actual = json.dumps(name)
            yield Violation(f"{fragment.where}.function.name", "absent", actual)


@requirement(
    "OAI-TOOL-022",
    on=STREAM,
    when=has_fragments,
    symptom="tool-loop",
    needs=(*STREAMED, "OAI-TOOL-020"),
)
def calls_are_numbered(exchange: Exchange) -> Findings:
    """The calls of a choice are numbered 0, 1, 2, ... in the order of their appearance."""
    seen: dict[str, list[Any]] = {}
    for fragment in chat.fragments(exchange):
        order = seen.setdefault(str(fragment.choice), [])
        index = fragment.fields.get("index")
        if index not in order:
            if index != len(order):
                actual = json.dumps(index)
                yield Violation(f"{fragment.where}.index", str(len(order)), actual)
            order.append(index)


@requirement(
    "OAI-TOOL-023",
    on=STREAM,
    when=has_fragments,
    symptom="tool-loop",
    needs=(*STREAMED, "OAI-TOOL-020"),
)
def calls_do_not_share_an_index(exchange: Exchange) -> Findings:
    """Two calls never share an `index`."""
    for fragment, first in _later(exchange):
        id = fragment.fields.get("id")
        if id and id != first.fields.get("id"):
            expected = f"an index of its own for {id}"
            actual = f"the index of {first.fields.get('id')}"
            yield Violation(f"{fragment.where}.index", expected, actual)


@requirement(
    "OAI-TOOL-024",
    on=STREAM,
    when=is_whole,
    symptom="tool-loop",
    needs=(*STREAMED, "OAI-TOOL-020", "OAI-TOOL-022", "OAI-TOOL-023"),
)
def fragments_join_to_an_object(exchange: Exchange, profile: Profile) -> Findings:
    """The arguments of each call, joined, parse as a JSON object."""
    yield from unparsable(exchange, profile)


def _later(exchange: Exchange) -> list[tuple[chat.Fragment, chat.Fragment]]:
    """Every fragment that is not the first of its index, with that first one."""
    first: dict[str, chat.Fragment] = {}
    found: list[tuple[chat.Fragment, chat.Fragment]] = []
    for fragment in chat.fragments(exchange):
        key = f"{fragment.choice} {fragment.fields.get('index')!r}"
        if key in first:
            found.append((fragment, first[key]))
        first.setdefault(key, fragment)
    return found
