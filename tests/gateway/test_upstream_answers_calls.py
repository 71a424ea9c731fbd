"""The calls of an OpenAI-compatible upstream, however it tells them, become the right pieces."""

from __future__ import annotations

import pytest
from upstream_told import (
    DONE,
    Json,
    answer,
    call,
    chunk,
    finish,
    more,
    plain,
    read,
    said,
    sse,
    streamed,
    time,
    weather,
)

from reference_gateway.chat import StopReason
from reference_gateway.pieces import (
    ArgumentsDelta,
    CallStart,
    Piece,
    Signature,
    Start,
    TextDelta,
    ThinkingDelta,
)
from reference_gateway.signatures import sign

STOP = chunk(finish="stop")
CALLS = chunk(finish="tool_calls")


def begun(id: str = "call_1", name: str = "weather") -> Piece:
    return CallStart(id, name, 0)


def argued(*texts: str) -> list[Piece]:
    return [ArgumentsDelta(text, 0) for text in texts]


def thought(*texts: str) -> list[Piece]:
    return [*(ThinkingDelta(text, 0) for text in texts), Signature(sign("".join(texts)))]


SAID = {
    "a call": (
        [weather(""), more('{"ci'), more('ty":"Ulm"}'), CALLS],
        [begun(), *argued('{"ci', 'ty":"Ulm"}')],
    ),
    "a call after text": (
        [chunk({"content": "Let me see."}), weather('{"a":1}'), CALLS],
        [TextDelta("Let me see.", 0), begun(), *argued('{"a":1}')],
    ),
    "text after a call": (
        [weather('{"a":1}'), chunk({"content": "Done."}), CALLS],
        [begun(), *argued('{"a":1}'), TextDelta("Done.", 0)],
    ),
    "text in the middle of a call": (
        [weather('{"a"'), chunk({"content": "x"}), more(":1}"), CALLS],
        [begun(), *argued('{"a"', ":1}"), TextDelta("x", 0)],
    ),
    "arguments in the chunk that ends": (
        [weather('{"a":'), chunk(call(0, "1}"), "tool_calls")],
        [begun(), *argued('{"a":', "1}")],
    ),
    "arguments after the chunk that ends": (
        [weather('{"a":'), CALLS, more("1}")],
        [begun(), *argued('{"a":', "1}")],
    ),
    "an empty object inside of the arguments": (
        [weather('{"a":'), more("{}"), more("}"), CALLS],
        [begun(), *argued('{"a":', "{}", "}")],
    ),
    "a large number": (
        [weather('{"id":12345'), more("67890123456789}"), CALLS],
        [begun(), *argued('{"id":12345', "67890123456789}")],
    ),
    "an escaped character split in the arguments": (
        [weather('{"a":"\\ud83c'), more('\\udf78"}'), CALLS],
        [begun(), *argued('{"a":"\\ud83c', '\\udf78"}')],
    ),
    "a character split in the arguments": (
        [weather('{"a":"\ud83c'), more('\udf78"}'), CALLS],
        [begun(), *argued('{"a":"', '🍸"}')],
    ),
    "id and name again in every fragment": (
        [weather('{"a"'), weather(":1}"), CALLS],
        [begun(), *argued('{"a"', ":1}")],
    ),
    "null and empty in what follows": (
        [
            weather('{"a"'),
            chunk(call(0, ":1}", id=None, name=None)),
            chunk(call(0, None, id="", name="")),
            CALLS,
        ],
        [begun(), *argued('{"a"', ":1}")],
    ),
    "an id that comes late": (
        [chunk(call(0, '{"a"', name="weather")), chunk(call(0, ":1}", id="call_1")), CALLS],
        [begun(), *argued('{"a":1}')],
    ),
    "a name that comes late": (
        [
            chunk(call(0, "", id="call_1")),
            more('{"a":1}'),
            chunk(call(0, "", name="weather")),
            CALLS,
        ],
        [begun(), *argued('{"a":1}')],
    ),
    "parallel calls, one after the other": (
        [
            weather('{"a":1}'),
            time('{"b"'),
            more(":2}", 1),
            CALLS,
        ],
        [begun(), *argued('{"a":1}'), begun("call_2", "time"), *argued('{"b"', ":2}")],
    ),
    "parallel calls by turns": (
        [
            weather(""),
            time(""),
            more('{"a"'),
            more('{"b"', 1),
            more(":1}"),
            more(":2}", 1),
            CALLS,
        ],
        [begun(), *argued('{"a"', ":1}"), begun("call_2", "time"), *argued('{"b"', ":2}")],
    ),
    "parallel calls in one chunk": (
        [
            chunk(
                {
                    "tool_calls": [
                        *call(0, '{"a":1}', id="call_1", name="weather")["tool_calls"],
                        *call(1, '{"b":2}', id="call_2", name="time")["tool_calls"],
                    ]
                }
            ),
            CALLS,
        ],
        [begun(), *argued('{"a":1}'), begun("call_2", "time"), *argued('{"b":2}')],
    ),
    "parallel calls all numbered 0": (
        [
            weather('{"a":1}'),
            chunk(call(0, "", id="call_2", name="weather")),
            more('{"b":2}'),
            CALLS,
        ],
        [begun(), *argued('{"a":1}'), begun("call_2"), *argued('{"b":2}')],
    ),
    "calls without a number": (
        [
            chunk(call(None, '{"a"', id="call_1", name="weather")),
            chunk(call(None, ":1}")),
            chunk(call(None, '{"b":2}', id="call_2", name="time")),
            CALLS,
        ],
        [begun(), *argued('{"a"', ":1}"), begun("call_2", "time"), *argued('{"b":2}')],
    ),
    "arguments that are an object": (
        [
            chunk(
                {
                    "tool_calls": [
                        {
                            "index": 0,
                            "id": "call_1",
                            "function": {
                                "name": "weather",
                                "arguments": {"id": 12345678901234567890},
                            },
                        }
                    ]
                }
            ),
            CALLS,
        ],
        [begun(), *argued('{"id": 12345678901234567890}')],
    ),
    "the skeleton of a call": (
        [
            chunk(
                {"content": "a", "tool_calls": None, "function_call": {"name": "", "arguments": ""}}
            ),
            STOP,
        ],
        [TextDelta("a", 0)],
    ),
    "a call that was cut": (
        [weather('{"a":'), chunk(finish="length")],
        [begun(), *argued('{"a":')],
    ),
    "a call that was cut in the middle of a character": (
        [weather('{"a":"\ud83c'), chunk(finish="length")],
        [begun(), *argued('{"a":"', "\ufffd")],
    ),
    "a call that was cut before its arguments": (
        [weather(""), chunk(finish="length")],
        [begun()],
    ),
    "a call that was cut before its name": (
        [chunk({"content": "a"}), chunk(call(0, "", id="call_1")), chunk(finish="length")],
        [TextDelta("a", 0)],
    ),
}


@pytest.mark.parametrize(("events", "expected"), SAID.values(), ids=SAID)
def test_chunks_become_calls(events: list[object], expected: list[Piece]) -> None:
    pieces = streamed("openai", *events, DONE)
    assert isinstance(pieces[0], Start)
    assert said(pieces) == expected
    finish(pieces)


def _choice(message: object, finish: str | None = "stop") -> Json:
    return {"index": 0, "message": message, "finish_reason": finish}


@pytest.mark.parametrize("arguments", [[""], ["{}"], ["{", "}"], [" {", " } "], ["nu", "ll"], []])
def test_a_call_without_arguments_has_an_empty_object(arguments: list[str]) -> None:
    first = weather("")
    pieces = streamed("openai", first, *(chunk(call(0, text)) for text in arguments), CALLS, DONE)
    (found,) = answer(pieces).calls
    assert found.arguments.replace(" ", "") == "{}"
    assert len([piece for piece in pieces if isinstance(piece, ArgumentsDelta)]) == 1


def test_a_call_that_never_gets_an_id_is_given_one() -> None:
    document = chunk(choices=[_choice({"tool_calls": call(0, "{}", name="weather")["tool_calls"]})])
    (found,) = answer(plain("openai", document)).calls
    assert found.name == "weather" and found.id.startswith("call_")


def test_the_older_form_of_a_call_is_read_too() -> None:
    first = chunk({"function_call": {"name": "weather", "arguments": ""}})
    rest = chunk({"function_call": {"arguments": '{"a":1}'}})
    # It has no id, and is given another one each time: so it is read once.
    pieces = read("openai", sse(first, rest, chunk(finish="function_call"), DONE), 1)
    (found,) = answer(pieces).calls
    assert (found.name, found.arguments) == ("weather", '{"a":1}')
    assert finish(pieces).stop_reason is StopReason.TOOL_USE
