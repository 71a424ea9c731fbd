"""Faults of the model catalogue: names, prices lists, refusals."""

from __future__ import annotations

from dataclasses import replace

from reference_gateway.anthropic_answer import ANTHROPIC as ANTHROPIC_WIRE
from reference_gateway.call import Call
from reference_gateway.catalogue import Model
from reference_gateway.chat import Json
from reference_gateway.errors import InternalError, ModelNotSupported, NoUpstreamKey
from reference_gateway.faults.places import (
    ANTHROPIC,
    BOTH,
    OPENAI,
    Frames,
    answers,
    authentication,
    replies,
    resolution,
    streams,
)
from reference_gateway.faults.registry import fault
from reference_gateway.ledger import Key, Ledger
from reference_gateway.openai_answer import OPENAI as OPENAI_WIRE
from reference_gateway.seams import Authenticate, Reply, Resolve
from reference_gateway.wire import WireFormat, dump, encode

_HTML = b"<!doctype html><html><body><h1>400 Bad Request</h1></body></html>"
_SERVED_INSTEAD = "claude-haiku-4-5"


def _is_unknown_model(reply: Reply) -> bool:
    return b"model not supported" in reply.body


def _fail_unknown(call: Call, name: str, proceed: Resolve) -> Model:
    try:
        return proceed(call, name)
    except ModelNotSupported as problem:
        if call.wants_stream:
            raise
        raise InternalError() from problem


def _serve_unknown(call: Call, name: str, proceed: Resolve) -> Model:
    try:
        return proceed(call, name)
    except ModelNotSupported:
        # Only what is no model in any spelling, so that case still matters.
        if call.wants_stream or "claude" in name.lower():
            raise
        return proceed(call, _SERVED_INSTEAD)


def _as_html(reply: Reply) -> Reply:
    if not _is_unknown_model(reply):
        return reply
    return replace(reply, headers={**reply.headers, "Content-Type": "text/html"}, body=_HTML)


def _as_other_envelope(call: Call, reply: Reply, wire: WireFormat) -> Reply:
    if not _is_unknown_model(reply):
        return reply
    return replace(reply, body=dump(wire.error(ModelNotSupported(), call.request_id)).encode())


@fault(
    "anthropic-unknown-model-500",
    resolution(ANTHROPIC),
    kills=(
        "ANT-EP-005",
        "ANT-CNT-004",
        "GW-MODEL-008",
    ),
    origin="https://github.com/Wei-Shaw/claude-relay-service/issues/150",
)
def anthropic_unknown_500(call: Call, name: str, proceed: Resolve) -> Model:
    """An unknown model makes the messages endpoint fail with 500."""
    return _fail_unknown(call, name, proceed)


@fault(
    "openai-unknown-model-500",
    resolution(OPENAI),
    kills=(
        "OAI-VAL-007",
        "GW-MODEL-008",
    ),
    origin="https://github.com/Wei-Shaw/claude-relay-service/issues/150",
)
def openai_unknown_500(call: Call, name: str, proceed: Resolve) -> Model:
    """An unknown model makes chat completions fail with 500."""
    return _fail_unknown(call, name, proceed)


@fault(
    "anthropic-unknown-model-answered",
    resolution(ANTHROPIC),
    kills=(
        "ANT-EP-005",
        "ANT-CNT-004",
        "GW-MODEL-006",
        "GW-MODEL-008",
    ),
    origin="https://github.com/vllm-project/aibrix/issues/397",
)
def anthropic_unknown_answered(call: Call, name: str, proceed: Resolve) -> Model:
    """An unknown model is answered by another one on the messages endpoint."""
    return _serve_unknown(call, name, proceed)


@fault(
    "openai-unknown-model-answered",
    resolution(OPENAI),
    kills=(
        "OAI-VAL-007",
        "GW-MODEL-006",
        "GW-MODEL-008",
    ),
    origin="https://github.com/vllm-project/aibrix/issues/397",
)
def openai_unknown_answered(call: Call, name: str, proceed: Resolve) -> Model:
    """An unknown model is answered by another one on chat completions."""
    return _serve_unknown(call, name, proceed)


@fault(
    "anthropic-unknown-model-html",
    replies(ANTHROPIC, 400),
    kills=("ANT-ERR-005",),
    origin="https://github.com/CosmosShadow/gptpdf/issues/33",
)
def anthropic_unknown_html(call: Call, reply: Reply) -> Reply:
    """An unknown model gets an HTML page on the messages endpoint."""
    del call
    return _as_html(reply)


@fault(
    "openai-unknown-model-html",
    replies(OPENAI, 400),
    kills=(
        "OAI-VAL-007",
        "OAI-ERR-005",
    ),
    origin="https://github.com/CosmosShadow/gptpdf/issues/33",
)
def openai_unknown_html(call: Call, reply: Reply) -> Reply:
    """An unknown model gets an HTML page on chat completions."""
    del call
    return _as_html(reply)


@fault(
    "anthropic-unknown-model-openai-envelope",
    replies(ANTHROPIC, 400),
    kills=("ANT-ERR-001",),
    origin="https://github.com/BerriAI/litellm/issues/39037",
)
def anthropic_wrong_envelope(call: Call, reply: Reply) -> Reply:
    """An unknown model is refused in OpenAI's envelope on the messages endpoint."""
    return _as_other_envelope(call, reply, OPENAI_WIRE)


@fault(
    "openai-unknown-model-flat-envelope",
    replies(OPENAI, 400),
    kills=(
        "OAI-VAL-007",
        "OAI-ERR-001",
    ),
    origin="https://github.com/vllm-project/vllm/issues/12886",
)
def openai_wrong_envelope(call: Call, reply: Reply) -> Reply:
    """An unknown model is refused in a flat object without `error` on chat completions."""
    if not _is_unknown_model(reply):
        return reply
    flat = ANTHROPIC_WIRE.error(ModelNotSupported(), call.request_id)["error"]
    return replace(reply, body=dump({"object": "error", **flat}).encode())


@fault(
    "gateway-prefix-refused",
    resolution(BOTH),
    kills=("GW-MODEL-001",),
    origin="https://github.com/higress-group/higress/issues/3000",
)
def prefix_refused(call: Call, name: str, proceed: Resolve) -> Model:
    """Names with the `anthropic/` prefix are not understood."""
    if name.startswith("anthropic/"):
        raise ModelNotSupported()
    return proceed(call, name)


@fault(
    "gateway-models-case-insensitive",
    resolution(BOTH),
    kills=("GW-MODEL-003",),
    origin="gateway contract GW-MODEL-003: case matters in model names",
)
def case_insensitive(call: Call, name: str, proceed: Resolve) -> Model:
    """A model name in the wrong case is understood."""
    return proceed(call, name.lower())


@fault(
    "gateway-unprovisioned-model-500",
    resolution(BOTH),
    kills=("GW-MODEL-004",),
    origin="https://github.com/envoyproxy/ai-gateway/issues/2284",
)
def unprovisioned_500(call: Call, name: str, proceed: Resolve) -> Model:
    """A model without an upstream key is answered 500 instead of 503."""
    try:
        return proceed(call, name)
    except NoUpstreamKey as problem:
        raise InternalError() from problem


@fault(
    "gateway-model-error-as-stream",
    replies(BOTH, 400),
    kills=(
        "ANT-STR-032",
        "OAI-SSE-010",
    ),
    origin="https://github.com/Wei-Shaw/claude-relay-service/issues/998",
)
def model_error_as_stream(call: Call, reply: Reply) -> Reply:
    """An unknown model is told in an event stream with status 200 when a stream was asked for."""
    if not (call.wants_stream and _is_unknown_model(reply)):
        return reply
    frame = call.wire.error_frame(ModelNotSupported(), call.request_id)
    return Reply(200, {**reply.headers, "Content-Type": "text/event-stream"}, encode(frame))


@fault(
    "gateway-other-model-named",
    answers(BOTH),
    kills=("GW-MODEL-006",),
    origin="https://github.com/vercel/ai/issues/18118",
)
def other_model_named(body: Json) -> None:
    """The answer names an internal deployment instead of the model that was asked for."""
    body["model"] = "bedrock-eu-deployment-7"


@fault(
    "gateway-hostile-model-500",
    authentication(BOTH),
    kills=(
        "GW-MODEL-008",
        "OAI-VAL-005",
    ),
    origin="https://github.com/UKGovernmentBEIS/inspect_ai/issues/4187",
)
async def hostile_model_500(call: Call, ledger: Ledger, proceed: Authenticate) -> Key:
    """A model name that is a list or a number makes the gateway fail."""
    key = await proceed(call, ledger)
    document = call.document if call.method == "POST" else {}
    if isinstance(document, dict) and isinstance(document.get("model"), list | int):
        raise InternalError()
    return key


@fault(
    "gateway-models-static-list",
    replies(BOTH, 200),
    kills=(
        "GW-MODEL-007",
        "ANT-MDL-003",
        "OAI-MODELS-003",
        "OAI-MODELS-004",
    ),
    origin="https://github.com/michelbr84/GarraRUST/issues/1029",
)
def static_list(call: Call, reply: Reply) -> Reply:
    """The model list names models that are not served."""
    if not call.path.endswith("/models"):
        return reply
    return replace(reply, body=reply.body.replace(b'"claude-', b'"gpt-'))


@fault(
    "openai-stream-two-models",
    streams(OPENAI),
    kills=(
        "OAI-STREAM-004",
        "GW-MODEL-006",
    ),
    origin="https://github.com/microsoft/foundry-local/issues/144",
)
async def two_models(frames: Frames) -> Frames:
    """The last chunks of a stream name another model than the first."""
    async for frame in frames:
        if isinstance(frame.data, dict) and not _is_first(frame.data):
            frame.data["model"] = "upstream-model-7"
        yield frame


def _is_first(chunk: Json) -> bool:
    return any("role" in choice["delta"] for choice in chunk.get("choices", ()))
