"""What the scripted model answers, on both protocols, streamed and not."""

from __future__ import annotations

import json

import pytest
from gateway_live import (
    Live,
    anthropic_tool,
    chat_text,
    events,
    message_text,
    openai_tool,
)

MODES = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
EMOJI = "👩‍👩‍👧 🇩🇪 é 你好 \u2028 🎉"


def test_both_protocols_answer_in_their_own_shape(gateway: Live) -> None:
    message, completion = (
        gateway.messages("Reply with: pong").json(),
        gateway.chat("Reply with: pong").json(),
    )
    assert (message["type"], message["role"], message["stop_reason"]) == (
        "message",
        "assistant",
        "end_turn",
    )
    assert message["content"] == [{"type": "text", "text": "pong"}]
    choice = completion["choices"][0]
    assert (completion["object"], choice["finish_reason"]) == ("chat.completion", "stop")
    assert choice["message"]["content"] == "pong"


def test_a_stream_follows_the_order_of_the_messages_protocol(gateway: Live) -> None:
    answer = gateway.messages("Count from 1 to 9", stream=True)
    names = [name for name, _ in events(answer)]
    assert names[:3] == ["message_start", "content_block_start", "ping"]
    assert names[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(names[3:-3]) == {"content_block_delta"} and len(names) > 7
    assert all(name == data["type"] for name, data in events(answer))


def test_a_stream_of_chunks_has_one_role_one_finish_and_done(gateway: Live) -> None:
    found = [data for _, data in events(gateway.chat("Count from 1 to 9", stream=True))]
    assert found.pop() == "[DONE]"
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in found}) == 1
    choices = [chunk["choices"][0] for chunk in found]
    assert [("role" in choice["delta"]) for choice in choices] == [True] + [False] * (
        len(found) - 1
    )
    assert [choice["finish_reason"] for choice in choices] == [None] * (len(found) - 1) + ["stop"]
    assert choices[-1]["delta"] == {} and not any("usage" in chunk for chunk in found)


def test_usage_comes_once_and_only_when_asked(gateway: Live) -> None:
    answer = gateway.chat(stream=True, stream_options={"include_usage": True})
    usages = [data["usage"] for _, data in events(answer) if data != "[DONE]"]
    assert [bool(usage) for usage in usages] == [False] * (len(usages) - 1) + [True]
    assert (
        usages[-1]["total_tokens"] == usages[-1]["prompt_tokens"] + usages[-1]["completion_tokens"]
    )


def test_streams_are_neither_cached_nor_sized(gateway: Live) -> None:
    for answer in (gateway.messages(stream=True), gateway.chat(stream=True)):
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        assert "content-length" not in answer.headers


@pytest.mark.parametrize(
    "prompt", ["Say hello.", "Count from 1 to 30", f"Reply with: {EMOJI}", "Tell me a story"]
)
def test_token_counts_agree_between_protocols_and_modes(gateway: Live, prompt: str) -> None:
    tools = [anthropic_tool()], [openai_tool()]
    whole = gateway.messages(prompt, system="Be brief.", tools=tools[0]).json()["usage"]
    final = events(gateway.messages(prompt, system="Be brief.", tools=tools[0], stream=True))[-2][
        1
    ]["usage"]
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": prompt}]
    other = gateway.chat(chat, tools=tools[1], max_tokens=400).json()["usage"]
    last = events(
        gateway.chat(
            chat,
            tools=tools[1],
            max_tokens=400,
            stream=True,
            stream_options={"include_usage": True},
        )
    )[-2][1]["usage"]
    counts = [(usage["input_tokens"], usage["output_tokens"]) for usage in (whole, final)]
    counts += [(usage["prompt_tokens"], usage["completion_tokens"]) for usage in (other, last)]
    assert len(set(counts)) == 1 and min(counts[0]) > 0


@MODES
def test_unusual_characters_survive(gateway: Live, stream: bool) -> None:
    assert message_text(gateway.messages(f"Reply with: {EMOJI}", stream=stream)) == EMOJI
    assert chat_text(gateway.chat(f"Reply with: {EMOJI}", stream=stream)) == EMOJI


@MODES
def test_a_stop_sequence_is_found_across_delta_borders(gateway: Live, stream: bool) -> None:
    prompt, stop = "Count from 1 to 40", "17 18 19 2"
    wanted = "".join(f"{number} " for number in range(1, 17))
    assert (
        message_text(gateway.messages(prompt, stop_sequences=["zzz", stop], stream=stream))
        == wanted
    )
    assert chat_text(gateway.chat(prompt, stop=stop, stream=stream)) == wanted


def test_a_stop_sequence_is_named_by_the_messages_protocol(gateway: Live) -> None:
    answer = gateway.messages("Count from 1 to 9", stop_sequences=["5"]).json()
    assert (answer["stop_reason"], answer["stop_sequence"]) == ("stop_sequence", "5")
    plain = gateway.chat("Count from 1 to 9", stop=["5"]).json()
    assert plain["choices"][0]["finish_reason"] == "stop"


def test_a_cut_answer_spends_exactly_its_budget(gateway: Live) -> None:
    prompt = "Count from 1 to 200, separated by spaces."
    message = gateway.messages(prompt, max_tokens=8).json()
    assert (message["stop_reason"], message["usage"]["output_tokens"]) == ("max_tokens", 8)
    completion = gateway.chat(prompt, max_completion_tokens=16).json()
    assert completion["choices"][0]["finish_reason"] == "length"
    assert completion["usage"]["completion_tokens"] == 16


@pytest.mark.parametrize(
    "choice", [{"type": "tool", "name": "get_weather"}, {"type": "any"}], ids=["named", "any"]
)
@MODES
def test_a_forced_tool_is_called_by_messages(gateway: Live, choice: object, stream: bool) -> None:
    answer = gateway.messages(
        "Say hello.", tools=[anthropic_tool()], tool_choice=choice, stream=stream
    )
    assert _message_calls(answer) == [("get_weather", {"city": "Paris"})]


@pytest.mark.parametrize(
    "choice",
    ["required", {"type": "function", "function": {"name": "get_weather"}}],
    ids=["any", "named"],
)
@MODES
def test_a_forced_tool_is_called_by_chat(gateway: Live, choice: object, stream: bool) -> None:
    answer = gateway.chat("Say hello.", tools=[openai_tool()], tool_choice=choice, stream=stream)
    assert _chat_calls(answer) == [("get_weather", {"city": "Paris"})]


@MODES
def test_two_cities_make_two_calls_unless_parallel_calls_are_off(
    gateway: Live, stream: bool
) -> None:
    prompt = "Weather in Paris and in Tokyo"
    both = [("get_weather", {"city": "Paris"}), ("get_weather", {"city": "Tokyo"})]
    single = {"type": "auto", "disable_parallel_tool_use": True}
    assert _message_calls(gateway.messages(prompt, tools=[anthropic_tool()], stream=stream)) == both
    assert _chat_calls(gateway.chat(prompt, tools=[openai_tool()], stream=stream)) == both
    one = gateway.messages(prompt, tools=[anthropic_tool()], tool_choice=single, stream=stream)
    assert len(_message_calls(one)) == 1
    other = gateway.chat(prompt, tools=[openai_tool()], parallel_tool_calls=False, stream=stream)
    assert len(_chat_calls(other)) == 1


def test_tools_are_left_alone_when_nobody_asks_for_them(gateway: Live) -> None:
    assert not _message_calls(gateway.messages("Say hello.", tools=[anthropic_tool()]))
    none = gateway.messages(
        "Weather in Paris?", tools=[anthropic_tool()], tool_choice={"type": "none"}
    )
    assert not _message_calls(none)


@MODES
def test_a_tool_without_arguments_gets_an_empty_object(gateway: Live, stream: bool) -> None:
    schema = {"type": "object", "properties": {}}
    answer = gateway.messages(
        "Go.",
        tools=[anthropic_tool("list_rooms", schema)],
        tool_choice={"type": "any"},
        stream=stream,
    )
    assert _message_calls(answer) == [("list_rooms", {})]
    chat = gateway.chat(
        "Go.", tools=[openai_tool("list_rooms", schema)], tool_choice="required", stream=stream
    )
    assert _chat_calls(chat) == [("list_rooms", {})]


@MODES
def test_the_result_of_a_tool_is_quoted(gateway: Live, stream: bool) -> None:
    asked = gateway.messages("Weather in Paris?", tools=[anthropic_tool()]).json()
    result = {"type": "tool_result", "tool_use_id": asked["content"][0]["id"]}
    turns = [
        {"role": "user", "content": "Weather in Paris?"},
        {"role": "assistant", "content": asked["content"]},
        {
            "role": "user",
            "content": [{**result, "content": [{"type": "text", "text": "18 nonce"}]}],
        },
    ]
    answer = gateway.messages(turns, tools=[anthropic_tool()], stream=stream)
    assert "18 nonce" in message_text(answer)


@MODES
def test_the_result_of_a_tool_is_quoted_by_chat(gateway: Live, stream: bool) -> None:
    asked = gateway.chat("Weather in Paris and in Tokyo?", tools=[openai_tool()]).json()
    message = asked["choices"][0]["message"]
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": f"nonce {number}"}
        for number, call in enumerate(message["tool_calls"])
    ]
    turns = [
        {"role": "user", "content": "Weather in Paris and in Tokyo?"},
        message,
        *reversed(results),
    ]
    answer = chat_text(gateway.chat(turns, tools=[openai_tool()], stream=stream))
    assert "nonce 0" in answer and "nonce 1" in answer


def test_what_was_said_earlier_is_remembered(gateway: Live) -> None:
    turns = [
        {"role": "user", "content": "My word is zebra42."},
        {"role": "assistant", "content": "Noted."},
        {"role": "user", "content": "What word did I tell you?"},
    ]
    assert "zebra42" in message_text(gateway.messages(turns)) and "zebra42" in chat_text(
        gateway.chat(turns)
    )


@pytest.mark.parametrize("name", ["claude-opus-4-7", "anthropic/claude-opus-4-7"])
def test_the_bare_name_of_the_model_is_answered(gateway: Live, name: str) -> None:
    assert gateway.messages(model=name).json()["model"] == "claude-opus-4-7"
    assert gateway.chat(model=name).json()["model"] == "claude-opus-4-7"


def _message_calls(answer) -> list[tuple[str, object]]:
    if not answer.headers["content-type"].startswith("text/event-stream"):
        blocks = answer.json()["content"]
        return [(block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]
    names, texts = {}, {}
    for _, data in events(answer):
        if data["type"] == "content_block_start" and data["content_block"]["type"] == "tool_use":
            names[data["index"]] = data["content_block"]["name"]
        if data["type"] == "content_block_delta":
            texts.setdefault(data["index"], []).append(data["delta"].get("partial_json", ""))
    return [(name, json.loads("".join(texts[index]) or "{}")) for index, name in names.items()]


def _chat_calls(answer) -> list[tuple[str, object]]:
    if not answer.headers["content-type"].startswith("text/event-stream"):
        calls = answer.json()["choices"][0]["message"].get("tool_calls", [])
        return [(c["function"]["name"], json.loads(c["function"]["arguments"])) for c in calls]
    names, texts = {}, {}
    chunks = [data for _, data in events(answer) if data != "[DONE]"]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    for fragment in (part for delta in deltas for part in delta.get("tool_calls", [])):
        names.setdefault(fragment["index"], fragment["function"].get("name"))
        texts.setdefault(fragment["index"], []).append(fragment["function"]["arguments"])
    return [(name, json.loads("".join(texts[index]))) for index, name in names.items()]
