"""The drawing of a stream: places to scale, gaps, bursts, marks, and the same in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_pages import page, recording, streamed, verdict

from conformance.model import Violation
from conformance.report.scale import BARS, Gap, scale


def test_bars_stand_where_the_time_says() -> None:
    found = scale([0.0, 0.25, 0.5, 1.0], 1.0, (), False)
    assert [bar.at for bar in found.bars] == [0, 25, 50, 100]


def test_events_at_one_place_are_one_bar_the_higher_the_more_they_are() -> None:
    one, many = scale([0.1, *[0.9] * 50], 1.0, (), False).bars
    assert (one.first, one.last) == (0, 0) and (many.first, many.last) == (1, 50)
    assert many.height > one.height


def test_a_marked_event_is_marked_also_among_others() -> None:
    first, second = scale([0.1, 0.9, 0.9, 0.9], 1.0, [2], False).bars
    assert not first.is_marked and second.is_marked


def test_a_long_silence_is_a_gap_before_its_event() -> None:
    found = scale([0.1, 0.2, 0.9], 1.0, (), False)
    assert found.gaps == (Gap(start=20, width=70, ms=pytest.approx(700), before=2),)


def test_a_silence_before_the_end_of_the_body_is_a_gap() -> None:
    found = scale([0.1, 0.2], 10.0, (), False)
    assert [gap.before for gap in found.gaps] == [None]
    assert "9,800 ms of silence before the end" in found.words


def test_no_more_gaps_are_named_than_a_reader_can_take_in() -> None:
    assert len(scale([0.2, 0.4, 0.6, 0.8], 1.0, (), False).gaps) == 3


@pytest.mark.parametrize(
    ("arrivals_s", "words"),
    [
        ([0.5], "1 event in 1,000 ms"),
        ([0.1, 0.9, 0.9, 0.9], "at most 3 at once, from event 1 at 900 ms"),
        ([0.01 * n for n in range(100)], "100 events in 1,000 ms."),
    ],
    ids=["one", "burst", "steady"],
)
def test_the_drawing_is_told_in_words(arrivals_s: list[float], words: str) -> None:
    assert words in scale(arrivals_s, 1.0, (), False).words


def test_what_is_marked_is_told_in_words() -> None:
    assert "marked: event 1, the end of the body." in scale([0.1, 0.2], 1.0, [1], True).words
    assert "event 4 and 3 more" in scale([0.1] * 9, 1.0, range(8), False).words


@pytest.mark.parametrize("arrivals_s", [[0.0], [0.0] * 9, [2.0, -1.0]], ids=str)
def test_times_that_cannot_be_drawn_do_no_harm(arrivals_s: list[float]) -> None:
    found = scale(arrivals_s, 0.0, (), False)
    assert all(0 <= bar.at <= 100 for bar in found.bars)


def test_a_long_stream_has_no_more_bars_than_pixels() -> None:
    assert len(scale([n / 1e5 for n in range(100_000)], 1.0, (), False).bars) <= BARS + 1


def test_the_page_draws_the_offending_event_and_says_so(tmp_path: Path) -> None:
    violation = Violation("events[1].data.index", "0", "1", exchange="anthropic-stream#1")
    html = page(
        tmp_path, [verdict("ANT-STR-014", violation)], [recording("anthropic-stream", streamed())]
    )
    assert html.count('<circle class="offending"') == 1
    assert 'role="img" aria-label="Arrivals, to scale: 3 events in 1,000 ms;' in html
    assert "marked: event 1.</figcaption>" in html
