"""What a program does with LangChain's package `langchain-openai`; it judges nothing."""

from __future__ import annotations

import asyncio
from functools import reduce
from importlib import metadata
from operator import add
from typing import Any

import openai
from cases import case, main
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

Given = dict[str, Any]


class Person(BaseModel):
    """What structured output is asked to be."""

    name: str
    age: int


def chat(given: Given, **more: Any) -> ChatOpenAI:
    """A chat model as its documentation makes one, with a time limit."""
    options = {"model": given["model"], "api_key": given["key"], "base_url": given["base_url"]}
    # With a base URL of one's own, LangChain asks for usage only when told to.
    limits = {"timeout": 10.0, "max_retries": 0, "stream_usage": True}
    return ChatOpenAI(**{**options, **limits, **more})


def told(message: Any) -> dict[str, Any]:
    """What the tests look at in a message."""
    return {
        "text": message.text if isinstance(message.text, str) else message.text(),
        "calls": [{"name": call["name"], "input": call["args"]} for call in message.tool_calls],
        "finish_reason": message.response_metadata.get("finish_reason"),
        "input_tokens": message.usage_metadata["input_tokens"],
        "output_tokens": message.usage_metadata["output_tokens"],
    }


def text_of(chunk: Any) -> str:
    """The text of a chunk, whose content is a list of parts."""
    return "".join(part.get("text", "") for part in chunk.content if isinstance(part, dict))


def answered(given: Given, question: str, is_streamed: bool) -> dict[str, Any]:
    """Tool calls, and what is said once they are answered."""
    model, turns = chat(given).bind_tools([given["tool"]]), [HumanMessage(question)]
    called = reduce(add, model.stream(turns)) if is_streamed else model.invoke(turns)
    results = [
        ToolMessage(f"It rains in {call['args']['city']}.", tool_call_id=call["id"])
        for call in called.tool_calls
    ]
    return {"called": told(called), "after": told(model.invoke([*turns, called, *results]))}


@case
def version(given: Given) -> Any:
    return metadata.version("langchain-openai")


@case
def text(given: Given) -> Any:
    return told(chat(given).invoke(given["say"]))


@case
def stream_iterated(given: Given) -> Any:
    chunks = list(chat(given).stream(given["say"]))
    reasons = [chunk.response_metadata.get("finish_reason") for chunk in chunks]
    return {
        "pieces": [chunk.content for chunk in chunks],
        "finish_reasons": [reason for reason in reasons if reason],
        "output_tokens": [c.usage_metadata["output_tokens"] for c in chunks if c.usage_metadata],
    }


@case
def stream_async(given: Given) -> Any:
    async def ask() -> Any:
        return [chunk.content async for chunk in chat(given).astream(given["say"])]

    return {"pieces": asyncio.run(ask())}


@case
def stream_helper(given: Given) -> Any:
    chunks = list(chat(given).stream(given["say"]))
    return {"pieces": [chunk.content for chunk in chunks], **told(reduce(add, chunks))}


@case
def tool(given: Given) -> Any:
    return answered(given, given["ask_one"], is_streamed=False)


@case
def parallel_tools(given: Given) -> Any:
    return answered(given, given["ask_two"], is_streamed=True)


@case
def structured(given: Given) -> Any:
    model = chat(given).with_structured_output(Person, method="json_schema")
    *_, streamed = model.stream(given["ask_person"])
    return {
        "plain": model.invoke(given["ask_person"]).model_dump(),
        "streamed": streamed.model_dump(),
    }


@case
def embeddings(given: Given) -> Any:
    # Counting tokens beforehand needs a file from the internet.
    options = {"model": given["embedding_model"], "check_embedding_ctx_length": False}
    access = {"api_key": given["key"], "base_url": given["base_url"], "max_retries": 0}
    packed = OpenAIEmbeddings(**options, **access)
    plain = OpenAIEmbeddings(**options, **access, model_kwargs={"encoding_format": "float"})
    return {
        "default": packed.embed_documents(["one", "two"]),
        "float": plain.embed_documents(["one", "two"]),
    }


@case
def response(given: Given) -> Any:
    found = chat(given, use_responses_api=True).invoke(given["say"])
    return {"text": told(found)["text"], "status": found.response_metadata["status"]}


@case
def response_stream(given: Given) -> Any:
    chunks = list(chat(given, use_responses_api=True).stream(given["say"]))
    whole = reduce(add, chunks)
    return {
        "pieces": [text_of(chunk) for chunk in chunks],
        "text": told(whole)["text"],
        "status": whole.response_metadata["status"],
    }


@case
def choices(given: Given) -> Any:
    (found,) = chat(given, n=2).generate([[HumanMessage(given["say"])]]).generations
    return [generation.text for generation in found]


@case
def logprobs(given: Given) -> Any:
    message = chat(given, logprobs=True, top_logprobs=2).invoke(given["say"])
    entries = message.response_metadata["logprobs"]["content"]
    return {
        "tokens": [entry["token"] for entry in entries],
        "bytes": [byte for entry in entries for byte in entry["bytes"]],
        "alternatives": [len(entry["top_logprobs"]) for entry in entries],
    }


@case
def invalid(given: Given) -> Any:
    return chat(given).invoke([])


@case
def invalid_stream(given: Given) -> Any:
    return list(chat(given).stream([]))


@case
def unauthenticated(given: Given) -> Any:
    return chat(given, api_key=given["wrong_key"]).invoke("Say hello.")


@case
def payment_required(given: Given) -> Any:
    return chat(given, api_key=given["capped_key"]).invoke("Say hello.")


@case
def not_found(given: Given) -> Any:
    return chat(given, model=given["embedding_model"]).invoke("Say hello.")


@case
def too_large(given: Given) -> Any:
    return chat(given).invoke("x" * given["too_many_bytes"])


@case
def rate_limited(given: Given) -> Any:
    model = chat(given, base_url=given["limited_base_url"], api_key=given["limited_key"])
    model.invoke("Say hello.")
    return model.invoke("Say hello.")


@case
def unavailable(given: Given) -> Any:
    return chat(given, model=given["idle_model"]).invoke("Say hello.")


def facts_of(error: BaseException) -> dict[str, Any]:
    """What the package below LangChain knows of an error."""
    if not isinstance(error, openai.APIStatusError):
        return {}
    return {
        "status": error.status_code,
        "code": error.code,
        "type": error.type,
        "request_id": error.request_id,
    }


if __name__ == "__main__":
    main(facts_of)
