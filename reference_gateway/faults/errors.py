"""Faults of error answers: their envelopes, types, statuses and headers."""

from __future__ import annotations

import json
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.errors import InvalidRequest
from reference_gateway.faults.places import ANTHROPIC, BOTH, OPENAI, refusals, replies
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Reply
from reference_gateway.wire import dump, encode

_HTML = b"<html><head><title>Not Found</title></head><body>nginx</body></html>"


def _is_about_model(body: Json) -> bool:
    """True for the refusal of a model, which has faults of its own."""
    return str(body["error"]["message"]).startswith("model not supported")


@fault(
    "anthropic-error-without-type",
    refusals(ANTHROPIC, 400),
    kills=("ANT-ERR-001",),
    origin="https://github.com/agentgateway/agentgateway/issues/3254",
)
def error_without_type(body: Json) -> None:
    """The error about an invalid body lacks the top-level `type`."""
    if not _is_about_model(body):
        del body["type"]


@fault(
    "anthropic-error-in-detail",
    replies(ANTHROPIC, 401),
    kills=("ANT-ERR-001",),
    origin="https://github.com/jwadow/kiro-gateway/issues/65",
)
def error_in_detail(call: Call, reply: Reply) -> Reply:
    """A refused key's error is wrapped in `detail`, as the web framework likes it."""
    del call
    return replace(reply, body=dump({"detail": json.loads(reply.body)}).encode())


@fault(
    "anthropic-error-type-mismatch",
    refusals(ANTHROPIC, 400),
    kills=("ANT-ERR-003",),
    origin="https://github.com/QwenLM/qwen-code/issues/11215",
)
def error_type_mismatch(body: Json) -> None:
    """The error about an invalid body says that the gateway itself failed."""
    if not _is_about_model(body):
        body["error"]["type"] = "api_error"


@fault(
    "anthropic-unknown-path-html",
    replies(ANTHROPIC, 404),
    kills=("ANT-EP-004",),
    origin="https://github.com/BerriAI/litellm/issues/13128",
)
def unknown_path_html(call: Call, reply: Reply) -> Reply:
    """An unknown path gets an HTML page."""
    del call
    if b"no such path" not in reply.body:
        return reply
    return replace(reply, headers={**reply.headers, "Content-Type": "text/html"}, body=_HTML)


@fault(
    "anthropic-wrong-key-plain-text",
    replies(ANTHROPIC, 401),
    kills=("ANT-ERR-005",),
    origin="https://github.com/envoyproxy/gateway/issues/5693",
)
def wrong_key_plain_text(call: Call, reply: Reply) -> Reply:
    """A refused key gets a line of plain text."""
    del call
    headers = {**reply.headers, "Content-Type": "text/plain"}
    return replace(reply, headers=headers, body=b"Unauthorized")


@fault(
    "anthropic-error-request-id-differs",
    refusals(ANTHROPIC),
    kills=("ANT-HDR-004",),
    origin="Anthropic documentation, errors: header and body carry the same request id",
)
def request_id_differs(body: Json) -> None:
    """The request id in an error body is not the one in the header."""
    body["request_id"] = f"{body['request_id']}0"


@fault(
    "anthropic-validation-error-as-stream",
    replies(ANTHROPIC, 400),
    kills=("ANT-STR-032",),
    origin="https://github.com/coder/aibridge/issues/56",
)
def validation_error_as_stream(call: Call, reply: Reply) -> Reply:
    """An invalid body is refused in an event stream with status 200 when a stream was asked for."""
    return _as_stream(call, reply, 200)


@fault(
    "anthropic-validation-error-as-frame",
    replies(ANTHROPIC, 400),
    kills=(
        "ANT-STR-032",
        "ANT-ERR-005",
    ),
    origin="https://github.com/code-yeongyu/oh-my-openagent/issues/308",
)
def validation_error_as_frame(call: Call, reply: Reply) -> Reply:
    """An invalid body is refused with 400 and an SSE frame when a stream was asked for."""
    return _as_stream(call, reply, 400)


@fault(
    "openai-validation-error-as-stream",
    replies(OPENAI, 400),
    kills=("OAI-SSE-010",),
    origin="https://github.com/Wei-Shaw/claude-relay-service/issues/998",
)
def openai_error_as_stream(call: Call, reply: Reply) -> Reply:
    """An invalid body is refused in an event stream with status 200 when a stream was asked for."""
    return _as_stream(call, reply, 200)


def _as_stream(call: Call, reply: Reply, status: int) -> Reply:
    if not call.wants_stream or b"model not supported" in reply.body:
        return reply
    frame = call.wire.error_frame(InvalidRequest("Invalid request."), call.request_id)
    return Reply(status, {**reply.headers, "Content-Type": "text/event-stream"}, encode(frame))


@fault(
    "openai-error-string",
    replies(OPENAI, 400),
    kills=("OAI-ERR-001",),
    origin="https://github.com/tinfoilsh/confidential-model-router/issues/139",
)
def error_string(call: Call, reply: Reply) -> Reply:
    """`error` is a string instead of an object."""
    del call
    body = json.loads(reply.body)
    message = body["error"]["message"]
    if _is_about_model(body):
        return reply
    return replace(reply, body=dump({"error": message}).encode())


@fault(
    "openai-error-array",
    replies(OPENAI, 400),
    kills=("OAI-ERR-001",),
    origin="Gemini's OpenAI endpoint: errors come as an array",
)
def error_array(call: Call, reply: Reply) -> Reply:
    """The error body is an array."""
    del call
    if _is_about_model(json.loads(reply.body)):
        return reply
    return replace(reply, body=b"[" + reply.body + b"]")


@fault(
    "openai-error-message-empty",
    refusals(OPENAI, 400),
    kills=("OAI-ERR-002",),
    origin="https://github.com/vaaraio/vaara/issues/699",
)
def message_empty(body: Json) -> None:
    """An error has an empty message."""
    body["error"]["message"] = ""


@fault(
    "openai-error-type-none",
    refusals(OPENAI, 400),
    kills=("OAI-ERR-003",),
    origin="https://github.com/BerriAI/litellm/issues/39037",
)
def type_none(body: Json) -> None:
    """An error's type is the word `None`."""
    body["error"]["type"] = "None"


@fault(
    "openai-error-code-none",
    refusals(OPENAI, 400),
    kills=(
        "OAI-ERR-004",
        "OAI-VAL-007",
    ),
    origin="https://github.com/BerriAI/litellm/issues/39037",
)
def code_none(body: Json) -> None:
    """An error's code and param are the word `None`."""
    body["error"] |= {"code": "None", "param": "None"}


@fault(
    "openai-error-code-integer",
    refusals(OPENAI, 400),
    kills=(
        "OAI-ERR-004",
        "OAI-VAL-007",
        "OAI-RESP-004",
    ),
    origin="OpenRouter documentation, errors: code is a number",
)
def code_integer(body: Json) -> None:
    """An error's code is a number."""
    body["error"]["code"] = 400


@fault(
    "openai-error-octet-stream",
    replies(OPENAI, 400),
    kills=("OAI-ERR-005",),
    origin="DeepSeek, recorded: some 400s come as application/octet-stream",
)
def error_octet_stream(call: Call, reply: Reply) -> Reply:
    """The JSON of an error is declared as bytes."""
    del call
    return replace(reply, headers={**reply.headers, "Content-Type": "application/octet-stream"})


@fault(
    "openai-unknown-path-html",
    replies(OPENAI, 404),
    kills=("OAI-VAL-052",),
    origin="https://github.com/InternLM/MindSearch/issues/150",
)
def openai_path_html(call: Call, reply: Reply) -> Reply:
    """An unknown path gets an HTML page."""
    del call
    if b"no such path" not in reply.body:
        return reply
    return replace(reply, headers={**reply.headers, "Content-Type": "text/html"}, body=_HTML)


@fault(
    "openai-malformed-json-500",
    replies(OPENAI, 400),
    kills=("OAI-VAL-001",),
    origin="https://github.com/GoDiao/Free-Way/issues/32",
)
def malformed_json_500(call: Call, reply: Reply) -> Reply:
    """A malformed body is answered 500."""
    is_malformed = call.body and b"not valid JSON" in reply.body
    return replace(reply, status=500) if is_malformed else reply


@fault(
    "openai-empty-messages-200",
    replies(OPENAI, 400),
    kills=(
        "OAI-ERR-007",
        "OAI-VAL-009",
        "OAI-CHAT-018",
        "OAI-SSE-010",
        "OAI-STREAM-027",
    ),
    origin="https://github.com/llm-d/llm-d-inference-sim/issues/674",
)
def empty_messages_200(call: Call, reply: Reply) -> Reply:
    """An empty list of messages gets its error with status 200."""
    del call
    return replace(reply, status=200) if b'"empty_array"' in reply.body else reply


@fault(
    "gateway-request-too-large-html",
    replies(BOTH, 413),
    kills=(
        "ANT-ERR-005",
        "ANT-VAL-053",
        "GW-SAFE-003",
        "OAI-ERR-005",
    ),
    origin="https://github.com/CosmosShadow/gptpdf/issues/33",
)
def too_large_html(call: Call, reply: Reply) -> Reply:
    """A body over the limit gets an HTML page."""
    del call
    return replace(reply, headers={**reply.headers, "Content-Type": "text/html"}, body=_HTML)
