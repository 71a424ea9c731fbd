"""The models on offer and their prices."""

from __future__ import annotations

from dataclasses import dataclass

from reference_gateway.chat import Usage
from reference_gateway.errors import ModelNotSupported, NoUpstreamKey

NANOUSD_PER_USD = 1_000_000_000
_TOKENS_PER_PRICE = 1_000_000
_PREFIX = "anthropic/"
# No answer is longer; a larger `max_tokens` is clamped, so that a worst case exists.
MAX_OUTPUT_TOKENS = 32_000
# A longer prompt is refused, in the words that clients compact on.
CONTEXT_TOKENS = 200_000
# What a chat completion may spend that names no limit of its own.
DEFAULT_OUTPUT_TOKENS = 4_096


@dataclass(frozen=True)
class Model:
    """A model and its price in US dollars per million tokens."""

    name: str
    input_usd_per_million: int
    output_usd_per_million: int
    display_name: str
    created: int
    is_provisioned: bool = True

    def price_nanousd(self, usage: Usage) -> int:
        """The exact charge: dollars per million tokens are thousands of nanousd per token."""
        scale = NANOUSD_PER_USD // _TOKENS_PER_PRICE
        return scale * (
            usage.input_tokens * self.input_usd_per_million
            + usage.output_tokens * self.output_usd_per_million
        )


# `created` is the day of release; lists show the newest first.
MODELS = (
    Model("claude-opus-4-7", 5, 25, "Claude Opus 4.7", 1776297600),
    Model("claude-sonnet-4-6", 3, 15, "Claude Sonnet 4.6", 1771286400),
    Model("claude-opus-4-6", 5, 25, "Claude Opus 4.6", 1770249600),
    Model("claude-opus-4-5", 5, 25, "Claude Opus 4.5", 1763942400),
    Model("claude-haiku-4-5", 1, 5, "Claude Haiku 4.5", 1760486400),
    Model("claude-sonnet-4-5", 3, 15, "Claude Sonnet 4.5", 1759104000),
    Model("claude-opus-4-1", 15, 75, "Claude Opus 4.1", 1754352000, is_provisioned=False),
)
_BY_NAME = {model.name: model for model in MODELS}


def find(name: str) -> Model:
    """The model of that name, bare or prefixed; raises `ModelNotSupported` or `NoUpstreamKey`."""
    model = _BY_NAME.get(name.removeprefix(_PREFIX))
    if model is None:
        raise ModelNotSupported()
    if not model.is_provisioned:
        raise NoUpstreamKey()
    return model


def provisioned() -> tuple[Model, ...]:
    """The models that can be asked, newest first."""
    return tuple(model for model in MODELS if model.is_provisioned)
