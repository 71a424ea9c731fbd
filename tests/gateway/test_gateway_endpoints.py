"""Embeddings, legacy completions and Responses, as a client of the gateway meets them."""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest
from gateway_live import CITY_SCHEMA, MODEL, Live, events

from reference_gateway.errors import InternalError
from reference_gateway.pieces import Piece, Start, TextDelta
from reference_gateway.responses_stream import frames
from reference_gateway.wire import Heading

TOOL = {"type": "function", "name": "get_weather", "parameters": CITY_SCHEMA}
EMBED, COMPLETE, RESPOND = "/v1/embeddings", "/v1/completions", "/v1/responses"
MODELS = {EMBED: "scripted-embedding", COMPLETE: "scripted-instruct", RESPOND: MODEL}
SOUND = {EMBED: {"input": "one"}, COMPLETE: {"prompt": "one"}, RESPOND: {"input": "one"}}


def post(gateway: Live, path: str, key: str | None = None, **body: Any) -> Any:
    """POST to an endpoint; the model is filled in."""
    bearer = {"authorization": f"Bearer {key or gateway.running.key}"}
    return gateway.post(path, {"model": MODELS[path], **body}, bearer)


def test_base64_holds_the_numbers_in_little_endian_order(gateway: Live) -> None:
    numbers = post(gateway, EMBED, input="one", dimensions=8).json()["data"][0]["embedding"]
    packed = post(gateway, EMBED, input=["one"], dimensions=8, encoding_format="base64").json()
    data = base64.b64decode(packed["data"][0]["embedding"])

    assert struct.unpack("<8f", data) == pytest.approx(numbers, abs=1e-6)


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        pytest.param(EMBED, {"input": ""}, "input", id="an empty text"),
        pytest.param(EMBED, {"input": []}, "input", id="no text"),
        pytest.param(EMBED, {"input": ["x", ""]}, "input[1]", id="an empty text among others"),
        pytest.param(EMBED, {}, "input", id="no input"),
        pytest.param(EMBED, {"input": "x", "dimensions": 0}, "dimensions", id="no dimension"),
        pytest.param(EMBED, {"input": "x", "encoding_format": "f8"}, "encoding_format", id="f8"),
        pytest.param(COMPLETE, {"prompt": ["a", "b"]}, "prompt", id="two prompts"),
        pytest.param(COMPLETE, {"prompt": "a", "suffix": "b"}, "suffix", id="a suffix"),
        pytest.param(COMPLETE, {"prompt": "a", "best_of": 3}, "best_of", id="best of three"),
        pytest.param(RESPOND, {"input": []}, "input", id="no item"),
        pytest.param(RESPOND, {"input": "x", "store": True}, "store", id="store"),
        pytest.param(RESPOND, {"input": "x", "background": True}, "background", id="background"),
        pytest.param(RESPOND, {"input": "x", "reasoning": 1}, "reasoning", id="reasoning"),
        pytest.param(RESPOND, {"input": "x", "conversation": "c"}, "conversation", id="state"),
        pytest.param(
            RESPOND,
            {"input": "x", "previous_response_id": "r"},
            "previous_response_id",
            id="before",
        ),
        pytest.param(
            RESPOND,
            {"input": [{"type": "function_call_output", "call_id": "c", "output": "18"}]},
            "input",
            id="an output without its call",
        ),
        pytest.param(
            RESPOND, {"input": "x", "tools": [{"type": "web_search"}]}, "tools[0].type", id="tools"
        ),
    ],
)
def test_what_cannot_be_served_is_refused_by_name(
    gateway: Live, path: str, body: dict[str, Any], param: str
) -> None:
    answer = post(gateway, path, **body)

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize("path", [EMBED, COMPLETE])
def test_a_chat_model_is_not_served_there(gateway: Live, path: str) -> None:
    answer = post(gateway, path, model=MODEL, input="x", prompt="x")

    assert (answer.status_code, answer.json()["error"]["param"]) == (404, "model")


@pytest.mark.parametrize("model", ["scripted-embedding", "scripted-instruct"])
def test_other_models_are_not_served_on_chat(gateway: Live, model: str) -> None:
    assert gateway.chat(model=model).status_code == 404
    assert gateway.messages(model=model).status_code == 404


@pytest.mark.parametrize("path", list(MODELS))
def test_every_endpoint_charges_exactly_what_it_says(gateway: Live, path: str) -> None:
    key = gateway.new_key()
    usage = post(gateway, path, key["key"], **SOUND[path]).json()["usage"]
    tokens = usage.get("prompt_tokens", usage.get("input_tokens"))
    made = usage.get("completion_tokens", usage.get("output_tokens", 0))
    price = {EMBED: (1, 0), COMPLETE: (1, 2), RESPOND: (1, 5)}[path]

    assert gateway.spent(key) == 1000 * (tokens * price[0] + made * price[1]) > 0


@pytest.mark.parametrize("path", list(MODELS))
def test_every_endpoint_refuses_a_spent_key(gateway: Live, path: str) -> None:
    key = gateway.new_key(cap_nanousd=1)
    answer = post(gateway, path, key["key"], **SOUND[path])

    assert (answer.status_code, gateway.spent(key)) == (402, 0)


def test_a_completion_repeats_its_prompt_where_it_is_asked_to(gateway: Live) -> None:
    asked = {"prompt": "Say hello.", "echo": True, "n": 2}
    plain = post(gateway, COMPLETE, **asked).json()["choices"]
    chunks = [data for _, data in events(post(gateway, COMPLETE, stream=True, **asked))]
    texts = ["", ""]
    for chunk in chunks[:-1]:
        for choice in chunk["choices"]:
            texts[choice["index"]] += choice["text"]

    assert [choice["text"] for choice in plain] == texts == ["Say hello.hello."] * 2
    assert chunks[-1] == "[DONE]"


def test_a_call_and_its_output_make_a_round_trip(gateway: Live) -> None:
    asked = [{"role": "user", "content": "What is the weather in Paris? Use the tool."}]
    called = post(gateway, RESPOND, input=asked, tools=[TOOL]).json()["output"]
    result = {
        "type": "function_call_output",
        "call_id": called[0]["call_id"],
        "output": "18 degrees",
    }
    answer = post(gateway, RESPOND, input=[*asked, *called, result], tools=[TOOL]).json()

    assert [item["type"] for item in called] == ["function_call"]
    assert "18 degrees" in answer["output"][0]["content"][0]["text"]


def test_a_response_repeats_what_it_was_asked_with(gateway: Live) -> None:
    asked = {"metadata": {"a": "b"}, "instructions": "Be brief.", "temperature": 0.5}
    answer = post(gateway, RESPOND, input="Say hello.", **asked).json()

    assert {name: answer[name] for name in asked} == asked


def test_a_response_can_be_json(gateway: Live) -> None:
    wanted = {"type": "json_schema", "name": "city", "schema": CITY_SCHEMA, "strict": False}
    answer = post(gateway, RESPOND, input="Where? Paris.", text={"format": wanted}).json()

    assert '"city"' in answer["output"][0]["content"][0]["text"]


def test_a_streamed_response_ends_in_the_same_object_as_a_plain_one(gateway: Live) -> None:
    plain = post(gateway, RESPOND, input="Say hello.").json()
    last = events(post(gateway, RESPOND, input="Say hello.", stream=True))[-1][1]["response"]
    ids = {"id": "", "created_at": 0}
    for found in (plain, last):
        found["output"][0]["id"] = ""

    assert last | ids == plain | ids


def test_a_stream_that_fails_half_way_says_so_and_ends_with_response_failed() -> None:
    found: list[str | None] = []

    async def broken() -> AsyncIterator[Piece]:
        yield Start(3)
        yield TextDelta("Hel", 1)
        raise InternalError

    async def collect() -> None:
        async for frame in frames(Heading("t", MODEL, 0), broken()):
            found.append(frame.event)

    with pytest.raises(InternalError):
        asyncio.run(collect())
    assert found[-2:] == ["error", "response.failed"]
