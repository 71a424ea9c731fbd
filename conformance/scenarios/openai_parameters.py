"""The parameters of a chat completion, each where it shows: choices, likelihoods, formats.

What a gateway may refuse by name is declared as `optional`.
"""

from __future__ import annotations

import re
from typing import Any

from conformance.model import Exchange
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.openai import (
    COMPLETION,
    HELLO,
    OLD_NAME,
    OPENAI,
    STREAM,
    STREAMED,
    STREAMED_WITH_USAGE,
    ask,
)

CHOICES = 2
TOP = 2
PLAIN_AND_STREAM = COMPLETION + STREAM
PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "role": {"type": "string", "enum": ["clerk", "pilot"]},
        "age": {"type": ["integer", "null"]},
        "addresses": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "number": {"type": "integer"}},
                "required": ["city", "number"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["name", "role", "age", "addresses"],
    "additionalProperties": False,
}
HARMLESS: dict[str, Any] = {
    "seed": 7,
    "user": "conformance-user",
    "metadata": {"suite": "conformance"},
    "store": False,
    "safety_identifier": "conformance-user",
    "prompt_cache_key": "conformance",
    "service_tier": "auto",
}
"""Accepted without an effect that could be seen."""
NEUTRAL: dict[str, Any] = {"temperature": 1, "top_p": 1}
"""What every model does when nothing is said."""
EFFORT: dict[str, Any] = {"reasoning_effort": "low", "verbosity": "low"}
THOUGHTFUL = {"messages": prompts.user("Why is the sky blue? Answer in one sentence.")}


@scenario(
    "openai-n",
    protocol=OPENAI,
    yields=PLAIN_AND_STREAM,
    exchanges=3,
    cost=(2 * CHOICES + 1) * prompts.BUDGET,
    optional=("n",),
)
async def choices(gateway: Gateway) -> None:
    """Two choices, plain and streamed, and the same question with one, to compare the usage."""
    body = {"messages": prompts.user(prompts.COUNT_TO_NINE)}
    several = body | {"n": CHOICES}
    if (await ask(gateway, several)).status == 200:
        await ask(gateway, several | STREAMED_WITH_USAGE)
        await ask(gateway, body)


@scenario(
    "openai-logprobs",
    protocol=OPENAI,
    yields=PLAIN_AND_STREAM,
    exchanges=2,
    cost=2 * prompts.BUDGET,
    capabilities=("logprobs",),
)
async def logprobs(gateway: Gateway) -> None:
    """Likelihoods with the best two at each place, plain and streamed."""
    body = HELLO | {"logprobs": True, "top_logprobs": TOP}
    await ask(gateway, body)
    await ask(gateway, body | STREAMED)


@scenario(
    "openai-json-object",
    protocol=OPENAI,
    yields=COMPLETION,
    cost=prompts.BUDGET,
    capabilities=("json_object",),
)
async def json_object(gateway: Gateway) -> None:
    """Some JSON object, asked for in the format and in words."""
    text = "Give me a JSON object with the key colour and the name of a colour."
    body = {"messages": prompts.user(text), "response_format": {"type": "json_object"}}
    await ask(gateway, body)


@scenario(
    "openai-json-schema",
    protocol=OPENAI,
    yields=PLAIN_AND_STREAM,
    exchanges=2,
    cost=2 * prompts.BUDGET,
    capabilities=("json_schema",),
)
async def json_schema(gateway: Gateway) -> None:
    """An answer after a strict schema, plain and streamed."""
    wanted = {"name": "person", "strict": True, "schema": PERSON}
    body = {
        "messages": prompts.user("Invent a person with one address, as JSON."),
        "response_format": {"type": "json_schema", "json_schema": wanted},
    }
    await ask(gateway, body)
    await ask(gateway, body | STREAMED)


_ACCEPTED = HARMLESS | NEUTRAL | EFFORT


@scenario(
    "openai-accepted",
    protocol=OPENAI,
    yields=COMPLETION,
    cost=(len(_ACCEPTED) + 1) * prompts.BUDGET,
)
async def accepted(gateway: Gateway) -> None:
    """Every parameter that need not show, at once; what is refused by name is left out."""
    body = dict(_ACCEPTED)
    exchange = await ask(gateway, THOUGHTFUL | body)
    while refused := named(exchange, body):
        del body[refused]
        exchange = await ask(gateway, THOUGHTFUL | body)
    if 400 <= exchange.status < 500:
        await ask(gateway, THOUGHTFUL | NEUTRAL)


def named(exchange: Exchange, parameters: dict[str, Any]) -> str:
    """The parameter that a 400 or 422 names; empty for none."""
    if exchange.status not in (400, 422):
        return ""
    words = exchange.answer.text
    return next((name for name in parameters if re.search(rf"\b{name}\b", words)), "")


@scenario("openai-old-budget", protocol=OPENAI, yields=COMPLETION, cost=prompts.SMALL_BUDGET)
async def old_budget(gateway: Gateway) -> None:
    """A long task with a small budget under its old name, at temperature 0 where that is taken."""
    body = {"messages": prompts.user(prompts.COUNT), OLD_NAME: prompts.SMALL_BUDGET}
    cold = {"temperature": 0}
    if named(await gateway.chat(body | cold), cold):
        await gateway.chat(body)


@scenario(
    "openai-unpadded",
    protocol=OPENAI,
    yields=STREAM,
    cost=2 * prompts.BUDGET,
)
async def unpadded(gateway: Gateway) -> None:
    """A question worth thinking about, streamed without padding, with low effort if taken."""
    options = {"include_usage": True, "include_obfuscation": False}
    body = THOUGHTFUL | {"stream": True, "stream_options": options}
    effort = {"reasoning_effort": EFFORT["reasoning_effort"]}
    if named(await ask(gateway, body | effort), effort):
        await ask(gateway, body)
