"""Each edit makes a streamed answer odd in one way, and leaves the rest of it alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from lab_live import Before, Heard, mark

from reference_gateway.lab.edits import EDITS

ROOT = Path(__file__).resolve().parents[2]
TEXT = "caf\u00e9 \U0001f378 yes"
CALLS = [
    {"id": "c1", "name": "mix", "fragments": ['{"a": ', "1", "}"]},
    {"id": "c2", "name": "mix", "fragments": ['{"b": ', "2}"]},
]
ANSWER = {"text": TEXT, "calls": CALLS}
ASKED = {"stream": True, "stream_options": {"include_usage": True}}


def _streamed(lab: Before, protocol: str, *edits: str) -> Heard:
    step = {"answer": ANSWER, "stream": {"edits": edits}}
    return lab.play(protocol, step, **(ASKED if protocol == "openai" else {"stream": True}))


def _usages(heard: Heard) -> list[Any]:
    return [data["usage"] for data in heard.data if data != "[DONE]" and data.get("usage")]


def _finish(heard: Heard) -> Any:
    chunks = [data for data in heard.data if data != "[DONE]" and data["choices"]]
    return next(chunk for chunk in chunks if chunk["choices"][0]["finish_reason"])


def _types(heard: Heard) -> list[str]:
    return [data["type"] for data in heard.data]


def _calls(heard: Heard) -> list[Any]:
    chunks = [data for data in heard.data if data != "[DONE]"]
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    return [call for choice in choices for call in choice["delta"].get("tool_calls", ())]


@pytest.fixture(scope="module")
def openai(lab: Before) -> Heard:
    """A completion without an edit."""
    return _streamed(lab, "openai")


@pytest.fixture(scope="module")
def anthropic(lab: Before) -> Heard:
    """A message without an edit."""
    return _streamed(lab, "anthropic")


def test_without_an_edit_both_streams_are_whole(openai: Heard, anthropic: Heard) -> None:
    assert openai.data[-1] == "[DONE]" and openai.text == TEXT and len(_usages(openai)) == 1
    assert _types(anthropic)[-1] == "message_stop" and anthropic.text == TEXT


@pytest.mark.parametrize(
    ("edit", "missing"),
    [
        ("no_start", "message_start"),
        ("no_message_stop", "message_stop"),
        ("no_block_stop", "content_block_stop"),
        ("no_finish", "message_delta"),
    ],
)
def test_an_event_of_a_message_is_missing(
    lab: Before, anthropic: Heard, edit: str, missing: str
) -> None:
    found = _types(_streamed(lab, "anthropic", edit))
    assert found == [kind for kind in _types(anthropic) if kind != missing]


def test_no_done(lab: Before, openai: Heard) -> None:
    heard = _streamed(lab, "openai", "no_done")
    assert "[DONE]" not in heard.data and len(heard.data) == len(openai.data) - 1


def test_no_finish_of_a_completion(lab: Before, openai: Heard) -> None:
    heard = _streamed(lab, "openai", "no_finish")
    assert b'"finish_reason":"' not in heard.body and len(heard.data) == len(openai.data) - 1


def test_no_role(lab: Before, openai: Heard) -> None:
    heard = _streamed(lab, "openai", "no_role")
    assert b'"role"' not in heard.body and len(heard.data) == len(openai.data) - 1


def test_no_event_names(lab: Before, anthropic: Heard) -> None:
    heard = _streamed(lab, "anthropic", "no_event_names")
    assert b"event:" not in heard.body and _types(heard) == _types(anthropic)


def test_no_usage(lab: Before, openai: Heard, anthropic: Heard) -> None:
    completion, message = (_streamed(lab, each, "no_usage") for each in ("openai", "anthropic"))
    assert b'"usage"' not in completion.body and len(completion.data) == len(openai.data) - 1
    assert b'"usage"' not in message.body and _types(message) == _types(anthropic)


def test_usage_twice(lab: Before) -> None:
    first, second = _usages(_streamed(lab, "openai", "usage_twice"))
    assert first == second
    first, second = _usages(_streamed(lab, "anthropic", "usage_twice"))
    assert first == second


def test_usage_on_every_chunk(lab: Before, openai: Heard) -> None:
    usages = _usages(_streamed(lab, "openai", "usage_on_every_chunk"))
    produced = [usage["completion_tokens"] for usage in usages]
    assert produced == sorted(produced) and len(produced) == len(openai.data) - 1
    assert usages[-1] == _usages(openai)[0]


def test_usage_with_finish(lab: Before, openai: Heard) -> None:
    heard = _streamed(lab, "openai", "usage_with_finish")
    assert _usages(heard) == _usages(openai) == [_finish(heard)["usage"]]


def test_usage_early(lab: Before, openai: Heard) -> None:
    heard = _streamed(lab, "openai", "usage_early")
    early, last = _usages(heard)
    assert _finish(heard)["usage"] == early and [last] == _usages(openai)
    assert early.items() < last.items() and "prompt_tokens_details" not in early


def test_arguments_with_finish(lab: Before, openai: Heard) -> None:
    heard = _streamed(lab, "openai", "arguments_with_finish")
    (call,) = _finish(heard)["choices"][0]["delta"]["tool_calls"]
    assert call["function"]["arguments"] == "2}" and _calls(heard) == _calls(openai)


def test_whole_calls(lab: Before) -> None:
    calls = _calls(_streamed(lab, "openai", "whole_calls"))
    assert [(call["index"], call["function"]["arguments"]) for call in calls] == [
        (0, '{"a": 1}'),
        (1, '{"b": 2}'),
    ]


def test_no_call_index(lab: Before, openai: Heard) -> None:
    calls = _calls(_streamed(lab, "openai", "no_call_index"))
    assert len(calls) == len(_calls(openai)) and not any("index" in call for call in calls)


def test_empty_choices(lab: Before, openai: Heard) -> None:
    heard = _streamed(lab, "openai", "empty_choices")
    assert heard.data[0]["choices"] == [] and len(heard.data) == len(openai.data) + 1


def test_duplicate_events(lab: Before, anthropic: Heard) -> None:
    found = _streamed(lab, "anthropic", "duplicate_events").blocks
    assert found[::2] == found[1::2] and len(found) == 2 * len(anthropic.blocks)


def test_unknown_event(lab: Before) -> None:
    assert _streamed(lab, "anthropic", "unknown_event").blocks[1].startswith("event: lab_unknown")
    assert _streamed(lab, "openai", "unknown_event").data[1]["object"] == "lab.unknown"


@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
def test_unknown_field(lab: Before, protocol: str) -> None:
    heard = _streamed(lab, protocol, "unknown_field")
    assert all("lab_unknown" in data for data in heard.data if data != "[DONE]")


def test_comments(lab: Before, openai: Heard) -> None:
    blocks = _streamed(lab, "openai", "comments").blocks
    assert all(block.startswith(":") for block in blocks[::2])
    assert len(blocks) == 2 * len(openai.blocks)


def test_pings(lab: Before, anthropic: Heard) -> None:
    found = _types(_streamed(lab, "anthropic", "pings"))
    assert found.count("ping") == len(anthropic.data) and found[-1] == "message_stop"


def test_after_done(lab: Before) -> None:
    assert _streamed(lab, "openai", "after_done").data[-2] == "[DONE]"
    assert _types(_streamed(lab, "anthropic", "after_done"))[-2] == "message_stop"


@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
@pytest.mark.parametrize(
    ("edit", "undo"),
    [
        ("no_space", lambda body: re.sub(rb"(?m)^(event|data):", rb"\1: ", body)),
        ("crlf", lambda body: body.replace(b"\r\n", b"\n")),
        ("cr", lambda body: body.replace(b"\r", b"\n")),
        ("bom", lambda body: body.removeprefix(b"\xef\xbb\xbf")),
        ("unterminated", lambda body: body + b"\n\n"),
        ("one_write", lambda body: body),
        ("charset", lambda body: body),
    ],
)
def test_an_edit_of_the_writing_leaves_what_is_said(
    lab: Before, protocol: str, edit: str, undo: Any
) -> None:
    heard, whole = _streamed(lab, protocol, edit), _streamed(lab, protocol)
    assert edit in ("one_write", "charset") or heard.body != undo(heard.body)
    heard.body = undo(heard.body)
    assert len(heard.blocks) == len(whole.blocks) and heard.text == TEXT


def test_escaped(lab: Before) -> None:
    heard = _streamed(lab, "openai", "escaped")
    assert heard.body.isascii() and b"\\ud83c\\udf78" in heard.body and heard.text == TEXT


def test_several_lines(lab: Before, anthropic: Heard) -> None:
    heard = _streamed(lab, "anthropic", "several_lines")
    assert b'data: {\ndata:  "type"' in heard.body
    heard.body = re.sub(rb"\ndata: +(?=[^{])|\ndata: (?=[}\]])", b"", heard.body)
    assert len(heard.blocks) == len(anthropic.blocks)


def test_broken_event(lab: Before) -> None:
    blocks = _streamed(lab, "anthropic", "broken_event").blocks
    broken = [number for number, block in enumerate(blocks) if not block.endswith("}")]
    assert broken == [len(blocks) // 2] and "data: {" in blocks[broken[0]]


def test_one_write(lab: Before) -> None:
    script = lab.script({"stream": {"edits": ["one_write"]}})
    lab.ask("openai", mark(script), stream=True)
    assert len(lab.received(script)[0]["answer"]["chunks"]) == 1


def test_late_close(lab: Before, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reference_gateway.lab.sending.LATE_CLOSE_S", 0.03)
    script = lab.script({"stream": {"edits": ["late_close"]}})
    lab.ask("openai", mark(script), stream=True)
    answer = lab.received(script)[0]["answer"]
    assert answer["ended_at_s"] - answer["chunks"][-1][0] >= 0.03


def test_charset_is_said_only_with_the_edit(lab: Before, openai: Heard) -> None:
    assert openai.headers["content-type"] == "text/event-stream"
    heard = _streamed(lab, "openai", "charset")
    assert heard.headers["content-type"] == "text/event-stream; charset=utf-8"


@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
def test_json_instead(lab: Before, protocol: str) -> None:
    heard = _streamed(lab, protocol, "json_instead")
    assert heard.headers["content-type"] == "application/json" and heard.text == TEXT


def test_edits_are_made_in_their_order_and_before_an_error(lab: Before) -> None:
    manner = {"edits": ["comments", "crlf"], "error": {"after_events": 2}}
    heard = lab.play("openai", {"stream": manner}, stream=True)
    assert heard.body.count(b"\r\n\r\n") == 3 and b'"error"' in heard.body


@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
def test_edits_of_the_other_protocol_change_nothing(
    lab: Before, openai: Heard, anthropic: Heard, protocol: str
) -> None:
    foreign = {
        "openai": ("no_start", "no_message_stop", "no_block_stop", "no_event_names", "pings"),
        "anthropic": (
            "no_done",
            "no_role",
            "usage_on_every_chunk",
            "usage_with_finish",
            "usage_early",
            "arguments_with_finish",
            "whole_calls",
            "no_call_index",
            "empty_choices",
        ),
    }[protocol]
    whole = openai if protocol == "openai" else anthropic
    heard = _streamed(lab, protocol, *foreign)
    assert (len(heard.blocks), heard.text) == (len(whole.blocks), TEXT)


def test_every_edit_has_a_test_here_and_a_line_in_the_page() -> None:
    tests, page = Path(__file__).read_text("utf-8"), (ROOT / "docs" / "lab.md").read_text("utf-8")
    for edit in EDITS:
        assert f'"{edit}"' in tests, edit
        assert f"| `{edit}` |" in page, edit
