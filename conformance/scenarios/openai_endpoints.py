"""The further endpoints of the OpenAI-compatible protocol: few requests, many requirements."""

from __future__ import annotations

from typing import Any

from conformance.kinds import Kind, Protocol
from conformance.model import Exchange
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.openai import ERROR

OPENAI = Protocol.OPENAI
EMBEDDINGS, COMPLETIONS, RESPONSES = "/embeddings", "/completions", "/responses"
TEXTS = ["The cat sat on the mat.", "Interest rates rose again."]
DIMENSIONS = 256
"""Fewer than any current model has, and one of the sizes that those with fixed sizes offer."""

TOOL: dict[str, Any] = {
    "type": "function",
    "name": prompts.TOOL_NAME,
    "description": prompts.TOOL_ABOUT,
    "parameters": prompts.SCHEMA,
    "strict": False,
}
NAMED: dict[str, Any] = {
    "input": prompts.WEATHER,
    "tools": [TOOL],
    "tool_choice": {"type": "function", "name": prompts.TOOL_NAME},
}


async def embed(gateway: Gateway, body: dict[str, Any], model: str = "embedding") -> Exchange:
    """Ask the model of a role for embeddings."""
    return await gateway.post(OPENAI, EMBEDDINGS, {"model": gateway.models[model], **body})


async def respond(gateway: Gateway, body: dict[str, Any], **how: Any) -> Exchange:
    """Ask the model under test for a response; nothing is to be stored."""
    asked = {"model": gateway.models["openai"], "max_output_tokens": prompts.BUDGET, **body}
    return await gateway.post(OPENAI, RESPONSES, asked | {"store": False}, **how)


@scenario(
    "openai-embeddings",
    protocol=OPENAI,
    yields=(Kind.OPENAI_EMBEDDINGS,),
    exchanges=2,
    cost=1,
    models=("embedding",),
    capabilities=("embeddings",),
)
async def embeddings(gateway: Gateway) -> None:
    """Two texts, then the first one alone as base64; with fewer dimensions where they exist."""
    fewer = {"dimensions": DIMENSIONS}
    first = await embed(gateway, {"input": TEXTS} | fewer)
    if first.status in (400, 422):
        fewer = {}
        await embed(gateway, {"input": TEXTS})
    await embed(gateway, {"input": TEXTS[0], "encoding_format": "base64"} | fewer)


@scenario(
    "openai-embeddings-unknown-model",
    protocol=OPENAI,
    yields=ERROR,
    models=("unsupported",),
    capabilities=("embeddings",),
)
async def embeddings_unknown_model(gateway: Gateway) -> None:
    """A text for a model that does not exist."""
    await embed(gateway, {"input": TEXTS[0]}, "unsupported")


@scenario(
    "openai-embeddings-empty-input",
    protocol=OPENAI,
    yields=ERROR,
    models=("embedding",),
    capabilities=("embeddings",),
)
async def embeddings_empty_input(gateway: Gateway) -> None:
    """A text without any character."""
    await embed(gateway, {"input": ""})


@scenario(
    "openai-completions",
    protocol=OPENAI,
    yields=(Kind.OPENAI_TEXT_COMPLETION, Kind.OPENAI_TEXT_STREAM),
    exchanges=2,
    cost=2 * prompts.SMALL_BUDGET,
    models=("completion",),
    capabilities=("completions",),
)
async def completions(gateway: Gateway) -> None:
    """A text to be continued, plain and streamed."""
    body = {
        "model": gateway.models["completion"],
        "prompt": prompts.COUNT,
        "max_tokens": prompts.SMALL_BUDGET,
    }
    await gateway.post(OPENAI, COMPLETIONS, body)
    await gateway.post(OPENAI, COMPLETIONS, body | {"stream": True})


@scenario(
    "openai-completions-chat-model", protocol=OPENAI, yields=ERROR, capabilities=("completions",)
)
async def completions_chat_model(gateway: Gateway) -> None:
    """A text to be continued by a model that is made for chat."""
    body = {"model": gateway.models["openai"], "prompt": prompts.HELLO}
    await gateway.post(OPENAI, COMPLETIONS, body | {"max_tokens": prompts.SMALL_BUDGET})


@scenario(
    "openai-responses",
    protocol=OPENAI,
    yields=(Kind.OPENAI_RESPONSE,),
    cost=prompts.BUDGET,
    capabilities=("responses",),
)
async def responses(gateway: Gateway) -> None:
    """A plain question."""
    await respond(gateway, {"input": prompts.HELLO})


@scenario(
    "openai-responses-stream",
    protocol=OPENAI,
    yields=(Kind.OPENAI_RESPONSE_STREAM,),
    cost=prompts.BUDGET,
    capabilities=("responses",),
)
async def responses_stream(gateway: Gateway) -> None:
    """A count, streamed, asked for in a list of items of which the first is the system's."""
    system = {"role": "system", "content": "Be brief."}
    body = {"input": [system, *prompts.user(prompts.COUNT_TO_NINE)]}
    await respond(gateway, body | {"stream": True})


@scenario(
    "openai-responses-tool-stream",
    protocol=OPENAI,
    yields=(Kind.OPENAI_RESPONSE_STREAM,),
    cost=prompts.BUDGET,
    capabilities=("responses", "forced_tools"),
)
async def responses_tool_stream(gateway: Gateway) -> None:
    """A tool call forced by name, streamed."""
    await respond(gateway, NAMED | {"stream": True})


@scenario(
    "openai-responses-length",
    protocol=OPENAI,
    yields=(Kind.OPENAI_RESPONSE,),
    cost=prompts.SMALL_BUDGET,
    capabilities=("responses",),
)
async def responses_length(gateway: Gateway) -> None:
    """A long task with a small budget."""
    await respond(gateway, {"input": prompts.COUNT, "max_output_tokens": prompts.SMALL_BUDGET})


@scenario(
    "openai-responses-unknown-model",
    protocol=OPENAI,
    yields=ERROR,
    models=("unsupported",),
    capabilities=("responses",),
)
async def responses_unknown_model(gateway: Gateway) -> None:
    """A plain question to a model that does not exist."""
    await respond(gateway, {"model": gateway.models["unsupported"], "input": prompts.HELLO})
