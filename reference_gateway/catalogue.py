"""The models on offer and their prices."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Literal

from reference_gateway.chat import Prompt, Usage
from reference_gateway.errors import (
    ModelNotSuited,
    ModelNotSupported,
    NoUpstreamKey,
    UsageError,
)

NANOUSD_PER_USD = 1_000_000_000
_TOKENS_PER_PRICE = 1_000_000
_PREFIX = "anthropic/"
# How long an answer may be where a model says nothing else of itself.
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
Price = int | Fraction
_LONG_AGO = 1735689600


@dataclass(frozen=True)
class Model:
    """A model and its price in US dollars per million tokens.

    Its `providers` are asked in this order, for the model that they call `upstream_model`.
    A prompt that is read here asks for no more than `max_output_tokens`, and is refused where
    it is longer than `context_tokens`.
    """

    name: str
    input_usd_per_million: Price
    output_usd_per_million: Price
    display_name: str
    created: int = _LONG_AGO
    is_provisioned: bool = True
    task: Task = "chat"
    owner: str = "anthropic"
    providers: tuple[str, ...] = ("scripted",)
    upstream_model: str = ""
    max_output_tokens: int = MAX_OUTPUT_TOKENS
    context_tokens: int = CONTEXT_TOKENS

    @property
    def name_upstream(self) -> str:
        """What its providers call it."""
        return self.upstream_model or self.name

    def bounded(self, prompt: Prompt) -> Prompt:
        """The prompt with a budget that the model can spend, so that a worst case exists."""
        return replace(prompt, max_tokens=min(prompt.max_tokens, self.max_output_tokens))

    def price_nanousd(self, usage: Usage) -> int:
        """The exact charge: dollars per million tokens are thousands of nanousd per token.

        What the prompt cache had a part in costs its own share of the input price, and
        nothing beside that.
        """
        scale, cache = NANOUSD_PER_USD // _TOKENS_PER_PRICE, usage.cache
        fresh = usage.input_tokens - cache.read_tokens - cache.written_tokens
        shares = fresh * 100 + cache.read_tokens * _READ_PERCENT
        shares += cache.written_tokens * _WRITE_PERCENT
        read = Fraction(scale * shares * self.input_usd_per_million, 100)
        return math.floor(read + scale * usage.output_tokens * self.output_usd_per_million)


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


@dataclass(frozen=True)
class Catalogue:
    """The models of one gateway."""

    models: tuple[Model, ...]

    @cached_property
    def _by_name(self) -> dict[str, Model]:
        return {model.name: model for model in self.models}

    def get(self, name: object) -> Model | None:
        """The model of that name, bare or prefixed, whether or not it can be asked."""
        return self._by_name.get(name.removeprefix(_PREFIX)) if isinstance(name, str) else None

    def find(self, name: str, task: Task | None = None) -> Model:
        """The model of that name, fit for a task where one is given.

        Raises `ModelNotSupported`, `NoUpstreamKey` or `ModelNotSuited`.
        """
        model = self.get(name)
        if model is None:
            raise ModelNotSupported()
        if not model.is_provisioned:
            raise NoUpstreamKey()
        if task not in (None, model.task):
            raise ModelNotSuited(model.task)
        return model

    def provisioned(self, tasks: tuple[Task, ...] = ("chat",)) -> tuple[Model, ...]:
        """The models that can be asked to do one of these, newest first."""
        return tuple(model for model in self.models if model.is_provisioned and model.task in tasks)

    def joined(self, models: tuple[Model, ...], providers: Collection[str]) -> Catalogue:
        """These models too, each in the place of one that has its name.

        Raises `UsageError` for a name that is given twice, or a provider that is not known.
        """
        for name, count in Counter(model.name for model in models).items():
            if count > 1:
                raise UsageError(f"two models are named {name!r}")
        for model in models:
            _check_providers(model, providers)
        new = {model.name for model in models}
        return Catalogue((*(model for model in self.models if model.name not in new), *models))


def _check_providers(model: Model, known: Collection[str]) -> None:
    if not model.providers:
        raise UsageError(f"model {model.name!r} has no provider")
    for name in model.providers:
        if name not in known:
            raise UsageError(
                f"model {model.name!r}: unknown provider {name!r}; known: {', '.join(known)}"
            )


BUILT_IN = Catalogue(MODELS)
find = BUILT_IN.find
provisioned = BUILT_IN.provisioned
