"""Chat completions with every optional field: several choices, likelihoods, older forms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gateway_live import Live, chat_text, events, openai_tool
from gateway_openai import CLOSED, ORDER, RED_PIXEL, part, picture, schema, user

PRICE = {"prompt_tokens": 1_000, "completion_tokens": 5_000}
"""Nano-dollars for a token of the model under test."""
FUNCTIONS = {"functions": [openai_tool()["function"]], "function_call": {"name": "get_weather"}}


def chunks(answer: Any) -> list[dict[str, Any]]:
    """The chunks of a stream."""
    return [data for _, data in events(answer) if data != "[DONE]"]


def texts(answer: Any) -> dict[int, str]:
    """The text of each choice of a stream."""
    found: dict[int, str] = {}
    for chunk in chunks(answer):
        for choice in chunk["choices"]:
            said = choice["delta"].get("content") or ""
            found[choice["index"]] = found.get(choice["index"], "") + said
    return found


def likelihoods(answer: Any, stream: bool) -> list[dict[str, Any]]:
    """The entries of the only choice."""
    found = chunks(answer) if stream else [answer.json()]
    choices = [choice for body in found for choice in body["choices"]]
    return [entry for c in choices for entry in (c["logprobs"] or {"content": []})["content"]]


def test_several_choices_are_numbered_and_each_is_whole(gateway: Live) -> None:
    body = gateway.chat("Count from 1 to 9", n=3).json()

    assert [choice["index"] for choice in body["choices"]] == [0, 1, 2]
    assert {choice["message"]["content"] for choice in body["choices"]} == {"1 2 3 4 5 6 7 8 9"}


def test_several_choices_stream_in_turn_with_a_role_and_an_end_each(gateway: Live) -> None:
    answer = gateway.chat("Count from 1 to 9", n=2, stream=True)
    order = [choice["index"] for chunk in chunks(answer) for choice in chunk["choices"]]
    said = [choice for chunk in chunks(answer) for choice in chunk["choices"]]

    assert texts(answer) == {0: "1 2 3 4 5 6 7 8 9", 1: "1 2 3 4 5 6 7 8 9"}
    assert order != sorted(order)
    assert [c["index"] for c in said if c["delta"].get("role")] == [0, 1]
    assert [c["index"] for c in said if c["finish_reason"]] == [0, 1]
    assert events(answer)[-1][1] == "[DONE]"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_every_choice_is_paid_for_and_the_prompt_once(gateway: Live, stream: bool) -> None:
    key = gateway.new_key()
    single = gateway.chat("Count from 1 to 9").json()["usage"]
    asked = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    answer = gateway.chat("Count from 1 to 9", key=key["key"], n=3, **asked)
    usage = chunks(answer)[-1]["usage"] if stream else answer.json()["usage"]

    assert usage["prompt_tokens"] == single["prompt_tokens"]
    assert usage["completion_tokens"] == 3 * single["completion_tokens"]
    assert gateway.spent(key) == sum(usage[name] * price for name, price in PRICE.items())


def test_a_cap_has_to_hold_every_choice(gateway: Live) -> None:
    key = gateway.new_key(cap_nanousd=300_000)["key"]
    asked = {"key": key, "max_completion_tokens": 50}

    assert gateway.chat(n=2, **asked).status_code == 402
    assert gateway.chat(n=1, **asked).status_code == 200


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("top", [0, 3, 20])
def test_likelihoods_make_up_the_text(gateway: Live, stream: bool, top: int) -> None:
    asked = {"logprobs": True, "top_logprobs": top, "stream": stream}
    answer = gateway.chat("Reply with: naïve 🦊 東京", **asked)
    found = likelihoods(answer, stream)

    assert "".join(entry["token"] for entry in found) == chat_text(answer) == "naïve 🦊 東京"
    assert bytes(byte for entry in found for byte in entry["bytes"]).decode() == "naïve 🦊 東京"
    assert {len(entry["top_logprobs"]) for entry in found} == {top}
    assert all(entry["logprob"] <= 0 for entry in found)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_function_is_called_in_its_older_form(gateway: Live, stream: bool) -> None:
    answer = gateway.chat("Weather in Paris?", stream=stream, **FUNCTIONS)
    if stream:
        deltas = [choice["delta"] for c in chunks(answer) for choice in c["choices"]]
        calls = [delta["function_call"] for delta in deltas if "function_call" in delta]
        arguments = "".join(call["arguments"] for call in calls)
        called = {"name": calls[0]["name"], "arguments": arguments}
        reason = chunks(answer)[-1]["choices"][0]["finish_reason"]
    else:
        (choice,) = answer.json()["choices"]
        called, reason = choice["message"]["function_call"], choice["finish_reason"]
        assert "tool_calls" not in choice["message"]

    assert (called["name"], json.loads(called["arguments"])) == ("get_weather", {"city": "Paris"})
    assert reason == "function_call"


def test_the_result_of_a_function_is_answered(gateway: Live) -> None:
    call = {"name": "get_weather", "arguments": '{"city": "Paris"}'}
    messages = [
        user("Weather in Paris?"),
        {"role": "assistant", "content": None, "function_call": call},
        {"role": "function", "name": "get_weather", "content": "18 degrees"},
    ]

    assert "18 degrees" in chat_text(gateway.chat(messages, functions=FUNCTIONS["functions"]))


def test_only_allowed_tools_are_called(gateway: Live) -> None:
    chosen = {"type": "function", "function": {"name": "get_news"}}
    choice = {
        "type": "allowed_tools",
        "allowed_tools": {"mode": "required", "tools": [chosen]},
    }
    tools = [openai_tool(), openai_tool("get_news")]
    body = gateway.chat("Weather in Paris?", tools=tools, tool_choice=choice).json()

    assert {c["function"]["name"] for c in body["choices"][0]["message"]["tool_calls"]} == {
        "get_news"
    }


def test_a_picture_is_seen_and_one_behind_a_url_is_not_fetched(gateway: Live) -> None:
    data = picture(f"data:image/png;base64,{RED_PIXEL}", detail="low")
    assert "red" in chat_text(gateway.chat([user([part("Which colour?"), data])]))

    url = picture("https://example.com/picture.png")
    assert gateway.chat([user([part("Which colour?"), url])]).status_code == 200


@pytest.mark.parametrize(
    ("url", "code"),
    [
        pytest.param("data:image/png;base64,@@", "invalid_base64", id="no base64"),
        pytest.param("data:image/png;base64,aGVsbG8=", "invalid_image_format", id="no picture"),
        pytest.param("file:///etc/passwd", "invalid_image_url", id="a file"),
    ],
)
def test_what_is_no_picture_is_refused(gateway: Live, url: str, code: str) -> None:
    answer = gateway.chat([user([picture(url)])])

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("stop", ["3 4", ["9", "3 4"]], ids=["text", "array"])
def test_a_stop_text_of_several_tokens_stops(gateway: Live, stop: Any, stream: bool) -> None:
    assert chat_text(gateway.chat("Count from 1 to 9", stop=stop, stream=stream)) == "1 2 "


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"response_format": schema(CLOSED)}, id="json"),
        pytest.param({"tools": [openai_tool()], "tool_choice": "required"}, id="call"),
    ],
)
def test_a_budget_cuts_json_and_calls_too(gateway: Live, asked: dict[str, Any]) -> None:
    body = gateway.chat("Paris, please.", max_completion_tokens=3, **asked).json()

    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["completion_tokens"] == 3


@pytest.mark.parametrize("role", ["system", "developer"])
def test_an_order_is_followed_by_either_role(gateway: Live, role: str) -> None:
    messages = [{"role": role, "content": [part("Be brief."), part(ORDER)]}, user("Say hello.")]

    assert chat_text(gateway.chat(messages)).endswith("ZEBRA")


@pytest.mark.parametrize("wanted", [True, False, None])
def test_chunks_are_padded_only_where_that_is_asked_for(gateway: Live, wanted: Any) -> None:
    options = {} if wanted is None else {"include_obfuscation": wanted}
    answer = gateway.chat("Count from 1 to 9", stream=True, stream_options=options)
    padded = [chunk for chunk in chunks(answer) if "obfuscation" in chunk]

    assert bool(padded) is (wanted is True)
    assert texts(answer) == {0: "1 2 3 4 5 6 7 8 9"}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_effort_makes_the_model_think_aloud_beside_its_answer(gateway: Live, stream: bool) -> None:
    asked = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    answer = gateway.chat("Why is that so?", reasoning_effort="low", **asked)
    if stream:
        deltas = [choice["delta"] for c in chunks(answer) for choice in c["choices"]]
        thought = "".join(delta.get("reasoning_content", "") for delta in deltas)
        usage = chunks(answer)[-1]["usage"]
    else:
        body = answer.json()
        thought, usage = body["choices"][0]["message"]["reasoning_content"], body["usage"]

    assert thought and thought not in chat_text(answer)
    assert 0 < usage["completion_tokens_details"]["reasoning_tokens"] < usage["completion_tokens"]
