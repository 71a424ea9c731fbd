"""Faults of what goes to a provider: header fields, the name of the model, what is added."""

from __future__ import annotations

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.faults.places import ANTHROPIC, BOTH
from reference_gateway.faults.registry import fault
from reference_gateway.faults.upstream_places import provider_bodies, provider_requests
from reference_gateway.seams import Headers
from reference_gateway.upstream.providers import Provider
from reference_gateway.wire import dump

ORIGIN = "gateway contract: GW-UP"


@fault(
    "lab-anthropic-headers-dropped",
    provider_requests(ANTHROPIC),
    kills=("GW-UP-007",),
    origin="https://github.com/anthropics/claude-code/issues/39103",
)
def anthropic_headers_dropped(
    call: Call, provider: Provider, headers: Headers, body: bytes
) -> tuple[Headers, bytes]:
    """The client's betas and its version do not go on."""
    del call, provider
    return {n: v for n, v in headers.items() if not n.startswith("anthropic-")}, body


@fault(
    "lab-client-headers-dropped",
    provider_requests(ANTHROPIC),
    kills=("GW-UP-007",),
    origin="https://github.com/Compresr-ai/Context-Gateway/issues/37",
)
def client_headers_dropped(
    call: Call, provider: Provider, headers: Headers, body: bytes
) -> tuple[Headers, bytes]:
    """What names the client's program and its session does not go on."""
    del call, provider
    kept = ("x-api-key", "authorization")
    return {n: v for n, v in headers.items() if n in kept or not n.startswith("x-")}, body


@fault(
    "lab-unknown-fields-dropped", provider_bodies(ANTHROPIC), kills=("GW-UP-007",), origin=ORIGIN
)
def unknown_fields_dropped(call: Call, provider: Provider, body: Json) -> None:
    """Fields that the gateway does not know do not go on."""
    del call, provider
    body.pop("conformance_hint", None)


@fault(
    "lab-alias-forwarded",
    provider_bodies(BOTH),
    kills=("GW-UP-026",),
    origin="https://github.com/maximhq/bifrost/issues/5458",
)
def alias_forwarded(call: Call, provider: Provider, body: Json) -> None:
    """Where tokens are counted, the provider is asked for the gateway's name of the model."""
    del provider
    if call.wire.name == "count_tokens":
        body["model"] = call.asked["model"]


@fault(
    "lab-other-model-asked",
    provider_bodies(BOTH),
    kills=("GW-UP-026",),
    origin="https://github.com/vllm-project/aibrix/issues/397",
)
def other_model_asked(call: Call, provider: Provider, body: Json) -> None:
    """Short questions go to a cheaper model than the one that was asked for."""
    del call, provider
    body["model"] = "lab-model-mini"


@fault(
    "lab-fallback-model-leaked",
    provider_bodies(BOTH),
    kills=("GW-UP-026",),
    origin="https://github.com/atomantic/PortOS/issues/588",
)
def fallback_model_leaked(call: Call, provider: Provider, body: Json) -> None:
    """The provider that takes over is asked for a name that it does not know."""
    if provider.name.endswith("-second"):
        body["model"] = call.asked["model"]


@fault(
    "lab-stream-options-insisted-on",
    provider_requests(BOTH),
    kills=("GW-UP-027",),
    origin="https://github.com/higress-group/higress/issues/3041",
)
def stream_options_insisted_on(
    call: Call, provider: Provider, headers: Headers, body: bytes
) -> tuple[Headers, bytes]:
    """An upstream that refuses `stream_options` is asked with it again."""
    if provider.protocol == "openai" and call.wants_stream and b"stream_options" not in body:
        added = dump({"stream_options": {"include_usage": True}}).encode()
        return headers, body[:-1] + b"," + added[1:]
    return headers, body
