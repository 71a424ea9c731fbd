"""Preflight finds the root and the model that work, with as few requests as it takes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pytest
from unit_servers import Answer, http, serving

from conformance import retrying
from conformance.connection import Deadlines, connected
from conformance.errors import PreflightFailure
from conformance.kinds import Protocol
from conformance.preflight import Preflight, preflight
from conformance.profile import load
from conformance.secret import Secret
from conformance.target import Target

KEY = Secret("gw-valid")
BOTH = (Protocol.ANTHROPIC, Protocol.OPENAI)
NAMED = {"anthropic": "demo-a", "openai": "demo-o"}


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another try comes at once."""
    monkeypatch.setattr(retrying, "_BACKOFF_S", 0.0)


def answer(status: int, message: str = "no") -> Answer:
    """A JSON answer with an error message."""
    body = json.dumps({"error": {"message": message}}).encode()
    return Answer((http(f"{status} X", body, "content-type: application/json"),))


def listing(*ids: str) -> Answer:
    """A list of models."""
    body = json.dumps({"data": [{"id": id} for id in ids]}).encode()
    return Answer((http("200 OK", body, "content-type: application/json"),))


OK = answer(200)
WHERE = answer(404, "where?")
REFUSED = answer(401, "bad key")
BROKEN = answer(500)
NO_MODEL = answer(404, "no such model")
HTML = Answer((http("200 OK", b"<!doctype html>", "content-type: text/html"),))
SILENT = Answer(end="close")


@dataclass
class Found:
    """What came of a preflight, and the requests that it took."""

    result: Preflight | None
    failure: str
    requests: Sequence[bytes]

    @property
    def asked(self) -> list[str]:
        """Methods and paths."""
        return [" ".join(r.decode("latin-1").split(" ")[:2]) for r in self.requests]

    @property
    def models(self) -> list[str]:
        """The models of the questions."""
        bodies = [r.partition(b"\r\n\r\n")[2] for r in self.requests]
        return [json.loads(body)["model"] for body in bodies if body]

    @property
    def known(self) -> Preflight:
        """The result of a preflight that succeeded."""
        assert self.result is not None, self.failure
        return self.result


def found(
    *answers: Answer,
    path: str = "",
    protocols: tuple[Protocol, ...] = (Protocol.OPENAI,),
    models: Mapping[str, str] = NAMED,
) -> Found:
    """The preflight of a target that answers so, one request after the other."""

    async def run() -> Found:
        async with serving(*answers) as server:
            profile = load("generic")
            claimed = {protocol: profile.endpoints[protocol] for protocol in protocols}
            profile = replace(profile, endpoints=claimed)
            target = Target(server.url + path, "--base-url", profile, {"valid": KEY}, models, {})
            async with connected(target, Deadlines(5.0, 5.0, 5.0)) as connection:
                try:
                    result, failure = await preflight(connection, target, KEY), ""
                except PreflightFailure as error:
                    result, failure = None, error.found
            return Found(result, failure.replace(server.url, ""), server.requests)

    return asyncio.run(run())


# ------------------------------------------------------------------------------ which root


def test_a_root_that_works_at_once_takes_one_question_for_each_protocol() -> None:
    assert found(OK, protocols=BOTH).asked == ["POST /v1/messages", "POST /v1/chat/completions"]


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(REFUSED, id="401"),
        pytest.param(answer(403), id="403"),
        pytest.param(answer(400), id="400"),
        pytest.param(answer(402), id="402"),
        pytest.param(BROKEN, id="500"),
        pytest.param(NO_MODEL, id="model refused"),
        pytest.param(HTML, id="HTML"),
        pytest.param(WHERE, id="404"),
    ],
)
def test_what_the_first_root_answers_does_not_end_the_search(first: Answer) -> None:
    made = found(first, OK)

    assert made.known.routes[Protocol.OPENAI].root.endswith("/api/v1")
    assert made.asked == ["POST /v1/chat/completions", "POST /api/v1/chat/completions"]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        pytest.param((WHERE, REFUSED, WHERE), "style at /api/v1", id="a key before nothing"),
        pytest.param((REFUSED, REFUSED, WHERE), "style at /v1", id="a key, the first of two"),
        pytest.param((BROKEN, REFUSED, HTML), "style at /api/v1", id="a key before a fault"),
        pytest.param((REFUSED, answer(402), WHERE), "402 at /api/v1", id="money before a key"),
        pytest.param(
            (REFUSED, answer(402), NO_MODEL), "no usable model:  refused", id="a model before all"
        ),
    ],
)
def test_where_no_root_works_the_most_telling_answer_is_reported(
    answers: tuple[Answer, ...], words: str
) -> None:
    made = found(*answers)

    assert words in made.failure and len(made.requests) == 3


def test_a_fault_is_judged_where_it_was_met() -> None:
    made = found(WHERE, BROKEN, WHERE)

    assert made.known.routes[Protocol.OPENAI].root.endswith("/api/v1")


def test_a_target_that_does_not_answer_is_asked_at_one_root_only() -> None:
    made = found(SILENT)

    assert made.asked == ["POST /v1/chat/completions"] * retrying.TRIES
    assert "closed the connection unanswered" in made.failure


# ----------------------------------------------------------------------------- which model


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        pytest.param(Protocol.ANTHROPIC, ["Claude-b", "claude-d", "gpt-a"], id="anthropic"),
        pytest.param(Protocol.OPENAI, ["gpt-a", "Claude-b", "gpt-c"], id="openai"),
    ],
)
def test_three_listed_models_are_tried_the_likely_ones_first(
    protocol: Protocol, expected: list[str]
) -> None:
    ids = ("gpt-a", "text-embedding-1", "Claude-b", "gpt-c", "claude-d")
    made = found(listing(*ids), NO_MODEL, path="/v1", protocols=(protocol,), models={})

    assert made.models[:3] == expected


def test_a_guess_that_one_protocol_refuses_leaves_that_protocol_without_a_model() -> None:
    made = found(
        *(listing("gpt-a"), NO_MODEL, listing("gpt-a"), OK), path="/v1", protocols=BOTH, models={}
    ).known
    needs = "needs models.anthropic: name one with --model-anthropic"

    assert made.models == {"openai": "gpt-a"}
    assert made.recordings["anthropic-plain"].not_recorded == needs
    assert made.recordings["openai-plain"].final
    assert len(made.warnings) == 1 and made.warnings[0].endswith(needs)


def test_a_named_model_that_is_refused_stays_the_gateways_answer() -> None:
    made = found(NO_MODEL, OK, path="/v1", protocols=BOTH).known

    assert made.models == NAMED
    assert made.recordings["anthropic-plain"].last.status == 404


def test_a_model_that_one_style_was_told_of_is_refused_whatever_the_other_style_says() -> None:
    told = answer(403, "this model is not for you")
    made = found(told, REFUSED, path="/v1", protocols=(Protocol.ANTHROPIC,))

    assert made.failure == "no usable model: /v1 refused demo-a"
