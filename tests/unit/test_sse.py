"""Events as clients decode them, and blocks as they are framed."""

from __future__ import annotations

import pytest

from conformance import sse

HELLO = [("message_start", '{"a":1}'), ("message", "[DONE]")]

STREAMS = [
    pytest.param(b'event: message_start\ndata: {"a":1}\n\ndata: [DONE]\n\n', HELLO, id="lf"),
    pytest.param(
        b'event: message_start\r\ndata: {"a":1}\r\n\r\ndata: [DONE]\r\n\r\n', HELLO, id="crlf"
    ),
    pytest.param(b'event: message_start\rdata: {"a":1}\r\rdata: [DONE]\r\r', HELLO, id="cr"),
    pytest.param(b'event:message_start\ndata:{"a":1}\n\ndata:[DONE]\n\n', HELLO, id="no space"),
    pytest.param(
        b': ping\n\nevent: message_start\n: within\ndata: {"a":1}\n\n:\n\ndata: [DONE]\n\n: end\n',
        HELLO,
        id="comments",
    ),
    pytest.param(
        b'event: message_start\ndata: {"a":1}\n\ndata: [DONE]', HELLO, id="no end of the last line"
    ),
    pytest.param(
        b'event: message_start\ndata: {"a":1}\n\ndata: [DONE]\n', HELLO, id="no last blank line"
    ),
    pytest.param(
        b'id: 7\nretry: 10\nevent: message_start\ndata: {"a":1}\n\nx: y\ndata: [DONE]\n\n',
        HELLO,
        id="other fields",
    ),
    pytest.param(b'data: {"a":\ndata: 1}\n\n', [("message", '{"a":\n1}')], id="two data lines"),
    pytest.param(b"event: nothing\n\ndata: a\n\n", [("message", "a")], id="an event without data"),
    pytest.param(
        "data: 🦊 東京 café\n\ndata: 👩‍👩‍👧‍👦\n\n".encode(),
        [("message", "🦊 東京 café"), ("message", "👩‍👩‍👧‍👦")],
        id="multi-byte characters",
    ),
    pytest.param(
        "data: a\u2028b\u2029c\u0085d\x0be\n\n".encode(),
        [("message", "a\u2028b\u2029c\u0085d\x0be")],
        id="characters that are no line ends",
    ),
    pytest.param(b"data: \xff\xfe!\n\n", [("message", "\ufffd\ufffd!")], id="not UTF-8"),
    pytest.param(b"data: a\xe6\x9d\n\n", [("message", "a\ufffd")], id="half a character"),
    pytest.param(b"", [], id="empty"),
]


def decoded(*chunks: bytes) -> list[tuple[str, str]]:
    """Names and data of the events in some chunks."""
    stamped = [(float(number), data) for number, data in enumerate(chunks)]
    return [(event.name, event.data) for event in sse.decode(stamped)]


@pytest.mark.parametrize(("body", "expected"), STREAMS)
def test_a_stream_reads_the_same_wherever_it_is_split(
    body: bytes, expected: list[tuple[str, str]]
) -> None:
    found = [decoded(body[:at], body[at:]) for at in range(len(body) + 1)]

    assert found == [expected] * (len(body) + 1)


@pytest.mark.parametrize(("body", "expected"), STREAMS)
def test_a_stream_reads_the_same_byte_by_byte(body: bytes, expected: list[tuple[str, str]]) -> None:
    assert decoded(*(body[at : at + 1] for at in range(len(body)))) == expected


def test_empty_chunks_change_nothing() -> None:
    assert decoded(b"", b"data: a\n", b"", b"\n", b"") == [("message", "a")]


@pytest.mark.parametrize(
    ("first", "arrivals"),
    [
        pytest.param(b"data: a\n\ndata: b\n\n", [1.0, 1.0], id="both in the first chunk"),
        pytest.param(b"data: a\n\n", [1.0, 2.0], id="one in each chunk"),
        pytest.param(b"data: a\n\ndata: b\n", [1.0, 2.0], id="only the blank line is late"),
        pytest.param(b"data: a\n", [2.0, 2.0], id="both completed by the second chunk"),
        pytest.param(b"", [2.0, 2.0], id="both in the second chunk"),
    ],
)
def test_an_event_is_stamped_with_the_chunk_that_completes_it(
    first: bytes, arrivals: list[float]
) -> None:
    body = b"data: a\n\ndata: b\n\n"

    found = sse.decode([(1.0, first), (2.0, body[len(first) :])])

    assert [event.at_s for event in found] == arrivals


def test_an_unfinished_last_event_is_stamped_with_the_last_chunk() -> None:
    found = sse.decode([(1.0, b"data: a\n\nda"), (2.0, b"ta: b"), (3.0, b"")])

    assert [event.at_s for event in found] == [1.0, 3.0]


def test_events_are_numbered_without_comments_and_empty_blocks() -> None:
    found = sse.decode([(0.0, b": c\n\nevent: x\n\ndata: a\n\n\n\ndata: b\n\n")])

    assert [(event.index, event.data) for event in found] == [(0, "a"), (1, "b")]


def test_a_byte_order_mark_hides_the_first_field_from_clients() -> None:
    assert decoded(b"\xef\xbb\xbfevent: ping\ndata: a\n\n") == [("message", "a")]


@pytest.mark.parametrize(
    ("data", "json", "object", "type"),
    [
        pytest.param('{"type":"ping"}', {"type": "ping"}, {"type": "ping"}, "ping", id="typed"),
        pytest.param('{"type":7}', {"type": 7}, {"type": 7}, "", id="type that is no text"),
        pytest.param("{}", {}, {}, "", id="no type"),
        pytest.param("[1]", [1], {}, "", id="a list"),
        pytest.param("[DONE]", None, {}, "", id="not JSON"),
        pytest.param("[" * 100_000, None, {}, "", id="nested too deeply"),
        pytest.param("1" * 5_000, None, {}, "", id="too many digits"),
    ],
)
def test_the_data_of_an_event_is_read_as_json(
    data: str, json: object, object: object, type: str
) -> None:
    event = sse.Event(0, "message", data, 0.0)

    assert (event.json, event.object, event.type) == (json, object, type)


def ends(body: bytes) -> list[list[tuple[str, str, str]]]:
    """The lines of each block as (field, value, end)."""
    return [
        [(line.field, line.value, line.end) for line in block.lines] for block in sse.scan(body)
    ]


@pytest.mark.parametrize("end", [pytest.param(e, id=repr(e)) for e in ("\n", "\r\n", "\r")])
def test_line_ends_are_kept(end: str) -> None:
    body = f"event: a{end}data: b{end}{end}data: c{end}{end}".encode()

    assert ends(body) == [[("event", "a", end), ("data", "b", end)], [("data", "c", end)]]


def test_every_line_keeps_its_own_end() -> None:
    assert ends(b"event: a\r\ndata: b\ndata: c\r\r\n") == [
        [("event", "a", "\r\n"), ("data", "b", "\n"), ("data", "c", "\r")]
    ]


@pytest.mark.parametrize(
    "character",
    [pytest.param(c, id=f"U+{ord(c):04X}") for c in "\u2028\u2029\u0085\x0b\x0c\x1c\x1d\x1e"],
)
def test_a_character_that_is_no_line_end_stays_in_its_line(character: str) -> None:
    assert ends(f"data: a{character}b\n\n".encode()) == [[("data", f"a{character}b", "\n")]]


@pytest.mark.parametrize(
    ("body", "terminated"),
    [
        pytest.param(b"data: a\n\n", [True], id="blank line"),
        pytest.param(b"data: a\n", [False], id="no blank line"),
        pytest.param(b"data: a", [False], id="no line end"),
        pytest.param(b"data: a\n\ndata: b\n", [True, False], id="second block open"),
        pytest.param(b"data: a\n\n\n\n", [True], id="more blank lines"),
        pytest.param(b"\n\n", [], id="blank lines only"),
        pytest.param(b"", [], id="empty"),
    ],
)
def test_only_a_blank_line_terminates_a_block(body: bytes, terminated: list[bool]) -> None:
    assert [block.terminated for block in sse.scan(body)] == terminated


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("data:  two spaces", ("data", " two spaces"), id="one space goes"),
        pytest.param("data:none", ("data", "none"), id="no space"),
        pytest.param("data: a: b", ("data", "a: b"), id="second colon"),
        pytest.param("data", ("data", ""), id="no colon"),
        pytest.param(": note", ("", "note"), id="comment"),
        pytest.param("\ufeffdata: a", ("\ufeffdata", "a"), id="byte-order mark"),
    ],
)
def test_a_line_is_split_at_its_first_colon(line: str, expected: tuple[str, str]) -> None:
    assert ends(f"{line}\n\n".encode()) == [[(*expected, "\n")]]


def test_the_values_of_a_field_come_in_order() -> None:
    (block,) = sse.scan(b"data: a\nevent: e\ndata: b\n\n")

    assert block.values("data") == ["a", "b"]
