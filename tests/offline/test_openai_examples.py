"""The page's canonical exchanges hold, and one wrong field in them is caught by its requirement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from conformance import imports, profile
from conformance.catalogue import catalogue
from conformance.imports.entry import Raw
from conformance.model import Level, Outcome, Verdict
from conformance.offline import Bench
from conformance.registry import requirements
from tests.offline import openai_examples as page
from tests.offline.openai_examples import DONE, EXAMPLES, HELLO, Example, chunk
from tests.offline.openai_other_examples import OTHER_EXAMPLES
from tests.offline.openai_spoiling import (
    Spoil,
    drop,
    everywhere,
    insert,
    put,
    said_twice,
    text,
    typed,
    unasked,
)

AREAS = re.compile(r"OAI-(CHAT|SSE|STREAM|TOOL|ERR)-")
CHOICE = ("choices", 0)
MESSAGE = (*CHOICE, "message")
FUNCTION = (*MESSAGE, "tool_calls", 0, "function")
FIRST, LATER, FINISH = 0, 2, 4
"""Events of HELLO: the role, a piece of text, the end."""
CALLED, ADDED, CALLED_NEXT = 1, 3, 4
"""Events of FRAGMENTS: the first piece of a call, a later one, the next call's first."""


def delta(event: int) -> tuple[int | str, ...]:
    """The way to the delta of one event."""
    return (event, *CHOICE, "delta")


def piece(event: int) -> tuple[int | str, ...]:
    """The way to the tool call fragment of one event."""
    return (*delta(event), "tool_calls", 0)


Row = tuple[str, str, Example, Spoil]

ANSWERS: tuple[Row, ...] = (
    ("OAI-CHAT-001", "object of a chunk", page.PLAIN, put("object", to="chat.completion.chunk")),
    ("OAI-CHAT-001", "object absent", page.PLAIN, drop("object")),
    ("OAI-CHAT-002", "id empty", page.PLAIN, put("id", to="")),
    ("OAI-CHAT-002", "id absent", page.PLAIN, drop("id")),
    ("OAI-CHAT-002", "id a number", page.PLAIN, put("id", to=12)),
    ("OAI-CHAT-002", "the same id in two answers", page.PLAIN, said_twice),
    ("OAI-CHAT-003", "created a string", page.PLAIN, put("created", to=str(page.CREATED))),
    ("OAI-CHAT-003", "created in milliseconds", page.PLAIN, put("created", to=1768210204000)),
    ("OAI-CHAT-003", "created with a fraction", page.PLAIN, put("created", to=1768210204.5)),
    ("OAI-CHAT-004", "model empty", page.PLAIN, put("model", to="")),
    ("OAI-CHAT-004", "model absent", page.PLAIN, drop("model")),
    ("OAI-CHAT-005", "choices null", page.PLAIN, put("choices", to=None)),
    ("OAI-CHAT-005", "choices empty", page.PLAIN, put("choices", to=[])),
    ("OAI-CHAT-005", "choices absent", page.PLAIN, drop("choices")),
    ("OAI-CHAT-005", "three choices unasked", page.CHOICES, unasked("n")),
    ("OAI-CHAT-006", "index from 1", page.PLAIN, put(*CHOICE, "index", to=1)),
    ("OAI-CHAT-006", "index absent", page.PLAIN, drop(*CHOICE, "index")),
    ("OAI-CHAT-006", "an index twice", page.CHOICES, put("choices", 1, "index", to=0)),
    ("OAI-CHAT-007", "message absent", page.PLAIN, drop(*MESSAGE)),
    ("OAI-CHAT-007", "message a text", page.PLAIN, put(*MESSAGE, to="At nine.")),
    ("OAI-CHAT-007", "role of the user", page.PLAIN, put(*MESSAGE, "role", to="user")),
    ("OAI-CHAT-007", "role absent", page.PLAIN, drop(*MESSAGE, "role")),
    (
        "OAI-CHAT-008",
        "content in parts",
        page.PLAIN,
        put(*MESSAGE, "content", to=[{"type": "text", "text": "At nine."}]),
    ),
    ("OAI-CHAT-008", "content a number", page.PLAIN, put(*MESSAGE, "content", to=9)),
    ("OAI-CHAT-011", "finish_reason null", page.PLAIN, put(*CHOICE, "finish_reason", to=None)),
    ("OAI-CHAT-011", "finish_reason absent", page.PLAIN, drop(*CHOICE, "finish_reason")),
    ("OAI-CHAT-011", "Anthropic's word", page.PLAIN, put(*CHOICE, "finish_reason", to="end_turn")),
    ("OAI-CHAT-011", "finish_reason error", page.PLAIN, put(*CHOICE, "finish_reason", to="error")),
    (
        "OAI-CHAT-012",
        "tool_calls without a call",
        page.PLAIN,
        put(*CHOICE, "finish_reason", to="tool_calls"),
    ),
    ("OAI-CHAT-012", "an empty list of calls", page.TOOL, put(*MESSAGE, "tool_calls", to=[])),
    ("OAI-CHAT-014", "usage absent", page.PLAIN, drop("usage")),
    ("OAI-CHAT-014", "usage null", page.PLAIN, put("usage", to=None)),
    ("OAI-CHAT-014", "a count absent", page.PLAIN, drop("usage", "completion_tokens")),
    ("OAI-CHAT-014", "a count in a string", page.PLAIN, put("usage", "total_tokens", to="40")),
    ("OAI-CHAT-014", "a count below zero", page.PLAIN, put("usage", "prompt_tokens", to=-1)),
    ("OAI-CHAT-014", "no prompt tokens", page.PLAIN, put("usage", "prompt_tokens", to=0)),
    ("OAI-CHAT-014", "no output tokens", page.PLAIN, put("usage", "completion_tokens", to=0)),
    ("OAI-CHAT-015", "another sum", page.PLAIN, put("usage", "total_tokens", to=41)),
    ("OAI-CHAT-018", "an error in a 200", page.PLAIN, put("error", to=page.FAILED)),
    ("OAI-CHAT-018", "a text of an error", page.PLAIN, put("error", to="overloaded")),
    ("OAI-CHAT-022", "NaN", page.LOGPROBS, text("-0.25", "NaN")),
    ("OAI-CHAT-022", "a key twice", page.PLAIN, text('"object"', '"id": "a", "object"')),
    ("OAI-CHAT-022", "half a surrogate pair", page.PLAIN, text("🚆", "\\ud83d")),
    ("OAI-CHAT-022", "a replaced character", page.PLAIN, text("🚆", "\ufffd")),
)
FRAMING: tuple[Row, ...] = (
    ("OAI-SSE-001", "no blank line at the end", page.STREAM, text("[DONE]\n\n", "[DONE]\n")),
    ("OAI-SSE-002", "half an object", page.STREAM, text('"content": "Good"}', '"content": "Go')),
    ("OAI-SSE-002", "a list", page.STREAM, put(LATER, to=[HELLO[LATER]])),
    ("OAI-SSE-002", "two objects in an event", page.STREAM, text("}\n\ndata: {", "}\ndata: {")),
    ("OAI-SSE-003", "a block of retry", page.STREAM, insert(1, "retry: 3000\n\n")),
    ("OAI-SSE-003", "a block of event", page.STREAM, insert(1, "event: ping\n\n")),
    ("OAI-SSE-003", "an id", page.STREAM, text("data: ", "id: 1\ndata: ")),
    ("OAI-SSE-007", "no DONE", page.STREAM, drop(len(HELLO))),
    ("OAI-SSE-007", "DONE twice", page.STREAM, insert(len(HELLO), DONE)),
    ("OAI-SSE-007", "DONE as JSON", page.STREAM, text("[DONE]", '{"done": true, "choices": []}')),
    ("OAI-SSE-008", "a chunk after DONE", page.STREAM, insert(6, chunk({"content": "More"}))),
    ("OAI-SSE-008", "junk after DONE", page.STREAM, insert(6, "data: bye\n\n")),
)
CHUNKS: tuple[Row, ...] = (
    ("OAI-STREAM-001", "object of an answer", page.STREAM, put(1, "object", to="chat.completion")),
    ("OAI-STREAM-001", "object empty", page.STREAM, put(0, "object", to="")),
    ("OAI-STREAM-001", "object absent", page.STREAM_USAGE, drop(-2, "object")),
    ("OAI-STREAM-002", "another id", page.STREAM, put(LATER, "id", to="chatcmpl-S8")),
    ("OAI-STREAM-002", "id absent", page.STREAM, drop(LATER, "id")),
    ("OAI-STREAM-002", "id empty everywhere", page.STREAM, everywhere("id", "")),
    ("OAI-STREAM-003", "created a string", page.STREAM, everywhere("created", "1768210204")),
    ("OAI-STREAM-003", "created absent", page.STREAM, drop(LATER, "created")),
    ("OAI-STREAM-004", "another model", page.STREAM, put(LATER, "model", to="harbour-1")),
    ("OAI-STREAM-004", "model empty", page.STREAM, put(FIRST, "model", to="")),
    ("OAI-STREAM-005", "choices null", page.STREAM_USAGE, put(-2, "choices", to=None)),
    ("OAI-STREAM-005", "choices absent", page.STREAM_USAGE, drop(-2, "choices")),
    ("OAI-STREAM-005", "an empty object", page.STREAM, put(LATER, to={})),
    ("OAI-STREAM-006", "no index", page.STREAM, drop(LATER, *CHOICE, "index")),
    ("OAI-STREAM-006", "no delta", page.STREAM, drop(FINISH, *CHOICE, "delta")),
    ("OAI-STREAM-006", "delta null", page.STREAM, put(*delta(FINISH), to=None)),
    ("OAI-STREAM-007", "no role", page.STREAM, drop(*delta(FIRST), "role")),
    ("OAI-STREAM-007", "role of the user", page.STREAM, put(*delta(FIRST), "role", to="user")),
    ("OAI-STREAM-007", "no role of one of two", page.STREAM_CHOICES, drop(*delta(1), "role")),
    ("OAI-STREAM-007", "no role beside a call", page.STREAM_TOOLS, drop(*delta(0), "role")),
    (
        "OAI-STREAM-009",
        "content in parts",
        page.STREAM,
        put(*delta(LATER), "content", to=[{"type": "text", "text": "morning"}]),
    ),
    (
        "OAI-STREAM-009",
        "content so far",
        page.Example(
            page.asks(stream=True),
            (HELLO[0], *(chunk({"content": "One two three"[:n]}) for n in (3, 7)), HELLO[4], DONE),
        ),
        insert(3, chunk({"content": "One two three"})),
    ),
    ("OAI-STREAM-010", "no finish", page.STREAM, drop(FINISH)),
    ("OAI-STREAM-010", "finish null", page.STREAM, put(FINISH, *CHOICE, "finish_reason", to=None)),
    ("OAI-STREAM-010", "two finishes", page.STREAM, insert(FINISH, chunk({}, "stop"))),
    ("OAI-STREAM-010", "one choice open", page.STREAM_CHOICES, drop(6)),
    ("OAI-STREAM-011", "text after the finish", page.STREAM, insert(5, chunk({"content": "!"}))),
    (
        "OAI-STREAM-011",
        "a call after the finish",
        page.STREAM_TOOLS,
        insert(7, page.fragment(2, "{}", id="call_x83", name="next_train")),
    ),
    ("OAI-STREAM-011", "a late refusal", page.STREAM_REFUSED, insert(4, chunk({"refusal": "No"}))),
    (
        "OAI-STREAM-013",
        "Anthropic's word",
        page.STREAM,
        put(FINISH, *CHOICE, "finish_reason", to="end_turn"),
    ),
    (
        "OAI-STREAM-013",
        "error without an error",
        page.STREAM,
        put(FINISH, *CHOICE, "finish_reason", to="error"),
    ),
    (
        "OAI-STREAM-013",
        "tool_calls without a call",
        page.STREAM,
        put(FINISH, *CHOICE, "finish_reason", to="tool_calls"),
    ),
    ("OAI-STREAM-015", "no usage", page.STREAM_USAGE, drop(-2)),
    ("OAI-STREAM-015", "usage null", page.STREAM_USAGE, put(-2, "usage", to=None)),
    ("OAI-STREAM-015", "usage twice", page.STREAM_USAGE, put(LATER, "usage", to=page.USAGE)),
    (
        "OAI-STREAM-016",
        "usage before the finish",
        page.Example(page.STREAM_USAGE.asked, (*page.with_usage(*HELLO)[:-2], DONE)),
        put(LATER, "usage", to=page.USAGE),
    ),
    ("OAI-STREAM-018", "another sum", page.STREAM_USAGE, put(-2, "usage", "total_tokens", to=39)),
    (
        "OAI-STREAM-019",
        "a choice without text",
        page.STREAM_CHOICES,
        put(*delta(3), to={"content": ""}),
    ),
    (
        "OAI-STREAM-021",
        "content beside it",
        page.STREAM_REFUSED,
        put(*delta(1), "content", to="Well"),
    ),
    (
        "OAI-STREAM-021",
        "another end",
        page.STREAM_REFUSED,
        put(3, *CHOICE, "finish_reason", to="length"),
    ),
    ("OAI-STREAM-021", "a list", page.STREAM_REFUSED, put(*delta(2), "refusal", to=[" not"])),
    ("OAI-STREAM-025", "no message", page.BROKEN, drop(3, "error", "message")),
    ("OAI-STREAM-025", "message an object", page.BROKEN, put(3, "error", "message", to={})),
    ("OAI-STREAM-025", "a bare string", page.BROKEN, put(3, "error", to="gone")),
    ("OAI-STREAM-025", "a bare error", page.BROKEN, put(3, to=page.FAILED)),
    ("OAI-STREAM-025", "a bare named error", page.NAMED_BREAK, text('{"error": {', '{"e": {')),
    ("OAI-STREAM-026", "text after the error", page.BROKEN, insert(4, HELLO[LATER])),
    ("OAI-STREAM-026", "a finish after the error", page.BROKEN, insert(4, HELLO[FINISH])),
    ("OAI-STREAM-027", "nothing", page.STREAM, drop(slice(0, 6))),
    ("OAI-STREAM-027", "only the end", page.STREAM, drop(slice(0, 5))),
)
CALLS: tuple[Row, ...] = (
    ("OAI-TOOL-002", "id empty", page.TOOL, put(*MESSAGE, "tool_calls", 0, "id", to="")),
    ("OAI-TOOL-002", "id absent", page.TOOL, drop(*MESSAGE, "tool_calls", 0, "id")),
    (
        "OAI-TOOL-002",
        "one id twice",
        page.TOOLS,
        put(*MESSAGE, "tool_calls", 1, "id", to="call_x81"),
    ),
    (
        "OAI-TOOL-002",
        "streamed twice",
        page.STREAM_TOOLS,
        put(*piece(CALLED_NEXT), "id", to="call_x81"),
    ),
    ("OAI-TOOL-003", "type absent", page.TOOL, drop(*MESSAGE, "tool_calls", 0, "type")),
    ("OAI-TOOL-003", "type tool_use", page.TOOL, put(*MESSAGE, "tool_calls", 0, "type", to="tool")),
    ("OAI-TOOL-004", "another name", page.TOOL, put(*FUNCTION, "name", to="Next_train")),
    (
        "OAI-TOOL-004",
        "streamed with another name",
        page.STREAM_TOOLS,
        put(*piece(CALLED), "function", "name", to="tools.next_train"),
    ),
    (
        "OAI-TOOL-005",
        "arguments an object",
        page.TOOL,
        put(*FUNCTION, "arguments", to={"town": "Brest"}),
    ),
    ("OAI-TOOL-006", "cut", page.TOOL, put(*FUNCTION, "arguments", to='{"town":"Br')),
    ("OAI-TOOL-006", "a list", page.TOOL, put(*FUNCTION, "arguments", to='["Brest"]')),
    ("OAI-TOOL-006", "empty", page.TOOL, put(*FUNCTION, "arguments", to="")),
    ("OAI-TOOL-007", "empty", page.TOOL_OF_NOTHING, put(*FUNCTION, "arguments", to="")),
    (
        "OAI-TOOL-007",
        "streamed empty",
        page.STREAM_TOOL_OF_NOTHING,
        put(*piece(1), "function", "arguments", to=""),
    ),
    ("OAI-TOOL-020", "no index", page.STREAM_TOOLS, drop(*piece(CALLED), "index")),
    ("OAI-TOOL-020", "no id", page.STREAM_TOOLS, drop(*piece(CALLED), "id")),
    ("OAI-TOOL-020", "no type", page.STREAM_TOOLS, drop(*piece(CALLED), "type")),
    ("OAI-TOOL-020", "no name", page.STREAM_TOOLS, drop(*piece(CALLED), "function", "name")),
    ("OAI-TOOL-021", "id again", page.STREAM_TOOLS, put(*piece(ADDED), "id", to="call_x81")),
    (
        "OAI-TOOL-021",
        "name again",
        page.STREAM_TOOLS,
        put(*piece(ADDED), "function", "name", to="next_train"),
    ),
    (
        "OAI-TOOL-021",
        "name null",
        page.STREAM_TOOLS,
        put(*piece(ADDED), "function", "name", to=None),
    ),
    ("OAI-TOOL-022", "a gap", page.STREAM_TOOL_OF_NOTHING, put(*piece(1), "index", to=1)),
    (
        "OAI-TOOL-023",
        "one index for two",
        page.WHOLE_CALLS,
        put(1, *CHOICE, "delta", "tool_calls", 1, "index", to=0),
    ),
    (
        "OAI-TOOL-024",
        "cut",
        page.STREAM_TOOLS,
        put(*piece(ADDED), "function", "arguments", to='wn": "Bre'),
    ),
    ("OAI-TOOL-024", "a piece lost", page.STREAM_TOOLS, drop(LATER)),
    ("OAI-TOOL-026", "no function", page.STREAM_TOOLS, drop(*piece(ADDED), "function")),
    ("OAI-TOOL-026", "function null", page.STREAM_TOOLS, put(*piece(ADDED), "function", to=None)),
    (
        "OAI-TOOL-026",
        "arguments an object",
        page.WHOLE_CALLS,
        put(*piece(1), "function", "arguments", to={"town": "Brest"}),
    ),
)
ERRORS: tuple[Row, ...] = (
    ("OAI-ERR-001", "no error", page.INVALID, drop("error")),
    ("OAI-ERR-001", "a text", page.INVALID, put("error", to="temperature")),
    ("OAI-ERR-001", "a list around it", page.INVALID, text('{"error"', '[{"error"')),
    ("OAI-ERR-002", "no message", page.INVALID, drop("error", "message")),
    ("OAI-ERR-002", "message empty", page.INVALID, put("error", "message", to="")),
    ("OAI-ERR-002", "message in parts", page.INVALID, put("error", "message", to={"detail": []})),
    ("OAI-ERR-003", "no type", page.INVALID, drop("error", "type")),
    ("OAI-ERR-003", "type null", page.INVALID, put("error", "type", to=None)),
    ("OAI-ERR-003", "type None", page.INVALID, put("error", "type", to="None")),
    ("OAI-ERR-004", "code None", page.INVALID, put("error", "code", to="None")),
    ("OAI-ERR-004", "param null in quotes", page.INVALID, put("error", "param", to="null")),
    ("OAI-ERR-005", "octets", page.INVALID, typed("application/octet-stream")),
    ("OAI-ERR-005", "an event stream", page.INVALID, typed("text/event-stream")),
)
ROWS = (*ANSWERS, *FRAMING, *CHUNKS, *CALLS, *ERRORS)

UNDECIDABLE = {
    "OAI-CHAT-009": "the prompt was plain and its budget ample",
    "OAI-SSE-009": "when each piece arrived",
    "OAI-SSE-010": "the request was refused for the fault that it was sent with",
    "OAI-SSE-011": "when each piece arrived",
    "OAI-SSE-012": "the text that was meant",
    "OAI-STREAM-023": "a capability of its own",
    "OAI-ERR-006": "the secrets that must not appear",
    "OAI-ERR-007": "the request had a fault of the client's",
    "OAI-ERR-009": "the key's money was used up",
    "OAI-ERR-010": "what the upstream answered",
    "OAI-ERR-013": "the refusal is a lasting one",
    "OAI-TOOL-001": "the prompt called for the tool",
    "OAI-TOOL-008": "what the gateway does of the choice it was sent",
    "OAI-TOOL-009": "what the gateway does of the choice it was sent",
    "OAI-TOOL-010": "what the gateway does of the choice it was sent",
    "OAI-TOOL-011": "what the gateway does of the choice it was sent",
    "OAI-TOOL-012": "the prompt called for two calls",
    "OAI-TOOL-013": "five runs of one request",
    "OAI-TOOL-015": "the second request follows the first",
    "OAI-TOOL-016": "the second request follows the first",
}
"""The MUSTs that one recorded exchange cannot decide, and what it does not tell."""


def judged(*raws: Raw) -> Mapping[str, Verdict]:
    """The verdicts on exchanges of a gateway that claims everything."""
    bench = Bench(profile.load("reference"))
    for number, raw in enumerate(raws):
        exchange = imports.foreign(raw, str(number))
        assert isinstance(exchange, imports.Foreign)
        bench.hear(exchange)
    return bench.verdicts()


def all_of_them() -> Iterable[Raw]:
    """Every canonical exchange of chat, each recorded apart from the others."""
    return (replace(example.raw(), scope=name) for name, example in EXAMPLES.items())


def broken(verdicts: Mapping[str, Verdict]) -> dict[str, list[str]]:
    """What was found, by requirement."""
    return {
        id: [str(v) for v in verdict.violations]
        for id, verdict in verdicts.items()
        if verdict.violations
    }


def musts() -> Iterable[str]:
    """Every MUST of a gateway in the areas of the page that are about one exchange."""
    for id, entry in catalogue().items():
        if AREAS.match(id) and entry.level("gateway") is Level.MUST:
            yield id


@pytest.mark.parametrize("name", [*EXAMPLES, *OTHER_EXAMPLES])
def test_a_canonical_exchange_breaks_nothing(name: str) -> None:
    verdicts = judged((EXAMPLES | OTHER_EXAMPLES)[name].raw())

    assert broken(verdicts) == {}
    assert sum(verdict.outcome is Outcome.PASS for verdict in verdicts.values()) >= 5


@pytest.mark.parametrize(
    ("id", "example", "spoil"),
    [pytest.param(id, example, spoil, id=f"{id} {what}") for id, what, example, spoil in ROWS],
)
def test_one_wrong_field_is_caught_by_its_requirement(
    id: str, example: Example, spoil: Spoil
) -> None:
    verdicts = judged(*spoil(example))

    assert verdicts[id].outcome is Outcome.FAIL, broken(verdicts)


def test_every_requirement_that_a_recording_decides_has_its_wrong_field() -> None:
    caught = {id for id, *_ in ROWS}

    assert sorted(caught | set(UNDECIDABLE)) == sorted(musts())
    assert not caught & set(UNDECIDABLE)


def test_every_such_requirement_held_in_some_canonical_exchange() -> None:
    verdicts = judged(*all_of_them())

    held = {id for id, verdict in verdicts.items() if verdict.outcome is Outcome.PASS}
    assert {id for id, *_ in ROWS} <= held


@pytest.mark.parametrize("id", sorted(set(UNDECIDABLE) & set(requirements())))
def test_what_a_recording_cannot_decide_is_not_called_a_pass(id: str) -> None:
    verdicts = judged(*all_of_them())

    assert verdicts[id].outcome is Outcome.NOT_RUN
