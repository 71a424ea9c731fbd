"""Who can be asked: providers as they are configured, and how each wants to be asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit

from reference_gateway.errors import UsageError

Protocol = Literal["openai", "anthropic", "scripted"]
PROTOCOLS: tuple[Protocol, ...] = ("openai", "anthropic", "scripted")
_FROM_ENVIRONMENT = "env:"
_ANTHROPIC_VERSION = "2023-06-01"
_PATHS = {
    "anthropic": "/v1/messages",
    "count_tokens": "/v1/messages/count_tokens",
    "openai": "/chat/completions",
}


@dataclass(frozen=True)
class Provider:
    """An upstream: where it listens, what it speaks, and how long it may take.

    A stream may take `first_byte_s` to begin, a whole answer `answer_s`, for it is sent when
    it is finished. `silence_s` is how long nothing may come after that, `total_s` how long
    all of it may take. One that failed `rest_after` times in a row is asked last for `rest_s`.
    """

    name: str
    protocol: Protocol
    base_url: str = ""
    key: str = field(default="", repr=False)
    first_byte_s: float = 30.0
    answer_s: float = 300.0
    silence_s: float = 300.0
    total_s: float = 600.0
    rest_s: float = 30.0
    rest_after: int = 3

    def url(self, path: str) -> str:
        """Where the provider serves one of the wire formats, by its name."""
        return self.base_url.rstrip("/") + _PATHS[path]

    @property
    def credential(self) -> dict[str, str]:
        """The header fields that the provider knows the gateway by."""
        if self.protocol == "anthropic":
            return {"anthropic-version": _ANTHROPIC_VERSION, "x-api-key": self.key}
        return {"authorization": f"Bearer {self.key}"} if self.key else {}


SCRIPTED = Provider("scripted", "scripted")
"""The model that is built in; every gateway has it."""


def ready(providers: Iterable[Provider], environment: Mapping[str, str]) -> Mapping[str, Provider]:
    """The providers by name, with their keys; raises `UsageError` for what cannot work."""
    found = [SCRIPTED, *(_ready(provider, environment) for provider in providers)]
    for name, count in Counter(provider.name for provider in found).items():
        if count > 1:
            raise UsageError(f"two providers are named {name!r}")
    return {provider.name: provider for provider in found}


def _ready(provider: Provider, environment: Mapping[str, str]) -> Provider:
    place = urlsplit(provider.base_url)
    if provider.protocol != "scripted" and not (
        place.scheme in ("http", "https") and place.hostname
    ):
        raise UsageError(
            f"provider {provider.name!r}: base_url must be an http or https address,"
            f" not {provider.base_url!r}"
        )
    if not provider.key.startswith(_FROM_ENVIRONMENT):
        return provider
    variable = provider.key.removeprefix(_FROM_ENVIRONMENT)
    if not environment.get(variable):
        raise UsageError(f"provider {provider.name!r}: environment variable {variable} is not set")
    return replace(provider, key=environment[variable])


def check_key(text: str) -> bool:
    """True for a key as it may stand in a file: the name of the variable that holds it."""
    return text.startswith(_FROM_ENVIRONMENT) and len(text) > len(_FROM_ENVIRONMENT)
