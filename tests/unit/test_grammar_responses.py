"""The order of a Responses stream: what is legal, and what each wrong step breaks."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from unit_exchanges import events

from conformance.grammar import responses
from conformance.grammar.responses import STEPS, Response

MESSAGE, CALL = "msg_1", "fc_1"


def step(name: str, **fields: Any) -> dict[str, Any]:
    """One event."""
    return {"type": f"response.{name}", **fields}


def added(index: int = 0, id: str = MESSAGE) -> dict[str, Any]:
    """The event that opens an output item."""
    return step("output_item.added", output_index=index, item={"id": id})


def inside(name: str, index: int = 0, id: str = MESSAGE, **fields: Any) -> dict[str, Any]:
    """An event inside an output item."""
    return step(name, output_index=index, item_id=id, content_index=0, **fields)


def done(index: int = 0) -> dict[str, Any]:
    """The event that closes an output item."""
    return step("output_item.done", output_index=index)


TEXT = {"type": "output_text"}
START = (step("created"), step("in_progress"))
PART = (
    inside("content_part.added", part=TEXT),
    inside("output_text.delta", delta="Hi"),
    inside("output_text.done", text="Hi"),
    inside("content_part.done", part=TEXT),
)
ITEM = (added(), *PART, done())
TOOL = (
    added(1, CALL),
    inside("function_call_arguments.delta", 1, CALL, delta="{}"),
    inside("function_call_arguments.done", 1, CALL, arguments="{}"),
    done(1),
)
END = step("completed")
HELLO = (*START, *ITEM, END)
ERROR = {"type": "error", "message": "lost"}
FAILED = step("failed")


def walked(*values: Any) -> list[tuple[str, str]]:
    """The breaches of a stream as (requirement, place)."""
    return [(b.requirement, b.violation.where) for b in responses.walk(events(*values))]


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(HELLO, id="one text"),
        pytest.param((*START, *ITEM, *TOOL, END), id="text and tool"),
        pytest.param((step("created"), step("queued"), *START[1:], *ITEM, END), id="queued"),
        pytest.param((*START, *ITEM, step("incomplete")), id="incomplete"),
        pytest.param((*START, step("incomplete")), id="no item"),
        pytest.param((*START, FAILED), id="failed"),
        pytest.param((step("created"), FAILED), id="failed at once"),
        pytest.param((*HELLO[:4], ERROR, FAILED), id="error inside a part"),
        pytest.param((*START, ERROR, FAILED), id="error between items"),
        pytest.param((ERROR, FAILED), id="error as the first event"),
        pytest.param((*START, added(), done(), END), id="an item without content"),
        pytest.param(
            (*START, added(), inside("refusal_hint"), *PART, done(), END), id="an unknown event"
        ),
        pytest.param(
            (*START, added(), step("reasoning_text.delta", delta="Hm"), done(), END), id="reasoning"
        ),
        pytest.param(
            (
                *(*START, added()),
                inside("content_part.added", part={"type": "reasoning_text"}),
                step("reasoning_text.delta", delta="Hm"),
                inside("content_part.done", part={"type": "reasoning_text"}),
                *(done(), END),
            ),
            id="a part of reasoning",
        ),
        pytest.param(
            (
                *(*START, added()),
                inside("content_part.added", part={"type": "refusal"}),
                inside("refusal.delta", delta="No"),
                inside("refusal.done", refusal="No"),
                inside("content_part.done", part={"type": "refusal"}),
                *(done(), END),
            ),
            id="a refusal",
        ),
    ],
)
def test_a_sound_stream_breaks_nothing(stream: tuple[Any, ...]) -> None:
    assert walked(*stream) == []


@pytest.mark.parametrize(
    ("stream", "where"),
    [
        pytest.param(HELLO[1:], "events[0]", id="no response.created"),
        pytest.param((START[0], *HELLO[2:]), "events[1]", id="no response.in_progress"),
        pytest.param((*START, *START[:1], *START[1:], *ITEM, END), "events[2]", id="created twice"),
        pytest.param((*START, added(), *PART[1:], done(), END), "events[3]", id="no part added"),
        pytest.param((*START, added(), *PART[:3], done(), END), "events[6]", id="no part done"),
        pytest.param((*START, added(), *PART, END), "events[7]", id="no item done"),
        pytest.param((*START, added(), *PART[:2], PART[3], done(), END), "events[5]", id="no done"),
        pytest.param((*HELLO, END), "events[9]", id="two ends"),
        pytest.param((*HELLO, *TOOL[:1]), "events[9]", id="an item after the end"),
        pytest.param((*START, added(1), END), "events[2]", id="counted from one"),
        pytest.param(
            (*START, added(), inside("output_text.delta", id="msg_2"), *PART[2:], done(), END),
            "events[3]",
            id="another item",
        ),
        pytest.param(HELLO[:-1], "events", id="no end"),
        pytest.param((), "events", id="nothing"),
    ],
)
def test_a_wrong_step_is_reported_where_it_stands(stream: tuple[Any, ...], where: str) -> None:
    found = walked(*stream)

    assert found and found[0] == ("OAI-RESP-006", where)


@pytest.mark.parametrize("name", ["output_index", "content_index", "item_id"])
@pytest.mark.parametrize("value", [pytest.param(v, id=repr(v)) for v in (None, "0", 7, [], {})])
def test_a_delta_that_does_not_say_where_it_belongs_is_reported(name: str, value: Any) -> None:
    if (name, value) == ("content_index", 7):
        value = True  # Any integer names a part; a truth value is none.
    stream = [*HELLO]
    stream[4] = stream[4] | {name: value}

    assert walked(*stream) == [("OAI-RESP-006", "events[4]")]


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param((*START, ERROR), id="nothing after the error"),
        pytest.param((*START, ERROR, END), id="completed after the error"),
        pytest.param((*START, {"error": {"message": "lost"}}), id="an error without a type"),
    ],
)
def test_an_error_without_response_failed_breaks_a_requirement_of_its_own(
    stream: tuple[Any, ...],
) -> None:
    assert {id for id, _ in walked(*stream)} == {"OAI-RESP-010"}


@pytest.mark.parametrize(
    ("state", "symbol"),
    [pytest.param(*step, id=f"{step[1]} {step[0]}") for step in STEPS],
)
def test_every_step_of_the_table_leaves_a_state_that_can_end(state: Response, symbol: str) -> None:
    assert state is not Response.ENDED
    reached, todo = set[Response](), [STEPS[(state, symbol)]]
    while todo:
        found = todo.pop()
        reached.add(found)
        todo += [end for (start, _), end in STEPS.items() if start is found and end not in reached]
    assert Response.ENDED in reached


KINDS = [name for name in responses.SYMBOLS if name.startswith("response.")]


@pytest.mark.parametrize(("first", "second"), list(product(KINDS, KINDS[:4])))
def test_any_two_events_are_walked_over(first: str, second: str) -> None:
    assert {id for id, _ in walked({"type": first}, {"type": second})} == {"OAI-RESP-006"}
