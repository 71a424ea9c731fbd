"""The turns of a prompt as Anthropic messages: users and the assistant in turn."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable

from reference_gateway.chat import (
    CacheMark,
    Document,
    Image,
    Json,
    Part,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from reference_gateway.errors import InvalidRequest
from reference_gateway.pictures import media_type

_HOUR_S = 3_600


class Marks:
    """The cache marks of a prompt, handed out while its items are told in order."""

    def __init__(self, marks: Iterable[CacheMark]) -> None:
        self._ttl_s = {mark.length: mark.ttl_s for mark in marks}
        self._told = 0

    def next(self) -> Json:
        """What marks the next item; empty for most."""
        self._told += 1
        ttl_s = self._ttl_s.get(self._told)
        if ttl_s is None:
            return {}
        ttl = {"ttl": "1h"} if ttl_s >= _HOUR_S else {}
        return {"cache_control": {"type": "ephemeral", **ttl}}


def messages(turns: tuple[Turn, ...], marks: Marks) -> list[Json]:
    """The messages; the results of tools come first in theirs, empty ones are left out."""
    found: list[Json] = []
    for turn in turns:
        marked = [(part, marks.next()) for part in turn.parts]
        marked.sort(key=lambda each: not isinstance(each[0], ToolResult))
        blocks = [{**block, **mark} for part, mark in marked for block in _blocks(part)]
        if not blocks:
            continue
        if found and found[-1]["role"] == turn.role:
            found[-1]["content"] += blocks
        else:
            found.append({"role": turn.role, "content": blocks})
    return found


def text_block(text: str) -> Json:
    """A block of text."""
    return {"type": "text", "text": text}


def _blocks(part: Part) -> list[Json]:
    match part:
        case Text():
            return [text_block(part.text)] if part.text else []
        case Image():
            return [{"type": "image", "source": _picture(part)}]
        case Document():
            return [_document(part)]
        case ToolCall():
            input = json.loads(part.arguments or "{}")
            return [{"type": "tool_use", "id": part.id, "name": part.name, "input": input}]
        case ToolResult():
            content = {"content": part.text} if part.text else {}
            return [{"type": "tool_result", "tool_use_id": part.call_id, **content}]
        case _:
            # Thinking is signed by who thought it, and only its own protocol hands it in.
            return []


def _picture(image: Image) -> Json:
    """The source of a picture; its type is told by its bytes, which have to agree there."""
    if image.url is not None:
        return {"type": "url", "url": image.url}
    kind = media_type(image.data)
    if kind is None:
        raise InvalidRequest(
            f"image_url: the Anthropic upstream of this model reads no {image.media_type}",
            param="messages",
        )
    return _base64(kind, image.data)


def _document(document: Document) -> Json:
    title = {"title": document.about} if document.about else {}
    source = _base64(document.media_type, document.data)
    return {"type": "document", "source": source, **title}


def _base64(kind: str, data: bytes) -> Json:
    return {"type": "base64", "media_type": kind, "data": base64.b64encode(data).decode()}
