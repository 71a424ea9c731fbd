"""A client's request in the words of an upstream that does not speak the client's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

from reference_gateway.call import Call
from reference_gateway.chat import Json, Prompt
from reference_gateway.errors import InvalidRequest
from reference_gateway.fields import Field
from reference_gateway.upstream import anthropic_fields, openai_fields
from reference_gateway.upstream.anthropic_request import anthropic_request
from reference_gateway.upstream.openai_marks import read_marks
from reference_gateway.upstream.openai_request import openai_request
from reference_gateway.upstream.untranslatable import Rule, carried_of, check

Protocol = Literal["anthropic", "openai"]

RULES: Mapping[tuple[str, Protocol], tuple[Rule, ...]] = {
    ("anthropic", "openai"): anthropic_fields.MESSAGES,
    ("openai", "anthropic"): openai_fields.CHAT_TO_ANTHROPIC,
    ("responses", "anthropic"): openai_fields.RESPONSES_TO_ANTHROPIC,
    ("responses", "openai"): openai_fields.RESPONSES_TO_OPENAI,
    ("completions", "anthropic"): openai_fields.COMPLETIONS_TO_ANTHROPIC,
    ("completions", "openai"): openai_fields.COMPLETIONS_TO_OPENAI,
}
"""What becomes of each field, by the client's wire format and the upstream's protocol.

A field that stands in no table is left out: clients send new hints before gateways know them.
"""
_REQUESTS: Mapping[Protocol, Callable[[Prompt, str], Json]] = {
    "anthropic": anthropic_request,
    "openai": openai_request,
}
_NAMES: Mapping[Protocol, str] = {"anthropic": "Anthropic", "openai": "OpenAI"}


def request_body(protocol: Protocol, call: Call, prompt: Prompt, upstream_model: str) -> Json:
    """The body of the upstream request that asks what the client asks.

    Raises `InvalidRequest`, naming the field, for what cannot be said there.
    """
    rules = RULES[call.wire.name, protocol]
    asked = Field(call.asked, brackets=call.wire.protocol == "openai")
    check(asked, rules, _NAMES[protocol])
    if (call.wire.name, protocol) == ("openai", "anthropic") and b"cache_control" in call.body:
        prompt = replace(prompt, cache_marks=read_marks(asked, prompt))
    body = {**_REQUESTS[protocol](prompt, upstream_model), **carried_of(asked, rules)}
    _check_numbers(body)
    return body


def _check_numbers(body: Json) -> None:
    """Numbers beyond a double have become infinite by now, for which JSON has no word."""
    try:
        json.dumps(body, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(
            "A number of the request is too large to be passed on, or it is nested too deeply."
        ) from error
