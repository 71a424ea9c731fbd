"""The HTML report: what it says, what it escapes, what it survives."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from report_pages import (
    ASKED,
    HEADER,
    PREFLIGHT,
    Tags,
    answered,
    page,
    recording,
    streamed,
    text_of,
    verdict,
)

from conformance import report
from conformance.errors import UnreadableFile
from conformance.model import Failure, FailureKind, Outcome, Violation
from conformance.report.symptoms import symptoms
from conformance.verdicts import VerdictFile

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'


@pytest.mark.parametrize("spot", ["body", "event", "header", "url", "reason", "warning", "fact"])
def test_nothing_from_traffic_becomes_markup(tmp_path: Path, spot: str) -> None:
    response = answered(json.dumps({"text": HOSTILE if spot == "body" else ""}).encode())
    if spot == "event":
        response = answered(f"data: {HOSTILE}\n\n".encode(), "text/event-stream")
    if spot == "header":
        response = replace(response, headers=(("x-hostile", HOSTILE),))
    made = recording("anthropic-plain", response)
    if spot == "url":
        asked = replace(ASKED, url=f"http://h/{HOSTILE}")
        made = recording("anthropic-plain", response, request=asked)
    if spot == "fact":
        made = replace(made, facts={"row": HOSTILE})
    violation = Violation("body", HOSTILE, HOSTILE, exchange="anthropic-plain#1")
    said = verdict("ANT-MSG-001", violation)
    if spot == "reason":
        said = replace(said, reason=HOSTILE)
    warnings = [HOSTILE] if spot == "warning" else []
    html = page(tmp_path, [said], [made], preflight={**PREFLIGHT, "warnings": warnings})
    tags = Tags(html).tags
    assert HOSTILE not in html
    assert [tag for tag, _ in tags].count("script") == 1
    assert not any(tag == "img" or "onerror" in attrs for tag, attrs in tags)


def test_failures_are_grouped_by_symptom(tmp_path: Path) -> None:
    ids = ["ANT-AUTH-004", "OAI-HTTP-003", "ANT-STR-011"]
    html = page(tmp_path, [verdict(id) for id in ids], [])
    headings = [text_of(h).strip() for h in re.findall(r"<h3 id=.*?</h3>", html, re.S)]
    assert headings == [
        f"fail {symptoms()['401'].symptom}",
        f"fail {symptoms()['stream-unreadable'].symptom}",
    ]
    order = [html.index(f'<article class="finding" id="{id}"') for id in ids]
    assert order == sorted(order)
    assert symptoms()["401"].fix.split(".")[0] in unescape(html)


def test_a_warning_comes_after_every_failure(tmp_path: Path) -> None:
    warned = verdict("ANT-AUTH-004", outcome=Outcome.WARN)
    html = page(tmp_path, [warned, verdict("ANT-STR-011")], [])
    assert html.index('id="ANT-STR-011"') < html.index('id="ANT-AUTH-004"')


def test_the_offending_event_is_highlighted_and_linked(tmp_path: Path) -> None:
    violation = Violation("events[1].data.index", "0", "1", exchange="anthropic-stream#1")
    html = page(
        tmp_path, [verdict("ANT-STR-014", violation)], [recording("anthropic-stream", streamed())]
    )
    (row,) = re.findall(r'<tr class="marked">.*?</tr>', html, re.S)
    assert "content_block_start" in row and "expected 0; actual 1" in text_of(row)
    assert 'href="#anthropic-stream-1-at-events-1-data-index"' in html
    assert 'id="anthropic-stream-1-at-events-1-data-index"' in row
    assert re.search(r"<mark>[^<]*index&#34;: 1", row)


def test_what_a_stream_lacks_is_marked_at_its_end(tmp_path: Path) -> None:
    violation = Violation("events", "message_stop", "absent", exchange="anthropic-stream#1")
    html = page(
        tmp_path, [verdict("ANT-STR-031", violation)], [recording("anthropic-stream", streamed())]
    )
    (row,) = re.findall(r'<tr class="marked">.*?</tr>', html, re.S)
    assert "expected message_stop; actual absent" in text_of(row)
    assert "end of the body: complete" in text_of(row)


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        ("body.usage.total_tokens", '"total_tokens": 9'),
        ("body.usage.input_tokens", '"usage": {'),
        ("headers.content-type", "application/json"),
        ("headers.x-request-id", "absent"),
        ("status", "200"),
    ],
)
def test_every_kind_of_place_is_marked(tmp_path: Path, where: str, shown: str) -> None:
    body = json.dumps({"usage": {"total_tokens": 9, "details": [{}]}}).encode()
    violation = Violation(where, "x", "y", exchange="openai-plain#1")
    made = recording("openai-plain", answered(body))
    html = page(tmp_path, [verdict("OAI-CHAT-015", violation)], [made])
    tag = "(?:tr|span|p)"
    marked = re.findall(f'<{tag} class="[^"]*marked(?:-line)?">.*?</{tag}>', html, re.S)
    assert shown in " ".join(text_of(found) for found in marked)


def test_a_place_that_no_line_shows_is_named_at_the_top_of_the_exchange(tmp_path: Path) -> None:
    failure = Failure(FailureKind.TIMEOUT, "no response headers within 60 s")
    violation = Violation("response", "an answer", "none", exchange="anthropic-plain#1")
    made = recording("anthropic-plain", None, failure=failure)
    html = page(tmp_path, [verdict("ANT-EP-001", violation)], [made])
    assert 'id="anthropic-plain-1-at-response"' in html
    assert "no response headers within 60 s" in html


def test_every_inner_link_leads_somewhere_and_ids_are_unique(tmp_path: Path) -> None:
    places = ["events[1]", "events[1].data", "events", "blocks[0]", "status", "usage", "body"]
    violations = [Violation(where, "x", "y", exchange="anthropic-stream#1") for where in places]
    gone = Violation("status", "x", "y", exchange="lost#1")
    verdicts = [
        verdict("ANT-STR-011", *violations, gone),
        verdict("ANT-STR-014", violations[0]),
        replace(verdict("ANT-STR-015", outcome=Outcome.NOT_RUN), reason="blocked by ANT-STR-011"),
    ]
    html = page(tmp_path, verdicts, [recording("anthropic-stream", streamed())])
    parsed = Tags(html)
    links = {str(a["href"])[1:] for t, a in parsed.tags if t == "a" and str(a["href"])[0] == "#"}
    assert len(parsed.ids) == len(set(parsed.ids))
    assert links <= set(parsed.ids)


def test_the_page_needs_no_network(tmp_path: Path) -> None:
    violation = Violation("status", "x", "y", exchange="anthropic-plain#1")
    html = page(
        tmp_path,
        [verdict("ANT-STR-011", violation)],
        [recording("anthropic-plain", answered(b"{}"))],
    )
    outside = [
        tag
        for tag, attrs in Tags(html).tags
        for name in ("src", "href", "action", "data", "poster", "srcset")
        if "//" in str(attrs.get(name) or "")
    ]
    assert outside and set(outside) == {"a"}
    assert "url(" not in html and "@import" not in html


def test_a_truncated_run_says_so_first(tmp_path: Path) -> None:
    html = page(tmp_path, [verdict("ANT-STR-011")], [], exit_status=None)
    sentence = "Truncated: the run stopped after 1 of 3 verdicts; 1 MUST requirement fails"
    assert f"<h1>{sentence}</h1>" in html
    assert html.index("Truncated.") < html.index("<h1>")


def test_a_run_cut_before_any_verdict_still_has_a_report(tmp_path: Path) -> None:
    with VerdictFile(tmp_path) as file:
        file.header(HEADER)
    html = report.write(tmp_path).read_text(encoding="utf-8")
    assert "Truncated: the run stopped after 0 of 3 verdicts" in html


def test_a_preflight_failure_is_the_headline(tmp_path: Path) -> None:
    found, fix = "no key for this target", "set GATEWAY_API_KEY"
    failure = {"cause": "configuration", "found": found, "fix": fix}
    html = page(tmp_path, [], [], preflight={**PREFLIGHT, "failure": failure}, exit_status=6)
    assert "<h1>Nothing was judged: no key for this target</h1>" in html
    assert "set GATEWAY_API_KEY" in html and "Exit status 6" in html


def test_a_clean_run_says_how_many_musts_hold(tmp_path: Path) -> None:
    passed = [verdict(id, outcome=Outcome.PASS) for id in ("ANT-EP-001", "ANT-MSG-001")]
    header = {**HEADER, "planned": 2}
    html = page(tmp_path, passed, [], exit_status=0, header=header)
    assert "<h1>Conforms: all 2 MUSTs that were run hold</h1>" in html
    assert 'id="failures"' not in html


def test_a_run_that_judged_nothing_never_says_that_it_conforms(tmp_path: Path) -> None:
    html = page(tmp_path, [verdict("ANT-EP-001", outcome=Outcome.NOT_RUN)], [], exit_status=7)
    assert "<h1>Nothing was judged" in html


def test_an_unreadable_recording_is_named_and_the_rest_is_shown(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "broken.json").write_text("{", encoding="utf-8")
    html = page(tmp_path, [], [recording("anthropic-plain", answered(b"{}"))])
    assert "broken.json" in html and 'id="anthropic-plain-1"' in html


def test_a_folder_without_verdicts_has_no_report(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        report.write(tmp_path)


def test_a_missing_key_says_how_to_enable_the_check(tmp_path: Path) -> None:
    skipped = replace(verdict("GW-CAP-001", outcome=Outcome.NOT_RUN), reason="needs keys.capped")
    html = page(tmp_path, [skipped], [])
    assert "GATEWAY_CAPPED_KEY" in html and "control adapter" in html


def test_half_surrogates_and_broken_utf_8_do_not_spoil_the_file(tmp_path: Path) -> None:
    bodies = {"a": b'{"text": "\\ud800"}', "b": b"\xff\xfe<html>"}
    made = [recording(name, answered(body)) for name, body in bodies.items()]
    html = page(tmp_path, [], made)
    assert "U+D800" in html and "&lt;html&gt;" in html
