"""OpenAI chat completions, inbound: the messages and what they are made of."""

from __future__ import annotations

import base64
import binascii
import json
import re
from urllib.parse import urlsplit

from reference_gateway.chat import Document, Image, Part, Text, ToolCall, ToolResult, Turn
from reference_gateway.fields import Field
from reference_gateway.openai_history import check_order
from reference_gateway.turns import Conversation, check_calls, merge

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_DETAILS = ("auto", "low", "high", "original")
_PDF = re.compile(r"data:application/pdf;base64,(.*)", re.DOTALL)
_DATA = re.compile(r"data:(image/[a-z+.-]+);base64,(.*)", re.DOTALL)
# Nothing is fetched here, but what nobody could fetch is refused (RFC 6761).
_NOWHERE = (".invalid", ".test")
# Their first bytes; a text that claims to be a picture is refused, as it is at OpenAI.
_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF")


def read_conversation(messages: Field) -> tuple[tuple[Turn, ...], Conversation]:
    """The turns, and the system texts apart from them; raises `InvalidRequest`."""
    said, legacy_calls = Conversation(), 0
    for message in messages.items():
        role = message.get("role").word(_ROLES)
        legacy_calls += not message.get("function_call").is_absent
        if role in ("system", "developer"):
            said.instruct(_texts(message.get("content")))
        else:
            said.turns.append(read_turn(role, message, legacy_calls))
    if not said.system and not said.turns:
        raise messages.refuse("at least one message is required", "empty_array")
    check_order(messages)
    merged = merge(said.turns)
    check_calls(merged)
    return merged, said


def _legacy_id(name: str, number: int) -> str:
    """The id of a call in the older form, which has none: a result names its function.

    The calls of a conversation are numbered, because a function may be called again.
    """
    return f"function_{number}_{name}"


def read_turn(role: str, message: Field, legacy_calls: int = 0) -> Turn:
    """One message of a user, the assistant or a tool; raises `InvalidRequest`.

    `legacy_calls` are those in the older form up to this message.
    """
    content = message.get("content")
    if role in ("tool", "function"):
        call_id = _call_id(role, message, legacy_calls)
        return Turn("user", (ToolResult(call_id, "\n".join(_texts(content))),))
    if role == "user":
        return Turn("user", _parts(content))
    said = (*_texts(content), *_texts(message.get("refusal")))
    texts = tuple(Text(text) for text in said if text)
    return Turn("assistant", texts + _calls(message, legacy_calls))


def _call_id(role: str, message: Field, legacy_calls: int) -> str:
    if role == "tool":
        return message.get("tool_call_id").text()
    return _legacy_id(message.get("name").text(), legacy_calls)


def _calls(message: Field, legacy_calls: int) -> tuple[ToolCall, ...]:
    calls, legacy = message.get("tool_calls"), message.get("function_call")
    if not legacy.is_absent:
        return (_call(_legacy_id(legacy.get("name").text(), legacy_calls), legacy),)
    if calls.is_absent:
        return ()
    return tuple(_call(call.get("id").text(), call.get("function")) for call in calls.items())


def _call(id: str, function: Field) -> ToolCall:
    arguments = function.get("arguments")
    try:
        value = json.loads(arguments.text() or "{}")
    except (ValueError, RecursionError) as error:
        raise arguments.refuse("must be the text of a JSON object") from error
    Field(value, arguments.path, brackets=True).object()
    return ToolCall(id, function.get("name").text(), arguments.value)


def _texts(content: Field) -> tuple[str, ...]:
    """The texts of a content that cannot hold anything else."""
    if content.is_absent:
        return ()
    if isinstance(content.value, str):
        return (content.value,)
    return tuple(_text(part, part.get("type").text()) for part in content.items())


def _parts(content: Field) -> tuple[Part, ...]:
    """What a user may say: texts, empty ones left out, and pictures."""
    if content.is_absent or isinstance(content.value, str):
        return tuple(Text(text) for text in _texts(content) if text)
    found = (_part(part) for part in content.items())
    return tuple(part for part in found if not isinstance(part, Text) or part.text)


def _part(part: Field) -> Part:
    kind = part.get("type").text()
    if kind == "file":
        return _file(part.get("file"))
    return _image(part.get("image_url")) if kind == "image_url" else Text(_text(part, kind))


def _text(part: Field, kind: str) -> str:
    if kind not in ("text", "refusal"):
        raise part.get("type").refuse(f"{kind!r} parts are not supported here", "invalid_value")
    return part.get(kind).text()


def _image(image: Field) -> Image:
    url, detail = image.get("url"), image.get("detail")
    if not detail.is_absent:
        detail.word(_DETAILS)
    if url.text().startswith(("https://", "http://")):
        if (urlsplit(url.value).hostname or "").endswith(_NOWHERE):
            raise url.refuse("names a host that cannot exist", "invalid_image_url")
        return Image(None, url=url.value)
    found = _DATA.fullmatch(url.value)
    if found is None:
        raise url.refuse("must be an http(s) URL or a base64 data URI", "invalid_image_url")
    try:
        data = base64.b64decode(found[2], validate=True)
    except binascii.Error as error:
        raise url.refuse("is not valid base64", "invalid_base64") from error
    if not data.startswith(_SIGNATURES):
        raise url.refuse("is not a picture", "invalid_image_format")
    return Image(found[1], data)


def _file(file: Field) -> Document:
    """A PDF that came along; files that were uploaded before are not kept here."""
    data, name = file.get("file_data").require(), file.get("filename")
    found = _PDF.fullmatch(data.text())
    if found is None:
        raise data.refuse("must be a base64 data URI of a PDF", "invalid_value")
    try:
        read = base64.b64decode(found[1], validate=True)
    except binascii.Error as error:
        raise data.refuse("is not valid base64", "invalid_base64") from error
    about = "" if name.is_absent else name.text()
    return Document("application/pdf", about=about, data=read)
