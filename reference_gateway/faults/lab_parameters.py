"""Faults of what goes to a provider: parameters, formats, thinking and cache marks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.faults.places import ANTHROPIC, BOTH, OPENAI
from reference_gateway.faults.registry import fault
from reference_gateway.faults.upstream_places import provider_bodies
from reference_gateway.upstream.providers import Provider

ORIGIN = "gateway contract: GW-UP"
_DEFAULT_BUDGET = 4_096


def _thoughts(body: Json) -> Iterator[Json]:
    """The thinking blocks of the history."""
    for message in body["messages"]:
        if message["role"] == "assistant" and isinstance(message["content"], list):
            yield from (p for p in message["content"] if p["type"].endswith("thinking"))


@fault(
    "lab-temperature-zero-dropped",
    provider_bodies(BOTH),
    kills=("GW-UP-022",),
    origin="https://github.com/Portkey-AI/gateway/issues/1423",
)
def temperature_zero_dropped(call: Call, provider: Provider, body: Json) -> None:
    """A temperature of 0 is taken for none."""
    del call, provider
    if not body.get("temperature"):
        body.pop("temperature", None)


@fault(
    "lab-budget-lost",
    provider_bodies(BOTH),
    kills=("GW-UP-022",),
    origin="https://github.com/maximhq/bifrost/issues/7199",
)
def budget_lost(call: Call, provider: Provider, body: Json) -> None:
    """The budget is the gateway's own, whatever the client asked for."""
    del call, provider
    for name in ("max_tokens", "max_completion_tokens"):
        if name in body:
            body[name] = _DEFAULT_BUDGET


@fault(
    "lab-single-stop-as-text",
    provider_bodies(ANTHROPIC),
    kills=("GW-UP-022",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/5054",
)
def single_stop_as_text(call: Call, provider: Provider, body: Json) -> None:
    """A list of one stop sequence becomes that sequence."""
    del call, provider
    for name in ("stop", "stop_sequences"):
        if len(body.get(name, ())) == 1:
            body[name] = body[name][0]


@fault("lab-stops-lost", provider_bodies(OPENAI), kills=("GW-UP-022",), origin=ORIGIN)
def stops_lost(call: Call, provider: Provider, body: Json) -> None:
    """Of several stop sequences only the first goes on."""
    del call, provider
    for name in ("stop", "stop_sequences"):
        if isinstance(body.get(name), list):
            body[name] = body[name][:1]


@fault("lab-top-k-dropped", provider_bodies(ANTHROPIC), kills=("GW-UP-022",), origin=ORIGIN)
def top_k_dropped(call: Call, provider: Provider, body: Json) -> None:
    """Parameters that only one protocol has do not even go on within it."""
    del call, provider
    body.pop("top_k", None)


@fault("lab-schema-dropped", provider_bodies(BOTH), kills=("GW-UP-023",), origin=ORIGIN)
def schema_dropped(call: Call, provider: Provider, body: Json) -> None:
    """The schema that the answer is to follow does not go on."""
    del call, provider
    body.pop("response_format", None)
    body.get("output_config", {}).pop("format", None)


@fault(
    "lab-schema-not-strict",
    provider_bodies(BOTH),
    kills=("GW-UP-023",),
    origin="https://github.com/Neroued/ninfer/issues/87",
)
def schema_not_strict(call: Call, provider: Provider, body: Json) -> None:
    """The schema goes on without `strict`."""
    del call, provider
    body.get("response_format", {}).get("json_schema", {}).pop("strict", None)


@fault(
    "lab-thinking-not-asked-for",
    provider_bodies(BOTH),
    kills=("GW-UP-024",),
    origin="https://github.com/theopenco/llmgateway/issues/2558",
)
def thinking_not_asked_for(call: Call, provider: Provider, body: Json) -> None:
    """Neither thinking nor effort goes on."""
    del call, provider
    for name in ("thinking", "reasoning_effort"):
        body.pop(name, None)
    body.get("output_config", {}).pop("effort", None)


@fault(
    "lab-thinking-budget-as-effort",
    provider_bodies(ANTHROPIC),
    kills=("GW-UP-024",),
    origin="https://github.com/BerriAI/litellm/issues/38108",
)
def thinking_budget_as_effort(call: Call, provider: Provider, body: Json) -> None:
    """A budget for thinking becomes an effort, which bounds nothing."""
    del call, provider
    if body.get("thinking", {}).get("type") == "enabled":
        body["thinking"] = {"type": "adaptive"}
        body["output_config"] = {"effort": "high"}


@fault(
    "lab-effort-downgraded",
    provider_bodies(BOTH),
    kills=("GW-UP-024",),
    origin="https://github.com/theopenco/llmgateway/issues/3028",
)
def effort_downgraded(call: Call, provider: Provider, body: Json) -> None:
    """The highest effort becomes a lower one."""
    del call, provider
    if body.get("reasoning_effort") in ("xhigh", "max"):
        body["reasoning_effort"] = "high"
    if body.get("output_config", {}).get("effort") in ("xhigh", "max"):
        body["output_config"]["effort"] = "high"


@fault(
    "lab-thoughts-reordered",
    provider_bodies(ANTHROPIC),
    kills=("GW-UP-024",),
    origin="https://github.com/maximhq/bifrost/issues/6547",
)
def thoughts_reordered(call: Call, provider: Provider, body: Json) -> None:
    """The thinking of an answer goes on behind the rest of it."""
    del call, provider
    for message in body["messages"]:
        if message["role"] == "assistant" and isinstance(message["content"], list):
            message["content"].sort(key=lambda part: part["type"].endswith("thinking"))


@fault(
    "lab-signature-made-up",
    provider_bodies(ANTHROPIC),
    kills=("GW-UP-024",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/570",
)
def signature_made_up(call: Call, provider: Provider, body: Json) -> None:
    """Thinking goes on with a signature of the gateway's own."""
    del call, provider
    for thought in _thoughts(body):
        if thought["type"] == "thinking":
            thought["signature"] = "skip_signature_validation"


@fault(
    "lab-redacted-thinking-rewrapped",
    provider_bodies(ANTHROPIC),
    kills=("GW-UP-024",),
    origin="https://github.com/router-for-me/CLIProxyAPI/issues/2723",
)
def redacted_thinking_rewrapped(call: Call, provider: Provider, body: Json) -> None:
    """Redacted thinking goes on as thinking without a text."""
    del call, provider
    for thought in _thoughts(body):
        if thought["type"] == "redacted_thinking":
            thought |= {"type": "thinking", "signature": thought.pop("data")}


@fault(
    "lab-thoughts-of-another",
    provider_bodies(ANTHROPIC),
    kills=("GW-UP-024",),
    origin="https://github.com/mnfst/llm-gateway/issues/2339",
)
def thoughts_of_another(call: Call, provider: Provider, body: Json) -> None:
    """An answer whose text is known gets the thinking with which that text once came."""
    del call
    if provider.protocol == "anthropic" and not any(_thoughts(body)):
        for message in body["messages"]:
            if message["role"] == "assistant" and isinstance(message["content"], list):
                thought = {"type": "thinking", "thinking": "Rain.", "signature": "EqQB"}
                message["content"].insert(0, thought)


@fault(
    "lab-cache-marks-stripped",
    provider_bodies(ANTHROPIC),
    kills=("GW-UP-025",),
    origin="https://github.com/maximhq/bifrost/issues/3942",
)
def cache_marks_stripped(call: Call, provider: Provider, body: Json) -> None:
    """The client's cache marks do not go on."""
    del call, provider
    _strip(body)


@fault(
    "lab-cache-marks-of-parts-ignored",
    provider_bodies(OPENAI),
    kills=("GW-UP-025",),
    origin="https://github.com/coder/xum/issues/816",
)
def cache_marks_of_parts_ignored(call: Call, provider: Provider, body: Json) -> None:
    """The cache marks on parts of messages do not go on."""
    del call, provider
    _strip(body["messages"])


def _strip(value: Any) -> None:
    """Take every mark out of a value."""
    if isinstance(value, dict):
        value.pop("cache_control", None)
    for child in value.values() if isinstance(value, dict) else value:
        if isinstance(child, dict | list):
            _strip(child)
