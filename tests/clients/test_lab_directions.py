"""The vendors' SDKs through the gateway onto the lab, in all four directions, seen from both ends.

A direction is the protocol of the client and that of the upstream; where they differ, the
gateway translates, and neither end may notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from reference_gateway.app import RunningBeforeLab
from reference_gateway.behind import UPSTREAM_MODEL
from reference_gateway.config import Config
from reference_gateway.lab.app import Lab
from tests.clients.facts import libraries
from tests.clients.ordered import (
    BREAKS,
    CITIES,
    COMPLAINT,
    COUNTED,
    PROMPT,
    SAID,
    SIGNATURE,
    STEMS,
    THOUGHT,
    plays,
)
from tests.clients.running import Played, play
from tests.clients.upstream import Asked, asked
from tests.gateway.gateway_live import CITY_SCHEMA, Live, anthropic_tool, live, openai_tool
from tests.gateway.lab_live import Before, mark

_LIBRARIES = (
    *("anthropic-python", "anthropic-python-1", "anthropic-node"),
    *("openai-python", "openai-python-2", "openai-node"),
)
_UPSTREAMS = ("openai", "anthropic")


@dataclass(frozen=True)
class BothEnds:
    """What a client said of each play, and what the lab received of it."""

    client: str
    upstream: str
    played: Played
    received: Mapping[str, Sequence[Asked]]
    secrets: tuple[str, str]

    def returned(self, name: str) -> Any:
        """What the client returned."""
        return self.played.returned(name)

    def raised(self, name: str) -> Mapping[str, Any]:
        """What the client raised."""
        return self.played.raised(name)

    def only(self, name: str) -> Asked:
        """The one request that the lab received; a second one fails the test."""
        (request,) = self.received[name]
        return request


@dataclass(frozen=True)
class Place:
    """A gateway before the lab."""

    gateway: Live
    lab: Before
    lab_key: str


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    """What `python -m reference_gateway --lab` starts."""
    with live(Config(lab=True)) as gateway:
        running = gateway.running
        assert isinstance(running, RunningBeforeLab)
        lab = Before(Lab(running.lab_url, running.lab_token, "", ""), gateway.http)
        yield Place(gateway, lab, lab.control("GET", "/lab").json()["key"])


def _directions() -> Iterator[Any]:
    for library in libraries():
        for upstream in _UPSTREAMS if library.name in _LIBRARIES else ():
            yield pytest.param((library, upstream), id=f"{library.name} to {upstream}")


@pytest.fixture(scope="session", params=_directions())
def played(request: pytest.FixtureRequest, place: Place) -> BothEnds:
    """Everything, played by one client before one upstream."""
    library, upstream = request.param
    client = library.name.partition("-")[0]
    ordered = plays(client, upstream)
    scripts = {name: place.lab.script(*one.steps) for name, one in ordered.items()}
    given = {name: one.given(mark(scripts[name])) for name, one in ordered.items()}
    told = play(library, {**_given(client, upstream, place.gateway), "plays": given})
    received = {
        name: [asked(one) for one in place.lab.received(script)] for name, script in scripts.items()
    }
    return BothEnds(client, upstream, told, received, (place.gateway.running.key, place.lab_key))


def _given(client: str, upstream: str, gateway: Live) -> dict[str, Any]:
    root = "/api" if client == "anthropic" else "/v1"
    return {
        "base_url": gateway.running.base_url + root,
        "model": f"lab-{upstream}",
        "key": gateway.running.key,
        "tool": anthropic_tool() if client == "anthropic" else openai_tool(),
    }


def test_a_text_is_the_same_at_both_ends(played: BothEnds) -> None:
    answer, request = played.returned("text"), played.only("text")

    assert answer["text"] == SAID
    (prompt,) = request.texts
    assert prompt.startswith(f"{PROMPT} [[lab:") and not request.body.get("stream")
    assert request.budget == 400 or played.client == "openai"  # Which names none.


@pytest.mark.parametrize("stem", STEMS)
def test_a_stream_is_the_same_at_both_ends(played: BothEnds, stem: str) -> None:
    answer, request = played.returned(stem), played.only(stem)

    assert "".join(answer["pieces"]) == SAID and len(answer["pieces"]) >= 5
    assert request.body["stream"] is True and request.texts[0].startswith(PROMPT)
    assert request.ended in ("complete", "left")  # The gateway may leave when it has read the end.


@pytest.mark.parametrize("name", ["text", "helper"])
def test_the_client_is_told_the_usage_that_the_upstream_told(played: BothEnds, name: str) -> None:
    answer = played.returned(name)

    assert (answer["input_tokens"], answer["output_tokens"]) == COUNTED[played.client]


def test_the_upstream_gets_its_own_credential_and_model_and_no_key_of_the_client(
    played: BothEnds,
) -> None:
    client_key, lab_key = played.secrets
    for request in [request for requests in played.received.values() for request in requests]:
        assert (request.protocol, request.credential) == (played.upstream, lab_key)
        assert client_key not in f"{request.headers} {request.body}"
        assert request.body["model"] == UPSTREAM_MODEL


@pytest.mark.parametrize("count", [1, 2], ids=["one call", "two side by side"])
@pytest.mark.parametrize("case", ["tool", "parallel_tools"], ids=["whole", "streamed"])
def test_calls_and_their_results_are_the_same_at_both_ends(
    played: BothEnds, case: str, count: int
) -> None:
    called, after = (played.returned(f"{case} {count}")[part] for part in ("called", "after"))
    first, second = played.received[f"{case} {count}"]
    cities = CITIES[:count]

    assert [call["input"] for call in called["calls"]] == [{"city": city} for city in cities]
    assert _stop(called) in ("tool_calls", "tool_use")
    assert after["text"] == SAID and _stop(after) in ("stop", "end_turn")
    assert first.offered == second.offered == [("get_weather", CITY_SCHEMA)]
    assert first.calls == first.results == []
    assert second.calls == [
        (f"call_{number}_ab", "get_weather", {"city": city}) for number, city in enumerate(cities)
    ]
    assert second.results == [
        (f"call_{number}_ab", f"It rains in {city}.") for number, city in enumerate(cities)
    ]


def test_thinking_comes_and_a_messages_client_hands_it_back(played: BothEnds) -> None:
    found, (first, second) = played.returned("thinking"), played.received["thinking"]
    if played.client == "openai":
        assert found == {"plain": THOUGHT, "streamed": THOUGHT, "texts": ["391", "391"]}
        assert second.thoughts == []
        return
    assert found["thinking"] == THOUGHT and found["signature"]
    assert found["first"]["types"] == found["after"]["types"] == ["thinking", "text"]
    signature = SIGNATURE if played.upstream == "anthropic" else ""
    assert first.thoughts == [] and second.thoughts == [(THOUGHT, signature)]


def test_how_much_is_thought_is_said_in_the_words_of_the_upstream(played: BothEnds) -> None:
    request = played.received["thinking"][0]

    wanted: dict[str, Any] = {"reasoning_effort": "low"}
    if (played.client, played.upstream) == ("anthropic", "anthropic"):
        wanted = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    elif played.upstream == "anthropic":
        wanted = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}
    assert {name: request.body.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("stem", STEMS)
def test_an_answer_that_breaks_off_is_raised_and_never_taken_for_whole(
    played: BothEnds, stem: str, how: str
) -> None:
    raised, request = played.raised(f"{stem}: {how}"), played.only(f"{stem}: {how}")

    # An exception of the SDK's own, made of the error event: no status but that of the stream.
    assert "APIError" in raised["types"] and raised["message"]
    assert raised.get("status") in (None, 200)
    assert request.ended == ("complete" if how == "an error" else "cut")


def test_a_whole_answer_that_is_cut_is_asked_for_again(played: BothEnds) -> None:
    answer = played.returned("cut whole")

    assert (answer["text"], answer["tries"]) == (SAID, 2)
    assert [request.ended for request in played.received["cut whole"]] == ["cut", "complete"]


def test_a_429_is_waited_for_as_long_as_the_upstream_says(played: BothEnds) -> None:
    answer, (first, second) = played.returned("hasty"), played.received["hasty"]

    assert (answer["text"], answer["tries"]) == (SAID, 2)
    # An SDK that is not told waits for half a second at most.
    assert (second.at - first.at).total_seconds() >= 0.95


def test_a_429_that_stays_is_raised_after_as_many_tries_as_the_sdk_makes(played: BothEnds) -> None:
    raised = played.raised("too hasty")

    assert (raised["types"][0], raised["status"]) == ("RateLimitError", 429)
    assert raised["tries"] == len(played.received["too hasty"]) == 3


def test_the_words_of_a_400_reach_the_exception(played: BothEnds) -> None:
    raised = played.raised("refused")

    assert (raised["types"][0], raised["status"]) == ("BadRequestError", 400)
    assert COMPLAINT in raised["message"]
    assert len(played.received["refused"]) == 1


def _stop(answer: Mapping[str, Any]) -> Any:
    return answer.get("stop_reason") or answer.get("finish_reason")
