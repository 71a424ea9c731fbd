"""Anthropic Messages, inbound: thinking, output options, and what is only accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reference_gateway.chat import ThinkingMode
from reference_gateway.fields import Field

MIN_BUDGET_TOKENS = 1_024
_EFFORTS = ("low", "medium", "high", "xhigh", "max")


def read_thinking(body: Field) -> ThinkingMode | None:
    """How the model is to think; None for not at all. Raises `InvalidRequest`."""
    thinking = body.get("thinking")
    if thinking.is_absent:
        return None
    kind = thinking.get("type").word(("enabled", "adaptive", "disabled"))
    display = thinking.get("display")
    is_shown = display.is_absent or display.word(("summarized", "omitted")) == "summarized"
    if kind == "disabled":
        return None
    return ThinkingMode(_budget(body) if kind == "enabled" else None, is_shown)


def _budget(body: Field) -> int:
    budget = body.get("thinking").get("budget_tokens")
    if budget.integer(MIN_BUDGET_TOKENS) >= body.get("max_tokens").require().integer(0):
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


def check_accepted(body: Field) -> None:
    """Check the fields that do not change what the scripted model says."""
    for name in ("metadata", "context_management"):
        if not body.get(name).is_absent:
            body.get(name).object()
    if not body.get("service_tier").is_absent:
        body.get("service_tier").word(("auto", "standard_only"))
