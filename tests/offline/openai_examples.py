"""Canonical exchanges of the OpenAI-compatible protocol."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from conformance.imports.entry import Raw

SITE = "https://gateway.example/v1"
SENT = "Mon, 12 Jan 2026 09:30:05 GMT"
CREATED = 1768210204
"""A second before SENT."""

DONE = "[DONE]"
Events = tuple[Any, ...]
"""What a stream holds, in order: JSON objects, DONE, or frames written out (str)."""


@dataclass(frozen=True)
class Example:
    """One exchange: what was asked of which path, and the JSON or the events of the answer."""

    asked: dict[str, Any]
    answer: dict[str, Any] | Events
    status: int = 200
    path: str = "/chat/completions"
    retry_after: str = ""

    def raw(self) -> Raw:
        """The exchange as a recording tells it."""
        is_stream = isinstance(self.answer, tuple)
        media_type = "text/event-stream; charset=utf-8" if is_stream else "application/json"
        headers = (("content-type", media_type), ("date", SENT), ("x-request-id", "req-5d1"))
        return Raw(
            method="POST",
            url=SITE + self.path,
            request_headers=(("authorization", "Bearer [key]"),),
            request_body=json.dumps(self.asked).encode(),
            status=self.status,
            headers=headers + ((("retry-after", self.retry_after),) if self.retry_after else ()),
            body=self._body().encode(),
        )

    def _body(self) -> str:
        if isinstance(self.answer, tuple):
            return "".join(map(_frame, self.answer))
        return json.dumps(self.answer, ensure_ascii=False)


def _frame(event: Any) -> str:
    if isinstance(event, str) and event != DONE:
        return event
    data = event if event == DONE else json.dumps(event, ensure_ascii=False)
    name = f"event: {event['type']}\n" if _is_named(event) else ""
    return f"{name}data: {data}\n\n"


def _is_named(event: Any) -> bool:
    """Whether an event has a line with its name, as those of responses do."""
    return isinstance(event, dict) and "sequence_number" in event


# ------------------------------------------------------------------------------ plain answers

TRAIN = {
    "type": "function",
    "function": {
        "name": "next_train",
        "description": "When the next train to a town leaves",
        "parameters": {
            "type": "object",
            "properties": {"town": {"type": "string"}},
            "required": ["town"],
        },
    },
}
CLOCK = {"type": "function", "function": {"name": "clock"}}
QUESTION = [{"role": "user", "content": "When do the next trains to Brest and to Nîmes leave?"}]


NOT_ASKED: dict[str, Any] = {}
"""Likelihoods that were not asked for are null; where they are None here, the key is absent."""


def asks(**parameters: Any) -> dict[str, Any]:
    """A chat request."""
    return {"model": "harbour-2", "messages": QUESTION, **parameters}


def says(
    message: dict[str, Any],
    finish: str = "stop",
    likely: dict[str, Any] | None = NOT_ASKED,
    **more: Any,
) -> dict[str, Any]:
    """A chat completion with one choice, and `likely` as its `logprobs`."""
    choice = {"index": 0, "message": {"role": "assistant", "refusal": None, **message}}
    choice |= {"logprobs": likely or None} if likely is not None else {}
    return {
        "id": "chatcmpl-9kQ",
        "object": "chat.completion",
        "created": CREATED,
        "model": "harbour-2-2026-01-05",
        "choices": [{**choice, "finish_reason": finish}],
        "usage": {"prompt_tokens": 31, "completion_tokens": 9, "total_tokens": 40},
        **more,
    }


def called(name: str, arguments: str, id: str = "call_x81") -> dict[str, Any]:
    """One tool call."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


CALL = called("next_train", '{"town":"Brest"}')
CALLS = [CALL, called("next_train", '{"town": "Nîmes"}', "call_x82")]
LIKELY = [
    {"token": "Ta", "logprob": -0.25, "bytes": [84, 97], "top_logprobs": []},
    {"token": "xi", "logprob": -1.5, "bytes": [120, 105], "top_logprobs": []},
]
PERSON = {
    "type": "json_schema",
    "json_schema": {
        "name": "boat",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "crew": {"type": "integer"}},
            "required": ["name", "crew"],
            "additionalProperties": False,
        },
    },
}
DETAILED = {
    "prompt_tokens": 31,
    "completion_tokens": 9,
    "total_tokens": 40,
    "prompt_tokens_details": {"cached_tokens": 16, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
}
TWO_CHOICES = [
    {"index": n, "message": {"role": "assistant", "content": t, "refusal": None}, "logprobs": None}
    | {"finish_reason": "stop"}
    for n, t in enumerate(("At nine.", "Around nine.", "Nine o'clock."))
]
RESULTS = [
    *QUESTION,
    {"role": "assistant", "content": None, "tool_calls": CALLS},
    {"role": "tool", "tool_call_id": "call_x82", "content": '{"leaves":"10:17"}'},
    {"role": "tool", "tool_call_id": "call_x81", "content": '{"leaves":"09:42"}'},
]

PLAIN = Example(
    asks(),
    says(
        {"content": "At nine; 十時 🚆.", "annotations": []},
        usage=DETAILED,
        service_tier="default",
        system_fingerprint="fp_3c",
    ),
)
BARE = Example(asks(), says({"content": "At nine."}, likely=None))
CUT = Example(asks(max_completion_tokens=2), says({"content": "At n"}, "length"))
REFUSED = Example(asks(), says({"content": None, "refusal": "That I will not say."}))
LOGPROBS = Example(
    asks(logprobs=True),
    says({"content": "Taxi"}, likely={"content": LIKELY, "refusal": None}),
)
CHOICES = Example(asks(n=3), says({}, choices=TWO_CHOICES))
TOOL = Example(
    asks(tools=[TRAIN], tool_choice="auto"),
    says({"content": None, "tool_calls": [CALL], "annotations": []}, "tool_calls"),
)
NAMED_TOOL = Example(
    asks(tools=[TRAIN], tool_choice={"type": "function", "function": {"name": "next_train"}}),
    says({"content": None, "tool_calls": [CALL]}, "stop"),
)
TOOLS = Example(asks(tools=[TRAIN]), says({"content": None, "tool_calls": CALLS}, "tool_calls"))
TOOL_OF_NOTHING = Example(
    asks(tools=[CLOCK]),
    says({"content": None, "tool_calls": [called("clock", "{}")]}, "tool_calls"),
)
ROUND_TRIP = Example(
    asks(messages=RESULTS, tools=[TRAIN]), says({"content": "Brest 09:42, Nîmes 10:17."})
)
STRUCTURED = Example(asks(response_format=PERSON), says({"content": '{"name":"Étoile","crew":4}'}))

# ------------------------------------------------------------------------------------ streams

USAGE = {"prompt_tokens": 31, "completion_tokens": 9, "total_tokens": 40}
WITH_USAGE = {"stream": True, "stream_options": {"include_usage": True}}


def chunk(delta: dict[str, Any], finish: str | None = None, index: int = 0) -> dict[str, Any]:
    """A chunk with one choice."""
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _chunk([choice])


def _chunk(choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-S7",
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": "harbour-2-2026-01-05",
        "choices": choices,
        **more,
    }


def with_usage(*chunks: dict[str, Any]) -> Events:
    """Chunks as they come where usage was asked for, up to the end."""
    nulled = [{**one, "usage": None} for one in chunks]
    return (*nulled, _chunk([], usage=USAGE), DONE)


def fragment(index: int, arguments: str, **first: str) -> dict[str, Any]:
    """A chunk with a piece of a tool call; `id` and `name` come with its first piece."""
    head = {"id": first["id"], "type": "function"} if first else {}
    function = {**({"name": first["name"]} if first else {}), "arguments": arguments}
    return chunk({"tool_calls": [{"index": index, **head, "function": function}]})


HELLO = (
    chunk({"role": "assistant", "content": "", "refusal": None}),
    chunk({"content": "Good"}),
    chunk({"content": " morning, 船長"}),
    chunk({"content": " 🛥️!"}),
    chunk({}, "stop"),
)
FRAGMENTS = (
    chunk({"role": "assistant", "content": None}),
    fragment(0, "", id="call_x81", name="next_train"),
    fragment(0, '{"to'),
    fragment(0, 'wn": "Brest"}'),
    fragment(1, "", id="call_x82", name="next_train"),
    fragment(1, '{"town": "Nîmes"}'),
    chunk({}, "tool_calls"),
)
FAILED = {"message": "The model went away.", "type": "server_error", "param": None, "code": None}

STREAM = Example(asks(stream=True), (*HELLO, DONE))
KEPT_ALIVE = Example(
    asks(stream=True),
    (
        ": waiting\n\n",
        HELLO[0],
        ": still there\n\n",
        *HELLO[1:4],
        {**HELLO[4], "obfuscation": "k2Vd"},
        DONE,
    ),
)
STREAM_USAGE = Example(asks(**WITH_USAGE), with_usage(*HELLO))
STREAM_TOOLS = Example(asks(tools=[TRAIN], **WITH_USAGE), with_usage(*FRAGMENTS))
WHOLE_CALLS = Example(
    asks(tools=[TRAIN], stream=True),
    (
        chunk({"role": "assistant", "content": "One moment."}),
        chunk({"tool_calls": [{"index": 0, **CALLS[0]}, {"index": 1, **CALLS[1]}]}),
        chunk({}, "tool_calls"),
        DONE,
    ),
)
STREAM_TOOL_OF_NOTHING = Example(
    asks(tools=[CLOCK], stream=True),
    (
        chunk({"role": "assistant", "content": None}),
        fragment(0, "{}", id="call_x9", name="clock"),
        chunk({}, "tool_calls"),
        DONE,
    ),
)
STREAM_CHOICES = Example(
    asks(n=2, stream=True),
    (
        *(chunk({"role": "assistant", "content": ""}, index=n) for n in (0, 1)),
        *(chunk({"content": t}, index=n) for n, t in ((0, "At"), (1, "By nine."), (0, " nine."))),
        *(chunk({}, "stop", index=n) for n in (0, 1)),
        DONE,
    ),
)
STREAM_REFUSED = Example(
    asks(stream=True),
    (
        chunk({"role": "assistant", "content": None, "refusal": ""}),
        chunk({"refusal": "That I will"}),
        chunk({"refusal": " not say."}),
        chunk({}, "stop"),
        DONE,
    ),
)
BROKEN = Example(asks(stream=True), (*HELLO[:3], {"error": FAILED}, DONE))
NAMED_BREAK = Example(
    asks(stream=True), (*HELLO[:3], f"event: error\ndata: {json.dumps({'error': FAILED})}\n\n")
)

# ------------------------------------------------------------------------------------- errors


def refused(status: int, type: str, code: str | None, param: str | None = None) -> Example:
    """A refusal, of a request that wanted a stream."""
    error = {"message": "This cannot be done.", "type": type, "param": param, "code": code}
    waits = "3" if code in ("rate_limit_exceeded", "server_is_overloaded") else ""
    return Example(asks(stream=True), {"error": error}, status, retry_after=waits)


INVALID = refused(400, "invalid_request_error", "decimal_above_max_value", "temperature")

EXAMPLES: dict[str, Example] = {
    "a plain answer": PLAIN,
    "a plain answer without optional fields": BARE,
    "cut by its budget": CUT,
    "refused by the model": REFUSED,
    "likelihoods": LOGPROBS,
    "three choices": CHOICES,
    "a tool call": TOOL,
    "a tool forced by name": NAMED_TOOL,
    "two tool calls": TOOLS,
    "a tool without parameters": TOOL_OF_NOTHING,
    "tool results": ROUND_TRIP,
    "structured output": STRUCTURED,
    "a stream": STREAM,
    "a stream with comments and padding": KEPT_ALIVE,
    "a stream with usage": STREAM_USAGE,
    "two streamed tool calls": STREAM_TOOLS,
    "streamed calls in one piece, after text": WHOLE_CALLS,
    "a streamed call without parameters": STREAM_TOOL_OF_NOTHING,
    "two streamed choices": STREAM_CHOICES,
    "a streamed refusal": STREAM_REFUSED,
    "a stream that breaks": BROKEN,
    "a stream that breaks with a named event": NAMED_BREAK,
    "400": INVALID,
    "401": refused(401, "invalid_request_error", "invalid_api_key"),
    "402": refused(402, "insufficient_quota", "insufficient_balance"),
    "404": refused(404, "invalid_request_error", "model_not_found"),
    "429": refused(429, "requests", "rate_limit_exceeded"),
    "429 for money": refused(429, "insufficient_quota", "insufficient_quota"),
    "503": refused(503, "service_unavailable_error", "server_is_overloaded"),
}
"""Everything on chat completions that a sound gateway may send, as the page shows it."""
