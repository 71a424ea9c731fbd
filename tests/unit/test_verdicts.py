"""`verdicts.jsonl`: what is written comes back, whatever interrupts it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import verdicts
from conformance.errors import UnreadableFile
from conformance.model import Level, Outcome, Verdict, Violation

HEADER = {"suite_version": "2026.1.0", "target": "http://h", "planned": 2}
HELD = Verdict("ANT-EP-001", Level.MUST, Outcome.PASS, "held in 1 of 1")
BROKEN = Verdict(
    "OAI-SSE-007",
    Level.MUST,
    Outcome.FAIL,
    flags=("flaky",),
    violations=(
        Violation("events", "one [DONE], last", "0 among 7 events", None, "openai-stream#1"),
        Violation("events[3]", "é", "\u2028\u0085\x0b\r\n🦊", Level.SHOULD, "openai-stream#2"),
    ),
)
TEXT = st.text(max_size=12)
VIOLATIONS = st.builds(
    Violation, TEXT, TEXT, TEXT, st.none() | st.sampled_from(Level), exchange=TEXT
)
VERDICTS = st.builds(
    Verdict,
    requirement=TEXT,
    level=st.sampled_from(Level),
    outcome=st.sampled_from(Outcome),
    reason=TEXT,
    flags=st.lists(TEXT, max_size=2).map(tuple),
    violations=st.lists(VIOLATIONS, max_size=2).map(tuple),
)


def written(folder: Path, *judged: Verdict, footer: bool = True) -> Path:
    """A run folder with some verdicts."""
    with verdicts.VerdictFile(folder) as file:
        file.header(HEADER)
        file.preflight({"warnings": []})
        for verdict in judged:
            file.verdict(verdict)
        if footer:
            file.footer({"exit_status": 1})
    return folder


@given(VERDICTS)
def test_a_verdict_comes_back_from_json(verdict: Verdict) -> None:
    assert verdicts.from_json(json.loads(json.dumps(verdicts.to_json(verdict)))) == verdict


def plain(value: Any) -> bool:
    """Whether a value is made of JSON's own types, no subclass of them."""
    if type(value) is dict:
        return all(type(key) is str and plain(inner) for key, inner in value.items())
    if type(value) is list:
        return all(map(plain, value))
    return value is None or type(value) in (str, int, float, bool)


@given(VERDICTS)
def test_a_verdict_travels_as_plain_values(verdict: Verdict) -> None:
    assert plain(verdicts.to_json(verdict))


def test_a_run_comes_back_as_it_was_written(tmp_path: Path) -> None:
    found = verdicts.read(written(tmp_path, HELD, BROKEN))

    assert found.verdicts == (HELD, BROKEN)
    assert found.header == {"type": "header", "format": verdicts.FORMAT, **HEADER}
    assert found.preflight == {"type": "preflight", "warnings": []}
    assert found.footer["exit_status"] == 1 and not found.is_truncated


@pytest.mark.parametrize(
    "text",
    [pytest.param(c, id=f"U+{ord(c):04X}") for c in "\u2028\u2029\u0085\x0b\x0c\x1c\x1e\r\n\ud83d"],
)
def test_any_character_of_the_traffic_survives(tmp_path: Path, text: str) -> None:
    verdict = Verdict("A-1", Level.MUST, Outcome.FAIL, violations=(Violation("w", "e", text),))

    assert verdicts.read(written(tmp_path, verdict)).verdicts == (verdict,)


def test_a_line_is_on_disk_before_the_file_is_closed(tmp_path: Path) -> None:
    with verdicts.VerdictFile(tmp_path) as file:
        file.header(HEADER)
        file.verdict(HELD)

        assert verdicts.read(tmp_path).verdicts == (HELD,)


def test_the_counts_name_every_outcome_and_add_up(tmp_path: Path) -> None:
    counts = verdicts.read(written(tmp_path, HELD, BROKEN, HELD)).footer["counts"]

    assert set(counts) == set(Outcome) and sum(counts.values()) == 3
    assert (counts["pass"], counts["fail"]) == (2, 1)


def test_a_run_without_footer_is_truncated(tmp_path: Path) -> None:
    assert verdicts.read(written(tmp_path, HELD, footer=False)).is_truncated


@pytest.mark.parametrize("end", range(1, 200, 20))
def test_a_torn_last_line_leaves_what_stands_before(tmp_path: Path, end: int) -> None:
    path = written(tmp_path, HELD, BROKEN, footer=False) / verdicts.NAME
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:3], lines[3][:end]]))

    found = verdicts.read(tmp_path)

    assert found.verdicts == (HELD,) and found.is_truncated


def test_a_last_line_torn_inside_a_character_counts_as_torn(tmp_path: Path) -> None:
    path = written(tmp_path, HELD, BROKEN, footer=False) / verdicts.NAME
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index("🦊".encode()) + 2])

    assert verdicts.read(tmp_path).verdicts == (HELD,)


FIRST = {"type": "header", "format": verdicts.FORMAT}


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([], id="empty"),
        pytest.param([{"type": "verdict"}], id="no header"),
        pytest.param([{"type": "header", "format": 99}], id="another format"),
        pytest.param([FIRST, [1]], id="a list"),
        pytest.param([FIRST, {"type": "verdict"}], id="a verdict without fields"),
        pytest.param(
            [FIRST, {"type": "verdict", **verdicts.to_json(HELD), "outcome": "maybe"}],
            id="an unknown outcome",
        ),
        pytest.param(
            [FIRST, {"type": "verdict", **verdicts.to_json(HELD), "violations": [7]}],
            id="a violation that is none",
        ),
    ],
)
def test_a_file_that_holds_no_run_is_named(tmp_path: Path, lines: list[Any]) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / verdicts.NAME).write_text(text, encoding="utf-8")

    with pytest.raises(UnreadableFile, match=r"verdicts\.jsonl"):
        verdicts.read(tmp_path)


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="expected the verdicts of a run"):
        verdicts.read(tmp_path)


def test_an_earlier_run_is_never_written_over(tmp_path: Path) -> None:
    written(tmp_path, HELD)

    with pytest.raises(FileExistsError):
        verdicts.VerdictFile(tmp_path)
