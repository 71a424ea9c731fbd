"""Offline rules of their own: hints, ids, needs, what was not sent, what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import imports, profile
from conformance.errors import UsageError
from conformance.exits import is_not_covered
from conformance.hearing import hear, write
from conformance.imports.entry import Raw
from conformance.model import Exchange, Outcome
from conformance.offline import Bench
from conformance.registry import requirements
from tests.offline.offline_files import (
    GOLDEN,
    curl_file,
    golden,
    har_file,
    heard,
    line,
    lines_file,
    of,
    vcrpy_file,
    write_lines,
)

ANTHROPIC_STREAM, OPENAI_STREAM = of("anthropic-stream#1"), of("openai-stream#1")
PLAIN, CHAT = of("anthropic-plain#1"), of("openai-plain#1")


def found(folder: Path, *rows: dict[str, Any], kind: str = "") -> dict[str, Any]:
    """The verdicts on some lines, by requirement."""
    return dict(heard(write_lines(folder / "some.jsonl", list(rows)), kind=kind).verdicts)


def changed(exchange: Exchange, change: Callable[[str], str], **more: Any) -> dict[str, Any]:
    """A line whose body is changed."""
    row = line(exchange, **more)
    row["response"]["body"] = change(row["response"]["body"])
    return row


# ------------------------------------------------------------------------------------- hints


@pytest.mark.parametrize(
    ("exchange", "requirement", "change"),
    [
        pytest.param(
            ANTHROPIC_STREAM, "ANT-STR-002", lambda b: b.replace("event: ", ": "), id="event lines"
        ),
        pytest.param(ANTHROPIC_STREAM, "ANT-STR-005", lambda b: b.rstrip("\n"), id="blank lines"),
        pytest.param(OPENAI_STREAM, "OAI-SSE-001", lambda b: b.rstrip("\n"), id="the last one"),
        pytest.param(OPENAI_STREAM, "OAI-SSE-007", lambda b: b.replace("[DONE]", ""), id="DONE"),
    ],
)
def test_framing_is_judged_unless_it_was_rebuilt(
    exchange: Exchange, requirement: str, change: Callable[[str], str], tmp_path: Path
) -> None:
    assert found(tmp_path, changed(exchange, change))[requirement].outcome is Outcome.FAIL

    rebuilt = found(tmp_path, changed(exchange, change, reframed=True))[requirement]
    assert rebuilt.reason == "needs a probe: the recording has not kept its framing"


@pytest.mark.parametrize(
    "hint",
    [
        pytest.param({"flags": ["secret or organisation id replaced"]}, id="a flag"),
        pytest.param({"flags": ["scrubbed"]}, id="another flag"),
        pytest.param({"fidelity": "scrubbed"}, id="the fidelity"),
    ],
)
def test_ids_are_compared_unless_they_were_replaced(hint: dict[str, Any], tmp_path: Path) -> None:
    other = of("anthropic-tool#1")
    same = lambda body: json.dumps({**json.loads(body), "id": "msg_REDACTED"})  # noqa: E731
    rows = [changed(PLAIN, same), changed(other, same)]

    assert found(tmp_path, *rows)["ANT-MSG-004"].outcome is Outcome.FAIL
    assert found(tmp_path, *({**r, **hint} for r in rows))["ANT-MSG-004"].outcome is Outcome.NOT_RUN


def test_the_same_answer_kept_twice_repeats_no_id(tmp_path: Path) -> None:
    rows = [line(PLAIN), line(PLAIN), line(CHAT), line(CHAT)]

    verdicts = found(tmp_path, *rows)
    assert {verdicts[id].outcome for id in ("ANT-MSG-004", "OAI-CHAT-002", "ANT-HDR-003")} == {
        Outcome.PASS
    }


def test_ids_are_compared_within_one_recording_of_a_collection(tmp_path: Path) -> None:
    other = of("anthropic-tool#1")
    same = lambda body: json.dumps({**json.loads(body), "id": "msg_1"})  # noqa: E731
    rows = [changed(e, same, source={"path": f"{e.id}.yaml"}) for e in (PLAIN, other)]

    assert found(tmp_path, *rows)["ANT-MSG-004"].outcome is Outcome.PASS


def test_an_absent_header_proves_nothing_in_a_line(tmp_path: Path) -> None:
    row = line(PLAIN)
    row["response"]["headers"] = {}

    for id in ("ANT-HDR-001", "ANT-HDR-003"):
        assert "has not kept its headers" in found(tmp_path, row)[id].reason


def test_a_wrong_header_is_judged_all_the_same(tmp_path: Path) -> None:
    row = line(PLAIN)
    row["response"]["headers"] = {"Content-Type": "text/plain"}

    assert found(tmp_path, row)["ANT-HDR-001"].outcome is Outcome.FAIL


# ---------------------------------------------------------------------------- needs and probes


def test_what_one_exchange_breaks_does_not_block_the_others(tmp_path: Path) -> None:
    empty = changed(ANTHROPIC_STREAM, lambda body: "")
    late = changed(
        of("anthropic-tool-stream#1"),
        lambda body: body.replace("event: message_stop", "event: ping"),
    )

    verdicts = found(tmp_path, empty, late)
    assert [v.exchange for v in verdicts["ANT-STR-001"].violations] == [ANTHROPIC_STREAM.id]
    assert [v.exchange for v in verdicts["ANT-STR-003"].violations] == ["anthropic-tool-stream#1"]


def test_what_only_a_broken_exchange_could_show_is_blocked(tmp_path: Path) -> None:
    verdicts = found(tmp_path, changed(ANTHROPIC_STREAM, lambda body: ""))

    assert verdicts["ANT-STR-028"].reason == "blocked by ANT-STR-001"


def test_a_broken_should_leaves_what_builds_on_it_uncovered(tmp_path: Path) -> None:
    row = changed(of("openai-wrong-key#1"), lambda body: '{"detail": "no"}')

    verdict = found(tmp_path, row, kind="vendor")["OAI-ERR-002"]
    assert verdict.reason == "needs a probe: what could show it breaks OAI-ERR-001"


def test_a_requirement_without_its_probe_is_not_run_and_not_covered(tmp_path: Path) -> None:
    verdicts = found(tmp_path, line(PLAIN))

    for id, requirement in requirements().items():
        if not requirement.kinds:
            assert verdicts[id].outcome is Outcome.NOT_RUN
            assert is_not_covered(verdicts[id])


def test_our_own_recordings_bring_their_probes() -> None:
    verdicts = heard(GOLDEN).verdicts

    assert verdicts["ANT-AUTH-005"].outcome is Outcome.PASS
    assert verdicts["ANT-TOOL-001"].outcome is Outcome.PASS
    assert verdicts["GW-CAP-001"].reason == "needs a probe that was not sent"


def test_evidence_judged_again_keeps_what_it_has_lost(tmp_path: Path) -> None:
    row = changed(ANTHROPIC_STREAM, lambda body: body.rstrip("\n"), reframed=True)
    write(heard(write_lines(tmp_path / "x.jsonl", [row])), tmp_path / "run", 0)

    assert heard(tmp_path / "run").verdicts["ANT-STR-005"].outcome is Outcome.NOT_RUN


# ------------------------------------------------------------------------- what cannot be read


def _cut(path: Path, share: float = 0.7) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


@pytest.mark.parametrize(
    ("write", "place"),
    [
        pytest.param(lines_file, "line ", id="exchange lines"),
        pytest.param(har_file, "entry ", id="HAR"),
        pytest.param(vcrpy_file, "interaction ", id="a cassette"),
    ],
)
def test_what_stands_before_the_cut_is_judged(
    write: Callable[[Path], Path], place: str, tmp_path: Path
) -> None:
    path = _cut(write(tmp_path))

    hearing = heard(path)
    assert 5 <= hearing.exchanges < len(golden())
    assert len(hearing.unread) == 1 and hearing.unread[0].startswith(f"{path}: {place}")


def test_what_stands_behind_a_damaged_line_is_judged(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "some.jsonl", [line(PLAIN), 3, {"request": {}}, line(CHAT)])
    path.write_bytes(path.read_bytes() + b'{"id": "\xff"}\n{"id": 1')

    hearing = heard(path)
    assert hearing.exchanges == 2
    assert [text.removeprefix(f"{path}: ").partition(":")[0] for text in hearing.unread] == [
        "line 2",
        "line 3",
        "line 5, byte 9",
        "line 6, column 9",
    ]


def test_a_body_that_cannot_be_decoded_names_its_exchange(tmp_path: Path) -> None:
    path = vcrpy_file(tmp_path, encode="gzip")
    text = path.read_text(encoding="utf-8").replace("H4sI", "H4sIAAAA", 1)
    path.write_text(text, encoding="utf-8")

    hearing = heard(path)
    assert hearing.exchanges == len(golden()) - 1
    assert "cannot be decoded" in hearing.unread[0]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        pytest.param(b"", "an empty file", id="nothing"),
        pytest.param(b"hello\nworld", "a file that begins with 'hello'", id="prose"),
        pytest.param(b'{"a": 1}', "begins with '{\"a\": 1}'", id="other JSON"),
        pytest.param(b"\x1f\x8b\x08\x00", "a file that begins with", id="binary"),
    ],
)
def test_a_file_of_no_known_format_is_refused(content: bytes, found: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(UsageError) as refused:
        hear([path])
    assert found in str(refused.value) and "expected" in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        hear([tmp_path / "none.har"])


def test_an_unknown_file_does_not_keep_the_others_from_being_judged(tmp_path: Path) -> None:
    odd = tmp_path / "odd.txt"
    odd.write_text("hello", encoding="utf-8")

    hearing = heard(odd, lines_file(tmp_path), har_file(tmp_path))
    assert hearing.exchanges == 2 * len(golden())
    assert len(hearing.unread) == 1


# ------------------------------------------------------------------------------ odd traffic

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(place for key, part in inner for place in _places(part, (*path, key)))]


def _with(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(copy[path[0]], path[1:], new)
    return copy


@st.composite
def odd_exchanges(draw: st.DrawFn) -> Raw:
    """A golden exchange with one value, in the request or the answer, replaced by another."""
    exchange = draw(st.sampled_from(golden()))
    asked, body = exchange.request.json, exchange.answer.text
    if draw(st.booleans()):
        asked = _with(asked, draw(st.sampled_from(_places(asked)[1:])), draw(VALUES))
    texts = body.split("\n") if exchange.is_streamed else [body]
    number = draw(st.sampled_from([n for n, text in enumerate(texts) if "{" in text]))
    before, _, rest = texts[number].partition("{")
    parsed = json.loads("{" + rest)
    changed = _with(parsed, draw(st.sampled_from(_places(parsed))), draw(VALUES))
    texts[number] = before + json.dumps(changed)
    return Raw(
        exchange.request.method,
        exchange.request.url,
        exchange.request.headers,
        json.dumps(asked).encode(),
        exchange.status,
        exchange.answer.headers,
        "\n".join(texts).encode(),
    )


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(odd_exchanges())
def test_no_traffic_however_odd_breaks_a_check(raw: Raw) -> None:
    exchange = imports.foreign(raw, "0")
    assert isinstance(exchange, imports.Foreign)

    bench = Bench(profile.load("generic"))
    bench.hear(exchange)
    assert set(bench.verdicts()) == set(requirements())


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.binary(max_size=200), cut=st.integers(0, 3000), name=st.sampled_from("lhvci"))
def test_no_damage_to_a_file_breaks_its_reader(
    data: bytes, cut: int, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    writers = {
        "l": lines_file,
        "h": har_file,
        "v": vcrpy_file,
        "c": lambda f: curl_file(f, True),
        "i": lambda f: curl_file(f, False),
    }
    path = writers[name](folder)
    whole = path.read_bytes()
    path.write_bytes(whole[:cut] + data + whole[cut + len(data) :])

    with suppress(UsageError):  # it may be no file of a known format any more
        heard(path)
