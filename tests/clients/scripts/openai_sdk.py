"""What a program does with the official Python SDK `openai`; it judges nothing."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
from cases import case, main
from pydantic import BaseModel

Given = dict[str, Any]


class Person(BaseModel):
    """What structured output is asked to be."""

    name: str
    age: int


def sdk(given: Given, **more: Any) -> openai.OpenAI:
    """A client as its documentation makes one, with a time limit."""
    options = {"api_key": given["key"], "timeout": 10.0, "max_retries": 0, **more}
    return openai.OpenAI(base_url=options.pop("base_url", given["base_url"]), **options)


def asked(given: Given, text: str = "Say hello.", **more: Any) -> dict[str, Any]:
    """The arguments of a plain question."""
    return {"model": given["model"], "messages": [{"role": "user", "content": text}], **more}


def told(completion: Any) -> dict[str, Any]:
    """What the tests look at in a completion."""
    choice = completion.choices[0]
    return {
        "text": choice.message.content,
        "calls": [
            {"name": call.function.name, "input": json.loads(call.function.arguments)}
            for call in choice.message.tool_calls or ()
        ],
        "finish_reason": choice.finish_reason,
        "input_tokens": completion.usage.prompt_tokens,
        "output_tokens": completion.usage.completion_tokens,
    }


def results(completion: Any) -> list[Any]:
    """The turns that answer every call of a completion, which goes back as it came."""
    message = completion.choices[0].message
    answers = [
        {
            "role": "tool",
            "tool_call_id": call.id,
            "content": f"It rains in {json.loads(call.function.arguments)['city']}.",
        }
        for call in message.tool_calls
    ]
    return [message, *answers]


@case
def version(given: Given) -> Any:
    return openai.__version__


@case
def text(given: Given) -> Any:
    completion = sdk(given).chat.completions.create(**asked(given, given["say"]))
    return {**told(completion), "request_id": completion._request_id}


@case
def stream_iterated(given: Given) -> Any:
    options = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = list(sdk(given).chat.completions.create(**asked(given, given["say"], **options)))
    choices = [choice for chunk in chunks for choice in chunk.choices]
    return {
        "pieces": [choice.delta.content or "" for choice in choices],
        "finish_reasons": [choice.finish_reason for choice in choices if choice.finish_reason],
        "output_tokens": [chunk.usage.completion_tokens for chunk in chunks if chunk.usage],
    }


@case
def stream_helper(given: Given) -> Any:
    ask = asked(given, given["say"], stream_options={"include_usage": True})
    with sdk(given).chat.completions.stream(**ask) as stream:
        pieces = [event.delta for event in stream if event.type == "content.delta"]
        return {"pieces": pieces, **told(stream.get_final_completion())}


@case
def stream_async(given: Given) -> Any:
    async def ask() -> Any:
        async with openai.AsyncOpenAI(
            base_url=given["base_url"], api_key=given["key"], timeout=10.0
        ) as client:
            stream = await client.chat.completions.create(**asked(given, given["say"]), stream=True)
            return [chunk.choices[0].delta.content or "" async for chunk in stream]

    return {"pieces": asyncio.run(ask())}


@case
def tool(given: Given) -> Any:
    client, ask = sdk(given), asked(given, given["ask_one"], tools=[given["tool"]])
    called = client.chat.completions.create(**ask)
    after = client.chat.completions.create(**{**ask, "messages": ask["messages"] + results(called)})
    return {"called": told(called), "after": told(after)}


@case
def parallel_tools(given: Given) -> Any:
    ask = asked(given, given["ask_two"], tools=[given["tool"]])
    ask["stream_options"] = {"include_usage": True}
    client = sdk(given)
    with client.chat.completions.stream(**ask) as stream:
        stream.until_done()
        called = stream.get_final_completion()
    del ask["stream_options"]
    after = client.chat.completions.create(**{**ask, "messages": ask["messages"] + results(called)})
    return {"called": told(called), "after": told(after)}


@case
def structured(given: Given) -> Any:
    ask = asked(given, given["ask_person"], response_format=Person)
    parsed = sdk(given).chat.completions.parse(**ask).choices[0].message.parsed
    with sdk(given).chat.completions.stream(**ask) as stream:
        streamed = stream.get_final_completion().choices[0].message.parsed
    return {"plain": parsed.model_dump(), "streamed": streamed.model_dump()}


@case
def embeddings(given: Given) -> Any:
    wanted = {"model": given["embedding_model"], "input": ["one", "two"]}
    found = {
        "default": sdk(given).embeddings.create(**wanted),
        "float": sdk(given).embeddings.create(**wanted, encoding_format="float"),
    }
    return {how: [row.embedding for row in answer.data] for how, answer in found.items()}


@case
def response(given: Given) -> Any:
    found = sdk(given).responses.create(model=given["model"], input=given["say"])
    return {"text": found.output_text, "status": found.status, "id": found.id}


@case
def response_stream(given: Given) -> Any:
    with sdk(given).responses.stream(model=given["model"], input=given["say"]) as stream:
        events = list(stream)
        final = stream.get_final_response()
    pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
    return {"pieces": pieces, "text": final.output_text, "status": final.status}


@case
def models(given: Given) -> Any:
    return [model.id for model in sdk(given).models.list()]


@case
def model(given: Given) -> Any:
    return sdk(given).models.retrieve(given["model"]).id


@case
def choices(given: Given) -> Any:
    completion = sdk(given).chat.completions.create(**asked(given, given["say"], n=2))
    return [choice.message.content for choice in completion.choices]


@case
def logprobs(given: Given) -> Any:
    ask = asked(given, given["say"], logprobs=True, top_logprobs=2)
    entries = sdk(given).chat.completions.create(**ask).choices[0].logprobs.content
    return {
        "tokens": [entry.token for entry in entries],
        "bytes": [byte for entry in entries for byte in entry.bytes],
        "alternatives": [len(entry.top_logprobs) for entry in entries],
    }


@case
def reasoning(given: Given) -> Any:
    client, ask = sdk(given), asked(given, given["ask_sum"], reasoning_effort="low")
    plain = client.chat.completions.create(**ask)
    chunks = client.chat.completions.create(**ask, stream=True)
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    # Not in the types of the SDK, which hands on what it does not know.
    streamed = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
    return {
        "plain": plain.choices[0].message.reasoning_content,
        "streamed": streamed,
        "texts": [told(plain)["text"], "".join(delta.content or "" for delta in deltas)],
    }


@case
def retried(given: Given) -> Any:
    requests: list[Any] = []
    http = openai.DefaultHttpxClient(event_hooks={"request": [requests.append]})
    client = sdk(given, max_retries=2, http_client=http)
    try:
        completion = client.chat.completions.create(**asked(given, given["say"]))
    except openai.APIStatusError as error:
        error.tries = len(requests)
        raise
    return {**told(completion), "tries": len(requests)}


@case
def invalid(given: Given) -> Any:
    return sdk(given).chat.completions.create(**asked(given, messages=[]))


@case
def invalid_stream(given: Given) -> Any:
    return list(sdk(given).chat.completions.create(**asked(given, messages=[]), stream=True))


@case
def unauthenticated(given: Given) -> Any:
    return sdk(given, api_key=given["wrong_key"]).chat.completions.create(**asked(given))


@case
def payment_required(given: Given) -> Any:
    return sdk(given, api_key=given["capped_key"]).chat.completions.create(**asked(given))


@case
def not_found(given: Given) -> Any:
    return sdk(given).models.retrieve("no-such-model")


@case
def too_large(given: Given) -> Any:
    return sdk(given).chat.completions.create(**asked(given, "x" * given["too_many_bytes"]))


@case
def rate_limited(given: Given) -> Any:
    client = sdk(given, base_url=given["limited_base_url"], api_key=given["limited_key"])
    client.chat.completions.create(**asked(given))
    return client.chat.completions.create(**asked(given))


@case
def unavailable(given: Given) -> Any:
    return sdk(given).chat.completions.create(**asked(given, model=given["idle_model"]))


def facts_of(error: BaseException) -> dict[str, Any]:
    """What the SDK knows of an error."""
    if not isinstance(error, openai.APIError):
        return {}
    return {
        "status": getattr(error, "status_code", None),
        "code": error.code,
        "type": error.type,
        "request_id": getattr(error, "request_id", None),
        "tries": getattr(error, "tries", 1),
    }


if __name__ == "__main__":
    main(facts_of)
