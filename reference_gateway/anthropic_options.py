"""Anthropic Messages, inbound: thinking, output options, and what is only accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reference_gateway.chat import Sampling, ThinkingMode
from reference_gateway.fields import Field

MIN_BUDGET_TOKENS = 1_024
SAMPLING = (("temperature", 1), ("top_p", 1), ("top_k", 1_000_000))
_INTERLEAVED = "interleaved-thinking"
_EFFORTS = ("low", "medium", "high", "xhigh", "max")


def read_thinking(body: Field, betas: str) -> ThinkingMode | None:
    """How the model is to think; None for not at all. Raises `InvalidRequest`."""
    thinking = body.get("thinking")
    if thinking.is_absent:
        return None
    kind = thinking.get("type").word(("enabled", "adaptive", "disabled"))
    display = thinking.get("display")
    is_shown = display.is_absent or display.word(("summarized", "omitted")) == "summarized"
    if kind == "disabled":
        return None
    return ThinkingMode(_budget(body, betas) if kind == "enabled" else None, is_shown)


def _budget(body: Field, betas: str) -> int:
    budget = body.get("thinking").get("budget_tokens")
    wanted, limit = budget.integer(MIN_BUDGET_TOKENS), body.get("max_tokens").require().integer(0)
    # Between the calls of a turn it may think anew: the budget is for all of the turn's answers.
    if wanted >= limit and _INTERLEAVED not in betas:
        raise budget.refuse("`max_tokens` must be greater than `thinking.budget_tokens`")
    return int(budget.value)


def read_output_schema(body: Field) -> Mapping[str, Any] | None:
    """The JSON Schema that the answer has to fit; None where it is free."""
    config = body.get("output_config")
    if config.is_absent:
        return None
    if not config.get("effort").is_absent:
        config.get("effort").word(_EFFORTS)
    wanted = config.get("format")
    if wanted.is_absent:
        return None
    wanted.get("type").word(("json_schema",))
    return wanted.get("schema").object()


def read_effort(body: Field) -> str | None:
    """The word for how hard to think; None where the request leaves it to the model."""
    thinking, config = body.get("thinking"), body.get("output_config")
    if not thinking.is_absent and thinking.get("type").value == "disabled":
        return "none"
    if config.is_absent or config.get("effort").is_absent:
        return None
    return config.get("effort").word(_EFFORTS)


def read_sampling(body: Field) -> Sampling:
    """How the next token is to be picked."""
    return Sampling(*(body.get(name).number(0, high) for name, high in SAMPLING))


def check_accepted(body: Field) -> None:
    """Check the fields that do not change what the scripted model says."""
    for name in ("metadata", "context_management"):
        if not body.get(name).is_absent:
            body.get(name).object()
