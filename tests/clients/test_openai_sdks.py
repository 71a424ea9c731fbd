"""OpenAI's SDKs and what is built on them: LangChain and the Vercel AI SDK."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reference_gateway.catalogue import provisioned
from reference_gateway.config import Config
from tests.clients.conftest import LARGEST_BYTES
from tests.clients.facts import libraries
from tests.clients.running import Played, play
from tests.clients.test_anthropic_sdks import IDLE, SAID
from tests.gateway.gateway_live import MODEL, Live, live, openai_tool

CHAT_MODELS = [model.name for model in provisioned()]
EMBEDDING_MODEL = "scripted-embedding"


@pytest.fixture(scope="session")
def limited() -> Iterator[Live]:
    """A gateway that takes one request a minute of each key."""
    with live(Config(pace_s=0.0, requests_per_minute=1)) as running:
        yield running


def given(gateway: Live, limited: Live) -> dict[str, Any]:
    """All that a script is told."""
    return {
        "base_url": f"{gateway.running.base_url}/v1",
        "model": MODEL,
        "embedding_model": EMBEDDING_MODEL,
        "key": gateway.running.key,
        "wrong_key": "th-" + "0" * 40,
        "capped_key": gateway.new_key(cap_nanousd=0)["key"],
        "limited_base_url": f"{limited.running.base_url}/v1",
        "limited_key": limited.new_key()["key"],
        "idle_model": IDLE,
        "too_many_bytes": LARGEST_BYTES + 1,
        "say": f"Repeat exactly: {SAID}",
        "ask_one": "What is the weather in Zürich?",
        "ask_two": "What is the weather in Paris and in Tokyo?",
        "ask_sum": "What is 17 times 23?",
        "ask_person": "Extract the person as JSON: Zoë Müller, 41.",
        "tool": openai_tool(),
    }


LIBRARIES = libraries("openai-", "langchain-", "ai-sdk")


@pytest.fixture(scope="session", params=LIBRARIES, ids=lambda library: library.name)
def played(request: pytest.FixtureRequest, gateway: Live, limited: Live) -> Played:
    """What every case gave, in each client in each of its majors."""
    return play(request.param, given(gateway, limited))


def returned(played: Played, case: str) -> Any:
    """What a case returned; skips the test where the client has no such thing."""
    if case in played.client.facts.get("lacks", ()):
        pytest.skip(f"{played.client.name} has no {case}")
    return played.returned(case)


def test_the_version_is_the_one_that_is_meant(played: Played) -> None:
    assert played.returned("version") == played.client.version


def test_an_answer_is_read_to_its_last_character(played: Played) -> None:
    answer = played.returned("text")

    assert answer["text"] == SAID
    assert answer["finish_reason"] == "stop"
    assert answer["input_tokens"] > 0 and answer["output_tokens"] > 0
    assert answer.get("request_id") or not played.client.facts["tells_request_id"]


def test_a_stream_is_read_to_its_last_character(played: Played) -> None:
    answer, streamed = played.returned("text"), played.returned("stream_iterated")

    assert "".join(streamed["pieces"]) == SAID and len(streamed["pieces"]) > 3
    assert streamed["finish_reasons"] == ["stop"]
    assert streamed["output_tokens"] == [answer["output_tokens"]]


@pytest.mark.parametrize("case", ["stream_helper", "stream_async"])
def test_every_other_way_to_stream_gives_the_same(played: Played, case: str) -> None:
    streamed, answer = returned(played, case), played.returned("text")

    assert "".join(streamed["pieces"]) == SAID
    same = {"text", "finish_reason", "input_tokens", "output_tokens"} & set(streamed)
    assert {key: streamed[key] for key in same} == {key: answer[key] for key in same}


def test_a_tool_is_called_and_its_result_used(played: Played) -> None:
    called, after = played.returned("tool")["called"], played.returned("tool")["after"]

    assert called["calls"] == [{"name": "get_weather", "input": {"city": "Zürich"}}]
    assert called["finish_reason"] == played.client.facts.get("calls_finish", "tool_calls")
    assert "It rains in Zürich." in after["text"] and after["finish_reason"] == "stop"


def test_tools_streamed_side_by_side_keep_their_arguments(played: Played) -> None:
    found = played.returned("parallel_tools")
    called, after = found["called"], found["after"]

    assert [call["input"] for call in called["calls"]] == [{"city": "Paris"}, {"city": "Tokyo"}]
    assert called["finish_reason"] == played.client.facts.get("calls_finish", "tool_calls")
    assert "It rains in Paris." in after["text"] and "It rains in Tokyo." in after["text"]


@pytest.mark.parametrize("how", ["plain", "streamed"])
def test_structured_output_is_parsed(played: Played, how: str) -> None:
    person = played.returned("structured")[how]

    assert set(person) == {"name", "age"}
    assert isinstance(person["name"], str) and isinstance(person["age"], int)


@pytest.fixture(scope="session")
def vectors(gateway: Live) -> list[list[float]]:
    """What the embeddings are, asked for as plain numbers and without any client."""
    body = {"model": EMBEDDING_MODEL, "input": ["one", "two"], "encoding_format": "float"}
    bearer = {"authorization": f"Bearer {gateway.running.key}"}
    return [row["embedding"] for row in gateway.post("/v1/embeddings", body, bearer).json()["data"]]


def test_embeddings_are_the_same_numbers_packed_and_plain(
    played: Played, vectors: list[list[float]]
) -> None:
    found = played.returned("embeddings")

    assert "default" in found and len(vectors) == len({tuple(vector) for vector in vectors}) == 2
    for given_vectors in found.values():
        # The packed form, which some clients ask for unasked, holds 32 bits of each number.
        assert given_vectors == [pytest.approx(vector, rel=1e-6, abs=1e-9) for vector in vectors]


def test_a_response_is_read_to_its_last_character(played: Played) -> None:
    response = returned(played, "response")

    assert (response["text"], response["status"]) == (SAID, "completed")


def test_a_streamed_response_is_the_same(played: Played) -> None:
    streamed = returned(played, "response_stream")

    assert "".join(streamed["pieces"]) == streamed["text"] == SAID
    assert streamed["status"] == "completed" and len(streamed["pieces"]) > 3


def test_the_models_are_listed(played: Played) -> None:
    assert set(CHAT_MODELS) <= set(returned(played, "models"))


def test_one_model_is_found(played: Played) -> None:
    assert returned(played, "model") == MODEL


def test_two_choices_are_two_texts(played: Played) -> None:
    assert returned(played, "choices") == [SAID, SAID]


def test_likelihoods_are_those_of_the_text(played: Played) -> None:
    found = returned(played, "logprobs")

    assert "".join(found["tokens"]) == SAID
    assert bytes(found["bytes"]).decode() == SAID
    assert set(found["alternatives"]) == {2}


REFUSALS = [
    pytest.param("invalid", 400, id="400"),
    pytest.param("invalid_stream", 400, id="400 for a stream"),
    pytest.param("unauthenticated", 401, id="401"),
    pytest.param("payment_required", 402, id="402"),
    pytest.param("not_found", 404, id="404"),
    pytest.param("too_large", 413, id="413"),
    pytest.param("rate_limited", 429, id="429"),
    pytest.param("unavailable", 503, id="503"),
]


@pytest.mark.parametrize(("case", "status"), REFUSALS)
def test_a_refusal_is_raised_as_the_clients_own_exception(
    played: Played, case: str, status: int
) -> None:
    raised, exceptions = played.raised(case), played.client.facts["exceptions"]

    assert exceptions.get(str(status), exceptions["other"]) == raised["types"][0]
    assert raised["status"] == status
    assert raised["type"] and raised["message"]
    assert raised.get("request_id") or not played.client.facts["tells_request_id"]


@pytest.mark.parametrize(
    ("case", "code"),
    [
        pytest.param("unauthenticated", "invalid_api_key", id="a wrong key"),
        pytest.param("payment_required", "insufficient_balance", id="no money"),
        pytest.param("not_found", "model_not_found", id="no such model"),
        pytest.param("rate_limited", "rate_limit_exceeded", id="too much haste"),
    ],
)
def test_the_code_tells_what_to_do(played: Played, case: str, code: str) -> None:
    assert played.raised(case)["code"] == code
