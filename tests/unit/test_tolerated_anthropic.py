"""What an Anthropic gateway may do: each is judged clean, however unlike the vendor it is."""

from __future__ import annotations

from typing import Any

import pytest
from unit_exchanges import ANTHROPIC_ERROR, MESSAGE, exchange, recording

from conformance.judge import Judge
from conformance.kinds import Kind
from conformance.model import Exchange, Outcome, Recording
from conformance.profile import load
from conformance.registry import requirements

GENERIC = load("generic")
BROKEN = {Outcome.FAIL, Outcome.WARN}
IDS = [id for id in requirements() if id.startswith("ANT-")]
PLAIN = recording("anthropic-plain", exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE, "plain#1"))
USER = {"role": "user", "content": "Say hello."}
ASSISTANT = {"role": "assistant", "content": "Hello."}
WARMED = MESSAGE | {
    "content": [],
    "stop_reason": "max_tokens",
    "usage": {"input_tokens": 10, "output_tokens": 0},
}


def answered(answer: dict[str, Any] = MESSAGE, **asked: Any) -> Recording:
    """A request without tools, changed, that was served."""
    plain = {"tools": [], "tool_choice": {"type": "auto"}, "stop_sequences": []}
    own = answer | {"id": "msg_02"}
    return recording("stored", exchange(Kind.ANTHROPIC_MESSAGE, own, "stored#1", **plain | asked))


def error(status: int, type: str, **more: Any) -> Exchange:
    """A refusal with this status and type; `more` goes over its body."""
    body = ANTHROPIC_ERROR | {
        "error": {"type": type, "message": "No, thanks."},
        "request_id": "req_error#1",
    }
    return exchange(Kind.ANTHROPIC_ERROR, body | more, "error#1", status=status)


def broken(*recordings: Recording) -> dict[str, Outcome]:
    """The requirements that do not hold of some recordings."""
    judge = Judge({one.scenario: one for one in (PLAIN, *recordings)}, GENERIC)
    outcomes = {id: judge.verdict(id).outcome for id in IDS}
    return {id: outcome for id, outcome in outcomes.items() if outcome in BROKEN}


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(answered(WARMED, max_tokens=0), id="no tokens at all, to warm the cache"),
        pytest.param(answered(messages=[ASSISTANT, USER]), id="the assistant begins"),
        pytest.param(answered(messages=[USER, USER]), id="one role twice in a row"),
        pytest.param(answered(messages=[USER, ASSISTANT]), id="a prefilled answer"),
        pytest.param(answered(zzz_unknown=1), id="an unknown field"),
        pytest.param(answered(metadata={"zzz": 1}), id="unknown metadata"),
        pytest.param(answered(), id="no version, no beta, no limits in the headers"),
    ],
)
def test_a_gateway_may_serve(stored: Recording) -> None:
    assert broken(stored) == {}


@pytest.mark.parametrize("status", [404, 405])
def test_a_wrong_method_may_be_refused_with(status: int) -> None:
    type = "not_found_error" if status == 404 else "invalid_request_error"

    assert broken(recording("anthropic-wrong-method", error(status, type))) == {}


def test_a_413_may_lack_the_outer_type() -> None:
    edge = error(413, "request_too_large")
    assert edge.response is not None
    bare = exchange(
        Kind.ANTHROPIC_ERROR,
        {"error": edge.response.object["error"], "request_id": "req_error#1"},
        "error#1",
        status=413,
    )

    assert broken(recording("anthropic-val-053", bare)) == {}


def test_an_error_without_request_id_is_only_a_warning() -> None:
    bare = exchange(Kind.ANTHROPIC_ERROR, ANTHROPIC_ERROR, "error#1", status=401)

    assert broken(recording("anthropic-no-key", bare)) == {"ANT-ERR-002": Outcome.WARN}


@pytest.mark.parametrize(
    ("scenario", "id"),
    [
        pytest.param("anthropic-val-017", "ANT-VAL-017", id="a default budget"),
        pytest.param("anthropic-val-045", "ANT-VAL-045", id="a blank stop sequence"),
        pytest.param("anthropic-sampling-removed", "ANT-VER-006", id="another version's rules"),
    ],
)
def test_tolerating_is_only_a_warning(scenario: str, id: str) -> None:
    served = recording(scenario, exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE, "served#1"))

    assert broken(served)[id] is Outcome.WARN
