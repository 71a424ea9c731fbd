"""Conversations over the Messages protocol: instructions, memory, pictures, documents, cache."""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any

from conformance.kinds import Kind, Protocol
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import prompts
from conformance.scenarios.anthropic import STREAMED, TOOL
from conformance.scenarios.anthropic_access import FIRST
from conformance.scenarios.anthropic_history import EPHEMERAL, called
from conformance.scenarios.features import Feature, blocks, text, together, user
from conformance.scenarios.samples import GIF, JPEG, PDF, PICTURE_URL, PNG, WEBP

ANTHROPIC = Protocol.ANTHROPIC
MESSAGE = (Kind.ANTHROPIC_MESSAGE,)
STREAM = (Kind.ANTHROPIC_STREAM,)

CODEWORD = "fog-4711"
ONE_WORD = "Answer only with the word BLUE"
CACHED_WORDS = 4_200
"""A word is a token at least, and 4,096 is the longest minimum of any model: Haiku 4.5, Opus 4.5
and others; most need 1,024. A shorter prefix is not kept, and nothing would say why."""
LONG = "Write a story of 400 words about a lighthouse."
TIDES = "The tide table of the harbour lists every hour of the year. "
FILLER = TIDES * 90


@scenario("anthropic-system-string", protocol=ANTHROPIC, yields=MESSAGE, cost=prompts.BUDGET)
async def system_string(gateway: Gateway) -> None:
    """A system prompt as a string that leaves one answer."""
    await gateway.messages(
        {
            "max_tokens": prompts.BUDGET,
            "messages": prompts.user("Name a colour."),
            "system": ONE_WORD,
        }
    )


@scenario("anthropic-memory", protocol=ANTHROPIC, yields=MESSAGE, cost=prompts.BUDGET)
async def memory(gateway: Gateway) -> None:
    """A fact told two turns ago is asked for; the system prompt comes in two blocks."""
    await gateway.messages(
        {
            "max_tokens": prompts.BUDGET,
            "system": [text("You are a helpful assistant."), text("Answer in one sentence.")],
            "messages": [
                {"role": "user", "content": f"The codeword is {CODEWORD}."},
                {"role": "assistant", "content": "I will remember it."},
                {"role": "user", "content": "What is the codeword that I told you?"},
            ],
        }
    )


@scenario(
    "anthropic-sampling",
    protocol=ANTHROPIC,
    yields=MESSAGE,
    exchanges=3,
    cost=3 * prompts.BUDGET,
    capabilities=("sampling",),
)
async def sampling(gateway: Gateway) -> None:
    """Each sampling parameter alone: several models refuse two of them together."""
    for parameter in ({"temperature": 0.5}, {"top_p": 0.9}, {"top_k": 5}):
        body = {"max_tokens": prompts.BUDGET, "messages": prompts.user(prompts.HELLO)}
        await gateway.messages(body | parameter, extra=FIRST)


def picture(media_type: str, data: str) -> dict[str, Any]:
    """An image block with the picture in it."""
    source = {"type": "base64", "media_type": media_type, "data": data}
    return {"type": "image", "source": source}


PICTURES: dict[str, Feature] = {
    "an image/png picture": blocks(picture("image/png", PNG)),
    "an image/jpeg picture": blocks(picture("image/jpeg", JPEG)),
    "an image/gif picture": blocks(picture("image/gif", GIF)),
    "an image/webp picture": blocks(picture("image/webp", WEBP)),
    "a picture behind a URL": blocks(
        {"type": "image", "source": {"type": "url", "url": PICTURE_URL}}
    ),
    "cache_control on a picture": blocks({**picture("image/png", PNG), "cache_control": EPHEMERAL}),
    "a tool result with a picture": called(
        "toolu_picture", content=[text("The sky:"), picture("image/png", PNG)]
    ),
}


@scenario(
    "anthropic-pictures",
    protocol=ANTHROPIC,
    yields=MESSAGE,
    cost=prompts.BUDGET,
    capabilities=("vision",),
)
async def pictures(gateway: Gateway) -> None:
    """Pictures of every format in one message, and one inside a tool result."""
    base = {
        "max_tokens": prompts.BUDGET,
        "messages": [user(text("What do you see?"))],
        "tools": [TOOL],
    }
    await together(gateway, base, PICTURES)


def document(source: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A document block."""
    return {"type": "document", "source": source, **more}


PLAIN_TEXT = {
    "type": "text",
    "media_type": "text/plain",
    "data": f"The codeword of the harbour is {CODEWORD}. Ships use it in fog.",
}
DOCUMENTS: dict[str, Feature] = {
    "a PDF document": blocks(
        document(
            {"type": "base64", "media_type": "application/pdf", "data": PDF},
            citations={"enabled": True},
        )
    ),
    "a text document with title, context and citations": blocks(
        document(
            PLAIN_TEXT,
            title="Harbour rules",
            context="Valid this year.",
            citations={"enabled": True},
        )
    ),
    "a tool result with a document": called("toolu_document", content=[document(PLAIN_TEXT)]),
}


@scenario(
    "anthropic-documents",
    protocol=ANTHROPIC,
    yields=STREAM,
    cost=prompts.BUDGET,
    capabilities=("documents", "citations"),
)
async def documents(gateway: Gateway) -> None:
    """A PDF and a text to be cited, streamed."""
    base = {
        "max_tokens": prompts.BUDGET,
        "messages": [user(text("Quote the sentence about the codeword."))],
        "tools": [TOOL],
        **STREAMED,
    }
    await together(gateway, base, DOCUMENTS)


def kept_prefix(gateway: Gateway) -> dict[str, Any]:
    """A long text that is marked to be kept and that nobody sent before."""
    words = " ".join(islice(cycle(TIDES.split()), CACHED_WORDS))
    return text(f"{gateway.nonce} {words}", cache_control=EPHEMERAL)


@scenario(
    "anthropic-cache",
    protocol=ANTHROPIC,
    yields=MESSAGE,
    exchanges=2,
    cost=2 * prompts.BUDGET,
    capabilities=("cache",),
)
async def cache(gateway: Gateway) -> None:
    """The same request twice, with a prefix that is worth keeping and that nobody sent before."""
    system = [kept_prefix(gateway)]
    body = {"max_tokens": prompts.BUDGET, "messages": prompts.user(prompts.HELLO)}
    await gateway.messages(body | {"system": system})
    await gateway.messages(body | {"system": system})


@scenario(
    "anthropic-service-tier",
    protocol=ANTHROPIC,
    yields=MESSAGE,
    exchanges=2,
    cost=2 * prompts.BUDGET,
    capabilities=("service_tier",),
)
async def service_tier(gateway: Gateway) -> None:
    """Both service tiers that can be asked for."""
    body = {"max_tokens": prompts.BUDGET, "messages": prompts.user(prompts.HELLO)}
    for tier in ("auto", "standard_only"):
        await gateway.messages(body | {"service_tier": tier})


@scenario(
    "anthropic-prefill",
    protocol=ANTHROPIC,
    yields=MESSAGE,
    cost=prompts.BUDGET,
    capabilities=("prefill",),
)
async def prefill(gateway: Gateway) -> None:
    """An answer whose beginning is given."""
    messages = [
        *prompts.user("Which is it, (A) or (B)? Say one of them."),
        {"role": "assistant", "content": "The answer is ("},
    ]
    await gateway.messages({"max_tokens": prompts.BUDGET, "messages": messages})


@scenario(
    "anthropic-mid-system",
    protocol=ANTHROPIC,
    yields=MESSAGE,
    cost=prompts.BUDGET,
    capabilities=("mid_system",),
)
async def mid_system(gateway: Gateway) -> None:
    """A system message at the end of the conversation."""
    messages = [*prompts.user(prompts.HELLO), {"role": "system", "content": "Be brief."}]
    await gateway.messages({"max_tokens": prompts.BUDGET, "messages": messages})


@scenario(
    "anthropic-structured",
    protocol=ANTHROPIC,
    yields=MESSAGE,
    cost=prompts.BUDGET,
    capabilities=("structured_outputs",),
)
async def structured(gateway: Gateway) -> None:
    """An answer that has to fit a JSON Schema."""
    schema = {**prompts.SCHEMA, "additionalProperties": False}
    await gateway.messages(
        {
            "max_tokens": prompts.BUDGET,
            "messages": prompts.user("Which city is the capital of France?"),
            "output_config": {"format": {"type": "json_schema", "schema": schema}},
        }
    )


@scenario("anthropic-long-stream", protocol=ANTHROPIC, yields=STREAM, cost=2 * prompts.BUDGET)
async def long_stream(gateway: Gateway) -> None:
    """A long question with a long answer, streamed."""
    question = f"{FILLER}\n\nForget all that. {LONG}"
    body = {"max_tokens": 2 * prompts.BUDGET, "messages": prompts.user(question)}
    await gateway.messages(body | STREAMED)
