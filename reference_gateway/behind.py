"""A gateway in front of the lab: the lab's providers and models, put into a configuration."""

from __future__ import annotations

from dataclasses import replace

from reference_gateway.catalogue import Model
from reference_gateway.config import Config
from reference_gateway.lab.app import Lab
from reference_gateway.upstream.providers import Protocol, Provider

UPSTREAM_MODEL = "lab-model"
_PATIENCE_S = 3.0
_PROTOCOLS: tuple[Protocol, ...] = ("openai", "anthropic")


def before_lab(config: Config, lab: Lab) -> Config:
    """The same gateway, with the lab's models beside its own."""
    providers = [provider for protocol in _PROTOCOLS for provider in _providers(protocol, lab)]
    models = [model for protocol in _PROTOCOLS for model in _models(protocol)]
    return replace(
        config,
        providers=(*config.providers, *providers),
        models=(*config.models, *models),
    )


def _providers(protocol: Protocol, lab: Lab) -> list[Provider]:
    names = (protocol, f"{protocol}-first", f"{protocol}-second")
    reached = [_provider(name, protocol, f"{lab.url}/{name}", lab.key) for name in names]
    return [*reached, _provider(f"{protocol}-refused", protocol, lab.refused_url, lab.key)]


def _provider(name: str, protocol: Protocol, url: str, key: str) -> Provider:
    """A provider that is soon given up, and never left alone: each scenario is its own."""
    return Provider(
        name,
        protocol,
        url if protocol == "anthropic" else f"{url}/v1",
        key,
        first_byte_s=_PATIENCE_S,
        answer_s=_PATIENCE_S,
        rest_s=0.0,
    )


def _models(protocol: Protocol) -> list[Model]:
    first, second = f"{protocol}-first", f"{protocol}-second"
    return [
        _model(f"lab-{protocol}", protocol),
        _model(f"lab-{protocol}-fallback", first, second),
        _model(f"lab-{protocol}-refused", f"{protocol}-refused", second),
    ]


def _model(name: str, *providers: str) -> Model:
    return Model(name, 1, 5, name, owner="lab", providers=providers, upstream_model=UPSTREAM_MODEL)
