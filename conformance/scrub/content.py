"""Content of both protocols without its texts: lengths, ids, roles and counts stay.

Prompts, answers, tool arguments, tool results and descriptions are content; the names of
tools and of their parameters are structure, without which no call can be judged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TEXTS = frozenset(
    {
        *("text", "content", "thinking", "reasoning", "reasoning_content", "reasoning_details"),
        *("refusal", "input", "arguments", "partial_json", "prompt", "system", "instructions"),
        *("output", "data", "url", "title", "description", "cited_text", "signature", "audio"),
        *("transcript", "b64_json", "token", "bytes", "query", "suffix", "encrypted_content"),
        *("stop", "stop_sequence", "stop_sequences", "document", "file_data", "obfuscation"),
        *("enum", "const", "default", "examples", "example", "stdout", "stderr", "code"),
    }
)
"""The fields that hold content, with everything below them."""

_ARGUMENTS = frozenset({"input", "arguments", "default", "examples", "example"})
_LABELS = frozenset({"type", "role", "id", "index", "name", "tool_use_id", "tool_call_id"})
_LABELS_OF_DATA = frozenset({"media_type", "detail", "format", "cache_control"})


def length(text: str) -> str:
    """What stands in for a text."""
    return f"text of {len(text)} characters"


def blanked(value: Any, name: str, other: Callable[[str, Any, Mapping[str, Any]], Any]) -> Any:
    """A field of content without texts; `other` treats the fields in it that are none."""
    if isinstance(value, str):
        return _text(value, name)
    if isinstance(value, list):
        return [0] * len(value) if name == "bytes" else [blanked(v, name, other) for v in value]
    if not isinstance(value, Mapping):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return type(value)(0) if is_number and name in _ARGUMENTS else value
    if name in _ARGUMENTS:  # a tool's own fields: whatever they are called, they are content
        return {key: blanked(inner, name, other) for key, inner in value.items()}
    return {key: other(key, inner, value) for key, inner in value.items()}


def is_content(name: str, value: Any, holder: Mapping[str, Any]) -> bool:
    """Whether a field holds content; an error's code and a schema's names do not."""
    if name in _LABELS | _LABELS_OF_DATA and not isinstance(value, Mapping | list):
        return False
    if name == "code" and ("message" in holder or "param" in holder):
        return False
    return name in TEXTS


def _text(text: str, name: str) -> str:
    if not text:
        return text
    if name == "arguments":
        return _arguments(text)
    return length(text)


def _arguments(text: str) -> str:
    """The arguments of a call as JSON again; what is no JSON stays none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return f"{{{length(text)}"
    return json.dumps(blanked(value, "input", lambda _, inner, __: inner))


def join_fragments(events: list[Any]) -> frozenset[int]:
    """Put the arguments of each streamed call, blanked, into its first fragment with text.

    A fragment alone is no JSON and cannot be blanked; the others become empty. Gives the
    identities of the objects that hold fragments.
    """
    calls: dict[str, list[tuple[dict[str, Any], str]]] = {}
    for event in events:
        for call, holder, key in _fragments(event):
            if holder[key]:
                calls.setdefault(call, []).append((holder, key))
    for fragments in calls.values():
        whole = "".join(holder[key] for holder, key in fragments)
        for number, (holder, key) in enumerate(fragments):
            holder[key] = _arguments(whole) if number == 0 else ""
    return frozenset(id(holder) for found in calls.values() for holder, _ in found)


def _fragments(event: Any) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The argument fragments in an event, as (call, holder, key)."""
    if not isinstance(event, dict):
        return
    delta = event.get("delta")
    if isinstance(delta, dict) and isinstance(delta.get("partial_json"), str):
        yield f"block {event.get('index')}", delta, "partial_json"
    if isinstance(delta, str) and str(event.get("type")).endswith("arguments.delta"):
        yield f"item {event.get('item_id')}", event, "delta"
    for choice in event.get("choices") or ():
        found = choice.get("delta") if isinstance(choice, dict) else None
        for call in (found.get("tool_calls") if isinstance(found, dict) else None) or ():
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict) and isinstance(function.get("arguments"), str):
                yield f"{choice.get('index')} {call.get('index')}", function, "arguments"
