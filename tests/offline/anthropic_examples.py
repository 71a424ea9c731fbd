"""The canonical exchanges of the Anthropic Messages protocol, and ways to spoil one of them.

One example for each form that the protocol's page shows. They are as small as is legal:
what a sound answer may leave out is in `plain_in_full` only.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

SITE = "https://gateway.example/v1"
MODEL = "claude-lighthouse-2"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)

Json = dict[str, Any]
Events = list[Json]


@dataclass(frozen=True)
class Example:
    """One exchange; `answer` is the JSON body, the events of a stream, or the text of any.

    `path` follows the base URL; without `asked` it is a GET.
    """

    name: str
    path: str
    asked: Json | None
    answer: Json | Events | str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = ""

    def line(self) -> Json:
        """The exchange as a line that can be judged."""
        is_stream = not isinstance(self.answer, dict)
        usual = "text/event-stream; charset=utf-8" if is_stream else "application/json"
        own = {"content-type": self.media_type or usual, "request-id": f"req_{self.name}"}
        return {
            "id": self.name,
            "request": {
                "method": "GET" if self.asked is None else "POST",
                "url": SITE + self.path,
                "headers": {
                    "content-type": "application/json",
                    "x-api-key": "sk-made-up",
                    "anthropic-version": "2023-06-01",
                },
                "body": self.asked,
            },
            "response": {
                "status": self.status,
                "headers": own | dict(self.headers),
                "body": self.text(),
            },
        }

    def text(self) -> str:
        """The body as the wire has it."""
        if isinstance(self.answer, str):
            return self.answer
        if isinstance(self.answer, dict):
            return json.dumps(self.answer)
        return "".join(
            f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in self.answer
        )


# ------------------------------------------------------------------------------ the questions


def asked(text: str = "Greet the keeper.", **more: Any) -> Json:
    """A plain question."""
    messages = [{"role": "user", "content": text}]
    return {"model": MODEL, "max_tokens": 80, "messages": messages, **more}


def tool(name: str, *required: str) -> Json:
    """A tool with required strings for its arguments."""
    properties = {key: {"type": "string"} for key in required}
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"name": name, "description": "Made up.", "input_schema": schema}


TIDE, MOON = tool("read_tide", "harbour"), tool("read_moon", "harbour")
CALLED = {
    "type": "tool_use",
    "id": "toolu_tide1",
    "name": "read_tide",
    "input": {"harbour": "Brest"},
}


def round_trip(**result: Any) -> Json:
    """A question, the call that answered it, and the tool's result."""
    answered = {"type": "tool_result", "tool_use_id": CALLED["id"], **result}
    turns = [
        {"role": "user", "content": "How high is the water at Brest?"},
        {"role": "assistant", "content": [CALLED]},
        {"role": "user", "content": [answered]},
    ]
    return asked(tools=[TIDE], messages=turns)


# ------------------------------------------------------------------------------ whole answers


def message(name: str, *blocks: Json, stop: str = "end_turn", **more: Any) -> Json:
    """A message in its smallest form."""
    return {
        "id": f"msg_{name}",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": list(blocks),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 14, "output_tokens": 11},
        **more,
    }


def said(text: str) -> Json:
    """A text block."""
    return {"type": "text", "text": text}


def failed(name: str, type: str, text: str) -> Json:
    """The body of a refusal."""
    error = {"type": type, "message": text}
    return {"type": "error", "error": error, "request_id": f"req_{name}"}


THOUGHT = {"type": "thinking", "thinking": "Low water, then six hours.", "signature": "c2lnbmVk"}
USAGE_IN_FULL = {
    "input_tokens": 14,
    "cache_creation_input_tokens": 30,
    "cache_read_input_tokens": 0,
    "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10},
    "output_tokens": 11,
    "service_tier": "standard",
}

# ------------------------------------------------------------------------------------ streams


def started(name: str) -> Json:
    """The event that opens a stream."""
    usage = {"input_tokens": 14, "output_tokens": 2}
    skeleton = {"content": [], "stop_reason": None, "usage": usage}
    return {"type": "message_start", "message": message(name) | skeleton}


def block(index: int, skeleton: Json, *deltas: Json) -> Events:
    """All events of one block."""
    return [
        {"type": "content_block_start", "index": index, "content_block": skeleton},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def spoken(index: int, *pieces: str) -> Events:
    """A text block in pieces."""
    return block(index, said(""), *({"type": "text_delta", "text": piece} for piece in pieces))


def called(index: int, name: str, *pieces: str) -> Events:
    """A tool call whose arguments come in pieces."""
    skeleton = {"type": "tool_use", "id": f"toolu_{name}{index}", "name": name, "input": {}}
    deltas = ({"type": "input_json_delta", "partial_json": piece} for piece in ("", *pieces))
    return block(index, skeleton, *deltas)


def thought(index: int, *pieces: str) -> Events:
    """A thinking block in pieces, signed at its end."""
    skeleton = {"type": "thinking", "thinking": "", "signature": ""}
    deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
    signature = {"type": "signature_delta", "signature": "c2lnbmVk"}
    return block(index, skeleton, *deltas, signature)


def ended(stop: str = "end_turn") -> Events:
    """The two events that close a stream."""
    delta = {"stop_reason": stop, "stop_sequence": None}
    return [
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 11}},
        {"type": "message_stop"},
    ]


PING: Json = {"type": "ping"}
OVERLOADED: Json = {"type": "error", "error": {"type": "overloaded_error", "message": "Later."}}
THINKING = {"type": "enabled", "budget_tokens": 1024}

# ----------------------------------------------------------------------------------- examples


def posted(name: str, body: Json, answer: Json | Events, **more: Any) -> Example:
    """An example of a question; a stream is asked for where one is answered."""
    wish = {"stream": True} if isinstance(answer, list) else {}
    return Example(name, "/messages", body | wish, answer, **more)


def refused(name: str, status: int, type: str, **more: Any) -> Example:
    """An example of a refusal, before any stream began."""
    headers = {"x-should-retry": "false" if status < 429 else "true", **more}
    body = failed(name, type, "Not like this.")
    return posted(name, asked(stream=True), body, status=status, headers=headers)


def model(name: str) -> Json:
    """A model as lists show it."""
    created = "2026-02-03T00:00:00Z"
    return {"type": "model", "id": name, "display_name": name.title(), "created_at": created}


def page(has_more: bool, *names: str) -> Json:
    """A page of the list of models."""
    ends = {"first_id": names[0], "last_id": names[-1]}
    return {"data": [model(name) for name in names], "has_more": has_more, **ends}


GREETING = said("Good evening, keeper!")
RESULTS: dict[str, Json] = {
    "text": {"content": "4 metres"},
    "blocks": {"content": [said("4 metres")]},
    "nothing": {},
    "failure": {"content": "no signal", "is_error": True},
    "picture": {
        "content": [
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
            }
        ]
    },
}

EXAMPLES = {
    example.name: example
    for example in (
        posted("plain", asked(), message("plain", GREETING)),
        posted(
            "plain_in_full",
            asked(),
            message("full", GREETING, stop_details=None, usage=USAGE_IN_FULL),
        ),
        posted(
            "cut",
            asked(max_tokens=11),
            message("cut", said("One, two, three"), stop="max_tokens"),
        ),
        posted(
            "stopped",
            asked(stop_sequences=["four"]),
            message("stopped", said("one two three "), stop="stop_sequence", stop_sequence="four"),
        ),
        posted("stream", asked(), [
            started("stream"), *spoken(0, "Good evening,", " keeper!")[:1], PING,
            *spoken(0, "Good evening,", " keeper!")[1:], *ended(),
        ]),
        posted(
            "tool",
            asked(tools=[TIDE], tool_choice={"type": "tool", "name": "read_tide"}),
            message("tool", CALLED, stop="tool_use"),
        ),
        *(
            posted(f"result_{form}", round_trip(**result), message(form, said("4 metres high.")))
            for form, result in RESULTS.items()
        ),
        posted("parallel_tools", asked(tools=[TIDE, MOON]), [
            started("parallel"), *spoken(0, "I look at both."),
            *called(1, "read_tide", '{"harbour": "Br', 'est"}'),
            *called(2, "read_moon", '{"harbour": "Brest"}'), *ended("tool_use"),
        ]),
        posted("bare_tool", asked(tools=[tool("list_lamps")]), [
            started("bare"), *called(0, "list_lamps"), *ended("tool_use"),
        ]),
        posted(
            "thinking",
            asked(max_tokens=3000, thinking=THINKING),
            message("thinking", THOUGHT, said("At nine.")),
        ),
        posted("thinking_stream", asked(max_tokens=3000, thinking=THINKING), [
            started("thinking_stream"), *thought(0, "Low water,", " then six hours."),
            *spoken(1, "At nine."), *ended(),
        ]),
        posted("thinking_omitted", asked(max_tokens=3000, thinking=THINKING), [
            started("omitted"), *thought(0), *spoken(1, "At nine."), *ended(),
        ]),
        refused("bad_request", 400, "invalid_request_error"),
        refused("bad_key", 401, "authentication_error"),
        refused("unknown", 404, "not_found_error"),
        refused("busy", 429, "rate_limit_error", **{"retry-after": "3"}),
        refused("overloaded", 529, "overloaded_error"),
        posted("failed_half_way", asked(), [
            started("half"), *spoken(0, "Good even")[:-1], OVERLOADED,
        ]),
        posted("failed_at_once", asked(), [OVERLOADED]),
        Example(
            "count",
            "/messages/count_tokens",
            {"model": MODEL, "messages": asked()["messages"], "system": "Be short."},
            {"input_tokens": 17},
        ),
        Example("first_page", "/models?limit=2", None, page(True, "lamp-3", "lamp-2")),
        Example("last_page", "/models?limit=2&after_id=lamp-2", None, page(False, "lamp-1")),
        Example("model", "/models/lamp-2", None, model("lamp-2")),
        Example(
            "unknown_model",
            "/models/lamp-9",
            None,
            failed("unknown_model", "not_found_error", "There is none."),
            404,
        ),
    )
}  # fmt: skip

# --------------------------------------------------------------------------------- corruptions

Change = Callable[[Example], Example]


def put(path: str, value: Any) -> Change:
    """One value instead of another; a path into a stream begins with the event's number."""

    def change(example: Example) -> Example:
        answer = copy.deepcopy(example.answer)
        *way, last = _steps(path)
        parent: Any = answer
        for step in way:
            parent = parent[step]
        parent[last] = value
        return replace(example, answer=answer)

    return change


def lose(path: str) -> Change:
    """One member, or one event, less."""

    def change(example: Example) -> Example:
        answer = copy.deepcopy(example.answer)
        *way, last = _steps(path)
        parent: Any = answer
        for step in way:
            parent = parent[step]
        del parent[last]
        return replace(example, answer=answer)

    return change


def insert(position: int, event: Json) -> Change:
    """One event more."""

    def change(example: Example) -> Example:
        assert isinstance(example.answer, list)
        events = [*example.answer[:position], event, *example.answer[position:]]
        return replace(example, answer=events)

    return change


def write(old: str, new: str) -> Change:
    """The bytes on the wire changed in one place."""

    def change(example: Example) -> Example:
        text = example.text()
        assert old in text
        return replace(example, answer=text.replace(old, new, 1))

    return change


def answer_with(text: str, media_type: str = "") -> Change:
    """Something else altogether for a body."""
    return lambda example: replace(example, answer=text, media_type=media_type)


def _steps(path: str) -> list[str | int]:
    return [int(step) if step.lstrip("-").isdigit() else step for step in path.split(".")]
