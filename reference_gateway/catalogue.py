"""The models on offer and their prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reference_gateway.chat import Usage
from reference_gateway.errors import ModelNotSuited, ModelNotSupported, NoUpstreamKey

NANOUSD_PER_USD = 1_000_000_000
_TOKENS_PER_PRICE = 1_000_000
_PREFIX = "anthropic/"
# No answer is longer; a larger `max_tokens` is clamped, so that a worst case exists.
MAX_OUTPUT_TOKENS = 32_000
# A longer prompt is refused, in the words that clients compact on.
CONTEXT_TOKENS = 200_000
# What a chat completion may spend that names no limit of its own.
DEFAULT_OUTPUT_TOKENS = 4_096

# What reading from and writing to the prompt cache costs, of the price of fresh input.
_READ_PERCENT = 10
_WRITE_PERCENT = 125

Task = Literal["chat", "completion", "embedding"]
"""What a model is for; it is served on the endpoints of its task and on no other."""


@dataclass(frozen=True)
class Model:
    """A model and its price in US dollars per million tokens."""

    name: str
    input_usd_per_million: int
    output_usd_per_million: int
    display_name: str
    created: int
    is_provisioned: bool = True
    task: Task = "chat"
    owner: str = "anthropic"

    def price_nanousd(self, usage: Usage) -> int:
        """The exact charge: dollars per million tokens are thousands of nanousd per token.

        What the prompt cache had a part in costs its own share of the input price, and
        nothing beside that.
        """
        scale, cache = NANOUSD_PER_USD // _TOKENS_PER_PRICE, usage.cache
        fresh = usage.input_tokens - cache.read_tokens - cache.written_tokens
        shares = fresh * 100 + cache.read_tokens * _READ_PERCENT
        shares += cache.written_tokens * _WRITE_PERCENT
        return (
            scale * shares * self.input_usd_per_million // 100
            + scale * usage.output_tokens * self.output_usd_per_million
        )


_OWN = "reference-gateway"
# `created` is the day of release; lists show the newest first.
MODELS = (
    Model("claude-opus-4-7", 5, 25, "Claude Opus 4.7", 1776297600),
    Model("claude-sonnet-4-6", 3, 15, "Claude Sonnet 4.6", 1771286400),
    Model("claude-opus-4-6", 5, 25, "Claude Opus 4.6", 1770249600),
    Model("claude-opus-4-5", 5, 25, "Claude Opus 4.5", 1763942400),
    Model("claude-haiku-4-5", 1, 5, "Claude Haiku 4.5", 1760486400),
    Model("claude-sonnet-4-5", 3, 15, "Claude Sonnet 4.5", 1759104000),
    Model("claude-opus-4-1", 15, 75, "Claude Opus 4.1", 1754352000, is_provisioned=False),
    Model("scripted-instruct", 1, 2, "Scripted Instruct", 1735689600, True, "completion", _OWN),
    Model("scripted-embedding", 1, 0, "Scripted Embedding", 1735689600, True, "embedding", _OWN),
)
_BY_NAME = {model.name: model for model in MODELS}


def find(name: str, task: Task | None = None) -> Model:
    """The model of that name, bare or prefixed, fit for a task where one is given.

    Raises `ModelNotSupported`, `NoUpstreamKey` or `ModelNotSuited`.
    """
    model = _BY_NAME.get(name.removeprefix(_PREFIX))
    if model is None:
        raise ModelNotSupported()
    if not model.is_provisioned:
        raise NoUpstreamKey()
    if task not in (None, model.task):
        raise ModelNotSuited(model.task)
    return model


def provisioned(tasks: tuple[Task, ...] = ("chat",)) -> tuple[Model, ...]:
    """The models that can be asked to do one of these, newest first."""
    return tuple(model for model in MODELS if model.is_provisioned and model.task in tasks)
