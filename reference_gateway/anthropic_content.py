"""Anthropic Messages, inbound: messages, and the content blocks they are made of."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Literal

from reference_gateway.chat import (
    Document,
    Image,
    Part,
    RedactedThinking,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Turn,
)
from reference_gateway.fields import Field
from reference_gateway.pictures import media_type
from reference_gateway.signatures import is_sealed, is_signed

Role = Literal["user", "assistant"]
_PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_PDF = "application/pdf"


def read_turn(role: Role, message: Field, is_final: bool) -> Turn:
    """One message of a user or of the assistant; raises `InvalidRequest`."""
    content = message.get("content").require()
    if isinstance(content.value, str):
        return Turn(role, (Text(content.value),))
    blocks = list(content.items())
    if not blocks and not (is_final and role == "assistant"):
        raise message.refuse("all messages must have non-empty content")
    return Turn(role, tuple(_block(role, block) for block in blocks))


def read_texts(field: Field) -> tuple[str, ...]:
    """A text, or a list of text blocks; absent is none."""
    if field.is_absent:
        return ()
    if isinstance(field.value, str):
        return (field.value,)
    return tuple(_text_block(block) for block in field.items())


def _text_block(block: Field) -> str:
    block.get("type").word(("text",))
    return block.get("text").text()


def _block(role: Role, block: Field) -> Part:
    kind = block.get("type").text()
    read = _READERS[role].get(kind)
    if read is None:
        raise block.get("type").refuse(f"{kind!r} blocks are not supported in {role} messages")
    return read(block)


def _text(block: Field) -> Text:
    return Text(_nonempty_text(block.get("text")))


def _nonempty_text(field: Field) -> str:
    if not field.text():
        raise field.refuse("text content blocks must be non-empty")
    return str(field.value)


def _call(block: Field) -> ToolCall:
    # The order of the members is the model's own.
    input = json.dumps(block.get("input").object(), ensure_ascii=False, separators=(",", ":"))
    return ToolCall(block.get("id").text(), block.get("name").text(), input)


def _thinking(block: Field) -> Thinking:
    thinking, signature = block.get("thinking").text(), block.get("signature")
    # Clients give back a thought that came unsigned, from elsewhere, with an empty signature.
    if signature.text() and not is_signed(thinking, signature.value):
        raise signature.refuse("Invalid `signature` in `thinking` block")
    return Thinking(thinking, signature.value)


def _redacted(block: Field) -> RedactedThinking:
    data = block.get("data")
    if not is_sealed(data.text()):
        raise data.refuse("Invalid `data` in `redacted_thinking` block")
    return RedactedThinking(data.value)


def _result(block: Field) -> ToolResult:
    content = block.get("content")
    plain = content.is_absent or isinstance(content.value, str)
    blocks = [] if plain else list(content.items())
    parts = [_result_block(part) for part in blocks]
    texts = read_texts(content) if plain else [p.text for p in parts if isinstance(p, Text)]
    return ToolResult(
        block.get("tool_use_id").text(),
        "\n".join(texts),
        block.get("is_error").flag(False),
        tuple(part for part in parts if not isinstance(part, Text)),
    )


def _result_block(block: Field) -> Text | Image | Document:
    kind = block.get("type").word(("text", "image", "document"))
    if kind == "image":
        return _image(block)
    return _document(block) if kind == "document" else Text(block.get("text").text())


def _image(block: Field) -> Image:
    source = block.get("source")
    if source.get("type").word(("base64", "url")) == "url":
        return Image(None, url=_url(source.get("url")))
    declared, data = source.get("media_type").word(_PICTURES), _bytes(source.get("data"))
    if media_type(data) != declared:
        raise source.refuse(f"Image does not match the provided media type {declared}")
    return Image(declared, data)


def _document(block: Field) -> Document:
    source, wanted = block.get("source"), block.get("citations")
    about = [block.get(name) for name in ("title", "context")]
    read = _source(source)
    return Document(
        read.media_type,
        read.text,
        "\n".join(field.text() for field in about if not field.is_absent),
        read.data,
        read.url,
        is_citable=not wanted.is_absent and wanted.get("enabled").flag(False),
    )


def _source(source: Field) -> Document:
    kind = source.get("type").word(("base64", "text", "url", "content"))
    if kind == "url":
        return Document(_PDF, url=_url(source.get("url")))
    if kind == "content":
        return Document("text/plain", "\n".join(read_texts(source.get("content"))))
    if kind == "text":
        declared = source.get("media_type").word(("text/plain",))
        return Document(declared, _nonempty_text(source.get("data")))
    source.get("media_type").word((_PDF,))
    data = _bytes(source.get("data"))
    if not data.startswith(b"%PDF-"):
        raise source.get("data").refuse("The PDF specified was not valid.")
    return Document(_PDF, data=data)


def _bytes(field: Field) -> bytes:
    try:
        return base64.b64decode(field.text(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise field.refuse("invalid base64 data") from error


def _url(field: Field) -> str:
    if not field.text().startswith(("https://", "http://")):
        raise field.refuse("Only HTTP and HTTPS URLs are supported")
    return str(field.value)


_READERS: Mapping[Role, Mapping[str, Callable[[Field], Part]]] = {
    "user": {
        "text": _text,
        "image": _image,
        "document": _document,
        "tool_result": _result,
    },
    "assistant": {
        "text": _text,
        "document": _document,
        "tool_use": _call,
        "thinking": _thinking,
        "redacted_thinking": _redacted,
    },
}
