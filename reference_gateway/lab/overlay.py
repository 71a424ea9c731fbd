"""What a step makes the answer say of itself: its stop reason, usage, model, id, refusal."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator

from reference_gateway.chat import Json
from reference_gateway.lab.steps import UNSAID, Content
from reference_gateway.wire import Frame

# How much Anthropic says to have produced where a stream begins.
_BEGUN: Json = {"output_tokens": 1}


def on_document(content: Content, document: Json) -> Json:
    """A whole answer, in either protocol."""
    said = copy.deepcopy(document)
    _head(content, said)
    if "choices" in said:
        _choices(content, said)
    else:
        _ending(content, said)
    _usage(content, said, {})
    return said


def on_frames(content: Content, frames: Iterable[Frame]) -> Iterator[Frame]:
    """The events of a streamed answer, in either protocol."""
    for frame in frames:
        if isinstance(frame.data, str):
            yield frame
        elif frame.event is None:
            yield from _chunk(content, copy.deepcopy(frame.data))
        else:
            yield Frame(frame.event, _event(content, copy.deepcopy(frame.data)))


def _chunk(content: Content, chunk: Json) -> Iterator[Frame]:
    _head(content, chunk)
    _choices(content, chunk)
    is_usage = not chunk.get("choices") and chunk.get("usage") is not None
    if is_usage or content.usage is None:
        _usage(content, chunk, {})
    if content.refusal is not None and _is_finish(chunk):
        yield Frame(None, _refused(content.refusal, chunk))
    if not is_usage or "usage" in chunk:
        yield Frame(None, chunk)


def _event(content: Content, event: Json) -> Json:
    if event.get("type") == "message_start":
        _head(content, event["message"])
        _usage(content, event["message"], _BEGUN)
    elif event.get("type") == "message_delta":
        _ending(content, event["delta"])
        _usage(content, event, {})
    return event


def _head(content: Content, said: Json) -> None:
    if content.id is not None:
        said["id"] = content.id
    if content.model is not None:
        said["model"] = content.model


def _usage(content: Content, said: Json, more: Json) -> None:
    if content.usage is None:
        said.pop("usage", None)
    elif content.usage is not UNSAID:
        said["usage"] = {**content.usage, **more}


def _ending(content: Content, said: Json) -> None:
    """Why an Anthropic answer ended."""
    if content.refusal is not None:
        said["stop_reason"] = "refusal"
        said["stop_details"] = {"type": "refusal", "category": None, "explanation": content.refusal}
    if content.stop is not None:
        said["stop_reason"] = content.stop


def _choices(content: Content, said: Json) -> None:
    """Why each choice of a chat completion ended, and its refusal where it is whole."""
    for choice in said.get("choices", ()):
        if content.stop is not None and choice.get("finish_reason") is not None:
            choice["finish_reason"] = content.stop
        if content.refusal is not None and "message" in choice:
            choice["message"]["refusal"] = content.refusal
            choice["message"]["content"] = choice["message"]["content"] or None


def _is_finish(chunk: Json) -> bool:
    return any(choice.get("finish_reason") for choice in chunk.get("choices", ()))


def _refused(refusal: str, finish: Json) -> Json:
    """The chunk that says the refusal, made from the one that follows it."""
    chunk = copy.deepcopy(finish)
    for choice in chunk["choices"]:
        choice.update(delta={"refusal": refusal}, finish_reason=None)
    return chunk
