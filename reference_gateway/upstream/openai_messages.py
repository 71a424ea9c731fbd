"""The turns and system texts of a prompt as OpenAI messages, in the order they were said."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Iterator

from reference_gateway.chat import (
    Document,
    Image,
    Json,
    Part,
    Prompt,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Turn,
)


def messages(prompt: Prompt) -> list[Json]:
    """The messages: system texts where they stood, each result right after its calls."""
    waiting, said = _System(prompt), 0
    found: list[Json] = []
    for turn in prompt.turns:
        if turn.role == "assistant":
            found += [*waiting.until(said), *_assistant(turn)]
        else:
            found += _user(turn, waiting, said)
        said += len(turn.parts)
    return [*found, *waiting.until(said)]


class _System:
    """The system texts that were not said yet."""

    def __init__(self, prompt: Prompt) -> None:
        texts, places = prompt.system, prompt.system_places
        in_front = (0,) * len(texts)
        known = places if len(places) == len(texts) else in_front
        self.texts = deque(zip(known, texts, strict=True))

    def until(self, place: int) -> list[Json]:
        """One message of the texts that stand before this part; none where there are none."""
        due: list[str] = []
        while self.texts and self.texts[0][0] <= place:
            due.append(self.texts.popleft()[1])
        contents: list[Json] = [_text(text) for text in due if text]
        return [{"role": "system", "content": _content(contents)}] if contents else []


def _assistant(turn: Turn) -> Iterator[Json]:
    calls = [_call(part) for part in turn.parts if isinstance(part, ToolCall)]
    thoughts = [part.text for part in turn.parts if isinstance(part, Thinking) and part.text]
    contents = [content for part in turn.parts for content in _contents(part)]
    if not (calls or thoughts or contents):
        return
    message: Json = {"role": "assistant", "content": None if calls else ""}
    if contents:
        message["content"] = _content(contents)
    if thoughts:
        message["reasoning_content"] = "\n".join(thoughts)
    if calls:
        message["tool_calls"] = calls
    yield message


def _user(turn: Turn, waiting: _System, said: int) -> Iterator[Json]:
    """The results first; then what the user and the operator said, in order."""
    for part in turn.parts:
        if isinstance(part, ToolResult):
            yield {"role": "tool", "tool_call_id": part.call_id, "content": _result(part)}
    contents: list[Json] = []
    for place, part in enumerate(turn.parts, start=said):
        system = waiting.until(place)
        if system:
            yield from _said(contents)
            yield from system
            contents = []
        contents += _contents(part)
    yield from _said(contents)


def _said(contents: list[Json]) -> Iterator[Json]:
    if contents:
        yield {"role": "user", "content": _content(contents)}


def _content(contents: list[Json]) -> list[Json] | str:
    """A single text stands for itself, as every server takes it."""
    if len(contents) == 1 and contents[0]["type"] == "text":
        return str(contents[0]["text"])
    return contents


def _contents(part: Part) -> list[Json]:
    """What a part adds to the content of its message; files that a tool returned stand here."""
    match part:
        case Text():
            return [_text(part.text)] if part.text else []
        case Image():
            return [{"type": "image_url", "image_url": {"url": _url(part)}}]
        case Document():
            return _document(part)
        case ToolResult() if part.attachments:
            files = [content for file in part.attachments for content in _contents(file)]
            return [_text(f"Returned by the tool call {part.call_id}:"), *files]
        case _:
            return []


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _url(image: Image) -> str:
    return image.url or _data(image.media_type or "image/png", image.data)


def _data(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _document(document: Document) -> list[Json]:
    """A text stands for itself, a PDF is a file; what was said about it goes before."""
    about = [_text(document.about)] if document.about else []
    if document.text:
        return [*about, _text(document.text)]
    file = {"filename": "document.pdf", "file_data": _data(document.media_type, document.data)}
    return [*about, {"type": "file", "file": file}]


def _call(call: ToolCall) -> Json:
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function}


def _result(result: ToolResult) -> str:
    """The text of a result; that the tool failed can only be said in words."""
    return f"Error: {result.text}" if result.is_error else result.text
