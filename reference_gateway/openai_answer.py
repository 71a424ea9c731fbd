"""OpenAI chat completions, outbound: answers, streams, errors and the model list."""

from __future__ import annotations

from collections.abc import Mapping

from reference_gateway.catalogue import Model
from reference_gateway.chat import Answer, Json, Text, Thinking
from reference_gateway.errors import GatewayError, Kind
from reference_gateway.openai import parse
from reference_gateway.openai_choice import (
    finish_reason,
    function,
    head,
    is_legacy,
    logprobs,
    usage_of,
)
from reference_gateway.openai_stream import frames
from reference_gateway.wire import Frame, Heading, WireFormat

_ERROR_TYPES = {
    Kind.INVALID_REQUEST: "invalid_request_error",
    Kind.UNAUTHENTICATED: "invalid_request_error",
    Kind.PAYMENT_REQUIRED: "insufficient_quota",
    Kind.FORBIDDEN: "invalid_request_error",
    Kind.NOT_FOUND: "invalid_request_error",
    Kind.METHOD_NOT_ALLOWED: "invalid_request_error",
    Kind.TOO_SLOW: "invalid_request_error",
    Kind.TOO_LARGE: "request_too_large",
    Kind.UNPROCESSABLE: "invalid_request_error",
    Kind.RATE_LIMITED: "requests",
    Kind.INTERNAL: "server_error",
    Kind.BAD_GATEWAY: "server_error",
    Kind.UNAVAILABLE: "server_error",
    Kind.TIMEOUT: "server_error",
    Kind.OVERLOADED: "service_unavailable_error",
}


def completion(heading: Heading, answer: Answer) -> Json:
    """The body of an answer that was not streamed."""
    return {
        **head(heading, "chat.completion"),
        "choices": [_choice(heading, n, found) for n, found in enumerate(answer.choices)],
        "usage": usage_of(answer.usage),
    }


def _choice(heading: Heading, index: int, answer: Answer) -> Json:
    texts = [part for part in answer.parts if isinstance(part, Text)]
    likelihoods = tuple(entry for text in texts for entry in text.likelihoods)
    return {
        "index": index,
        "message": _message(heading, answer),
        "logprobs": logprobs(heading, likelihoods),
        "finish_reason": finish_reason(heading, answer.stop_reason),
    }


def _message(heading: Heading, answer: Answer) -> Json:
    content = answer.text if answer.text or not answer.calls else None
    message: Json = {"role": "assistant", "content": content, "refusal": None}
    thought = "".join(part.text for part in answer.parts if isinstance(part, Thinking))
    if thought:
        message["reasoning_content"] = thought
    functions = [function(call.name, call.arguments) for call in answer.calls]
    if functions and is_legacy(heading):
        message["function_call"] = functions[0]
    elif functions:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": called}
            for call, called in zip(answer.calls, functions, strict=True)
        ]
    return message


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
        "owned_by": model.owner,
    }


OPENAI = WireFormat(
    "openai",
    parse,
    completion,
    frames,
    error,
    error_frame,
    models,
    model_entry,
    listed=("chat", "completion", "embedding"),
)
