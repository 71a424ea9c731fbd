"""OpenAI chat completions, outbound: answers, streams, errors and the model list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from reference_gateway.catalogue import Model
from reference_gateway.chat import Answer, Json, StopReason, Usage
from reference_gateway.errors import GatewayError, Kind
from reference_gateway.openai import parse
from reference_gateway.pieces import ArgumentsDelta, CallStart, Finish, Piece, Start, TextDelta
from reference_gateway.wire import Frame, Heading, WireFormat

_FINISH_REASONS = {
    StopReason.END_TURN: "stop",
    StopReason.STOP_SEQUENCE: "stop",
    StopReason.MAX_TOKENS: "length",
    StopReason.TOOL_USE: "tool_calls",
}
_ERROR_TYPES = {
    Kind.INVALID_REQUEST: "invalid_request_error",
    Kind.UNAUTHENTICATED: "invalid_request_error",
    Kind.PAYMENT_REQUIRED: "insufficient_quota",
    Kind.FORBIDDEN: "invalid_request_error",
    Kind.NOT_FOUND: "invalid_request_error",
    Kind.METHOD_NOT_ALLOWED: "invalid_request_error",
    Kind.TOO_LARGE: "request_too_large",
    Kind.INTERNAL: "server_error",
    Kind.UNAVAILABLE: "server_error",
}
DONE = Frame(None, "[DONE]")


def _usage(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def completion(heading: Heading, answer: Answer) -> Json:
    """The body of an answer that was not streamed."""
    choice = {
        "index": 0,
        "message": _message(answer),
        "logprobs": None,
        "finish_reason": _FINISH_REASONS[answer.stop_reason],
    }
    return {
        "id": f"chatcmpl-{heading.token}",
        "object": "chat.completion",
        "created": heading.created,
        "model": heading.model,
        "choices": [choice],
        "usage": _usage(answer.usage),
    }


def _message(answer: Answer) -> Json:
    content = answer.text if answer.text or not answer.calls else None
    message: Json = {"role": "assistant", "content": content, "refusal": None}
    if answer.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": _function(call.name, call.arguments)}
            for call in answer.calls
        ]
    return message


def _function(name: str, arguments: str) -> Json:
    return {"name": name, "arguments": arguments}


class _Stream:
    """The chunks of one stream: the role once, calls numbered from 0."""

    def __init__(self, heading: Heading) -> None:
        self.heading = heading
        self.calls = 0

    def frames(self, piece: Piece) -> list[Frame]:
        """The chunks of one piece."""
        if isinstance(piece, Start):
            return [self._delta({"role": "assistant", "content": "", "refusal": None})]
        if isinstance(piece, TextDelta):
            return [self._delta({"content": piece.text})]
        if isinstance(piece, CallStart):
            self.calls += 1
            first = {"id": piece.id, "type": "function", "function": _function(piece.name, "")}
            return [self._call(first)]
        if isinstance(piece, ArgumentsDelta):
            return [self._call({"function": {"arguments": piece.text}})]
        return self._ended(piece)

    def _call(self, fragment: Json) -> Frame:
        return self._delta({"tool_calls": [{"index": self.calls - 1, **fragment}]})

    def _delta(self, delta: Json, finish_reason: str | None = None) -> Frame:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._chunk([choice], None)

    def _chunk(self, choices: list[Json], usage: Json | None) -> Frame:
        chunk: Json = {
            "id": f"chatcmpl-{self.heading.token}",
            "object": "chat.completion.chunk",
            "created": self.heading.created,
            "model": self.heading.model,
            "choices": choices,
        }
        if self.heading.include_usage:
            chunk["usage"] = usage
        return Frame(None, chunk)

    def _ended(self, piece: Finish) -> list[Frame]:
        last = self._delta({}, _FINISH_REASONS[piece.stop_reason])
        usage = [self._chunk([], _usage(piece.usage))] if self.heading.include_usage else []
        return [last, *usage, DONE]


async def frames(heading: Heading, pieces: AsyncIterator[Piece]) -> AsyncIterator[Frame]:
    """The chunks of a streamed answer, each as soon as its piece is there."""
    stream = _Stream(heading)
    async for piece in pieces:
        for frame in stream.frames(piece):
            yield frame


def error(problem: GatewayError, request_id: str) -> Json:
    """The error envelope; the request id travels in the header only."""
    del request_id
    return {
        "error": {
            "message": problem.message,
            "type": _ERROR_TYPES[problem.kind],
            "param": problem.param,
            "code": problem.code,
        }
    }


def error_frame(problem: GatewayError, request_id: str) -> Frame:
    """The last event of a stream that failed after it began; no `[DONE]` follows."""
    return Frame(None, error(problem, request_id))


def models(listed: tuple[Model, ...], query: Mapping[str, str]) -> Json:
    """The model list; there are no pages, and clients read it once."""
    del query
    return {"object": "list", "data": [model_entry(model) for model in listed]}


def model_entry(model: Model) -> Json:
    """One entry of the model list."""
    return {
        "id": model.name,
        "object": "model",
        "created": model.created,
        "owned_by": "anthropic",
    }


OPENAI = WireFormat("openai", parse, completion, frames, error, error_frame, models, model_entry)
