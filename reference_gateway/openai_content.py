"""OpenAI chat completions, inbound: the messages and what they are made of."""

from __future__ import annotations

import base64
import binascii
import json
import re
from urllib.parse import urlsplit

from reference_gateway.chat import Image, Part, Text, ToolCall, ToolResult, Turn
from reference_gateway.fields import Field
from reference_gateway.openai_history import check_order
from reference_gateway.turns import check_calls, merge

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_DETAILS = ("auto", "low", "high", "original")
_DATA = re.compile(r"data:(image/[a-z+.-]+);base64,(.*)", re.DOTALL)
# Nothing is fetched here, but what nobody could fetch is refused (RFC 6761).
_NOWHERE = (".invalid", ".test")
# Their first bytes; a text that claims to be a picture is refused, as it is at OpenAI.
_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF")


def read_conversation(messages: Field) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
    """The turns, and the system texts apart from them; raises `InvalidRequest`."""
    system: tuple[str, ...] = ()
    turns: list[Turn] = []
    for message in messages.items():
        role = message.get("role").word(_ROLES)
        if role in ("system", "developer"):
            system += _texts(message.get("content"))
        else:
            turns.append(_turn(role, message))
    if not system and not turns:
        raise messages.refuse("at least one message is required", "empty_array")
    check_order(messages)
    merged = merge(turns)
    check_calls(merged)
    return merged, system


def legacy_id(name: str) -> str:
    """The id of a call in the older form, which has none: a result names its function."""
    return f"function_{name}"


def _turn(role: str, message: Field) -> Turn:
    content = message.get("content")
    if role in ("tool", "function"):
        return Turn("user", (ToolResult(_call_id(role, message), "\n".join(_texts(content))),))
    if role == "user":
        return Turn("user", _parts(content))
    texts = tuple(Text(text) for text in _texts(content) if text)
    return Turn("assistant", texts + _calls(message))


def _call_id(role: str, message: Field) -> str:
    if role == "tool":
        return message.get("tool_call_id").text()
    return legacy_id(message.get("name").text())


def _calls(message: Field) -> tuple[ToolCall, ...]:
    calls, legacy = message.get("tool_calls"), message.get("function_call")
    if not legacy.is_absent:
        return (_call(legacy_id(legacy.get("name").text()), legacy),)
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
