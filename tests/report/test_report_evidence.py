"""What the report shows of an exchange: commands, bodies, places."""

from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import replace
from typing import Any

import pytest
from report_pages import (
    ASKED,
)

from conformance.report import curl
from conformance.report import place as report_place
from conformance.report.listing import deepest, lines_of, segments, visible


def shell_words(command: str, **environment: str) -> list[str]:
    """What a real shell would hand to curl."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}\n{command}\n"
    run = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, check=True)
    return run.stdout.decode().split("\0")[:-1]


def test_the_curl_command_quotes_the_body_and_names_no_key() -> None:
    command = curl.command(ASKED)
    words = shlex.split(command.replace(curl.BREAK, " "))
    assert words[words.index("--data-raw") + 1] == ASKED.body.decode()
    assert "x-api-key: $GATEWAY_API_KEY" in words
    assert not any(word.startswith(("host:", "content-length:")) for word in words)


def test_a_shell_puts_the_key_into_the_curl_command_and_expands_nothing_else() -> None:
    words = shell_words(curl.command(ASKED), GATEWAY_API_KEY="th-1", HOME="/nowhere")
    assert "x-api-key: th-1" in words
    assert words[words.index("--data-raw") + 1] == ASKED.body.decode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"@/etc/passwd", "--data-raw @/etc/passwd"),
        (b"a\r\nb", "base64 -d"),
        (b"\xff\x00", "base64 -d"),
        (b"x" * 70_000, "--data-binary @body.json"),
        (b"", "-X POST"),
    ],
    ids=["at sign", "carriage return", "binary", "huge", "none"],
)
def test_any_body_gets_a_command_that_sends_it(body: bytes, expected: str) -> None:
    command = curl.command(replace(ASKED, body=body)).replace(curl.BREAK, " ")
    assert expected in command.replace("'", "")


@pytest.mark.parametrize(
    ("header", "word"),
    [
        (("x-api-key", ""), "x-api-key;"),
        (("x-api-key", "[key:capped:whole]"), "x-api-key: $GATEWAY_CAPPED_KEY"),
        (("x-api-key", "[key:valid:part]"), "x-api-key: [key:valid:part]"),
    ],
)
def test_headers_reach_curl_as_they_were_sent(header: tuple[str, str], word: str) -> None:
    command = curl.command(replace(ASKED, headers=(header,)))
    assert word in shlex.split(command.replace(curl.BREAK, " "))


def test_long_bodies_are_cut_but_the_marked_line_stays() -> None:
    lines = lines_of(json.dumps({"many": list(range(5_000)), "last": {"bad": [{}]}}))
    number = deepest(lines, ("last", "bad"))
    found = segments(lines, {number: ("mark",)}, 500)
    assert sum(len(segment.text) for segment in found) < 1_000
    assert [segment.text.strip() for segment in found if segment.marks] == ['"bad": [']
    assert sum(s.left_out + bool(s.text) * (s.text.count("\n") + 1) for s in found) == len(lines)


def test_json_is_laid_out_without_changing_what_was_sent() -> None:
    text = '{"a": 1.10, "a": 12345678901234567890, "b": 1e400}'
    assert [line.text for line in lines_of(text)] == [text]


@pytest.mark.parametrize("text", ["\x00", "\r", "\u202e", "\ufeff", "\ud800", "\x1b"])
def test_hidden_characters_are_shown_as_their_codes(text: str) -> None:
    assert visible(text) == f"\u27e8U+{ord(text):04X}\u27e9"


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("events[3].data.choices[0].delta", ("events", 3, ("choices", 0, "delta"))),
        ("events[]", ("events", None, ())),
        ("events.usage.input_tokens", ("events", None, ("usage", "input_tokens"))),
        ("body.usage['x-y'].n", ("body", None, ("usage", "x-y", "n"))),
        ("body byte 12", ("body", None, ())),
        ("headers.Content-Type", ("headers", None, ("content-type",))),
        ("blocks[2]", ("blocks", 2, ())),
        ("answer", ("", None, ())),
    ],
)
def test_a_violation_is_located(where: str, place: tuple[str, int | None, tuple[Any, ...]]) -> None:
    assert report_place.read(where) == report_place.Place(*place)
