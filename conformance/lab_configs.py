"""What to put into a gateway's configuration so that the lab stands behind it.

One table says which model has which providers; a file for each gateway is made from it.
The lab's key is never in a file: each reads it from the environment.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import tomli_w
import yaml

from conformance.directions import UPSTREAM_MODEL
from conformance.registry import LAB_MODELS

UPSTREAM_KEY = "GATEWAY_UPSTREAM_KEY"
"""The variable from which a gateway reads the key that it presents to the lab."""

_PRICES = {"input_usd_per_million": 1, "output_usd_per_million": 5}
_SOON_GIVEN_UP = {"first_byte_s": 3.0, "answer_s": 3.0, "rest_s": 0.0}
"""So that a silence is short, and that no scenario finds a provider resting for another's."""

_FALLS_BACK = [429, 500, 502, 503, 529]
_SECOND = "-second"


@dataclass(frozen=True)
class Place:
    """One provider as a gateway is told of it; one that is refused has nobody listening."""

    name: str
    protocol: str
    base_url: str


@dataclass(frozen=True)
class Upstream:
    """Where a lab listens, and where nobody does."""

    url: str
    refused_url: str

    def providers(self, role: str) -> tuple[Place, ...]:
        """The providers of a model role, in the order in which they are to be asked."""
        _, protocol, *how = role.split("_")
        names = {
            (): (protocol,),
            ("fallback",): (f"{protocol}-first", f"{protocol}-second"),
            ("refused",): (f"{protocol}-refused", f"{protocol}-second"),
        }[tuple(how)]
        return tuple(self._place(name, protocol) for name in names)

    def _place(self, name: str, protocol: str) -> Place:
        root = self.refused_url if name.endswith("-refused") else f"{self.url}/{name}"
        return Place(name, protocol, f"{root}/v1" if protocol == "openai" else root)

    @property
    def every(self) -> Mapping[str, Place]:
        """Every provider by its name."""
        return {place.name: place for role in LAB_MODELS for place in self.providers(role)}


def reference(upstream: Upstream) -> str:
    """The reference gateway's TOML."""
    providers = [
        {
            "name": place.name,
            "protocol": place.protocol,
            "base_url": place.base_url,
            "key": f"env:{UPSTREAM_KEY}",
            **_SOON_GIVEN_UP,
        }
        for place in upstream.every.values()
    ]
    models = [
        {
            "name": name,
            "display_name": name,
            "providers": [place.name for place in upstream.providers(role)],
            "upstream_model": UPSTREAM_MODEL,
            **_PRICES,
        }
        for role, name in LAB_MODELS.items()
    ]
    return tomli_w.dumps({"providers": providers, "models": models})


def litellm(upstream: Upstream) -> str:
    """The LiteLLM proxy's YAML; a second provider is a model of its own there."""
    models: list[dict[str, Any]] = []
    fallbacks: list[dict[str, list[str]]] = []
    for role, name in LAB_MODELS.items():
        first, *others = upstream.providers(role)
        models.append(_deployment(name, first))
        models += [_deployment(f"{name}{_SECOND}", other) for other in others]
        fallbacks += [{name: [f"{name}{_SECOND}"]} for _ in others]
    settings = {
        "model_list": models,
        "litellm_settings": {
            "telemetry": False,
            "drop_params": False,
            "num_retries": 0,
            # Without it `openai/...` asks `/v1/responses` for the Messages API.
            "use_chat_completions_url_for_anthropic_messages": True,
        },
        "router_settings": {"disable_cooldowns": True, "num_retries": 0, "fallbacks": fallbacks},
        "general_settings": {"master_key": "os.environ/GATEWAY_API_KEY"},
    }
    return yaml.safe_dump(settings, sort_keys=False)


_ABLE = (
    "adaptive_thinking",
    "function_calling",
    "legacy_thinking",
    "max_reasoning_effort",
    "native_structured_output",
    "output_config",
    "prompt_caching",
    "reasoning",
    "response_schema",
    "tool_choice",
    "vision",
    "xhigh_reasoning_effort",
)
"""What LiteLLM leaves out for an Anthropic model that is not known to support it.

An OpenAI model that reasons would be asked over `/v1/responses`, which the lab does not speak.
"""


def _deployment(name: str, place: Place) -> dict[str, Any]:
    parameters = {
        "model": f"{place.protocol}/{UPSTREAM_MODEL}",
        "api_base": place.base_url,
        "api_key": f"os.environ/{UPSTREAM_KEY}",
    }
    deployment: dict[str, Any] = {"model_name": name, "litellm_params": parameters}
    if place.protocol == "anthropic":
        deployment["model_info"] = {f"supports_{ability}": True for ability in _ABLE}
    return deployment


def portkey(upstream: Upstream) -> str:
    """A profile of the suite: Portkey takes its configuration from a header of each request."""
    config = {
        "strategy": {
            "mode": "conditional",
            "conditions": [
                {"query": {"params.model": {"$eq": name}}, "then": name}
                for name in LAB_MODELS.values()
            ],
            "default": next(iter(LAB_MODELS.values())),
        },
        "targets": [_target(name, upstream.providers(role)) for role, name in LAB_MODELS.items()],
    }
    primary = {protocol: LAB_MODELS[f"lab_{protocol}"] for protocol in ("anthropic", "openai")}
    profile = {
        "name": "portkey",
        "headers": {"x-portkey-config": json.dumps(config, separators=(",", ":"))},
        "protocols": {"anthropic": {"root": "/v1"}, "openai": {"root": "/v1"}},
        "models": primary,
    }
    return tomli_w.dumps(profile)


def _target(name: str, places: tuple[Place, ...]) -> dict[str, Any]:
    asked = [
        {
            "provider": place.protocol,
            # Portkey wants the version in the address of either protocol.
            "custom_host": f"{place.base_url.removesuffix('/v1')}/v1",
            "api_key": f"${{{UPSTREAM_KEY}}}",
            "override_params": {"model": UPSTREAM_MODEL},
        }
        for place in places
    ]
    if len(asked) == 1:
        return {"name": name, **asked[0]}
    strategy = {"mode": "fallback", "on_status_codes": _FALLS_BACK}
    return {"name": name, "strategy": strategy, "targets": asked}


CONFIGS: Mapping[str, Callable[[Upstream], str]] = {
    "litellm": litellm,
    "portkey": portkey,
    "reference": reference,
}
"""The gateways for which a file is made, by the name that `--config` takes."""
