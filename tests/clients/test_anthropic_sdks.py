"""The official Anthropic SDKs, each in its newest and its earlier majors."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.scenarios.samples import PNG
from reference_gateway.catalogue import MODELS, provisioned
from tests.clients.conftest import LARGEST_BYTES
from tests.clients.facts import libraries
from tests.clients.running import Played, play
from tests.gateway.gateway_live import MODEL, Live, anthropic_tool

SAID = "Grüße, 世界! 👩\u200d🚀🏳️\u200d🌈 e\u0301 नमस्ते 🧪 the end…"
"""Joined emoji, a combining accent, three scripts: a cut inside a character would show."""

IDLE = next(model.name for model in MODELS if not model.is_provisioned)
CHAT_MODELS = [model.name for model in provisioned()]


def given(gateway: Live) -> dict[str, Any]:
    """All that a script is told."""
    return {
        "base_url": f"{gateway.running.base_url}/api",
        "model": MODEL,
        "key": gateway.running.key,
        "wrong_key": "th-" + "0" * 40,
        "capped_key": gateway.new_key(cap_nanousd=0)["key"],
        "idle_model": IDLE,
        "too_many_bytes": LARGEST_BYTES + 1,
        "say": f"Repeat exactly: {SAID}",
        "ask_one": "What is the weather in Zürich?",
        "ask_two": "What is the weather in Paris and in Tokyo?",
        "ask_sum": "What is 17 times 23?",
        "tool": anthropic_tool(),
        "image": PNG,
    }


@pytest.fixture(scope="session", params=libraries("anthropic-"), ids=lambda library: library.name)
def played(request: pytest.FixtureRequest, gateway: Live) -> Played:
    """What every case gave, in each major of each SDK."""
    return play(request.param, given(gateway))


def test_the_version_is_the_one_that_is_meant(played: Played) -> None:
    assert played.returned("version") == played.client.version


def test_a_message_is_read_to_its_last_character(played: Played) -> None:
    message = played.returned("text")

    assert (message["text"], message["types"]) == (SAID, ["text"])
    assert message["stop_reason"] == "end_turn"
    assert message["input_tokens"] > 0 and message["output_tokens"] > 0
    assert message["request_id"].startswith("req_")


@pytest.mark.parametrize("case", ["stream_helper", "stream_async"])
def test_the_streaming_helper_gives_the_same_message(played: Played, case: str) -> None:
    message, streamed = played.returned("text"), played.returned(case)

    assert "".join(streamed["pieces"]) == streamed["text"] == SAID and len(streamed["pieces"]) > 3
    same = ("types", "stop_reason", "input_tokens", "output_tokens")
    assert {key: streamed[key] for key in same} == {key: message[key] for key in same}


def test_raw_events_come_in_the_order_of_the_protocol(played: Played) -> None:
    streamed = played.returned("stream_raw")
    types = list(dict.fromkeys(kind for kind in streamed["types"] if kind != "ping"))

    assert "".join(streamed["pieces"]) == SAID
    assert types == [
        *("message_start", "content_block_start", "content_block_delta"),
        *("content_block_stop", "message_delta", "message_stop"),
    ]
    assert streamed["stop_reason"] == "end_turn"
    assert streamed["output_tokens"] == played.returned("text")["output_tokens"]


def test_a_tool_is_called_and_its_result_used(played: Played) -> None:
    called, after = played.returned("tool")["called"], played.returned("tool")["after"]

    assert called["calls"] == [{"name": "get_weather", "input": {"city": "Zürich"}}]
    assert called["stop_reason"] == "tool_use"
    assert "It rains in Zürich." in after["text"] and after["stop_reason"] == "end_turn"


def test_tools_streamed_side_by_side_keep_their_arguments(played: Played) -> None:
    found = played.returned("parallel_tools")
    called, after = found["called"], found["after"]

    assert [call["input"] for call in called["calls"]] == [{"city": "Paris"}, {"city": "Tokyo"}]
    assert called["stop_reason"] == "tool_use"
    assert "It rains in Paris." in after["text"] and "It rains in Tokyo." in after["text"]


def test_thinking_is_signed_and_taken_back(played: Played) -> None:
    thought = played.returned("thinking")

    assert thought["thinking"] and thought["signature"]
    assert thought["first"]["types"] == thought["after"]["types"] == ["thinking", "text"]
    assert thought["after"]["stop_reason"] == "end_turn"


def test_a_picture_is_seen(played: Played) -> None:
    assert "red" in played.returned("image")["text"]


def test_tokens_are_counted_as_they_are_billed(played: Played) -> None:
    # The counted prompt has a system prompt more.
    assert played.returned("count_tokens") > played.returned("text")["input_tokens"]


def test_every_page_of_the_models_is_read(played: Played) -> None:
    listed = played.returned("models")

    assert listed["ids"] == CHAT_MODELS
    assert all(listed["names"]) and min(listed["years"]) > 2000
    assert listed["requests"] == -(-len(CHAT_MODELS) // 2)


def test_one_model_is_found(played: Played) -> None:
    assert played.returned("model") == {"id": MODEL, "type": "model"}


def test_the_beta_namespace_gives_the_same(played: Played) -> None:
    beta = played.returned("beta")

    assert beta["message"]["text"] == "".join(beta["pieces"]) == SAID
    assert beta["counted"] == beta["message"]["input_tokens"]
    assert beta["models"] == CHAT_MODELS
    assert set(beta["queries"]) == {played.client.facts["beta_query"]}


@pytest.mark.parametrize("case", ["credentials", "environment"])
def test_the_default_credential_of_the_major_is_taken(played: Played, case: str) -> None:
    facts = played.client.facts

    assert played.returned(case) == {
        "credentials": [facts["credential"]],
        "version": facts["version"],
    }


def test_a_token_is_taken(played: Played) -> None:
    assert played.returned("token")["credentials"] == ["authorization"]


REFUSALS = [
    pytest.param("invalid", 400, "invalid_request_error", "BadRequestError", id="400"),
    pytest.param("invalid_stream", 400, "invalid_request_error", "BadRequestError", id="streamed"),
    pytest.param("unauthenticated", 401, "authentication_error", "AuthenticationError", id="401"),
    pytest.param("payment_required", 402, "permission_error", "payment_required", id="402"),
    pytest.param("not_found", 404, "not_found_error", "NotFoundError", id="404"),
    pytest.param("too_large", 413, "request_too_large", "too_large", id="413"),
    pytest.param("unavailable", 503, "api_error", "unavailable", id="503"),
]


@pytest.mark.parametrize(("case", "status", "type", "exception"), REFUSALS)
def test_a_refusal_is_raised_as_the_sdks_own_exception(
    played: Played, case: str, status: int, type: str, exception: str
) -> None:
    raised = played.raised(case)

    # Where the majors name it differently, the exception is one of their facts.
    assert raised["types"][0] == played.client.facts.get(exception, exception)
    assert raised["status"] == status
    assert raised["body"]["error"]["type"] == type and raised["body"]["error"]["message"]
    assert raised["request_id"] == raised["body"]["request_id"]


def test_what_may_pass_is_tried_again(played: Played) -> None:
    assert played.raised("unavailable")["tries"] == 2
