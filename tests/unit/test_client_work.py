"""What a real client said and did is judged against what went over the wire."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from conformance.catalogue import catalogue
from conformance.clients import catalogue as clients
from conformance.clients.assignments import LINE, commands, text, weather
from conformance.clients.printed import AGENTS, of_driver
from conformance.model import (
    Chunk,
    Ended,
    Exchange,
    Findings,
    Inconclusive,
    Level,
    Recording,
    Request,
    Response,
    Violation,
)
from conformance.registry import requirements
from conformance.requirements import client_work as work
from conformance.requirements.clients import NUMBERS, id_of, tasks_of

SAID = "Grüße, 世界! the end"


def exchange(
    text: str = SAID, number: int = 1, ended: Ended = Ended.COMPLETE, **asked: Any
) -> Exchange:
    """A chat stream that says a text; `asked` are members of the request."""
    body = {"model": "m", "stream": True, "messages": [], **asked}
    delta = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    end = {
        "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    }
    events = "".join(f"data: {json.dumps(data)}\n\n" for data in (delta, end))
    headers = (("content-type", "text/event-stream"),)
    chunks = (Chunk(0.1, f"{events}data: [DONE]\n\n".encode()),)
    return Exchange(
        f"made#{number}",
        Request("POST", "http://gateway/v1/chat/completions", (), json.dumps(body).encode()),
        Response(200, headers, chunks, ended, 0.1, 0.2),
    )


def worked(*exchanges: Exchange, **facts: Any) -> Recording:
    """A client that did all it was asked for, but for what `facts` say."""
    said = {
        "text": SAID,
        "answers": [{"stop": "stop", "input": 7, "output": 3}],
        "error": "",
        **facts.pop("said", {}),
    }
    sound = {
        "client": "A client",
        "exit_status": 0,
        "timed_out": False,
        "seconds": 0.5,
        "stdout": "",
        "stderr": "",
        "runs": [],
        "expected": {"whole": SAID, "words": ["世界"], "runs": [], "results": {}},
        "over_cap": 0,
        "requests": 1,
        "is_scripted": True,
    }
    return Recording("made", exchanges or (exchange(),), {**sound, **facts, "said": said})


Rule = Callable[[Recording], Findings]
RULES: tuple[Rule, ...] = (
    work.ended_well,
    work.requests_are_counted,
    work.text_is_whole,
    work.tools_ran,
    work.answers_are_told,
)


@pytest.mark.parametrize("rule", RULES)
def test_sound_work_is_sound(rule: Rule) -> None:
    assert list(rule(worked())) == []


@pytest.mark.parametrize(
    ("facts", "actual"),
    [
        ({"exit_status": 1, "stderr": "boom"}, 'exit status 1 after 0.5 s: "boom"'),
        ({"said": {"error": "APIError: no"}}, 'exit status 0 after 0.5 s: "APIError: no"'),
        ({"timed_out": True}, 'ended by us after 0.5 s: "it printed nothing"'),
    ],
    ids=["a status", "an error", "its time was over"],
)
def test_a_client_that_fails_is_quoted(facts: dict[str, Any], actual: str) -> None:
    (found,) = work.ended_well(worked(**facts))

    assert isinstance(found, Violation) and found.actual == actual


def test_the_exchange_that_went_wrong_is_named() -> None:
    cut = exchange(ended=Ended.CUT)
    (found,) = work.ended_well(worked(cut, exchange(number=2), exit_status=1))

    assert isinstance(found, Violation) and found.exchange == "made#1"


def test_a_text_that_parts_is_located() -> None:
    (found,) = work.text_is_whole(worked(said={"text": SAID.replace("世", "?")}))

    assert isinstance(found, Violation)
    assert found.where == "client.text[7]" and found.actual.startswith("'?界! the end'")


def test_a_text_that_the_gateway_cut_is_the_models_no_more() -> None:
    (found,) = work.text_is_whole(worked(exchange(SAID[:9]), said={"text": SAID[:9]}))

    assert isinstance(found, Violation) and found.where == "model.text[9]"


def test_a_model_of_its_own_mind_proves_nothing() -> None:
    expected = {"whole": "", "words": ["nonce"], "runs": []}
    found = list(work.text_is_whole(worked(expected=expected, is_scripted=False)))

    assert [type(one) for one in found] == [Inconclusive]


@pytest.mark.parametrize(
    ("exchanges", "facts"),
    [
        pytest.param((exchange(), exchange(number=2)), {}, id="one more"),
        pytest.param((exchange(stream=False),), {}, id="not streamed"),
        pytest.param((exchange(),), {"over_cap": 3}, id="more than were let through"),
    ],
)
def test_another_try_is_seen(exchanges: tuple[Exchange, ...], facts: dict[str, Any]) -> None:
    (found,) = work.requests_are_counted(worked(*exchanges, **facts))

    assert isinstance(found, Violation) and "/chat/completions" in found.actual


def test_a_request_for_a_title_is_no_other_try() -> None:
    def told(orders: str) -> list[dict[str, str]]:
        return [{"role": "system", "content": orders}]

    title = exchange("A title", messages=told("You make titles."))
    own = exchange(number=2, messages=told("You are an agent."), tools=[{"type": "function"}])

    assert list(work.requests_are_counted(worked(title, own))) == []
    assert list(work.text_is_whole(worked(title, own))) == []


def test_a_tool_that_ran_with_other_arguments_is_shown() -> None:
    expected = {"whole": "", "words": [], "runs": ['f({"city": "Zürich"})']}
    (found,) = work.tools_ran(worked(expected=expected, runs=['f({"city": "Z"})']))

    assert isinstance(found, Violation)
    assert (found.expected, found.actual) == (
        'f({"city": "Zürich"})',
        'f({"city": "Z"}); on the wire: no call',
    )


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        ({"stop": "length", "input": 7, "output": 3}, "client.stop"),
        ({"stop": "stop", "input": 0, "output": 3}, "client.usage.input"),
        ({"stop": "stop", "input": 7, "output": None}, "client.usage.output"),
    ],
)
def test_what_is_lost_of_an_answers_end_is_seen(answer: dict[str, Any], where: str) -> None:
    (found,) = work.answers_are_told(worked(said={"answers": [answer]}))

    assert isinstance(found, Violation) and found.where == where


def test_a_count_that_does_not_come_is_seen() -> None:
    refused = exchange()
    asked = replace(refused.request, url="http://gateway/v1/messages/count_tokens")
    (found,) = work.tokens_are_counted(worked(replace(refused, request=asked)))

    assert isinstance(found, Violation) and found.where == "body.input_tokens"


RUNNABLE = [client for client in clients.clients() if not client.recorded_shape]


@pytest.mark.parametrize("client", RUNNABLE, ids=lambda client: client.name)
def test_each_task_of_a_client_has_its_id(client: clients.Client) -> None:
    level = Level.SHOULD if client.tier == "C" else Level.MUST

    for task in tasks_of(client):
        entry = catalogue()[id_of(client.name, task)]
        assert entry.rule.lower().startswith(client.title.lower())
        assert entry.level("gateway") is level


def test_no_two_clients_share_a_number() -> None:
    assert len(set(NUMBERS.values())) == len(NUMBERS)
    assert set(NUMBERS) == {client.name for client in RUNNABLE}


def test_an_order_is_given_only_to_a_model_that_takes_it() -> None:
    bash = AGENTS["claude-code"].call
    for asked in (text, lambda n, o: weather(n, o, 2), lambda n, o: commands(n, o, 2, bash)):
        assert "[[" in asked("n", True).prompt and "[[" not in asked("n", False).prompt
    assert text("n", False).whole == "" and text("n", True).whole == LINE.format(nonce="n")


PRINTED = {
    "claude-code": '{"type": "result", "is_error": false, "result": "a\\u2028b"}\n',
    "cline": '{"type": "hook"}\n{"type": "run_result", "finishReason": "completed", '
    '"text": "a\u2028b"}\n',
    "openclaw": '{\n"ok": true, "final": "a\u2028b"}\n',
    "pi": "a\u2028b\n",
}


@pytest.mark.parametrize("name", PRINTED)
def test_an_agents_text_is_found_in_what_it_prints(name: str) -> None:
    said = AGENTS[name].said(PRINTED[name])

    assert said["text"] == "a\u2028b" and not said.get("error")


@pytest.mark.parametrize("name", ["claude-code", "cline", "openclaw"])
def test_an_agent_that_prints_no_result_has_failed(name: str) -> None:
    assert AGENTS[name].said("Segmentation fault\n")["error"]


def test_a_drivers_line_is_found_among_others() -> None:
    line = '{"task": "text", "text": "a", "error": ""}'

    assert of_driver(f"noise\n{line}\n{{}}\n")["text"] == "a"
    assert of_driver("Traceback")["error"] == "it printed no outcome"


COMMAND = "echo plum | tee ran-0.txt"
WROTE = "ran-0.txt: 'plum\\n'"


def called(arguments: object) -> Exchange:
    """A chat stream that calls a shell."""
    function = {"name": "bash", "arguments": json.dumps(arguments)}
    call = {"index": 0, "id": "call_1", "type": "function", "function": function}
    data = {"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]}
    sound = exchange()
    events = f"data: {json.dumps(data)}\n\ndata: [DONE]\n\n".encode()
    return replace(sound, response=replace(sound.answer, chunks=(Chunk(0.1, events),)))


@pytest.mark.parametrize(
    ("asked", "runs", "kinds"),
    [
        pytest.param({"command": COMMAND}, [WROTE], [], id="it ran"),
        pytest.param({"command": COMMAND}, [], [Violation], id="it did not run"),
        pytest.param({"command": "ls"}, [], [Inconclusive], id="the model ran something else"),
    ],
)
def test_a_real_models_command_is_held_against_what_ran(
    asked: object, runs: list[str], kinds: list[type]
) -> None:
    expected = {"whole": "", "words": [], "runs": [WROTE], "results": {COMMAND: "plum"}}
    facts = {"expected": expected, "runs": runs, "is_scripted": False}

    assert [type(found) for found in work.tools_ran(worked(called(asked), **facts))] == kinds


@pytest.mark.parametrize(
    ("given", "kinds"),
    [("Zurich", []), ("Z", [Violation])],
    ids=["as the model called it", "with other arguments"],
)
def test_a_librarys_tool_runs_as_a_real_model_called_it(given: str, kinds: list[type]) -> None:
    expected = {"whole": "", "words": [], "runs": ['bash({"city": "Zürich"})'], "results": {}}
    run = {"name": "bash", "arguments": {"city": given}}
    facts = {
        "expected": expected,
        "runs": [f"bash({json.dumps(run['arguments'])})"],
        "said": {"tool_runs": [run]},
        "is_scripted": False,
    }
    found = work.tools_ran(worked(called({"city": "Zurich"}), **facts))

    assert [type(one) for one in found] == kinds


def test_a_real_model_may_call_tools_before_it_answers() -> None:
    turns = (called({"command": "ls"}), exchange(number=2))

    assert list(work.requests_are_counted(worked(*turns, is_scripted=False))) == []
    assert list(work.requests_are_counted(worked(*turns, exchange(number=3), is_scripted=False)))


@pytest.mark.parametrize(
    ("count", "where"),
    [(1, ["client"]), (2, ["client", "requests"])],
    ids=["once", "again and again"],
)
def test_of_a_client_that_failed_only_what_it_repeated_is_said(
    count: int, where: list[str]
) -> None:
    asked = [exchange("", number) for number in range(1, count + 1)]
    recording = worked(*asked, exit_status=1, said={"text": ""})
    found = list(requirements()[id_of("openai-python", "text")].rule(recording))

    assert [one.where for one in found if isinstance(one, Violation)] == where
