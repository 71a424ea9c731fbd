"""Native answers that the lab's own words cannot say: what only vendors' servers add to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]

OPENAI_COUNTS: Json = {"prompt_tokens": 12, "completion_tokens": 9, "total_tokens": 21}
ANTHROPIC_COUNTS: Json = {"input_tokens": 12, "output_tokens": 9}
_CHAT: Json = {"id": "chatcmpl-lab0001", "created": 1767225600, "model": "lab-model"}
_MESSAGE: Json = {"id": "msg_lab0001", "type": "message", "role": "assistant", "model": "lab-model"}


def completion(message: Mapping[str, Any], **more: Any) -> Json:
    """A whole chat completion of one message; `more` are further fields of its choice."""
    said = {"role": "assistant", "content": None, "refusal": None, **message}
    choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": "stop", **more}
    return {**_CHAT, "object": "chat.completion", "choices": [choice], "usage": OPENAI_COUNTS}


def chunks(deltas: Iterable[Mapping[str, Any]], finish: str = "stop") -> str:
    """A streamed chat completion of these deltas, with its usage and `[DONE]`."""
    choices = [*map(_choice, deltas), _choice({}, finish)]
    said = [*(_chunk([choice], None) for choice in choices), _chunk([], OPENAI_COUNTS)]
    return "".join(f"data: {_text(chunk)}\n\n" for chunk in said) + "data: [DONE]\n\n"


def message(content: list[Json], **more: Any) -> Json:
    """A whole message of these blocks."""
    end = {"stop_reason": "end_turn", "stop_sequence": None, "usage": ANTHROPIC_COUNTS}
    return {**_MESSAGE, "content": content, **end, **more}


def events(blocks: Iterable[tuple[Json, list[Json]]]) -> str:
    """A streamed message of these blocks, each as it starts and the deltas that follow."""
    empty = {"stop_reason": None, "stop_sequence": None, "usage": ANTHROPIC_COUNTS}
    said: list[Json] = [{"type": "message_start", "message": {**_MESSAGE, "content": [], **empty}}]
    for index, (start, deltas) in enumerate(blocks):
        said.append({"type": "content_block_start", "index": index, "content_block": start})
        said += [{"type": "content_block_delta", "index": index, "delta": d} for d in deltas]
        said.append({"type": "content_block_stop", "index": index})
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    said.append({"type": "message_delta", "delta": end, "usage": ANTHROPIC_COUNTS})
    said.append({"type": "message_stop"})
    return "".join(f"event: {event['type']}\ndata: {_text(event)}\n\n" for event in said)


def _choice(delta: Mapping[str, Any], finish: str | None = None) -> Json:
    return {"index": 0, "delta": dict(delta), "logprobs": None, "finish_reason": finish}


def _chunk(choices: list[Json], usage: Json | None) -> Json:
    return {**_CHAT, "object": "chat.completion.chunk", "choices": choices, "usage": usage}


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
