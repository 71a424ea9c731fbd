"""Anthropic Messages, outbound: answers, streams, errors and the model list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from reference_gateway.anthropic import parse, parse_counted
from reference_gateway.anthropic_blocks import begun, blocks, delta
from reference_gateway.catalogue import Model
from reference_gateway.chat import Answer, Json, StopReason, Usage
from reference_gateway.errors import GatewayError, Kind
from reference_gateway.pages import cut_page
from reference_gateway.pieces import ArgumentsDelta, CallStart, Finish, Piece, Signature, Start
from reference_gateway.wire import Frame, Heading, WireFormat

_ERROR_TYPES = {
    Kind.INVALID_REQUEST: "invalid_request_error",
    Kind.UNAUTHENTICATED: "authentication_error",
    Kind.PAYMENT_REQUIRED: "permission_error",
    Kind.FORBIDDEN: "permission_error",
    Kind.NOT_FOUND: "not_found_error",
    Kind.METHOD_NOT_ALLOWED: "invalid_request_error",
    Kind.TOO_SLOW: "invalid_request_error",
    Kind.TOO_LARGE: "request_too_large",
    Kind.UNPROCESSABLE: "invalid_request_error",
    Kind.RATE_LIMITED: "rate_limit_error",
    Kind.INTERNAL: "api_error",
    Kind.BAD_GATEWAY: "api_error",
    Kind.UNAVAILABLE: "api_error",
    Kind.TIMEOUT: "timeout_error",
    Kind.OVERLOADED: "overloaded_error",
}

# Why a model refused, its provider seldom says.
_REFUSED: Json = {"type": "refusal", "category": None, "explanation": None}


def _message(heading: Heading, content: list[Json], usage: Json) -> Json:
    return {
        "id": f"msg_{heading.token}",
        "type": "message",
        "role": "assistant",
        "model": heading.model,
        "content": content,
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "usage": usage,
    }


def _usage(usage: Usage) -> Json:
    """The counts; here `input_tokens` is what the prompt cache had no part in."""
    cache = usage.cache
    return {
        "input_tokens": usage.input_tokens - cache.read_tokens - cache.written_tokens,
        "cache_creation_input_tokens": cache.written_tokens,
        "cache_read_input_tokens": cache.read_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": cache.written_5m_tokens,
            "ephemeral_1h_input_tokens": cache.written_1h_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"thinking_tokens": usage.thinking_tokens},
        "service_tier": "standard",
    }


def _ending(stop_reason: StopReason, stop_sequence: str | None) -> Json:
    ending = {"stop_reason": stop_reason.value, "stop_sequence": stop_sequence}
    if stop_reason is not StopReason.REFUSAL:
        return ending
    return {**ending, "stop_details": dict(_REFUSED)}


def message(heading: Heading, answer: Answer) -> Json:
    """The body of an answer that was not streamed."""
    ending = _ending(answer.stop_reason, answer.stop_sequence)
    return {**_message(heading, blocks(answer.parts), _usage(answer.usage)), **ending}


class _Stream:
    """The blocks of one stream: at most one open at a time, numbered from 0.

    `open` is the type of the open block, or `signed` for thinking that is complete;
    `has_argued` tells whether the open call has said anything of its arguments.
    """

    def __init__(self, heading: Heading) -> None:
        self.heading = heading
        self.count = 0
        self.open: str | None = None
        self.has_argued = False

    def frames(self, piece: Piece) -> list[Frame]:
        """The events of one piece."""
        if isinstance(piece, Start):
            return [self._started(piece)]
        if isinstance(piece, Finish):
            return [*self._stopped(), *_ended(piece)]
        fresh, more = begun(piece, self.open), delta(piece, self.has_argued)
        frames = self._opened(fresh) if fresh else []
        self._note(piece)
        return [*frames, self._delta(more)] if more else frames

    def _note(self, piece: Piece) -> None:
        if isinstance(piece, CallStart | ArgumentsDelta):
            self.has_argued = isinstance(piece, ArgumentsDelta)
        if isinstance(piece, Signature):
            self.open = "signed"

    def _started(self, piece: Start) -> Frame:
        # The vendor's count at this point is a small number above 0; the last one counts.
        usage = _usage(Usage(piece.input_tokens, 1, piece.cache))
        return _frame("message_start", message=_message(self.heading, [], usage))

    def _opened(self, fresh: Json) -> list[Frame]:
        frames = self._stopped()
        frames.append(_frame("content_block_start", index=self.count, content_block=fresh))
        if self.count == 0:
            frames.append(_frame("ping"))
        self.open = fresh["type"]
        self.count += 1
        return frames

    def _delta(self, more: Json) -> Frame:
        return _frame("content_block_delta", index=self.count - 1, delta=more)

    def _stopped(self) -> list[Frame]:
        if self.open is None:
            return []
        self.open = None
        return [_frame("content_block_stop", index=self.count - 1)]


def _frame(event: str, **data: object) -> Frame:
    return Frame(event, {"type": event, **data})


def _ended(piece: Finish) -> list[Frame]:
    ending = _ending(piece.stop_reason, piece.stop_sequence)
    return [
        _frame("message_delta", delta=ending, usage=_usage(piece.usage)),
        _frame("message_stop"),
    ]


async def frames(heading: Heading, pieces: AsyncIterator[Piece]) -> AsyncIterator[Frame]:
    """The events of a streamed answer, each as soon as its piece is there."""
    stream = _Stream(heading)
    async for piece in pieces:
        for frame in stream.frames(piece):
            yield frame


def error(problem: GatewayError, request_id: str) -> Json:
    """The error envelope."""
    detail = {"type": _ERROR_TYPES[problem.kind], "message": problem.message}
    return {"type": "error", "error": detail, "request_id": request_id}


def error_frame(problem: GatewayError, request_id: str) -> Frame:
    """The last event of a stream that failed after it began."""
    return Frame("error", error(problem, request_id))


def models(listed: tuple[Model, ...], query: Mapping[str, str]) -> Json:
    """One page of the model list."""
    page, has_more = cut_page(listed, query)
    data = [model_entry(model) for model in page]
    ids = [entry["id"] for entry in data] or [None]
    return {"data": data, "has_more": has_more, "first_id": ids[0], "last_id": ids[-1]}


def model_entry(model: Model) -> Json:
    """One entry of the model list."""
    created = datetime.fromtimestamp(model.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "type": "model",
        "id": model.name,
        "display_name": model.display_name,
        "created_at": created,
        "max_input_tokens": model.context_tokens,
        "max_tokens": model.max_output_tokens,
    }


ANTHROPIC = WireFormat(
    "anthropic",
    parse,
    message,
    frames,
    error,
    error_frame,
    models,
    model_entry,
    ping=_frame("ping"),
)
COUNT_TOKENS = replace(ANTHROPIC, name="count_tokens", parse=parse_counted)
