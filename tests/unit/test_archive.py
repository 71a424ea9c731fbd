"""Recordings survive the disk, or are called unreadable."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_exchanges import MESSAGE, exchange, recording

from conformance import archive
from conformance.errors import UnreadableFile
from conformance.kinds import Kind
from conformance.model import (
    Chunk,
    Ended,
    Exchange,
    Failure,
    FailureKind,
    Recording,
    Request,
    Response,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TIMES = st.floats(0, 300, allow_nan=False)
HEADERS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
BODIES = st.one_of(st.binary(max_size=12), TEXT.map(str.encode))
CHUNKS = st.lists(st.builds(Chunk, TIMES, BODIES), max_size=4).map(tuple)
RESPONSES = st.builds(
    Response, st.integers(100, 599), HEADERS, CHUNKS, st.sampled_from(Ended), TIMES, TIMES
)
EXCHANGES = st.builds(
    Exchange,
    id=TEXT,
    request=st.builds(Request, TEXT, TEXT, HEADERS, BODIES),
    response=st.none() | RESPONSES,
    failure=st.none() | st.builds(Failure, st.sampled_from(FailureKind), TEXT),
    started_at=TEXT,
    credential=TEXT,
    superseded=st.booleans(),
    side=st.sampled_from(["client", "upstream"]),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=5,
)
RECORDINGS = st.builds(
    Recording,
    scenario=st.just("made"),
    exchanges=st.lists(EXCHANGES, max_size=2).map(tuple),
    facts=st.dictionaries(TEXT, VALUES, max_size=2),
    not_recorded=TEXT,
)
PLAIN = recording("anthropic-plain", exchange(Kind.ANTHROPIC_MESSAGE, MESSAGE))


@settings(max_examples=60)
@given(RECORDINGS)
def test_a_recording_comes_back_as_it_was_written(given_: Recording) -> None:
    with TemporaryDirectory() as folder:
        assert archive.read(archive.write(given_, Path(folder))) == given_


def test_a_body_that_is_not_utf_8_keeps_its_bytes_and_borders(tmp_path: Path) -> None:
    chunks = (Chunk(0.1, b"\xff\x00"), Chunk(0.2, b""), Chunk(0.3, "é".encode()[:1]))
    answer = Response(200, (), chunks, Ended.CUT, 0.1, 0.3)
    given_ = Recording("odd", (Exchange("odd#1", Request("POST", "u", (), b"\xfe"), answer),))

    found = archive.read(archive.write(given_, tmp_path))

    assert (found.last.answer.chunks, found.last.request.body) == (chunks, b"\xfe")


def test_a_character_split_over_chunks_stays_readable_in_the_file(tmp_path: Path) -> None:
    data = "é".encode()
    answer = Response(200, (), (Chunk(0.1, data[:1]), Chunk(0.2, data[1:])), Ended.COMPLETE, 0, 1)
    given_ = Recording("split", (Exchange("split#1", Request("POST", "u", (), b""), answer),))

    path = archive.write(given_, tmp_path)

    assert '"text": "é"' in path.read_text(encoding="utf-8")
    assert archive.read(path) == given_


def test_the_file_is_named_after_the_scenario(tmp_path: Path) -> None:
    assert archive.write(PLAIN, tmp_path / "new") == tmp_path / "new" / "anthropic-plain.json"


def test_an_earlier_recording_is_replaced(tmp_path: Path) -> None:
    archive.write(PLAIN, tmp_path)
    path = archive.write(Recording("anthropic-plain", not_recorded="needs keys.valid"), tmp_path)

    assert archive.read(path).not_recorded == "needs keys.valid"


def test_every_recording_of_a_folder_is_read_by_scenario(tmp_path: Path) -> None:
    archive.write(PLAIN, tmp_path)
    archive.write(Recording("b"), tmp_path)
    (tmp_path / "b.1.tmp").write_text("a draft")

    assert archive.read_all(tmp_path) == {"anthropic-plain": PLAIN, "b": Recording("b")}


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert archive.read_all(tmp_path / "none") == {}


def table() -> dict[str, Any]:
    """PLAIN as it stands in its file."""
    with TemporaryDirectory() as folder:
        found: dict[str, Any] = json.loads(archive.write(PLAIN, Path(folder)).read_text())
    return found


def without(key: str) -> str:
    """The file of PLAIN without a key."""
    return json.dumps({k: v for k, v in table().items() if k != key})


def with_response(**changes: Any) -> str:
    """The file of PLAIN with fields of its response changed."""
    changed = table()
    changed["exchanges"][0]["response"] |= changes
    return json.dumps(changed)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("{", id="torn"),
        pytest.param("[]", id="a list"),
        pytest.param("7", id="a number"),
        pytest.param("null", id="null"),
        pytest.param(json.dumps(table())[:-20], id="truncated"),
        pytest.param(without("format"), id="no format"),
        pytest.param(without("exchanges"), id="no exchanges"),
        pytest.param(without("facts"), id="no facts"),
        pytest.param(json.dumps(table() | {"exchanges": [7]}), id="an exchange that is none"),
        pytest.param(json.dumps(table() | {"format": 2}), id="another format"),
        pytest.param(with_response(ended="somehow"), id="an unknown end"),
        pytest.param(with_response(body={"base64": "!"}), id="no base64"),
        pytest.param(with_response(chunks=[1]), id="a chunk that is none"),
        pytest.param(with_response(headers=7), id="headers that are none"),
    ],
)
def test_a_file_that_is_no_recording_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(UnreadableFile) as caught:
        archive.read(path)

    assert caught.value.path == path and str(path) in str(caught.value)


def test_another_format_is_named_with_the_one_expected(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(json.dumps(table() | {"format": 0}), encoding="utf-8")

    with pytest.raises(UnreadableFile) as caught:
        archive.read(path)

    assert (caught.value.found, caught.value.expected) == ("format 0", f"format {archive.FORMAT}")


@pytest.mark.parametrize(
    "name", [pytest.param("none.json", id="absent"), pytest.param(".", id="a folder")]
)
def test_what_cannot_be_opened_is_unreadable(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFile, match="expected a recording"):
        archive.read(tmp_path / name)


@pytest.mark.parametrize("step", ["write_text", "replace"])
def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file.json"
    archive.write_whole(path, "old")

    def interrupted(self: Path, *_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        archive.write_whole(path, "new")
    monkeypatch.undo()

    assert path.read_text() == "old"


def test_a_whole_write_leaves_no_draft(tmp_path: Path) -> None:
    archive.write_whole(tmp_path / "deep" / "file.json", "new")

    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["file.json"]
