"""Anthropic Messages, inbound: what each field may be beside the others, and by version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from reference_gateway.anthropic_options import SAMPLING
from reference_gateway.fields import Field

SECOND_VERSION = "2026-10-21"
_ENFORCED = ("enabled", "adaptive")


def check_conflicts(body: Field, version: str) -> None:
    """Raise `InvalidRequest` for fields that cannot stand together; each is sound alone."""
    _check_sampling(body, version)
    _check_thinking(body)
    _check_systems(body)
    _check_prefill(body)
    _check_schema(body)
    if version >= SECOND_VERSION:
        _check_second_version(body)


def _check_sampling(body: Field, version: str) -> None:
    for name, high in SAMPLING:
        field = body.get(name)
        if version >= SECOND_VERSION and name in body.value:
            raise field.refuse("Extra inputs are not permitted")
        field.number(0, high)


def _check_thinking(body: Field) -> None:
    kind = None if body.get("thinking").is_absent else body.get("thinking").get("type").value
    temperature, choice = body.get("temperature"), body.get("tool_choice")
    if kind in _ENFORCED and temperature.value not in (None, 1):
        raise temperature.refuse("may only be set to 1 when thinking is enabled or adaptive")
    forced = not choice.is_absent and choice.get("type").value in ("any", "tool")
    if kind == "enabled" and forced:
        raise choice.refuse("Thinking may not be enabled when tool_choice forces tool use.")
    if kind == "enabled" and body.get("max_tokens").value == 0:
        raise body.get("max_tokens").refuse("0 is not allowed together with thinking")


def _check_systems(body: Field) -> None:
    """A system message inside the conversation follows a user's turn; the first is hoisted."""
    before: object = "user"
    for message in body.get("messages").items():
        role = message.get("role")
        if role.value == "system" and before == "assistant":
            raise role.refuse("a system message has to follow a user turn")
        before = role.value


def _check_prefill(body: Field) -> None:
    last = list(body.get("messages").items())[-1]
    if last.get("role").value != "assistant":
        return
    content = last.get("content")
    text = content.value
    if isinstance(text, list) and text and text[-1].get("type") == "text":
        text = text[-1]["text"]
    if isinstance(text, str) and text and text[-1].isspace():
        raise content.refuse("final assistant content cannot end with trailing whitespace")


def _check_schema(body: Field) -> None:
    config = body.get("output_config")
    wanted = Field(None) if config.is_absent else config.get("format")
    if wanted.is_absent:
        return
    if body.get("max_tokens").value == 0:
        raise body.get("max_tokens").refuse("0 is not allowed together with output_config.format")
    if not is_closed(wanted.get("schema").value):
        raise wanted.get("schema").refuse(
            "For 'object' type, 'additionalProperties' must be explicitly set to false"
        )


def is_closed(schema: Any) -> bool:
    """True when no object of the schema may hold more than it names."""
    return all(each.get("additionalProperties") is False for each in _objects(schema))


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    """The schemas of objects inside a schema, itself included."""
    if isinstance(schema, list):
        for each in schema:
            yield from _objects(each)
    elif isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for each in schema.values():
            yield from _objects(each)


def _check_second_version(body: Field) -> None:
    """What the version of 2026-10-21 no longer allows inside messages."""
    for message in body.get("messages").items():
        content, role = message.get("content"), message.get("role").value
        check = _CHECKS.get(role)
        if check is not None and isinstance(content.value, list):
            for block in content.items():
                check(block)


def _check_user_block(block: Field) -> None:
    if block.get("citations").value and block.get("type").value == "text":
        raise block.get("citations").refuse("Extra inputs are not permitted in a user message")


def _check_assistant_block(block: Field) -> None:
    if block.get("type").value == "document":
        raise block.get("type").refuse("document blocks are not permitted in assistant messages")


_CHECKS: dict[object, Callable[[Field], None]] = {
    "user": _check_user_block,
    "assistant": _check_assistant_block,
}
