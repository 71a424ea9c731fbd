"""What differs legitimately between sound gateways passes; what a client misses is reported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from unit_exchanges import (
    ANTHROPIC_ERROR,
    CHAT_STREAM,
    COMPLETION,
    FAILED_STREAM,
    MESSAGE,
    OPENAI_ERROR,
    STOP,
    block_delta,
    block_start,
    block_stop,
    choice,
    chunk,
    exchange,
    message_delta,
    message_start,
)

from conformance import sse
from conformance.judge import Judge
from conformance.kinds import Kind
from conformance.model import Chunk, Exchange, Outcome, Recording, Side, Verdict
from conformance.profile import load

REFERENCE = load("reference")
KINDS = {
    ("anthropic", False): Kind.ANTHROPIC_MESSAGE,
    ("anthropic", True): Kind.ANTHROPIC_STREAM,
    ("openai", False): Kind.OPENAI_COMPLETION,
    ("openai", True): Kind.OPENAI_STREAM,
}
PASS, WARN, FAIL = Outcome.PASS, Outcome.WARN, Outcome.FAIL
OPEN, APART = Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE
CALL = {"id": "call_1", "name": "store", "arguments": '{"id": 10000000000000001, "on": true}'}


def answered(name: str, value: Any, *, streamed: bool = False, **how: Any) -> Exchange:
    """What the client got, on the protocol that the scenario names first."""
    return exchange(KINDS[name.split("-")[2], streamed], value, f"{name}#1", **how)


def asked(name: str, number: int = 2, *, streamed: bool = False, **how: Any) -> Exchange:
    """What the lab got, on the protocol that the scenario names last."""
    protocol = name.split("-")[3]
    sound: Any = MESSAGE if protocol == "anthropic" else COMPLETION
    made = exchange(KINDS[protocol, streamed], CHAT_STREAM if streamed else sound, **how)
    return replace(made, id=f"{name}#{number}", side=Side.UPSTREAM, provider=protocol)


def judged(id: str, name: str, said: Mapping[str, Any], *exchanges: Exchange) -> Verdict:
    """The verdict on one answer that the lab was told to give."""
    client = [each for each in exchanges if not each.is_upstream][-1]
    told = {"variant": "made", "streamed": client.is_streamed, "raw": False, **said}
    facts = {"told": [{**told, "exchange": client.id}]}
    return Judge({name: Recording(name, exchanges, facts)}, REFERENCE).verdict(id)


def message(*content: Any, **more: Any) -> dict[str, Any]:
    """A message of these blocks."""
    return MESSAGE | {"content": list(content)} | more


def completion(finish: str = "stop", **said: Any) -> dict[str, Any]:
    """A chat completion of one message."""
    held = {"role": "assistant", "content": None, **said}
    return COMPLETION | {"choices": [{"index": 0, "message": held, "finish_reason": finish}]}


def called(**changes: Any) -> dict[str, Any]:
    """A completion with the call that was told, changed."""
    made = {**CALL, **changes}
    function = {"name": made["name"], "arguments": made["arguments"]}
    return completion(
        "tool_calls", tool_calls=[{"id": made["id"], "type": "function", "function": function}]
    )


# ------------------------------------------------------------------------------- tool calls


@pytest.mark.parametrize(
    ("got", "outcome"),
    [
        pytest.param(called(), PASS, id="as they came"),
        pytest.param(
            called(arguments='{"on":true,"id":10000000000000001}'), PASS, id="written otherwise"
        ),
        pytest.param(called(id="call_of_the_gateway"), WARN, id="with another id"),
        pytest.param(called(name="Store"), FAIL, id="with another name"),
        pytest.param(called(arguments='{"id": 10000000000000000, "on": true}'), FAIL, id="rounded"),
        pytest.param(
            called(arguments='{"id": 10000000000000001, "on": 1}'), FAIL, id="of another type"
        ),
        pytest.param(called(arguments='{"id": 1000'), FAIL, id="cut"),
        pytest.param(called(arguments=None), FAIL, id="without arguments"),
        pytest.param(completion(content="Stored."), FAIL, id="not at all"),
    ],
)
def test_calls_have_to_arrive(got: Any, outcome: Outcome) -> None:
    name = "lab-calls-openai-openai"
    found = judged("GW-UP-029", name, {"calls": [CALL]}, answered(name, got), asked(name))
    assert found.outcome is outcome


def test_two_calls_with_one_id_are_reported() -> None:
    name = "lab-calls-anthropic-openai"
    block = {"type": "tool_use", "id": "call_1", "name": "store", "input": {"parts": [[], 1.0]}}
    calls = [{**CALL, "arguments": '{"parts": [[], 1]}'}, {**CALL, "arguments": '{"parts": [1]}'}]
    got = answered(name, message(block, block))
    found = judged("GW-UP-029", name, {"calls": calls}, got, asked(name))

    assert [violation.where for violation in found.violations] == [
        "tool calls",
        "body.content[1].arguments.parts",
    ]


# ------------------------------------------------------------------------------------ usage

OPENAI_USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 5,
    "total_tokens": 105,
    "prompt_tokens_details": {"cached_tokens": 60},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
ANTHROPIC_USAGE = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 30,
    "cache_read_input_tokens": 60,
    "output_tokens": 5,
}
UNSPLIT = {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105}


@pytest.mark.parametrize(
    ("name", "told", "got", "outcome"),
    [
        ("openai-openai", OPENAI_USAGE, OPENAI_USAGE | {"cost": 0.1}, PASS),
        (
            "openai-openai",
            OPENAI_USAGE,
            {**OPENAI_USAGE, "completion_tokens_details": None},
            WARN,
        ),
        ("openai-openai", OPENAI_USAGE, UNSPLIT, FAIL),
        ("openai-openai", OPENAI_USAGE, {}, FAIL),
        ("openai-anthropic", ANTHROPIC_USAGE, OPENAI_USAGE, PASS),
        ("openai-anthropic", ANTHROPIC_USAGE, UNSPLIT, FAIL),
        ("openai-anthropic", ANTHROPIC_USAGE, OPENAI_USAGE | {"total_tokens": 115}, FAIL),
        (
            "anthropic-openai",
            OPENAI_USAGE,
            {"input_tokens": 40, "cache_read_input_tokens": 60, "output_tokens": 5},
            PASS,
        ),
        (
            "anthropic-openai",
            OPENAI_USAGE,
            {"input_tokens": 100, "cache_read_input_tokens": 60, "output_tokens": 5},
            FAIL,
        ),
        ("anthropic-anthropic", ANTHROPIC_USAGE, {**ANTHROPIC_USAGE, "service_tier": "x"}, PASS),
    ],
    ids=[
        "more than was told",
        "nothing of the reasoning",
        "nothing of the cache",
        "nothing",
        "translated",
        "translated without the cache",
        "a total that is none",
        "input and cache apart",
        "the cached input twice",
        "passed on",
    ],
)
def test_usage_is_compared_in_the_clients_terms(
    name: str, told: Any, got: Any, outcome: Outcome
) -> None:
    name = f"lab-usage-{name}"
    sound = MESSAGE if name.startswith("lab-usage-anthropic") else COMPLETION
    found = judged(
        "GW-UP-003", name, {"usage": told}, answered(name, sound | {"usage": got}), asked(name)
    )
    assert found.outcome is outcome


@pytest.mark.parametrize(
    ("upstream", "at_first", "outcome"),
    [
        pytest.param("openai", {"input_tokens": 5}, PASS, id="estimated"),
        pytest.param(
            "openai", {"input_tokens": 0, "cache_read_input_tokens": 5}, PASS, id="cached"
        ),
        pytest.param("openai", {"input_tokens": 0}, WARN, id="nothing"),
        pytest.param("anthropic", {"input_tokens": 0}, PASS, id="as the upstream said"),
    ],
)
def test_a_translated_stream_begins_with_an_estimate_of_its_input(
    upstream: str, at_first: Any, outcome: Outcome
) -> None:
    name = f"lab-usage-anthropic-{upstream}"
    usage = {"input_tokens": 9, "cache_read_input_tokens": 0, "output_tokens": 4}
    stream = [
        message_start(usage={**at_first, "output_tokens": 1}),
        *(block_start(0), block_delta(0), block_stop(0)),
        message_delta() | {"usage": usage},
        STOP,
    ]
    got = answered(name, stream, streamed=True)
    found = judged("GW-UP-003", name, {"usage": usage}, got, asked(name, streamed=True))
    assert found.outcome is outcome


# --------------------------------------------------------------------- answers, or none at all

TEXT = "lab-text-anthropic-openai"
HELLO = {"text": "Hello! How can I help?"}


def test_a_gateway_may_ask_twice_and_rename_the_budget() -> None:
    name = "lab-text-openai-openai"
    refused = exchange(Kind.OPENAI_ERROR, OPENAI_ERROR, f"{name}#0", status=400)
    got = answered(name, completion(content="Yellow."))
    found = judged("GW-UP-028", name, {"text": "Yellow."}, refused, got, asked(name), asked(name))
    assert found.outcome is PASS


@pytest.mark.parametrize(
    ("got", "where"),
    [
        (answered(TEXT, MESSAGE), ""),
        (answered(TEXT, message({"type": "text", "text": "Hello! How can I h"})), "text"),
        (answered(TEXT, ANTHROPIC_ERROR, status=400), "status"),
        (answered(TEXT, FAILED_STREAM, streamed=True), "events[3]"),
    ],
    ids=["whole", "cut", "refused", "failed"],
)
def test_an_answer_has_to_come_whole(got: Exchange, where: str) -> None:
    found = judged("GW-UP-028", TEXT, HELLO, got, asked(TEXT))
    assert [violation.where for violation in found.violations] == ([where] if where else [])


def test_a_difference_is_quoted_where_it_begins() -> None:
    got = answered(TEXT, message({"type": "text", "text": "Hello! How can we help?"}))
    (violation,) = judged("GW-UP-028", TEXT, HELLO, got, asked(TEXT)).violations

    assert violation.expected == "'How can I help?' at character 15 (made, plain)"
    assert violation.actual == "'How can we help?'"


@pytest.mark.parametrize("is_seen", [False, True], ids=["nothing came", "nothing for this one"])
def test_an_answer_that_the_lab_did_not_give_tells_nothing(is_seen: bool) -> None:
    before = (asked(TEXT, 0),) if is_seen else ()
    found = judged("GW-UP-028", TEXT, HELLO, *before, answered(TEXT, MESSAGE))
    assert found.outcome is OPEN


def test_a_body_of_the_form_that_was_not_asked_for_tells_nothing() -> None:
    got = answered(TEXT, ANTHROPIC_ERROR, status=502)
    seen = asked(TEXT, streamed=True)
    assert judged("GW-UP-028", TEXT, HELLO | {"raw": True}, got, seen).outcome is OPEN


@pytest.mark.parametrize(
    ("offer", "outcome"),
    [("gzip, deflate", FAIL), ("br, gzip;q=0", APART), ("identity", APART), ("", APART)],
)
def test_compression_is_judged_where_the_gateway_offered_it(offer: str, outcome: Outcome) -> None:
    name = "lab-compressed-openai-openai"
    seen = asked(name)
    headers = (("accept-encoding", offer),) if offer else ()
    seen = replace(seen, request=replace(seen.request, headers=headers))
    got = answered(name, completion(content="\x1f\x8b"))
    found = judged("GW-UP-034", name, {"text": "All."}, got, seen)
    assert found.outcome is outcome


# ------------------------------------------------------------------------------------- ends


@pytest.mark.parametrize(
    ("name", "said", "got", "outcome"),
    [
        ("lab-stops-anthropic-openai", "content_filter", "refusal", PASS),
        ("lab-stops-anthropic-openai", "content_filter", "end_turn", FAIL),
        ("lab-stops-openai-openai", "content_filter", "content_filter", PASS),
        ("lab-stops-openai-anthropic", "model_context_window_exceeded", "length", PASS),
        ("lab-stops-openai-anthropic", "model_context_window_exceeded", "stop", FAIL),
        ("lab-stops-openai-anthropic", "stop_sequence", "stop", PASS),
        ("lab-stops-anthropic-anthropic", "model_context_window_exceeded", "max_tokens", PASS),
    ],
)
def test_a_stop_reason_is_judged_by_the_clients_words(
    name: str, said: str, got: str, outcome: Outcome
) -> None:
    is_anthropic = "stops-anthropic" in name
    made = MESSAGE | {"stop_reason": got} if is_anthropic else completion(got, content="Half")
    found = judged("GW-UP-030", name, {"stop": said}, answered(name, made), asked(name))
    assert found.outcome is outcome


@pytest.mark.parametrize(
    ("got", "outcome"),
    [
        (MESSAGE | {"stop_reason": "refusal", "content": []}, PASS),
        (message({"type": "text", "text": "No."}), PASS),
        (message(), FAIL),
    ],
    ids=["as a refusal", "as an answer that can be read", "as an empty answer"],
)
def test_a_refusal_of_the_other_protocol_is_told(got: Any, outcome: Outcome) -> None:
    name = "lab-refusal-anthropic-openai"
    said = {"refusal": "No.", "stop": "stop"}
    assert judged("GW-UP-030", name, said, answered(name, got), asked(name)).outcome is outcome


def _ended(stop: Any, *last: Any) -> tuple[Any, ...]:
    blocks = (block_start(), block_delta(), block_stop())
    return (message_start(), *blocks, message_delta(stop), *last)


@pytest.mark.parametrize(
    ("name", "events", "outcome"),
    [
        ("lab-endings-anthropic-openai", _ended("max_tokens", STOP), PASS),
        ("lab-endings-anthropic-openai", _ended("lab_unknown", STOP), FAIL),
        ("lab-endings-anthropic-anthropic", _ended("lab_unknown", STOP), PASS),
        ("lab-endings-anthropic-anthropic", _ended(None, STOP), FAIL),
        ("lab-endings-anthropic-openai", _ended("end_turn"), FAIL),
        ("lab-endings-openai-openai", CHAT_STREAM, PASS),
        ("lab-endings-openai-openai", CHAT_STREAM[:-1], FAIL),
    ],
    ids=["known", "unknown", "unknown passed on", "none", "no stop", "done", "not done"],
)
def test_a_stream_has_to_end(name: str, events: Any, outcome: Outcome) -> None:
    got = answered(name, events, streamed=True)
    seen = asked(name, streamed=name.endswith("openai"))
    assert judged("GW-UP-031", name, {"stop": "lab_unknown"}, got, seen).outcome is outcome


@pytest.mark.parametrize(("at_s", "outcome"), [(1.9, PASS), (2.9, WARN)])
def test_an_end_that_waits_for_nothing_is_warned_about(at_s: float, outcome: Outcome) -> None:
    name = "lab-endings-openai-openai"
    got = answered(name, CHAT_STREAM, streamed=True)
    late = replace(got.answer, chunks=tuple(Chunk(at_s, one.data) for one in got.answer.chunks))
    said = {"stop": "stop", "lingers_s": 3}
    seen = asked(name, streamed=True)
    assert judged("GW-UP-031", name, said, replace(got, response=late), seen).outcome is outcome


# -------------------------------------------------------------------------- thinking, refusals

PARTS = [{"thinking": "One.", "signature": "c2ln"}, {"text": "Yes."}, {"thinking": "Two."}]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"content": "Yes.", "reasoning_content": "One.\nTwo."}, PASS),
        ({"content": "Yes.", "reasoning": "One. Two."}, PASS),
        ({"content": "Yes."}, WARN),
        ({"content": "<think>One. Two.</think>Yes."}, FAIL),
    ],
    ids=["joined", "under the other name", "hidden", "in the text"],
)
def test_thinking_is_shown_to_the_other_protocol(said: Any, outcome: Outcome) -> None:
    name = "lab-thinking-openai-anthropic"
    got = answered(name, completion(**said))
    assert judged("GW-UP-032", name, {"parts": PARTS}, got, asked(name)).outcome is outcome


def test_a_reasoning_that_is_lost_on_the_way_fails() -> None:
    name = "lab-thinking-openai-openai"
    got = answered(name, (chunk(choice(content="Yes.")), sse.DONE), streamed=True)
    found = judged("GW-UP-032", name, {"parts": PARTS}, got, asked(name, streamed=True))
    assert found.outcome is FAIL


BLOCKS: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "One.", "signature": "c2ln"},
    {"type": "text", "text": "Yes."},
]


@pytest.mark.parametrize(
    ("blocks", "outcome"),
    [
        (BLOCKS, PASS),
        ([*BLOCKS, {"type": "text", "text": ""}], PASS),
        (BLOCKS[::-1], FAIL),
        ([BLOCKS[0] | {"signature": "b3RoZXI"}, BLOCKS[1]], FAIL),
    ],
    ids=["as they came", "with an empty text", "in another order", "signed by another"],
)
def test_thinking_blocks_stay_as_they_are(blocks: Any, outcome: Outcome) -> None:
    name = "lab-thinking-anthropic-anthropic"
    got = answered(name, message(*blocks))
    found = judged("GW-UP-032", name, {"parts": PARTS[:2]}, got, asked(name))
    assert found.outcome is outcome


@pytest.mark.parametrize("slash", ["/", "\\/"], ids=["plain", "escaped"])
def test_a_source_is_found_wherever_the_protocol_puts_it(slash: str) -> None:
    name = "lab-citations-openai-openai"
    source = "https://example.com/é"
    got = answered(name, completion(content="All.", annotations=[{"url": source}]))
    body = json.dumps(got.answer.json).replace("/", slash).encode()
    got = replace(got, response=replace(got.answer, chunks=(Chunk(0.1, body),)))
    assert judged("GW-UP-035", name, {"source": source}, got, asked(name)).outcome is PASS
    assert judged("GW-UP-035", name, {"source": "x:"}, got, asked(name)).outcome is WARN
