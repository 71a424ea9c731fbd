"""The pages of `diff` and `matrix`: what they say, what they escape, where they lead."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance import report
from conformance.compare.comparison import compared
from conformance.compare.matrix import matrix
from conformance.compare.matrix_page import heading, render
from conformance.compare.page import render as render_diff
from conformance.compare.runs import load
from conformance.model import Level, Outcome, Verdict
from tests.compare.compare_pages import Page
from tests.compare.compare_runs import (
    answer,
    failing,
    recording,
    streamed,
    verdict,
    violation,
    warned,
    write_run,
)

ID = "ANT-EP-001"
EVIL = '<script>alert("x")</script><img src=x onerror=alert(1)>\'"&\u202e\x07'
STREAM: list[dict[str, Any]] = [
    {"type": "message_start", "message": {}},
    *[{"type": f"e{n}"} for n in range(30)],
]


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A run in which everything holds but for one that was not run."""
    return write_run(
        tmp_path / "runs" / "sound",
        [verdict(ID), verdict("OAI-HTTP-001"), verdict("GW-AUTH-006", Outcome.NOT_RUN, "no key")],
        [recording(answer()), recording(streamed(*STREAM), "anthropic-stream")],
        header={"target": "https://one.example", "started_at": "2026-11-20T10:00:00"},
    )


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A run in which one requirement fails, one warns, and one has another level."""
    return write_run(
        tmp_path / "runs" / "broken",
        [
            failing(ID, violation(actual="status 500"), violation("body.type")),
            verdict("OAI-HTTP-001", level=Level.SHOULD),
            warned("ANT-STR-014", violation("events[20].index", "anthropic-stream#1", "late")),
        ],
        [recording(answer(status=500)), recording(streamed(*STREAM), "anthropic-stream")],
        header={"target": "https://two.example"},
    )


def evil_run(folder: Path) -> Path:
    """A run that says something evil wherever a gateway has a say."""
    body = answer({EVIL: EVIL}, (("Request-Id", EVIL), ("Content-Type", EVIL)))
    event = streamed({"type": EVIL, "index": EVIL})
    return write_run(
        folder,
        [
            failing(ID, violation(f"body.{EVIL}", actual=EVIL)),
            warned("ANT-STR-014", violation("events[0].index", "anthropic-stream#1", EVIL)),
            verdict("OAI-HTTP-001", Outcome.NOT_RUN, EVIL),
            Verdict("X-NEW-001", Level.MAY, Outcome.INFO, EVIL, (EVIL,), (violation(EVIL, EVIL),)),
        ],
        [recording(body), recording(event, "anthropic-stream")],
        header={"target": EVIL, "profile": EVIL, "suite_version": EVIL, "started_at": EVIL},
        preflight={"models": {EVIL: EVIL}, "lost": EVIL},
    )


def matrix_page(*folders: Path, into: Path = Path()) -> str:
    """The matrix of some runs."""
    return render(matrix(load(folder) for folder in folders), into)


def diff_page(a: Path, b: Path) -> str:
    """The comparison of two runs."""
    return render_diff(compared(load(a), load(b)))


@pytest.mark.parametrize("page", [matrix_page, diff_page], ids=["matrix", "diff"])
def test_a_page_is_whole_and_needs_no_other_file(
    page: Callable[..., str], sound: Path, broken: Path
) -> None:
    found = Page(page(sound, broken))

    assert not found.dead_links and not found.double_ids
    assert not found.values("src") and not found.named("link")
    policy = next(m["content"] for m in found.named("meta") if "http-equiv" in m)
    assert policy and "default-src 'none'" in policy
    assert policy.count("sha256-") == len(found.named("script"))


@pytest.mark.parametrize("page", [matrix_page, diff_page], ids=["matrix", "diff"])
def test_nothing_of_a_gateway_becomes_markup(
    page: Callable[..., str], sound: Path, tmp_path: Path
) -> None:
    text = page(sound, evil_run(tmp_path / "evil"))
    found = Page(text)

    assert not found.named("img") and not [a for _, a in found.tags if "onerror" in a]
    assert len(found.named("script")) == len(Page(page(sound, sound)).named("script"))
    assert "\u202e" not in text and "\x07" not in text
    assert "alert(1)" in found.text


def test_the_matrix_is_a_table_with_a_caption_and_scopes(sound: Path, broken: Path) -> None:
    found = Page(matrix_page(sound, broken))
    scopes = [attributes.get("scope") for attributes in found.named("th")]

    assert None not in scopes and {"col", "row", "rowgroup"} <= set(scopes)
    assert len(found.named("caption")) == len(found.named("table"))


def test_every_outcome_is_a_word_and_a_broken_one_leads_to_its_evidence(
    sound: Path, broken: Path
) -> None:
    text = matrix_page(sound, broken)
    cells = re.findall(r'<td class="cell is-(\w+)">\s*(?:<a href="#([^"]+)"[^>]*>)?([\w ]+)', text)

    assert {(kind, word.strip()) for kind, _, word in cells} == {
        ("pass", "pass"),
        ("fail", "fail"),
        ("warn", "warn"),
        ("not_run", "not run"),
        ("absent", "no verdict"),
    }
    assert [link for kind, link, _ in cells if kind == "fail"] == [f"run2-{ID}"]
    assert f'<details class="marked case" id="run2-{ID}"' in text


def test_the_evidence_of_a_cell_is_its_first_violation_and_the_exchange(broken: Path) -> None:
    text = Page(matrix_page(broken)).text

    assert "status 500" in text and "and 1 more place" in text
    assert "POST /api/v1/messages: 500" in text


def test_a_long_stream_is_cut_to_what_is_marked(broken: Path) -> None:
    text = Page(matrix_page(broken)).text

    assert "e19" in text and "e21" in text
    assert "e10" not in text and "events left out here" in text


def test_a_long_body_is_cut_to_what_is_marked(tmp_path: Path) -> None:
    body = {**{f"k{n}": [{"v": n}] for n in range(40)}, "bad": 1}
    run = write_run(tmp_path, [failing(ID, violation("body.bad"))], [recording(answer(body))])
    text = Page(matrix_page(run)).text

    assert '"k0"' in text and '"k39"' in text and '"bad": 1' in text
    assert '"k20"' not in text and "lines left out here" in text


def test_a_passing_stream_is_shown_from_its_start(tmp_path: Path, broken: Path) -> None:
    streams = [recording(streamed(*STREAM), "anthropic-stream")]
    at_status = failing(ID, violation("status", "anthropic-stream#1"))
    a = write_run(tmp_path / "a", [verdict(ID)], streams)
    text = Page(diff_page(a, write_run(tmp_path / "b", [at_status], streams))).text

    assert "e0" in text and "e20" not in text


def test_rows_are_marked_where_runs_differ_and_where_one_fails(sound: Path, broken: Path) -> None:
    found = Page(matrix_page(sound, broken))
    rows = {a["id"]: a for a in found.named("tr") if a.get("id")}

    assert {id for id, a in rows.items() if "data-fails" in a} == {ID}
    assert {id for id, a in rows.items() if "data-differs" in a} == {ID}


def test_a_requirement_stands_at_the_highest_level_any_run_gives_it(
    sound: Path, broken: Path
) -> None:
    made = matrix([load(sound), load(broken)])

    assert {(g.area, g.level): [r.requirement for r in g.rows] for g in made.groups} == {
        ("anthropic", Level.MUST): [ID],
        ("anthropic", Level.SHOULD): ["ANT-STR-014"],
        ("openai", Level.MUST): ["OAI-HTTP-001"],
        ("gateway", Level.MUST): ["GW-AUTH-006"],
    }


def test_the_counts_of_each_run_add_up(sound: Path, broken: Path) -> None:
    made = matrix([load(sound), load(broken)])
    sums = {sum(column.counts.values()) + column.missing for column in made.columns}

    assert sums == {len(list(made.rows))}


def test_a_report_in_the_run_folder_is_linked_relative_to_the_page(
    tmp_path: Path, sound: Path, broken: Path
) -> None:
    report.write(broken)
    links = Page(matrix_page(sound, broken, into=tmp_path / "public")).values("href")

    assert f"../runs/broken/report.html#{ID}" in links
    assert not [link for link in links if "sound" in link]


def test_no_path_of_the_machine_is_in_a_page(tmp_path: Path, sound: Path, broken: Path) -> None:
    report.write(sound)

    assert str(tmp_path) not in matrix_page(sound, broken, into=tmp_path)
    assert str(tmp_path) not in matrix_page(sound, broken, into=Path("/nowhere"))
    assert str(tmp_path) not in diff_page(sound, broken)


def test_the_heading_names_a_few_runs_and_counts_many(sound: Path) -> None:
    assert heading(matrix([load(sound, "One")])) == "Conformance of One"
    assert heading(matrix([load(sound, "One"), load(sound, "Two")])) == "Conformance of One and Two"
    assert heading(matrix([load(sound)] * 5)) == "LLM gateway conformance: 5 runs side by side"


def test_a_truncated_run_is_said_so(tmp_path: Path, sound: Path) -> None:
    cut = write_run(tmp_path / "cut", [verdict(ID)], is_whole=False)

    assert "Truncated." in Page(matrix_page(sound, cut)).text
    assert "no verdict in this run: it was cut short" in Page(matrix_page(sound, cut)).text
    assert "B is truncated" in Page(diff_page(sound, cut)).text


def test_a_run_without_recordings_still_has_a_page(tmp_path: Path, sound: Path) -> None:
    bare = write_run(tmp_path / "bare", [failing(ID)])

    assert "status" in Page(matrix_page(sound, bare)).text
    assert "B has no recordings" in Page(diff_page(sound, bare)).text


def test_the_diff_shows_the_exchange_of_both_runs(sound: Path, broken: Path) -> None:
    text = Page(diff_page(sound, broken)).text

    assert "The exchange in A" in text and "The exchange in B" in text
    assert "POST /api/v1/messages: 200" in text and "POST /api/v1/messages: 500" in text


def test_the_diff_shows_where_the_answers_have_another_shape(sound: Path, broken: Path) -> None:
    rows = re.search(r'class="shapes".*?</table>', diff_page(sound, broken), re.DOTALL)

    assert rows and "status" in rows[0] and "anthropic-plain#1" in rows[0]
