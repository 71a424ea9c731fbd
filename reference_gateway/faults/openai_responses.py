"""Faults of the response object: its envelope, its items, its refusals."""

from __future__ import annotations

import json
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.catalogue import Model
from reference_gateway.chat import Json, Prompt
from reference_gateway.errors import InternalError, InvalidRequest, ModelNotSupported, NoSuchPath
from reference_gateway.faults.places import (
    RESPONSES,
    answers,
    payloads,
    prompts,
    replies,
    resolution,
)
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Reply, Resolve
from reference_gateway.wire import dump

_DESCRIPTION = "OpenAI API description, Response"


@fault(
    "openai-responses-missing",
    replies(RESPONSES, 200),
    kills=("OAI-RESP-001",),
    origin="OpenAI API description, createResponse",
)
def missing(call: Call, reply: Reply) -> Reply:
    """The endpoint is claimed and not served: 404."""
    body = call.wire.error(NoSuchPath(), call.request_id)
    return replace(reply, status=404, body=dump(body).encode())


@fault(
    "openai-responses-stream-500",
    prompts(RESPONSES),
    kills=("OAI-RESP-001",),
    origin="https://github.com/envoyproxy/ai-gateway/issues/2284",
)
def stream_500(call: Call, prompt: Prompt) -> Prompt:
    """A streamed response fails with 500."""
    del call
    if prompt.stream:
        raise InternalError()
    return prompt


@fault(
    "openai-responses-system-item-refused",
    prompts(RESPONSES),
    kills=("OAI-RESP-001",),
    origin="https://github.com/router-for-me/Cli-Proxy-API-Management-Center/issues/33",
)
def system_item_refused(call: Call, prompt: Prompt) -> Prompt:
    """An item of the role system is passed on as a message, and refused there."""
    items = call.asked["input"]
    if isinstance(items, list) and any(item.get("role") == "system" for item in items):
        raise InvalidRequest("messages: unexpected role system", param="input")
    return prompt


@fault(
    "openai-response-object-chat",
    answers(RESPONSES),
    kills=("OAI-RESP-001",),
    origin="https://github.com/64bit/async-openai/issues/352",
)
def object_chat(body: Json) -> None:
    """A response calls itself a chat completion."""
    body["object"] = "chat.completion"


@fault(
    "openai-response-created-string",
    answers(RESPONSES),
    kills=("OAI-RESP-001",),
    origin="https://github.com/envoyproxy/ai-gateway/issues/962",
)
def created_string(body: Json) -> None:
    """The time of creation is a string."""
    body["created_at"] = str(body["created_at"])


@fault(
    "openai-response-usage-of-chat",
    answers(RESPONSES),
    kills=("OAI-RESP-001",),
    origin=_DESCRIPTION,
)
def usage_of_chat(body: Json) -> None:
    """The usage has the names that chat completions use."""
    body["usage"] = {
        "prompt_tokens": body["usage"]["input_tokens"],
        "completion_tokens": body["usage"]["output_tokens"],
        "total_tokens": body["usage"]["total_tokens"],
    }


@fault(
    "openai-response-empty-error",
    answers(RESPONSES),
    kills=("OAI-RESP-001",),
    origin=_DESCRIPTION,
)
def empty_error(body: Json) -> None:
    """A good response carries an error object without anything in it."""
    body["error"] = {"code": None, "message": None}


@fault(
    "openai-response-content-string",
    answers(RESPONSES),
    kills=("OAI-RESP-002",),
    origin=_DESCRIPTION,
)
def content_string(body: Json) -> None:
    """The content of a message is a string, as in a chat completion."""
    for item in body["output"]:
        item["content"] = item["content"][0]["text"]


@fault(
    "openai-response-without-annotations",
    answers(RESPONSES),
    kills=("OAI-RESP-002",),
    origin=_DESCRIPTION,
)
def without_annotations(body: Json) -> None:
    """Texts have no annotations, over which clients loop."""
    for item in body["output"]:
        for part in item["content"]:
            del part["annotations"]


def _finished_calls(data: Json) -> list[Json]:
    """The finished calls that an event carries."""
    items = [data.get("item", {}), *data.get("response", {}).get("output", [])]
    return [item for item in items if item.get("arguments")]


@fault(
    "openai-response-arguments-object",
    payloads(RESPONSES),
    kills=("OAI-RESP-002",),
    origin="https://github.com/ggml-org/llama.cpp/issues/20198",
)
def arguments_object(data: Json) -> None:
    """The arguments of a finished call are an object instead of its text."""
    for call in _finished_calls(data):
        if isinstance(call["arguments"], str):
            call["arguments"] = json.loads(call["arguments"])


@fault(
    "openai-response-without-call-id",
    payloads(RESPONSES),
    kills=("OAI-RESP-002",),
    origin=_DESCRIPTION,
)
def without_call_id(data: Json) -> None:
    """A call has no `call_id`, so that nobody can answer it."""
    for call in _finished_calls(data):
        call.pop("call_id", None)


@fault(
    "openai-responses-tools-dropped",
    prompts(RESPONSES),
    kills=("OAI-RESP-002",),
    origin=_DESCRIPTION,
)
def tools_dropped(call: Call, prompt: Prompt) -> Prompt:
    """Tools do not reach the model: they were looked for below `function`."""
    del call
    return replace(prompt, tools=(), choice=type(prompt.choice)())


@fault(
    "openai-response-incomplete-as-failed",
    answers(RESPONSES),
    kills=("OAI-RESP-003",),
    origin=_DESCRIPTION,
)
def incomplete_as_failed(body: Json) -> None:
    """A used-up budget is reported as a failure."""
    if body["status"] == "incomplete":
        error = {"code": "server_error", "message": "The budget was used up."}
        body |= {"status": "failed", "incomplete_details": None, "error": error}


@fault(
    "openai-response-incomplete-as-completed",
    answers(RESPONSES),
    kills=("OAI-RESP-003",),
    origin=_DESCRIPTION,
)
def incomplete_as_completed(body: Json) -> None:
    """A cut answer looks like a finished one."""
    body |= {"status": "completed", "incomplete_details": None}


@fault(
    "openai-response-incomplete-length",
    answers(RESPONSES),
    kills=("OAI-RESP-003",),
    origin=_DESCRIPTION,
)
def incomplete_length(body: Json) -> None:
    """The reason of a cut answer is the word of chat completions."""
    if body["status"] == "incomplete":
        body["incomplete_details"] = {"reason": "length"}


@fault(
    "openai-responses-unknown-model-500",
    resolution(RESPONSES),
    kills=("OAI-RESP-004",),
    origin="https://github.com/Wei-Shaw/claude-relay-service/issues/150",
)
def unknown_500(call: Call, name: str, proceed: Resolve) -> Model:
    """An unknown model makes the endpoint fail with 500."""
    try:
        return proceed(call, name)
    except ModelNotSupported as problem:
        raise InternalError() from problem
