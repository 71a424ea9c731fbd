"""The rules that every check obeys (section 0.2 of the OpenAI page): what is sound passes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from unit_exchanges import (
    CHAT_STREAM,
    CHAT_TOOL_STREAM,
    COMPLETION,
    OPENAI_ERROR,
    TOOL_COMPLETION,
    USAGE,
    choice,
    chunk,
    exchange,
    recording,
    response,
)

from conformance.judge import Judge
from conformance.kinds import Kind
from conformance.model import Exchange, Outcome, Recording, Verdict
from conformance.profile import Expectation, Profile, load
from conformance.recorder import Gateway
from conformance.registry import requirements, scenarios
from conformance.requirements.openai_validation import ROWS, Row
from conformance.scenarios.openai import HELLO, ask
from conformance.scenarios.tries import TRIES, until
from conformance.sse import DONE

GENERIC = load("generic")
OPENAI = [id for id, known in requirements().items() if known.area == "openai"]
BAD = (Outcome.FAIL, Outcome.WARN, Outcome.INFO)
PLAIN, TOOL = Kind.OPENAI_COMPLETION, "openai-tool"
ASKED = {"stop": None, "stream_options": {"include_usage": True}}


_CHOICE = TOOL_COMPLETION["choices"][0]
CALLING = {
    **TOOL_COMPLETION,
    "id": "chatcmpl-2",
    "choices": [{**_CHOICE, "message": {**_CHOICE["message"], "refusal": None}}],
}


def _metered(event: Any) -> Any:
    """A chunk of a stream whose usage was asked for; as many prompt tokens as unstreamed."""
    if event == DONE:
        return event
    usage = {**USAGE, "prompt_tokens": 24, "total_tokens": 29} if event.get("usage") else None
    return {**event, "usage": usage}


def sound(change: Callable[[Any], Any] = lambda value: value) -> Mapping[str, Recording]:
    """Sound traffic of every kind, its bodies and events changed."""
    stream, tools = (
        tuple(change(_metered(one)) for one in events) for events in (CHAT_STREAM, CHAT_TOOL_STREAM)
    )
    made = {
        "openai-plain": exchange(PLAIN, change(COMPLETION), "openai-plain#1"),
        TOOL: exchange(PLAIN, change(CALLING), "openai-tool#1"),
        "openai-stream": exchange(Kind.OPENAI_STREAM, stream, "openai-stream#1", **ASKED),
        "openai-tool-stream": exchange(Kind.OPENAI_STREAM, tools, "openai-tool-stream#1", **ASKED),
        "openai-wrong-key": exchange(Kind.OPENAI_ERROR, change(OPENAI_ERROR), "openai-wrong-key#1"),
    }
    return {name: recording(name, one) for name, one in made.items()}


def bad(recordings: Mapping[str, Recording], profile: Profile = GENERIC) -> dict[str, Verdict]:
    """The verdicts on some traffic that are not good."""
    found = Judge(recordings, profile).verdicts(OPENAI)
    return {id: verdict for id, verdict in found.items() if verdict.outcome in BAD}


def everywhere(change: Callable[[dict[str, Any]], None]) -> Callable[[Any], Any]:
    """A change of every object, however deep."""

    def changed(value: Any) -> Any:
        if isinstance(value, list):
            return [changed(one) for one in value]
        if not isinstance(value, dict):
            return value
        copy = {name: changed(one) for name, one in value.items()}
        change(copy)
        return copy

    return changed


def test_the_traffic_of_these_tests_is_sound() -> None:
    assert bad(sound()) == {}


# ---------------------------------------------------------------------------- R1, R2, R3


@pytest.mark.parametrize("value", [{"deep": [1]}, "text", 7, None], ids=repr)
def test_unknown_fields_are_allowed_at_every_depth(value: object) -> None:
    assert bad(sound(everywhere(lambda found: found.update(x_unknown=value)))) == {}


NULLABLE = ("refusal", "function_call", "audio", "annotations", "logprobs")


def _with_nulls(found: dict[str, Any]) -> None:
    places = {"role": NULLABLE, "finish_reason": ("logprobs",), "object": ("system_fingerprint",)}
    for mark, names in places.items():
        for name in names if mark in found else ():
            found.setdefault(name, None)
    if "total_tokens" in found:
        found.update(prompt_tokens_details=None, completion_tokens_details=None)


def test_null_equals_absent_in_every_optional_field() -> None:
    assert bad(sound(everywhere(_with_nulls))) == {}


def refused(row: Row, status: int = 400, message: str = "no") -> Recording:
    """The request of a row, refused as OpenAI does but in other words."""
    code = row.codes[0] if row.codes else None
    error = {"message": message, "type": "invalid_request_error", "code": code}
    body = {"error": {**error, "param": row.param or None}}
    made = exchange(Kind.OPENAI_ERROR, body, f"{row.scenario}#1", status=status)
    return recording(row.scenario, made)


def judged(row: Row, recorded: Recording, profile: Profile = GENERIC) -> Verdict:
    """The verdict on one row of the table, where a plain request works."""
    recordings = {"openai-plain": sound()["openai-plain"], row.scenario: recorded}
    claiming = replace(profile, capabilities=profile.capabilities | {"vision", "strict_tools"})
    return Judge(recordings, claiming).verdict(row.id)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS])
@pytest.mark.parametrize("message", ["no", "Ungültig.", "invalid: " + "x" * 500])
def test_the_words_of_an_error_are_never_looked_at(row: Row, message: str) -> None:
    assert judged(row, refused(row, message=message)).outcome is Outcome.PASS


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS])
def test_a_client_s_fault_is_never_a_5xx(row: Row) -> None:
    assert judged(row, refused(row, status=500)).outcome is Outcome.FAIL


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS])
@pytest.mark.parametrize(("kind", "outcome"), [("gateway", Outcome.WARN), ("vendor", Outcome.PASS)])
def test_422_is_a_vendor_s_400(row: Row, kind: str, outcome: Outcome) -> None:
    assert judged(row, refused(row, status=422), replace(GENERIC, kind=kind)).outcome is outcome


@pytest.mark.parametrize(
    "spelled", ["messages[0].role", "messages.0.role", "messages.[0].role"], ids=str
)
def test_a_path_may_be_spelled_in_three_ways(spelled: str) -> None:
    row = next(row for row in ROWS if row.param == "messages[0].role")

    assert judged(row, refused(replace(row, param=spelled))).outcome is Outcome.PASS


# ------------------------------------------------------------------------------------ R4


OPTIONAL = [
    pytest.param(name, id, known.optional[0], id=f"{id} {known.optional[0]}")
    for name, known in scenarios().items()
    for id in OPENAI
    if known.optional and name in requirements()[id].scenario_names
]


@pytest.mark.parametrize(("name", "id", "parameter"), OPTIONAL)
def test_refusing_an_optional_parameter_is_not_failing_it(
    name: str, id: str, parameter: str
) -> None:
    error = {**OPENAI_ERROR["error"], "param": parameter, "code": "unsupported_parameter"}
    made = exchange(Kind.OPENAI_ERROR, {"error": error}, f"{name}#1", status=400)
    recordings = {**sound(), name: recording(name, made)}
    able = replace(GENERIC, capabilities=GENERIC.capabilities | set(scenarios()[name].capabilities))

    found = Judge(recordings, able).verdict(id)

    assert found.outcome is Outcome.NOT_APPLICABLE


# -------------------------------------------------------------------------------- R5, R6


@dataclass
class OldFashioned:
    """A gateway that knows the budget by its old name only, or by neither."""

    known: tuple[str, ...] = ("max_tokens",)
    budget_name: str = "max_completion_tokens"
    sent: list[str] = field(default_factory=list)

    async def chat(self, body: dict[str, Any], **_: Any) -> Exchange:
        """Refuses the name that it does not know, by that name."""
        name = next(name for name in body if name.startswith("max_"))
        self.sent.append(name)
        if name in self.known:
            return exchange(PLAIN, COMPLETION)
        error = {**OPENAI_ERROR["error"], "message": f"{name} is not supported"}
        return exchange(Kind.OPENAI_ERROR, {"error": error}, status=400)


def asked(gateway: OldFashioned, times: int) -> list[int]:
    """The statuses of some questions, one after the other."""
    questions = range(times)
    return [asyncio.run(ask(cast(Gateway, gateway), HELLO)).status for _ in questions]


def test_the_budget_falls_back_to_its_old_name_once_for_all() -> None:
    gateway = OldFashioned()

    assert asked(gateway, 2) == [200, 200]
    assert gateway.sent == ["max_completion_tokens", "max_tokens", "max_tokens"]


def test_a_name_that_is_refused_too_is_not_kept() -> None:
    gateway = OldFashioned(known=())

    assert asked(gateway, 1) == [400]
    assert gateway.budget_name == "max_completion_tokens"


def shown(*answers: Exchange) -> tuple[Exchange, int]:
    """What a behaviour that is tried for gives, and how often it was asked for."""
    sent: list[Exchange] = []

    async def once() -> Exchange:
        sent.append(answers[min(len(sent), len(answers) - 1)])
        return sent[-1]

    return asyncio.run(until(lambda found: "tool_calls" in found.answer.text, once)), len(sent)


SAYS, CALLS = exchange(PLAIN, COMPLETION), exchange(PLAIN, TOOL_COMPLETION)
REFUSED = exchange(Kind.OPENAI_ERROR, OPENAI_ERROR, status=400)


@pytest.mark.parametrize(
    ("answers", "best", "tries"),
    [
        pytest.param((CALLS,), CALLS, 1, id="at once"),
        pytest.param((SAYS, CALLS), CALLS, 2, id="at the second try"),
        pytest.param((SAYS,), SAYS, TRIES, id="never"),
        pytest.param((REFUSED, CALLS), REFUSED, 1, id="refused"),
    ],
)
def test_a_behaviour_is_asked_for_three_times_at_most(
    answers: tuple[Exchange, ...], best: Exchange, tries: int
) -> None:
    assert shown(*answers) == (best, tries)


def _tried(*bodies: Mapping[str, Any]) -> Recording:
    made = [
        exchange(PLAIN, {**body, "id": f"chatcmpl-{n}"}, f"openai-tool-auto#{n}")
        for n, body in enumerate(bodies, 1)
    ]
    return recording("openai-tool-auto", *made)


def test_a_behaviour_that_never_shows_is_inconclusive() -> None:
    recordings = {**sound(), "openai-tool-auto": _tried(COMPLETION, COMPLETION, COMPLETION)}

    assert Judge(recordings, GENERIC).verdict("OAI-TOOL-001").outcome is Outcome.INCONCLUSIVE


def test_the_shape_of_every_try_is_judged_and_the_behaviour_of_the_best() -> None:
    broken = {**COMPLETION, "object": "text_completion"}
    recordings = {**sound(), "openai-tool-auto": _tried(broken, TOOL_COMPLETION)}
    judge = Judge(recordings, GENERIC)

    assert judge.verdict("OAI-TOOL-001").outcome is Outcome.PASS
    assert judge.verdict("OAI-CHAT-001").violations[0].exchange == "openai-tool-auto#1"


# ------------------------------------------------------------------------------------ R9


def _framed(values: tuple[Any, ...], line_end: str = "\n", space: str = " ") -> bytes:
    texts = [value if value == DONE else json.dumps(value) for value in values]
    return "".join(f"data:{space}{text}{line_end * 2}" for text in texts).encode()


FIRST_EMPTY = (chunk(), *CHAT_STREAM)
LAST_EMPTY = (*CHAT_STREAM[:-1], chunk(), DONE)
COMMENTED = b": OPENROUTER PROCESSING\n\n" + _framed(CHAT_STREAM).replace(
    b"\n\n", b"\n\n: ping\n\n"
)
AGAIN = (
    chunk(choice(role="assistant", content="")),
    chunk(choice(role="assistant", content="Hello")),
    chunk(choice(finish="stop", role="assistant")),
    chunk(usage=USAGE),
    DONE,
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(COMMENTED, id="comments"),
        pytest.param(_framed(CHAT_STREAM, "\r\n"), id="CRLF"),
        pytest.param(_framed(CHAT_STREAM, space=""), id="no space after data:"),
        pytest.param(_framed(FIRST_EMPTY), id="no choices before the first"),
        pytest.param(_framed(LAST_EMPTY), id="no choices after the usage"),
        pytest.param(_framed(AGAIN), id="the role again"),
    ],
)
def test_a_stream_is_read_as_clients_read_it(body: bytes) -> None:
    sane = sound()["openai-stream"].last
    own = (("x-request-id", "req_9"),)
    streamed = replace(sane, response=response(body, 200, "text/event-stream", own))
    found = bad({**sound(), "openai-stream": recording("openai-stream", streamed)})

    assert [id for id, verdict in found.items() if verdict.outcome is Outcome.FAIL] == []


def test_blank_lines_before_a_body_are_read_over() -> None:
    sane = sound()["openai-plain"].last
    body = b"\n\n \r\n" + json.dumps(COMPLETION).encode()
    waited = replace(sane, response=response(body, headers=(("x-request-id", "req_8"),)))

    assert bad({**sound(), "openai-plain": recording("openai-plain", waited)}) == {}


# ----------------------------------------------------------------------------------- R10


def _expecting(condition: str, status: int) -> Profile:
    stated = Expectation(frozenset({status}), frozenset())
    return replace(GENERIC, expect={**GENERIC.expect, condition: stated})


@pytest.mark.parametrize(
    ("status", "outcome"), [(422, Outcome.PASS), (400, Outcome.FAIL)], ids=["own", "the page's"]
)
def test_the_profile_s_status_for_an_invalid_request_beats_the_page(
    status: int, outcome: Outcome
) -> None:
    row = next(row for row in ROWS if row.id == "OAI-VAL-010")
    profile = _expecting("invalid_request", 422)

    assert judged(row, refused(row, status=status), profile).outcome is outcome


@pytest.mark.parametrize(
    ("status", "outcome"), [(400, Outcome.PASS), (404, Outcome.FAIL)], ids=["own", "the page's"]
)
def test_the_profile_s_status_for_an_unknown_model_beats_the_page(
    status: int, outcome: Outcome
) -> None:
    error = {**OPENAI_ERROR["error"], "code": "model_not_found"}
    made = exchange(Kind.OPENAI_ERROR, {"error": error}, "openai-unknown-model#1", status=status)
    recordings = {**sound(), "openai-unknown-model": recording("openai-unknown-model", made)}
    profile = _expecting("unknown_model", 400)

    assert Judge(recordings, profile).verdict("OAI-VAL-007").outcome is outcome
