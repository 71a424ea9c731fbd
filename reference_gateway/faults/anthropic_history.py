"""Faults of what may be sent back over the Messages protocol: forms that are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reference_gateway.chat import Json
from reference_gateway.errors import InvalidRequest
from reference_gateway.faults.places import ANTHROPIC, documents
from reference_gateway.faults.registry import fault

_RESULT = "tool_result"


def blocks(body: Json, role: str, kind: str | None = None) -> Iterator[Json]:
    """The content blocks in messages of a role; those of one type where one is given."""
    for message in body.get("messages") or []:
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(content, list) or message.get("role") != role:
            continue
        for block in content:
            if isinstance(block, dict) and kind in (None, block.get("type")):
                yield block


def tools(body: Json) -> list[Json]:
    """The tools on offer."""
    found = body.get("tools")
    return [tool for tool in found if isinstance(tool, dict)] if isinstance(found, list) else []


def refuse_if(condition: Any, field: str) -> None:
    """Refuse the request in the words of a validator that knows fewer fields."""
    if condition:
        raise InvalidRequest(f"{field}: Extra inputs are not permitted")


@fault(
    "anthropic-text-after-result-refused",
    documents(ANTHROPIC),
    kills=("ANT-TOOL-009",),
    origin="page, handle tool calls: text may come after the tool results",
)
def text_after_result(body: Json) -> None:
    """A user message with a tool result and text is refused."""
    for message in body.get("messages") or []:
        kinds = {block.get("type") for block in blocks({"messages": [message]}, "user")}
        refuse_if({_RESULT, "text"} <= kinds, "messages.content.text")


@fault(
    "anthropic-foreign-tool-id-refused",
    documents(ANTHROPIC),
    kills=("ANT-TOOL-010",),
    origin="page, tools: ids in the history match ^[a-zA-Z0-9_-]+$",
)
def foreign_tool_id(body: Json) -> None:
    """Tool ids that do not begin with `toolu_` are refused."""
    for block in blocks(body, "assistant", "tool_use"):
        refuse_if(not str(block.get("id")).startswith("toolu_"), "tool_use.id")


@fault(
    "anthropic-schema-reference-refused",
    documents(ANTHROPIC),
    kills=("ANT-TOOL-011",),
    origin="page, tools: schemas with $defs and $ref are accepted",
)
def schema_reference(body: Json) -> None:
    """A tool schema with `$ref` is refused."""
    refuse_if(any("'$ref'" in str(tool) for tool in tools(body)), "tools.input_schema.$ref")


@fault(
    "anthropic-bare-tool-gets-arguments",
    documents(ANTHROPIC),
    kills=("ANT-TOOL-011",),
    origin="page, tools: a tool without parameters is called with {}",
)
def bare_tool(body: Json) -> None:
    """A tool without parameters is given one, and called with it."""
    for tool in tools(body):
        schema = tool.get("input_schema")
        if isinstance(schema, dict) and schema.get("properties") == {}:
            schema.update(properties={"_": {"type": "string"}}, required=["_"])


@fault(
    "anthropic-custom-tool-type-refused",
    documents(ANTHROPIC),
    kills=("ANT-TOOL-012",),
    origin="page, tools: type may be absent or custom",
)
def custom_type(body: Json) -> None:
    """A tool that says its type is refused."""
    refuse_if(any(tool.get("type") == "custom" for tool in tools(body)), "tools.type")


@fault(
    "anthropic-input-examples-refused",
    documents(ANTHROPIC),
    kills=("ANT-TOOL-013",),
    origin="page, tool reference: input_examples",
)
def input_examples(body: Json) -> None:
    """A tool with `input_examples` is refused."""
    refuse_if(any("input_examples" in tool for tool in tools(body)), "tools.input_examples")


@fault(
    "anthropic-caller-refused",
    documents(ANTHROPIC),
    kills=("ANT-TOOL-017",),
    origin="page, tools: caller on tool_use is accepted when echoed",
)
def caller(body: Json) -> None:
    """A `tool_use` block with `caller` is refused."""
    refuse_if(any("caller" in block for block in blocks(body, "assistant")), "tool_use.caller")


@fault(
    "anthropic-assistant-string-refused",
    documents(ANTHROPIC),
    kills=("ANT-CONV-001",),
    origin="https://github.com/anomalyco/opencode/issues/42091",
)
def assistant_string(body: Json) -> None:
    """Content of the assistant is accepted as an array only."""
    for message in body.get("messages") or []:
        if isinstance(message, dict) and message.get("role") == "assistant":
            refuse_if(isinstance(message.get("content"), str), "messages.content")


@fault(
    "anthropic-text-before-call-refused",
    documents(ANTHROPIC),
    kills=("ANT-CONV-005",),
    origin="page, messages: the content of an answer can be sent back verbatim",
)
def text_before_call(body: Json) -> None:
    """A turn of the assistant with text and a call is refused."""
    for message in body.get("messages") or []:
        kinds = {block.get("type") for block in blocks({"messages": [message]}, "assistant")}
        refuse_if({"text", "tool_use"} <= kinds, "messages.content")


@fault(
    "anthropic-two-results-refused",
    documents(ANTHROPIC),
    kills=("ANT-TOOL-006",),
    origin="page, parallel tool use: all results in one user message",
)
def two_results(body: Json) -> None:
    """A message with more than one tool result is refused."""
    for message in body.get("messages") or []:
        results = list(blocks({"messages": [message]}, "user", _RESULT))
        refuse_if(len(results) > 1, "messages.content")


@fault(
    "anthropic-webp-refused",
    documents(ANTHROPIC),
    kills=("ANT-CONV-007",),
    origin="page, vision: png, jpeg, gif and webp",
)
def webp(body: Json) -> None:
    """Pictures in WebP are refused."""
    for block in blocks(body, "user", "image"):
        is_webp = block.get("source", {}).get("media_type") == "image/webp"
        refuse_if(is_webp, "image.source.media_type")


@fault(
    "anthropic-picture-url-refused",
    documents(ANTHROPIC),
    kills=("ANT-CONV-008",),
    origin="page, vision: source of type url",
)
def picture_url(body: Json) -> None:
    """Pictures behind a URL are refused."""
    for block in blocks(body, "user", "image"):
        refuse_if(block.get("source", {}).get("type") == "url", "image.source.url")


@fault(
    "anthropic-document-refused",
    documents(ANTHROPIC),
    kills=("ANT-CONV-009",),
    origin="page, content: documents as PDF and as text",
)
def document(body: Json) -> None:
    """A PDF is refused."""
    for block in blocks(body, "user", "document"):
        refuse_if(block.get("source", {}).get("type") == "base64", "document.source")
