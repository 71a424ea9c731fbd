"""What a program does with the official Python SDK `anthropic`; it judges nothing."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import anthropic
from cases import case, main

Given = dict[str, Any]


class Wire:
    """The requests that a client sent, seen on their way out."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.http = anthropic.DefaultHttpxClient(event_hooks={"request": [self.requests.append]})


def sdk(given: Given, wire: Wire | None = None, **more: Any) -> anthropic.Anthropic:
    """A client as its documentation makes one, with a time limit."""
    options = {"api_key": given["key"], "timeout": 10.0, **more}
    if wire is not None:
        options["http_client"] = wire.http
    return anthropic.Anthropic(base_url=given["base_url"], **options)


def asked(given: Given, text: str = "Say hello.", **more: Any) -> dict[str, Any]:
    """The arguments of a plain question."""
    messages = [{"role": "user", "content": text}]
    return {"model": given["model"], "max_tokens": 400, "messages": messages, **more}


def text_of(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def told(message: Any) -> dict[str, Any]:
    """What the tests look at in a message."""
    return {
        "text": text_of(message),
        "types": [block.type for block in message.content],
        "calls": [
            {"name": block.name, "input": block.input}
            for block in message.content
            if block.type == "tool_use"
        ],
        "stop_reason": message.stop_reason,
        "input_tokens": message.usage.input_tokens,
        "output_tokens": message.usage.output_tokens,
    }


def results(message: Any) -> list[dict[str, Any]]:
    """The turns that answer every call of a message."""
    answers = [
        {
            "type": "tool_result",
            "tool_use_id": block.id,
            "content": f"It rains in {block.input['city']}.",
        }
        for block in message.content
        if block.type == "tool_use"
    ]
    return [
        {"role": "assistant", "content": message.content},
        {"role": "user", "content": answers},
    ]


@case
def version(given: Given) -> Any:
    return anthropic.__version__


@case
def text(given: Given) -> Any:
    message = sdk(given).messages.create(**asked(given, given["say"]))
    return {**told(message), "request_id": message._request_id}


@case
def stream_async(given: Given) -> Any:
    client = anthropic.AsyncAnthropic(
        base_url=given["base_url"], api_key=given["key"], timeout=10.0
    )

    async def ask() -> Any:
        async with client, client.messages.stream(**asked(given, given["say"])) as stream:
            pieces = [piece async for piece in stream.text_stream]
            return {"pieces": pieces, **told(await stream.get_final_message())}

    return asyncio.run(ask())


@case
def stream_helper(given: Given) -> Any:
    with sdk(given).messages.stream(**asked(given, given["say"])) as stream:
        pieces = list(stream.text_stream)
        return {"pieces": pieces, **told(stream.get_final_message())}


@case
def stream_raw(given: Given) -> Any:
    events = list(sdk(given).messages.create(**asked(given, given["say"]), stream=True))
    deltas = [event.delta for event in events if event.type == "content_block_delta"]
    last = next(event for event in events if event.type == "message_delta")
    return {
        "types": [event.type for event in events],
        "pieces": [delta.text for delta in deltas],
        "stop_reason": last.delta.stop_reason,
        "output_tokens": last.usage.output_tokens,
    }


@case
def tool(given: Given) -> Any:
    client, ask = sdk(given), asked(given, given["ask_one"], tools=[given["tool"]])
    called = client.messages.create(**ask)
    after = client.messages.create(**{**ask, "messages": ask["messages"] + results(called)})
    return {"called": told(called), "after": told(after)}


@case
def parallel_tools(given: Given) -> Any:
    client, ask = sdk(given), asked(given, given["ask_two"], tools=[given["tool"]])
    with client.messages.stream(**ask) as stream:
        called = stream.get_final_message()
    after = client.messages.create(**{**ask, "messages": ask["messages"] + results(called)})
    return {"called": told(called), "after": told(after)}


@case
def thinking(given: Given) -> Any:
    client, ask = sdk(given), asked(given, given["ask_sum"], max_tokens=2000)
    ask["thinking"] = {"type": "enabled", "budget_tokens": 1024}
    with client.messages.stream(**ask) as stream:
        thought = stream.get_final_message()
    back = [{"role": "assistant", "content": thought.content}, {"role": "user", "content": "Why?"}]
    after = client.messages.create(**{**ask, "messages": ask["messages"] + back})
    first = thought.content[0]
    return {
        "thinking": first.thinking,
        "signature": first.signature,
        "first": told(thought),
        "after": told(after),
    }


@case
def image(given: Given) -> Any:
    source = {"type": "base64", "media_type": "image/png", "data": given["image"]}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "What is this?"}]
    ask = asked(given, messages=[{"role": "user", "content": content}])
    return told(sdk(given).messages.create(**ask))


@case
def count_tokens(given: Given) -> Any:
    ask = asked(given, given["say"], system="Be brief.")
    del ask["max_tokens"]
    return sdk(given).messages.count_tokens(**ask).input_tokens


@case
def models(given: Given) -> Any:
    wire = Wire()
    listed = list(sdk(given, wire).models.list(limit=2))
    return {
        "ids": [model.id for model in listed],
        "names": [model.display_name for model in listed],
        "years": [model.created_at.year for model in listed],
        "requests": len(wire.requests),
    }


@case
def model(given: Given) -> Any:
    found = sdk(given).models.retrieve(given["model"])
    return {"id": found.id, "type": found.type}


@case
def beta(given: Given) -> Any:
    wire = Wire()
    namespace, ask = sdk(given, wire).beta, asked(given, given["say"])
    message = namespace.messages.create(**ask, betas=["extended-cache-ttl-2025-04-11"])
    with namespace.messages.stream(**ask) as stream:
        pieces = list(stream.text_stream)
    counted = namespace.messages.count_tokens(model=ask["model"], messages=ask["messages"])
    return {
        "message": told(message),
        "pieces": pieces,
        "counted": counted.input_tokens,
        "models": [found.id for found in namespace.models.list(limit=2)],
        "queries": [request.url.query.decode() for request in wire.requests[:3]],
    }


@case
def credentials(given: Given) -> Any:
    wire = Wire()
    sdk(given, wire).messages.create(**asked(given))
    return sent(wire)


@case
def token(given: Given) -> Any:
    wire = Wire()
    sdk(given, wire, api_key=None, auth_token=given["key"]).messages.create(**asked(given))
    return sent(wire)


@case
def environment(given: Given) -> Any:
    os.environ |= {"ANTHROPIC_API_KEY": given["key"], "ANTHROPIC_BASE_URL": given["base_url"]}
    wire = Wire()
    try:
        anthropic.Anthropic(http_client=wire.http).messages.create(**asked(given))
    finally:
        del os.environ["ANTHROPIC_API_KEY"], os.environ["ANTHROPIC_BASE_URL"]
    return sent(wire)


def sent(wire: Wire) -> dict[str, Any]:
    """The names of the credential headers and the version of the one request."""
    (request,) = wire.requests
    names = [name for name in ("authorization", "x-api-key") if name in request.headers]
    return {"credentials": names, "version": request.headers["anthropic-version"]}


@case
def invalid(given: Given) -> Any:
    return sdk(given).messages.create(**asked(given, messages=[]))


@case
def invalid_stream(given: Given) -> Any:
    return list(sdk(given).messages.create(**asked(given, messages=[]), stream=True))


@case
def unauthenticated(given: Given) -> Any:
    return sdk(given, api_key=given["wrong_key"]).messages.create(**asked(given))


@case
def payment_required(given: Given) -> Any:
    return sdk(given, api_key=given["capped_key"]).messages.create(**asked(given))


@case
def not_found(given: Given) -> Any:
    return sdk(given).models.retrieve("no-such-model")


@case
def too_large(given: Given) -> Any:
    return sdk(given).messages.create(**asked(given, "x" * given["too_many_bytes"]))


@case
def unavailable(given: Given) -> Any:
    wire = Wire()
    try:
        sdk(given, wire, max_retries=1).messages.create(**asked(given, model=given["idle_model"]))
    except anthropic.APIStatusError as error:
        error.tries = len(wire.requests)
        raise


@case
def retried(given: Given) -> Any:
    wire = Wire()
    try:
        message = sdk(given, wire, max_retries=2).messages.create(**asked(given, given["say"]))
    except anthropic.APIStatusError as error:
        error.tries = len(wire.requests)
        raise
    return {**told(message), "tries": len(wire.requests)}


def facts_of(error: BaseException) -> dict[str, Any]:
    """What the SDK knows of an error."""
    if not isinstance(error, anthropic.APIStatusError):
        return {}
    return {
        "status": error.status_code,
        "body": error.body,
        "request_id": error.request_id,
        "tries": getattr(error, "tries", 1),
    }


if __name__ == "__main__":
    main(facts_of)
